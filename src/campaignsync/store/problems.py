"""Keeps what is open and what was solved (M8.2): one open problem of a kind for whatever it is about.

Called by the ledger inside its transactions. Problems of records come as columns (RECORD_PROBLEMS); the same problem again counts
a try and doubles the time to the next (docs/adr/0004), another one takes its place.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from campaignsync.domain.errors import CampaignsyncError
from campaignsync.domain.problems import (
    FIRST_RETRY,
    LONGEST_RETRY,
    MANY_PROBLEMS,
    RECORD_PROBLEMS,
    STANDING,
    Direction,
    ProblemNoun,
)
from campaignsync.domain.runs import field_code
from campaignsync.store.frames import execute, temporary
from campaignsync.store.models import Connection, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """What problems are about: `link` is empty for people of an org and for its rounds."""

    noun: ProblemNoun
    connection: int
    link: int | None = None

    @property
    def key(self) -> str:
        """The columns that name one open problem."""
        match self.noun:
            case ProblemNoun.MEMBER | ProblemNoun.MEMBER_FIELD:
                return "(link_id, person_id, noun) WHERE solved_at IS NULL AND person_id IS NOT NULL"
            case ProblemNoun.PERSON:
                return "(connection_id, person_id) WHERE solved_at IS NULL AND person_id IS NOT NULL AND link_id IS NULL"
            case ProblemNoun.JOB if self.link is None:
                return (
                    "(connection_id, code) WHERE solved_at IS NULL AND person_id IS NULL AND link_id IS NULL"
                )
            case _:
                return "(link_id, code) WHERE solved_at IS NULL AND person_id IS NULL"


def members_of(link: Link) -> Concern:
    """The members of a linked program."""
    return Concern(noun=ProblemNoun.MEMBER, connection=link.connection_id, link=link.pk)


def fields_of(link: Link) -> Concern:
    """The fields of a linked campaign."""
    return Concern(noun=ProblemNoun.FIELD, connection=link.connection_id, link=link.pk)


def run_of(link: Link) -> Concern:
    """The runs of a link."""
    return Concern(noun=ProblemNoun.JOB, connection=link.connection_id, link=link.pk)


def people_of(connection: int) -> Concern:
    """The leads and contacts of an org."""
    return Concern(noun=ProblemNoun.PERSON, connection=connection)


def keep(concern: Concern, problems: pl.DataFrame, direction: Direction, now: datetime) -> None:
    """Keep what was refused or waits (RECORD_PROBLEMS)."""
    if problems.is_empty():
        return
    temporary("problems", problems.select(*RECORD_PROBLEMS).cast(dict(RECORD_PROBLEMS)))  # type: ignore[arg-type]
    execute(
        "INSERT INTO store_problem AS p (connection_id, link_id, noun, person_id, direction, code, message, wanted, first_seen,"
        " last_seen, tries, retry_at) SELECT %(connection)s, %(link)s, %(noun)s, person_id, %(direction)s, code, message,"
        " wanted, %(now)s, %(now)s, 1, CASE WHEN retriable THEN %(now)s::timestamptz + %(first)s END FROM problems"
        f" ON CONFLICT {concern.key} DO UPDATE SET"
        " direction = excluded.direction, code = excluded.code, message = excluded.message, last_seen = excluded.last_seen,"
        # What a field was to hold is told when it is refused, and not again by each plan that leaves it alone.
        " wanted = CASE WHEN p.person_id IS NULL THEN coalesce(excluded.wanted, p.wanted) ELSE excluded.wanted END,"
        " first_seen = CASE WHEN p.code = excluded.code THEN p.first_seen ELSE excluded.first_seen END,"
        " tries = CASE WHEN p.code = excluded.code THEN p.tries + 1 ELSE 1 END,"
        " retry_at = CASE WHEN excluded.retry_at IS NOT NULL"
        " THEN %(now)s::timestamptz + least(%(first)s * power(2, least(p.tries, 20)), %(longest)s) END",
        {
            "connection": concern.connection,
            "link": concern.link,
            "noun": concern.noun.value,
            "direction": direction.value,
            "now": now,
            "first": FIRST_RETRY,
            "longest": LONGEST_RETRY,
        },
    )


def keep_one(concern: Concern, code: str, message: str, wanted: str | None, now: datetime) -> None:
    """Keep a problem that no record has: of a field or of a job."""
    row = {"person_id": None, "code": code, "message": message, "wanted": wanted, "retriable": False}
    direction = Direction.TO_CAMPAIGN if concern.noun is ProblemNoun.FIELD else Direction.FOR_A_PERSON
    keep(concern, pl.DataFrame([row], schema=RECORD_PROBLEMS), direction, now)


def keep_failure(connection: int, link: int | None, error: CampaignsyncError, now: datetime) -> None:
    """A round of an org, or the run of a link, could not be done."""
    concern = Concern(noun=ProblemNoun.JOB, connection=connection, link=link)
    keep_one(concern, error.code, str(error), None, now)


def solve(concern: Concern, people: Collection[int], now: datetime) -> None:
    """The open problems of these people are no more."""
    execute(
        "UPDATE store_problem SET solved_at = %s WHERE connection_id = %s AND link_id IS NOT DISTINCT FROM %s AND noun = %s"
        " AND solved_at IS NULL AND person_id = ANY(%s)",
        (now, concern.connection, concern.link, concern.noun.value, list(people)),
    )


def solve_others(link: Link, unsettled: pl.DataFrame, now: datetime) -> None:
    """The open problems of whoever is not among these rows (person_id; or null, and the code of a field) are no more."""
    members = unsettled["person_id"].drop_nulls().to_list()
    fields = unsettled.filter(pl.col("person_id").is_null())["code"].to_list()
    execute(
        "UPDATE store_problem SET solved_at = %s WHERE link_id = %s AND solved_at IS NULL AND"
        " (noun = %s AND NOT person_id = ANY(%s) OR noun = %s AND NOT code = ANY(%s))",
        (now, link.pk, ProblemNoun.MEMBER.value, members, ProblemNoun.FIELD.value, fields),
    )


def solve_field(link: Link, name: str, now: datetime) -> None:
    """A field of the campaign says what it should."""
    execute(
        "UPDATE store_problem SET solved_at = %s WHERE link_id = %s AND solved_at IS NULL AND noun = %s AND code = %s",
        (now, link.pk, ProblemNoun.FIELD.value, field_code(name)),
    )


def solve_job(connection: int, link: int | None, now: datetime) -> None:
    """A round of an org, or the run of a link, was done."""
    execute(
        "UPDATE store_problem SET solved_at = %s WHERE connection_id = %s AND link_id IS NOT DISTINCT FROM %s AND noun = %s"
        " AND solved_at IS NULL AND NOT code = ANY(%s)",
        (now, connection, link, ProblemNoun.JOB.value, list(STANDING)),
    )


def watch_number(connection: int, threshold: int, now: datetime) -> None:
    """More problems at record level than an org may have are a problem of its own, until they are fewer."""
    row = Connection.objects.get(pk=connection)
    number = row.problems.filter(solved_at=None).exclude(noun=ProblemNoun.JOB.value).count()
    if number > threshold:
        message = f"{number:,} problems are open, more than {threshold:,}. See: campaignsync problems --connection {row.name}"
        keep_one(Concern(noun=ProblemNoun.JOB, connection=connection), MANY_PROBLEMS, message, None, now)
    else:
        row.problems.filter(code=MANY_PROBLEMS, solved_at=None).update(solved_at=now)


def forget(connection: int, before: datetime) -> None:
    """Delete the problems that were solved, and the notices that were written, before a moment."""
    execute(
        "DELETE FROM store_problem WHERE connection_id = %s AND solved_at < %s;"
        " DELETE FROM store_notice WHERE connection_id = %s AND at < %s",
        (connection, before, connection, before),
    )
