"""Long lists page by page, each from where the last one ended: a page costs the same whether 100 or 1,000,000 rows lie before it.

Called by the API and the pages. A list begins behind a number (`after`), or before one where the latest come first (`before`),
and gives at most `limit` rows; whoever wants to know whether there are more asks for one more. `folders` narrows to programs in
these folders and below; None is all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.people import comparable_email
from campaignsync.domain.problems import ProblemFilter
from campaignsync.domain.trees import UTC_TIME, Schema
from campaignsync.store.frames import micros, query, rows
from campaignsync.store.registry import find_program
from campaignsync.store.scope import INSIDE
from campaignsync.store.views import PROBLEM_COLUMNS, PROBLEM_ROWS, problem_parameters

_IN_FOLDERS = (
    "(%(folders)s::text[] IS NULL OR EXISTS (SELECT FROM unnest(%(folders)s::text[]) f"
    " WHERE {0} = f OR starts_with({0}, f || '/')))"
)


_EXPORTED: Schema = {
    **dict.fromkeys(("email", "first_name", "last_name", "company", "status"), pl.String),
    "member_since": UTC_TIME,
    "reached_success": UTC_TIME,
    "custom": pl.String,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFilter:
    """Which programs are meant; what is left out does not narrow. `state` is that of a link, or `unlinked`."""

    folders: Sequence[str] | None = None
    folder: str | None = None
    channel: str | None = None
    tag: tuple[str, str | None] | None = None
    state: str | None = None
    search: str | None = None


class Listings:
    """Pages of long lists, read-only."""

    def programs(self, wanted: ProgramFilter, *, after: int, limit: int) -> list[dict[str, Any]]:
        """Programs in the order in which they were made: number, name, folder, channel, start, end, tags, links."""
        narrowing, parameters = _narrowed(wanted)
        return rows(
            "SELECT p.id AS number, p.name, p.folder, c.name AS channel, p.start_date AS start, p.end_date AS end,"
            " coalesce((SELECT jsonb_object_agg(t.name, t.value) FROM store_programtag t WHERE t.program_id = p.id), '{}')"
            " AS tags, coalesce((SELECT jsonb_agg(jsonb_build_object('connection', x.name, 'campaign_id', l.campaign_id,"
            "  'state', l.state, 'reason', l.reason) ORDER BY x.name) FROM store_link l JOIN store_connection x"
            "  ON x.id = l.connection_id WHERE l.program_id = p.id), '[]') AS links"
            f" FROM store_program p JOIN store_channel c ON c.id = p.channel_id WHERE p.id > %(after)s{narrowing}"
            " ORDER BY p.id LIMIT %(limit)s",
            {**parameters, "after": after, "limit": limit},
        )

    def program_named(self, number: int) -> tuple[str, str] | None:
        """The name and the folder of a program by its number."""
        found = rows("SELECT name, folder FROM store_program WHERE id = %s", (number,))
        return (found[0]["name"], found[0]["folder"]) if found else None

    def number_of(self, program: str) -> int:
        """The number of a program by its name."""
        return int(find_program(program).pk)

    def exported_members(self, program: str) -> pl.DataFrame:
        """All members of a program as columns, for a file."""
        return query(
            "SELECT n.email, n.first_name, n.last_name, n.company, s.name AS status,"
            f" {micros('m.member_since')} AS member_since, {micros('m.reached_success_at')} AS reached_success,"
            " m.custom::text AS custom FROM store_programmember m JOIN store_person n ON n.id = m.person_id"
            " JOIN store_progressionstatus s ON s.id = m.status_id WHERE m.program_id = %s ORDER BY m.person_id",
            (find_program(program).pk,),
            _EXPORTED,
        )

    def links(
        self, folders: Sequence[str] | None, *, program: str | None, state: str | None, after: int, limit: int
    ) -> list[dict[str, Any]]:
        """Links in the order in which they were made: number, program, program_number, folder, connection, connection_number,
        campaign_id, campaign, state, reason, the policy and the limits, linked_at, changed_since, last_run, last_report."""
        return rows(
            "SELECT l.id AS number, p.name AS program, p.id AS program_number, p.folder, x.name AS connection,"
            " x.id AS connection_number, l.campaign_id, c.name AS campaign, l.state, l.reason, l.winner, l.step_back,"
            " l.removed_in_program, l.removed_in_campaign, l.field_edit, l.approval, l.removal_share, l.removal_number,"
            " l.linked_at, k.noted_at AS changed_since, r.started_at AS last_run, r.report AS last_report"
            " FROM store_link l JOIN store_program p ON p.id = l.program_id JOIN store_connection x ON x.id = l.connection_id"
            " LEFT JOIN store_campaign c ON c.connection_id = l.connection_id AND c.salesforce_id = l.campaign_id"
            " LEFT JOIN store_mark k ON k.link_id = l.id LEFT JOIN LATERAL (SELECT * FROM store_run r WHERE r.link_id = l.id"
            " AND r.ended_at IS NOT NULL ORDER BY r.id DESC LIMIT 1) r ON true"
            " WHERE l.id > %(after)s AND (%(program)s::bigint IS NULL OR p.id = %(program)s)"
            f" AND (%(state)s::text IS NULL OR l.state = %(state)s) AND {_IN_FOLDERS.format('p.folder')}"
            " ORDER BY l.id LIMIT %(limit)s",
            {**_of(program), "folders": _list(folders), "state": state, "after": after, "limit": limit},
        )

    def members(
        self, program: str, *, after: int, limit: int, status: str | None = None, email: str | None = None
    ) -> list[dict[str, Any]]:
        """Members of a program in the order in which we came to know them: number (of the person), our_id, email, first_name,
        last_name, company, status, member_since, reached_success, custom, records. `email` is a beginning of an address."""
        narrowing = " AND s.name = %(status)s" if status else ""
        if email:
            narrowing += " AND n.email LIKE %(email)s"
        return rows(
            "SELECT m.person_id AS number, n.our_id::text AS our_id, n.email, n.first_name, n.last_name, n.company,"
            " s.name AS status, m.member_since, m.reached_success_at AS reached_success, m.custom,"
            " coalesce((SELECT jsonb_agg(jsonb_build_object('connection', x.name, 'kind', i.kind,"
            "  'salesforce_id', i.salesforce_id) ORDER BY x.name) FROM store_personidentity i JOIN store_connection x"
            "  ON x.id = i.connection_id WHERE i.person_id = m.person_id AND NOT i.is_deleted), '[]') AS records"
            " FROM store_programmember m JOIN store_person n ON n.id = m.person_id"
            " JOIN store_progressionstatus s ON s.id = m.status_id"
            # Said of both tables, so that a join by merging begins behind the cursor in both.
            f" WHERE m.program_id = %(program)s AND m.person_id > %(after)s AND n.id > %(after)s{narrowing}"
            " ORDER BY m.person_id LIMIT %(limit)s",
            {
                "program": find_program(program).pk,
                "after": after,
                "limit": limit,
                "status": status,
                "email": _beginning(email),
            },
        )

    def campaigns(
        self, connection: ConnectionId, *, search: str | None, after: int, limit: int
    ) -> list[dict[str, Any]]:
        """Campaigns as last seen in an org: number, id, name, type, is_active, mirrored, program (linked with). `search` is part
        of a name or an id; only by its id one is found that the connection's filter leaves out (M3.4)."""
        return rows(
            "SELECT c.id AS number, c.salesforce_id AS id, c.name, c.type, c.is_active,"
            f" c.scope IN {INSIDE} AS mirrored, p.name AS program FROM store_campaign c"
            " LEFT JOIN store_link l ON l.connection_id = c.connection_id AND l.campaign_id = c.salesforce_id"
            " LEFT JOIN store_program p ON p.id = l.program_id WHERE c.connection_id = %(connection)s AND NOT c.is_deleted"
            " AND (%(search)s::text IS NULL OR c.salesforce_id = %(search)s"
            "  OR strpos(lower(c.name), lower(%(search)s)) > 0)"
            " AND (c.scope <> 'out' OR c.salesforce_id = %(search)s) AND c.id > %(after)s ORDER BY c.id LIMIT %(limit)s",
            {"connection": connection, "search": search, "after": after, "limit": limit},
        )

    def runs(
        self, folders: Sequence[str] | None, program: str | None, *, before: int | None, limit: int
    ) -> list[dict[str, Any]]:
        """Runs of links, latest first: run, program, connection, why, started_at, ended_at, died, report."""
        return rows(
            "SELECT r.id AS run, p.name AS program, p.folder, x.name AS connection, r.why, r.started_at, r.ended_at, r.died,"
            " r.report FROM store_run r JOIN store_program p ON p.id = r.program_id"
            " JOIN store_connection x ON x.id = r.connection_id WHERE (%(program)s::bigint IS NULL OR p.id = %(program)s)"
            f" AND (%(before)s::bigint IS NULL OR r.id < %(before)s) AND {_IN_FOLDERS.format('p.folder')}"
            " ORDER BY r.id DESC LIMIT %(limit)s",
            {**_of(program), "folders": _list(folders), "before": before, "limit": limit},
        )

    def problems(
        self,
        folders: Sequence[str] | None,
        program: str | None,
        wanted: ProblemFilter,
        *,
        before: int | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        """Problems, latest first: number and PROBLEMS. Whoever sees some folders alone sees no problem of no program."""
        return rows(
            f"SELECT q.id AS number, {PROBLEM_COLUMNS}, q.first_seen, q.last_seen, q.tries, q.retry_at, q.solved_at"
            f" FROM {PROBLEM_ROWS} AND (%(before)s::bigint IS NULL OR q.id < %(before)s)"
            f" AND (%(folders)s::text[] IS NULL OR p.id IS NOT NULL) AND {_IN_FOLDERS.format('p.folder')}"
            " ORDER BY q.id DESC LIMIT %(limit)s",
            {
                **problem_parameters(program, wanted),
                "folders": _list(folders),
                "before": before,
                "limit": limit,
            },
        )

    def journal(
        self, folders: Sequence[str] | None, narrowed: Mapping[str, Any], *, before: int | None, limit: int
    ) -> list[dict[str, Any]]:
        """Changes on either side, latest first: id, at, side, program, campaign_id, email, noun, old, new, who, why, run.
        `narrowed` may name a program, an email, a run, a person (their number)."""
        return rows(
            "SELECT j.id, j.at, j.side, p.name AS program, NULLIF(j.campaign_id, '') AS campaign_id, n.email, j.noun, j.old,"
            " j.new, j.who, j.why, j.run_id AS run FROM store_journalentry j"
            " LEFT JOIN store_link l ON l.connection_id = j.connection_id AND l.campaign_id = j.campaign_id"
            " LEFT JOIN store_program p ON p.id = coalesce(j.program_id, l.program_id)"
            " LEFT JOIN store_person o ON o.id = j.person_id"
            " LEFT JOIN store_person n ON n.id = coalesce(o.merged_into_id, o.id)"
            " WHERE (%(program)s::bigint IS NULL OR coalesce(j.program_id, l.program_id) = %(program)s)"
            " AND (%(email)s::text IS NULL OR n.email = %(email)s) AND (%(run)s::bigint IS NULL OR j.run_id = %(run)s)"
            " AND (%(person)s::bigint IS NULL OR n.id = %(person)s)"
            " AND (%(before)s::bigint IS NULL OR j.id < %(before)s)"
            f" AND (%(folders)s::text[] IS NULL OR p.id IS NOT NULL) AND {_IN_FOLDERS.format('p.folder')}"
            " ORDER BY j.id DESC LIMIT %(limit)s",
            {
                **_of(narrowed.get("program")),
                "email": comparable_email(narrowed.get("email") or ""),
                "run": narrowed.get("run"),
                "person": narrowed.get("person"),
                "folders": _list(folders),
                "before": before,
                "limit": limit,
            },
        )

    def audit(
        self, *, who: str | None, noun: str | None, since: datetime | None, before: int | None, limit: int
    ) -> list[dict[str, Any]]:
        """The audit log, latest first: id, at, who, noun, record, action, old, new."""
        return rows(
            "SELECT id, at, who, noun, record, action, old, new FROM store_auditentry"
            " WHERE (%(who)s::text IS NULL OR who = %(who)s OR starts_with(who, %(who)s || ' by key '))"
            " AND (%(noun)s::text IS NULL OR noun = %(noun)s) AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)"
            " AND (%(before)s::bigint IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT %(limit)s",
            {"who": who, "noun": noun, "since": since, "before": before, "limit": limit},
        )


def _narrowed(wanted: ProgramFilter) -> tuple[str, dict[str, Any]]:
    """SQL that narrows programs, only of what was asked for, so that what was not costs nothing."""
    parts = [_IN_FOLDERS.format("p.folder")]
    if wanted.folder is not None:
        parts.append("(%(folder)s = '' OR p.folder = %(folder)s OR starts_with(p.folder, %(folder)s || '/'))")
    if wanted.channel:
        parts.append("lower(c.name) = lower(%(channel)s)")
    if wanted.search:
        parts.append("strpos(lower(p.name), lower(%(search)s)) > 0")
    if wanted.tag:
        parts.append(
            "EXISTS (SELECT FROM store_programtag t WHERE t.program_id = p.id AND t.name = %(tag)s"
            " AND (%(value)s::text IS NULL OR t.value = %(value)s))"
        )
    if wanted.state == "unlinked":
        parts.append("NOT EXISTS (SELECT FROM store_link l WHERE l.program_id = p.id)")
    elif wanted.state:
        parts.append("EXISTS (SELECT FROM store_link l WHERE l.program_id = p.id AND l.state = %(state)s)")
    tag, value = wanted.tag or (None, None)
    return "".join(f" AND {part}" for part in parts), {
        "folders": _list(wanted.folders),
        "folder": wanted.folder,
        "channel": wanted.channel,
        "search": wanted.search,
        "tag": tag,
        "value": value,
        "state": wanted.state,
    }


def _of(program: str | None) -> dict[str, int | None]:
    return {"program": find_program(program).pk if program else None}


def _list(folders: Sequence[str] | None) -> list[str] | None:
    return None if folders is None else list(folders)


def _beginning(text: str | None) -> str:
    """What a text begins with, for LIKE."""
    known = comparable_email(text or "") or ""
    return known.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
