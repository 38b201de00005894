"""Programs as pages show them: a list with filters, one program, its members, its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaignsync.store.frames import rows
from campaignsync.store.searching import beginnings, matches
from campaignsync.store.shown.folders import FOLDER, IN_FOLDERS

_WANTED = f"""(%(search)s = '' OR strpos(lower(p.name), lower(%(search)s)) > 0)
    AND {IN_FOLDERS}
    AND (%(channel)s = '' OR EXISTS (SELECT FROM store_channel c WHERE c.id = p.channel_id AND c.name = %(channel)s))
    AND (%(folder)s = '' OR {FOLDER} = %(folder)s OR starts_with({FOLDER}, %(folder)s || '/'))
    AND (%(tag)s = '' OR EXISTS (SELECT FROM store_programtag t WHERE t.program_id = p.id AND t.name || '=' || t.value = %(tag)s))
    AND (%(state)s = '' OR CASE WHEN %(state)s = 'none' THEN NOT EXISTS (SELECT FROM store_link l WHERE l.program_id = p.id)
        ELSE EXISTS (SELECT FROM store_link l WHERE l.program_id = p.id AND l.state = %(state)s) END)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFilter:
    """Which programs are wanted; what is empty does not narrow. `state` is one of a link's, or `none`; `tag` is NAME=VALUE."""

    search: str = ""
    channel: str = ""
    tag: str = ""
    folder: str = ""
    state: str = ""
    folders: Sequence[str] | None = None
    """The folders whose programs may be seen, with all below them; None: every one."""


def programs(wanted: ProgramFilter, *, after: str, limit: int) -> list[dict[str, Any]]:
    """Programs by name behind `after`: id, name, folder, channel, start_date, end_date, tags, members, success, links
    (connection, state, campaign, reason), problems, last_run."""
    return rows(
        f"WITH page AS (SELECT p.id, p.name, {FOLDER} AS folder, p.start_date, p.end_date, p.channel_id FROM store_program p"
        f" WHERE {_WANTED} AND (%(after)s = '' OR (lower(p.name), p.name) > (lower(%(after)s), %(after)s))"
        " ORDER BY lower(p.name), p.name LIMIT %(limit)s)"
        " SELECT p.*, c.name AS channel, m.members, m.success,"
        " coalesce((SELECT jsonb_object_agg(t.name, t.value) FROM store_programtag t WHERE t.program_id = p.id), '{}') AS tags,"
        " coalesce((SELECT jsonb_agg(jsonb_build_object('connection', x.name, 'state', l.state, 'reason', l.reason,"
        "  'campaign', coalesce(g.name, l.campaign_id)) ORDER BY x.name) FROM store_link l JOIN store_connection x"
        "  ON x.id = l.connection_id LEFT JOIN store_campaign g ON g.connection_id = l.connection_id"
        "  AND g.salesforce_id = l.campaign_id WHERE l.program_id = p.id), '[]') AS links,"
        " (SELECT coalesce(sum(o.problems), 0)::bigint FROM store_link l CROSS JOIN LATERAL (SELECT count(*) AS problems"
        "  FROM store_problem q WHERE q.link_id = l.id AND q.solved_at IS NULL) o WHERE l.program_id = p.id) AS problems,"
        " (SELECT max(r.started_at) FROM store_run r WHERE r.program_id = p.id) AS last_run"
        " FROM page p JOIN store_channel c ON c.id = p.channel_id CROSS JOIN LATERAL (SELECT coalesce(sum(t.members), 0)::bigint"
        " AS members, coalesce(sum(t.members) FILTER (WHERE t.succeeded IS NOT NULL), 0)::bigint AS success"
        " FROM store_membertally t WHERE t.program_id = p.id) m"
        " ORDER BY lower(p.name), p.name",
        {**_parameters(wanted), "after": after, "limit": limit},
    )


def count_programs(wanted: ProgramFilter) -> int:
    """How many programs are meant."""
    return int(
        rows(f"SELECT count(*) AS n FROM store_program p WHERE {_WANTED}", _parameters(wanted))[0]["n"]
    )


def _parameters(wanted: ProgramFilter) -> dict[str, Any]:
    return {
        "search": wanted.search,
        "channel": wanted.channel,
        "tag": wanted.tag,
        "folder": wanted.folder,
        "state": wanted.state,
        "folders": None if wanted.folders is None else list(wanted.folders),
    }


def choices(folders: Sequence[str] | None) -> dict[str, list[str]]:
    """What programs in these folders, or all, can be filtered by: channels, tags, folders."""
    seen = f"store_program p WHERE {IN_FOLDERS}"
    (found,) = rows(
        "SELECT coalesce((SELECT array_agg(name ORDER BY name) FROM store_channel), '{}') AS channels,"
        " coalesce((SELECT array_agg(DISTINCT t.name || '=' || t.value) FROM store_programtag t"
        f" WHERE %(folders)s::text[] IS NULL OR t.program_id IN (SELECT p.id FROM {seen})), '{{}}') AS tags,"
        f" coalesce((SELECT array_agg(DISTINCT {FOLDER}) FROM {seen} AND {FOLDER} <> ''), '{{}}') AS folders",
        {"folders": None if folders is None else list(folders)},
    )
    return {name: list(values) for name, values in found.items()}


def links_of(program: int) -> list[dict[str, Any]]:
    """The links of a program: id, connection, connection_id, instance_url, campaign_id, campaign, is_active, actual_cost,
    currency, type, state, reason, removals_allowed, linked_at, changed_since, run, last_run, report,
    problems, waits (a plan of it, for approval)."""
    return rows(
        "SELECT l.id, x.name AS connection, x.id AS connection_id, x.instance_url, l.campaign_id, c.name AS campaign,"
        " c.is_active, c.actual_cost, c.currency, c.type, l.state, l.reason, l.removals_allowed, l.linked_at,"
        " CASE WHEN r.ended_at IS NULL OR k.noted_at > r.ended_at"
        " THEN k.noted_at END AS changed_since, r.id AS run,"
        " r.started_at AS last_run, r.report, (SELECT count(*) FROM store_problem q WHERE q.link_id = l.id"
        "  AND q.solved_at IS NULL) AS problems, EXISTS (SELECT FROM store_waitingplan w WHERE w.link_id = l.id"
        "  AND l.approval = 'each plan') AS waits FROM store_link l JOIN store_connection x ON x.id = l.connection_id"
        " LEFT JOIN store_campaign c ON c.connection_id = l.connection_id AND c.salesforce_id = l.campaign_id"
        " LEFT JOIN store_mark k ON k.link_id = l.id LEFT JOIN LATERAL (SELECT * FROM store_run r WHERE r.link_id = l.id"
        " ORDER BY r.id DESC LIMIT 1) r ON true WHERE l.program_id = %s ORDER BY x.name",
        (program,),
    )


def statuses(program: int) -> list[dict[str, Any]]:
    """The statuses of a program's channel by step: status, members, and how many of those have reached success."""
    return rows(
        "SELECT s.name AS status, coalesce(m.members, 0) AS members, coalesce(m.reached, 0) AS reached FROM store_program p"
        " JOIN store_progressionstatus s ON s.channel_id = p.channel_id LEFT JOIN (SELECT status_id,"
        "  sum(members)::bigint AS members, (sum(members) FILTER (WHERE succeeded IS NOT NULL))::bigint AS reached"
        "  FROM store_membertally WHERE program_id = %s GROUP BY 1) m"
        " ON m.status_id = s.id WHERE p.id = %s ORDER BY s.step, s.id",
        (program, program),
    )


def carried(link: int) -> dict[str, int]:
    """How many members of a linked campaign carry each label."""
    found = rows(
        "SELECT t.label, sum(t.members)::bigint AS members FROM store_link l JOIN store_labeltally t"
        " ON t.connection_id = l.connection_id AND t.campaign_id = l.campaign_id WHERE l.id = %s GROUP BY 1"
        " HAVING sum(t.members) <> 0",
        (link,),
    )
    return {row["label"]: row["members"] for row in found}


_MEMBERS = f"""store_programmember m JOIN store_person n ON n.id = m.person_id
    JOIN store_progressionstatus s ON s.id = m.status_id WHERE m.program_id = %(program)s
    AND (%(words)s = '' OR {matches("n")}) AND (%(status)s = '' OR s.name = %(status)s)
    AND (%(success)s = '' OR (m.reached_success_at IS NOT NULL) = (%(success)s = 'yes'))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFilter:
    """Which members are wanted. `search` is beginnings of words of names, companies and addresses (store.searching)."""

    search: str = ""
    status: str = ""
    success: str = ""
    """`yes`, `no` or neither."""


def members(program: int, wanted: MemberFilter, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Members in the order in which we came to know them, behind person `after`: person, email, first_name, last_name, company,
    status, step, member_since, reached_success_at, origin, custom."""
    return rows(
        "SELECT n.id AS person, n.email, n.first_name, n.last_name, n.company, s.name AS status, s.step, m.member_since,"
        f" m.reached_success_at, m.origin, m.custom FROM {_MEMBERS} AND m.person_id > %(after)s AND n.id > %(after)s"
        " ORDER BY m.person_id LIMIT %(limit)s",
        {**_member_parameters(program, wanted), "after": after, "limit": limit},
    )


def _member_parameters(program: int, wanted: MemberFilter) -> dict[str, Any]:
    return {
        "program": program,
        "words": beginnings(wanted.search),
        "status": wanted.status,
        "success": wanted.success,
    }


def member_emails(program: int, wanted: MemberFilter, limit: int) -> list[str]:
    """The addresses of all members that are meant, for what is done to many at once."""
    found = rows(
        f"SELECT n.email FROM {_MEMBERS} AND n.email IS NOT NULL ORDER BY m.person_id LIMIT %(limit)s",
        {**_member_parameters(program, wanted), "limit": limit},
    )
    return [row["email"] for row in found]


_ENTRIES = """(%(before)s::bigint IS NULL OR {0}.id < %(before)s) AND (%(side)s = '' OR {0}.side = %(side)s)
    AND (%(who)s = '' OR {0}.who = %(who)s) AND (%(noun)s = '' OR {0}.noun = %(noun)s)"""
_LATEST = f"{_ENTRIES.format('e')} ORDER BY e.id DESC LIMIT %(limit)s"
# Each names what is wanted in a way that an index answers: what little is told of must not cost the whole journal.
_OF_PROGRAM = f""" AND j.id = ANY(ARRAY((SELECT e.id FROM store_journalentry e WHERE e.program_id = %(program)s AND {_LATEST})
    UNION (SELECT f.id FROM store_link l CROSS JOIN LATERAL (SELECT e.id FROM store_journalentry e
        WHERE e.campaign_id = l.campaign_id AND e.connection_id = l.connection_id AND {_LATEST}) f
        WHERE l.program_id = %(program)s)))"""
_OF_PERSON = """ AND j.person_id = ANY(ARRAY(SELECT id FROM store_person WHERE id = %(person)s OR merged_into_id = %(person)s))"""


def journal(where: Mapping[str, Any], *, before: int | None, limit: int) -> list[dict[str, Any]]:
    """The latest changes before entry `before`, latest first: id, at, side, program_id, program, campaign_id, person, email,
    noun,
    old, new, who, why, run. `where` may hold program, run, person, side, who, noun."""
    return rows(
        "SELECT j.id, j.at, j.side, j.program_id, p.name AS program, NULLIF(j.campaign_id, '') AS campaign_id, n.id AS person,"
        " n.email, j.noun, j.old, j.new, j.who, j.why, j.run_id AS run FROM store_journalentry j"
        " LEFT JOIN store_program p ON p.id = j.program_id LEFT JOIN store_person o ON o.id = j.person_id"
        " LEFT JOIN store_person n ON n.id = coalesce(o.merged_into_id, o.id)"
        f" WHERE {_ENTRIES.format('j')} AND (%(run)s::bigint IS NULL OR j.run_id = %(run)s)"
        f"{_OF_PROGRAM if where.get('program') else ''}{_OF_PERSON if where.get('person') else ''}"
        " ORDER BY j.id DESC LIMIT %(limit)s",
        {
            "program": where.get("program"),
            "run": where.get("run"),
            "person": where.get("person"),
            "side": where.get("side", ""),
            "who": where.get("who", ""),
            "noun": where.get("noun", ""),
            "before": before,
            "limit": limit,
        },
    )
