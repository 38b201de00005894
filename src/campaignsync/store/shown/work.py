"""What was done and what is open, as pages show it: runs, problems by cause, conflicts, how things stand."""

from __future__ import annotations

from typing import Any

from campaignsync.store.frames import rows
from campaignsync.store.shown.folders import IN_FOLDERS

_OPEN = f"""store_problem q JOIN store_connection x ON x.id = q.connection_id LEFT JOIN store_link l ON l.id = q.link_id
    LEFT JOIN store_program p ON p.id = l.program_id LEFT JOIN store_person n ON n.id = q.person_id
    WHERE q.solved_at IS NULL AND (%(folders)s::text[] IS NULL OR p.id IS NOT NULL AND {IN_FOLDERS})"""


def runs(
    *, program: int | None, before: int | None, limit: int, folders: list[str] | None = None
) -> list[dict[str, Any]]:
    """The latest runs before run `before`, latest first: run, program_id, program, connection, campaign, why, started_at,
    ended_at,
    died, report."""
    return rows(
        "SELECT r.id AS run, p.id AS program_id, p.name AS program, x.name AS connection, coalesce(c.name,"
        " r.campaign_id) AS campaign,"
        " r.why, r.started_at, r.ended_at, r.died, r.report FROM store_run r"
        " JOIN store_program p ON p.id = r.program_id JOIN store_connection x ON x.id = r.connection_id LEFT JOIN"
        " store_campaign c"
        " ON c.connection_id = r.connection_id AND c.salesforce_id = r.campaign_id WHERE (%(program)s::bigint IS NULL OR"
        " p.id = %(program)s) AND (%(before)s::bigint IS NULL OR r.id < %(before)s)"
        f" AND {IN_FOLDERS} ORDER BY r.id DESC LIMIT %(limit)s",
        {"program": program, "before": before, "limit": limit, "folders": folders},
    )


def run(number: int) -> dict[str, Any] | None:
    """One run, as in the list."""
    return next(iter(runs(program=None, before=number + 1, limit=1)), None)


def problem_groups(*, folders: list[str] | None, program: int | None = None) -> list[dict[str, Any]]:
    """Open problems by cause, of a program or of all, the most first: code, noun, direction, connection, message (the latest
    words), problems, programs,
    first_seen, last_seen, retry_at (the next)."""
    return rows(
        "SELECT q.code, q.noun, q.direction, x.name AS connection, x.id AS connection_id,"
        " (array_agg(q.message ORDER BY q.last_seen DESC))[1] AS message, count(*) AS problems,"
        " count(DISTINCT p.id) AS programs, min(q.first_seen) AS first_seen, max(q.last_seen) AS last_seen,"
        f" min(q.retry_at) AS retry_at FROM {_OPEN} AND q.code <> 'CONFLICT' AND (%(program)s::bigint IS NULL OR p.id"
        f" = %(program)s)"
        " GROUP BY q.code, q.noun, q.direction, x.id ORDER BY count(*) DESC, q.code",
        {"folders": folders, "program": program},
    )


def problems(
    *, code: str, connection: int, after: int, limit: int, folders: list[str] | None
) -> list[dict[str, Any]]:
    """The open problems of one cause in one org: id, program_id, program, person, email, noun, message, wanted, tries,
    first_seen,
    last_seen, retry_at."""
    return rows(
        "SELECT q.id, p.id AS program_id, p.name AS program, n.id AS person, n.email, q.noun, q.message, q.wanted, q.tries,"
        f" q.first_seen, q.last_seen, q.retry_at FROM {_OPEN} AND q.code = %(code)s AND q.connection_id = %(connection)s"
        " AND q.id > %(after)s ORDER BY q.id LIMIT %(limit)s",
        {"code": code, "connection": connection, "after": after, "limit": limit, "folders": folders},
    )


def conflicts(
    *, program: int | None, after: int, limit: int, folders: list[str] | None
) -> list[dict[str, Any]]:
    """Open conflicts: id, link, program_id, program, connection, campaign, person, email, first_name, last_name, message, agreed,
    here, there, last_seen; who changed it here and there last, and when (here_who, here_at, there_who, there_at)."""
    return rows(
        # The page first: only of whom it shows is everything looked up.
        f"WITH page AS MATERIALIZED (SELECT q.* FROM {_OPEN} AND q.code = 'CONFLICT' AND q.person_id IS NOT NULL"
        " AND p.id IS NOT NULL AND (%(program)s::bigint IS NULL OR p.id = %(program)s) AND q.id > %(after)s"
        " ORDER BY q.id LIMIT %(limit)s)"
        " SELECT q.id, l.id AS link, p.id AS program_id, p.name AS program, x.name AS connection,"
        " coalesce(c.name, l.campaign_id) AS campaign, n.id AS person, n.email, n.first_name, n.last_name, q.message,"
        " a.status AS agreed, s.name AS here, cm.status AS there, q.last_seen, h.who AS here_who, h.at AS here_at,"
        " t.who AS there_who, t.at AS there_at FROM page q JOIN store_link l ON l.id = q.link_id"
        " JOIN store_program p ON p.id = l.program_id JOIN store_connection x ON x.id = q.connection_id"
        " JOIN store_person n ON n.id = q.person_id LEFT JOIN store_campaign c ON c.connection_id = l.connection_id"
        "  AND c.salesforce_id = l.campaign_id"
        " LEFT JOIN store_agreement a ON a.link_id = l.id AND a.person_id = n.id"
        " LEFT JOIN store_programmember m ON m.program_id = p.id AND m.person_id = n.id"
        " LEFT JOIN store_progressionstatus s ON s.id = m.status_id"
        " LEFT JOIN store_personidentity i ON i.connection_id = l.connection_id AND i.person_id = n.id"
        " LEFT JOIN store_campaignmember cm ON cm.connection_id = l.connection_id AND cm.campaign_id = l.campaign_id"
        "  AND coalesce(cm.contact_id, cm.lead_id) = i.salesforce_id"
        " LEFT JOIN LATERAL (SELECT j.who, j.at FROM store_journalentry j WHERE j.program_id = p.id AND j.person_id = n.id"
        "  AND j.noun = 'member' AND j.side = 'program' ORDER BY j.id DESC LIMIT 1) h ON true"
        " LEFT JOIN LATERAL (SELECT j.who, j.at FROM store_journalentry j WHERE j.campaign_id = l.campaign_id"
        "  AND j.noun = 'member' AND j.side = 'campaign' AND j.person_id = n.id"
        "  ORDER BY j.id DESC LIMIT 1) t ON true"
        " ORDER BY q.id",
        {"program": program, "after": after, "limit": limit, "folders": folders},
    )


def standing(*, folders: list[str] | None) -> dict[str, Any]:
    """How things stand: links (state → how many), waiting (links that changed since their last run), whether there are
    programs and
    members, how many problems and conflicts are open, runs of 24 hours; of programs in these folders, or of all."""
    links = rows(
        "SELECT l.state, count(*) AS n, count(k.id) FILTER (WHERE NOT EXISTS (SELECT FROM store_run r WHERE r.link_id = l.id"
        "  AND r.ended_at >= k.noted_at)) AS changed FROM store_link l JOIN store_program p ON p.id = l.program_id"
        f" LEFT JOIN store_mark k ON k.link_id = l.id WHERE {IN_FOLDERS} GROUP BY 1",
        {"folders": folders},
    )
    of_programs = f"WHERE %(folders)s::text[] IS NULL OR program_id IN (SELECT p.id FROM store_program p WHERE {IN_FOLDERS})"
    (counts,) = rows(
        f"SELECT EXISTS (SELECT FROM store_program p WHERE {IN_FOLDERS}) AS programs,"
        f" EXISTS (SELECT FROM store_programmember {of_programs}) AS members,"
        f" (SELECT count(*) FROM {_OPEN} AND q.code <> 'CONFLICT') AS problems,"
        f" (SELECT count(*) FROM {_OPEN} AND q.code = 'CONFLICT') AS conflicts,"
        f" (SELECT count(*) FROM (SELECT * FROM store_run {of_programs}) r"
        "  WHERE started_at > now() - interval '24 hours') AS runs",
        {"folders": folders},
    )
    return {
        **counts,
        "links": {row["state"]: row["n"] for row in links},
        "waiting": sum(row["changed"] for row in links),
    }


def stopped_links(*, folders: list[str] | None, limit: int) -> list[dict[str, Any]]:
    """Links that do not run: id, program_id, program, folder, connection, campaign, state, reason."""
    return rows(
        "SELECT l.id, p.id AS program_id, p.name AS program, p.folder, x.name AS connection,"
        " coalesce(c.name, l.campaign_id) AS campaign, l.state, l.reason, l.removals_allowed"
        " FROM store_link l JOIN store_program p ON p.id = l.program_id"
        " JOIN store_connection x ON x.id = l.connection_id LEFT JOIN store_campaign c ON c.connection_id = l.connection_id"
        f" AND c.salesforce_id = l.campaign_id WHERE l.state <> 'active' AND {IN_FOLDERS} ORDER BY p.name LIMIT %(limit)s",
        {"folders": folders, "limit": limit},
    )
