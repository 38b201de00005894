"""What happened and what is open, as lists for people and programs: status, problems, journal, runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl

from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.people import comparable_email
from campaignsync.domain.problems import EVERY_OPEN_PROBLEM, PROBLEMS, ProblemFilter
from campaignsync.store import traffic
from campaignsync.store.frames import execute, micros, query, rows
from campaignsync.store.registry import find_program
from campaignsync.store.shown.folders import IN_FOLDERS

# A link is concerned by what is open for people of its program, too, such as those who could not be made leads.
_OF_PEOPLE = """(q.noun = 'person' AND q.connection_id = {link}.connection_id AND q.person_id IN
    (SELECT m.person_id FROM store_programmember m WHERE m.program_id = {link}.program_id))"""
PROBLEM_ROWS = f"""store_problem q JOIN store_connection x ON x.id = q.connection_id LEFT JOIN store_link l ON l.id = q.link_id
    LEFT JOIN store_program p ON p.id = l.program_id LEFT JOIN store_person n ON n.id = q.person_id
    LEFT JOIN store_personidentity i ON i.person_id = n.id AND i.connection_id = q.connection_id
    WHERE (%(solved)s OR q.solved_at IS NULL) AND q.noun = ANY(%(nouns)s)
    AND (%(connection)s::bigint IS NULL OR q.connection_id = %(connection)s)
    AND (%(program)s::bigint IS NULL OR p.id = %(program)s OR EXISTS
        (SELECT FROM store_link o WHERE o.program_id = %(program)s AND {_OF_PEOPLE.format(link="o")}))
    AND (%(email)s::text IS NULL OR n.email = %(email)s) AND (%(code)s::text IS NULL OR q.code = %(code)s)
    AND (%(since)s::timestamptz IS NULL OR q.last_seen >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR q.first_seen < %(until)s)
    AND (%(number)s::bigint IS NULL OR q.id = %(number)s)
    AND (%(folders)s::text[] IS NULL OR p.id IS NOT NULL AND {IN_FOLDERS})"""

PROBLEM_COLUMNS = (
    "x.name AS connection, p.name AS program, q.noun, CASE q.noun WHEN 'field' THEN 'Campaign'"
    " WHEN 'member' THEN CASE WHEN i.id IS NULL THEN 'Lead' ELSE 'CampaignMember' END"
    " WHEN 'member field' THEN 'CampaignMember' WHEN 'person' THEN initcap(coalesce(i.kind, 'lead')) END AS object,"
    " q.person_id, n.email, i.salesforce_id, l.campaign_id, q.direction, q.code, q.message, q.wanted"
)


class Views:
    """Read-only lists, and the one thing a person may do to a problem: have it tried again."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    def status(self) -> list[dict[str, Any]]:
        """Every link: program, connection, campaign_id, campaign, state, reason, program_members, campaign_members,
        problems, changed_since (empty: not since the last run), last_run, last_report."""
        return rows(
            "SELECT p.name AS program, x.name AS connection, l.campaign_id, c.name AS campaign, l.state, l.reason,"
            " (SELECT count(*) FROM store_programmember m WHERE m.program_id = l.program_id) AS program_members,"
            " (SELECT count(*) FROM store_campaignmember m WHERE m.connection_id = l.connection_id"
            "  AND m.campaign_id = l.campaign_id) AS campaign_members,"
            " (SELECT count(*) FROM store_problem q WHERE q.solved_at IS NULL"
            f"  AND (q.link_id = l.id OR {_OF_PEOPLE.format(link='l')})) AS problems,"
            " CASE WHEN r.id IS NULL OR k.noted_at > r.ended_at THEN k.noted_at END AS changed_since,"
            " r.started_at AS last_run, r.report AS last_report"
            " FROM store_link l JOIN store_program p ON p.id = l.program_id JOIN store_connection x ON x.id = l.connection_id"
            " LEFT JOIN store_campaign c ON c.connection_id = l.connection_id AND c.salesforce_id = l.campaign_id"
            " LEFT JOIN store_mark k ON k.link_id = l.id LEFT JOIN LATERAL (SELECT * FROM store_run r WHERE r.link_id = l.id"
            " AND r.ended_at IS NOT NULL ORDER BY r.id DESC LIMIT 1) r ON true ORDER BY p.name, x.name"
        )

    def problems(self, program: str | None) -> list[dict[str, Any]]:
        """The open problems of a program, or all."""
        return self.problem_table(program, EVERY_OPEN_PROBLEM).to_dicts()

    def problem_table(self, program: str | None, wanted: ProblemFilter) -> pl.DataFrame:
        """PROBLEMS of a program, or all, sorted by connection, program and e-mail address."""
        return query(
            f"SELECT {PROBLEM_COLUMNS},"
            f" {micros('q.first_seen')} AS first_seen, {micros('q.last_seen')} AS last_seen, q.tries,"
            f" {micros('q.retry_at')} AS retry_at, {micros('q.solved_at')} AS solved_at"
            f" FROM {PROBLEM_ROWS} ORDER BY x.name, p.name NULLS FIRST, n.email NULLS FIRST, q.code, q.id",
            problem_parameters(program, wanted),
            PROBLEMS,
        )

    def retry_problems(self, program: str | None, wanted: ProblemFilter = EVERY_OPEN_PROBLEM) -> int:
        """Let the writes behind open problems be tried at the next run; how many. A job is tried by each round anyway."""
        return execute(
            "UPDATE store_problem SET retry_at = %(now)s WHERE solved_at IS NULL AND noun <> 'job'"
            f" AND id IN (SELECT q.id FROM {PROBLEM_ROWS})",
            {**problem_parameters(program, wanted), "now": self._now()},
        )

    def traffic(self, connection: ConnectionId, program: str | None) -> pl.DataFrame:
        """What moved and what waited, hour by hour (domain.backlog.TRAFFIC), of an org or of one program's link in it."""
        link = find_program(program).links.filter(connection_id=connection).first() if program else None
        if program and link is None:
            raise UsageError(f"Program '{program}' is not linked in this org.")
        return traffic.read(connection, link.pk if link else None, self._now())

    def runs(self, program: str | None, *, limit: int) -> list[dict[str, Any]]:
        """The latest runs of a program's links, or of all, latest first: run, program, connection, why, started_at, ended_at,
        died, report."""
        chosen = find_program(program).pk if program else None
        return rows(
            "SELECT r.id AS run, p.name AS program, x.name AS connection, r.why, r.started_at, r.ended_at, r.died, r.report"
            " FROM store_run r JOIN store_program p ON p.id = r.program_id"
            " JOIN store_connection x ON x.id = r.connection_id WHERE %s::bigint IS NULL OR p.id = %s"
            " ORDER BY r.id DESC LIMIT %s",
            (chosen, chosen, limit),
        )

    def journal(
        self, program: str | None, *, email: str | None, limit: int, run: int | None = None
    ) -> list[dict[str, Any]]:
        """The latest changes on both sides of a program's link, or of all, or of one run, oldest first: at, side, program,
        campaign_id, email, noun, old, new, who, why, run."""
        chosen = find_program(program).pk if program else None
        return rows(
            "SELECT * FROM (SELECT j.id, j.at, j.side, p.name AS program, NULLIF(j.campaign_id, '') AS campaign_id, n.email,"
            " j.noun, j.old, j.new, j.who, j.why, j.run_id AS run FROM store_journalentry j"
            " LEFT JOIN store_program p ON p.id = j.program_id LEFT JOIN store_person o ON o.id = j.person_id"
            # What happened to somebody before they were merged into another is that one's past.
            " LEFT JOIN store_person n ON n.id = coalesce(o.merged_into_id, o.id)"
            " WHERE (%s::bigint IS NULL OR j.program_id = %s OR (j.connection_id, j.campaign_id) IN"
            "  (SELECT connection_id, campaign_id FROM store_link WHERE program_id = %s))"
            " AND (%s::text IS NULL OR n.email = lower(trim(%s))) AND (%s::bigint IS NULL OR j.run_id = %s)"
            " ORDER BY j.id DESC LIMIT %s) latest ORDER BY id",
            (chosen, chosen, chosen, email, email, run, run, limit),
        )


def problem_parameters(program: str | None, wanted: ProblemFilter) -> dict[str, Any]:
    """What PROBLEM_ROWS are asked by."""
    return {
        "connection": wanted.connection,
        "program": find_program(program).pk if program else None,
        "email": comparable_email(wanted.email or ""),
        "nouns": [noun.value for noun in wanted.nouns],
        "code": wanted.code,
        "since": wanted.since,
        "until": wanted.until,
        "solved": wanted.solved,
        "number": wanted.number,
        "folders": None if wanted.folders is None else list(wanted.folders),
    }
