"""Keeps problems, as `store.problems` does: one open problem of a kind for whatever it is about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from campaignsync.domain.problems import (
    FIRST_RETRY,
    LONGEST_RETRY,
    MANY_PROBLEMS,
    STANDING,
    Direction,
    ProblemNoun,
)
from campaignsync.domain.runs import field_code
from simulation.memory.tables import LinkRow, ProblemRow, Tables


@dataclass(frozen=True)
class Concern:
    """What problems are about."""

    noun: ProblemNoun
    connection: int
    link: int | None = None


def of_link(noun: ProblemNoun, link: LinkRow) -> Concern:
    return Concern(noun, link.connection, link.number)


def _open(tables: Tables, concern: Concern, person: int | None, code: str) -> ProblemRow | None:
    about = {"connection": concern.connection, "link": concern.link, "person": person}
    if person is not None and concern.link is not None:
        about["noun"] = concern.noun  # type: ignore[assignment]
    elif person is None:
        about["code"] = code  # type: ignore[assignment]
    return next(tables.open_problems(**about), None)


def keep(tables: Tables, concern: Concern, row: Mapping[str, Any], direction: Direction) -> None:
    """Keep what was refused or waits: a row of RECORD_PROBLEMS."""
    now, first = tables.now(), FIRST_RETRY
    known = _open(tables, concern, row["person_id"], row["code"])
    if known is None:
        tables.problems.append(
            ProblemRow(
                concern.connection,
                concern.link,
                concern.noun,
                row["person_id"],
                direction.value,
                row["code"],
                row["message"],
                row["wanted"],
                now,
                now,
                retry_at=now + first if row["retriable"] else None,
            )
        )
        return
    waits = min(first * 2 ** min(known.tries, 20), LONGEST_RETRY)
    same = known.code == row["code"]
    known.direction, known.code, known.message = direction.value, row["code"], row["message"]
    known.last_seen = now
    known.wanted = (row["wanted"] or known.wanted) if known.person is None else row["wanted"]
    known.first_seen = known.first_seen if same else now
    known.tries = known.tries + 1 if same else 1
    known.retry_at = now + waits if row["retriable"] else None


def keep_one(tables: Tables, concern: Concern, code: str, message: str, wanted: str | None) -> None:
    """Keep a problem that no record has."""
    row = {"person_id": None, "code": code, "message": message, "wanted": wanted, "retriable": False}
    direction = Direction.TO_CAMPAIGN if concern.noun is ProblemNoun.FIELD else Direction.FOR_A_PERSON
    keep(tables, concern, row, direction)


def solve_people(tables: Tables, connection: int, people: Collection[int]) -> None:
    of_people = tables.open_problems(connection=connection, link=None, noun=ProblemNoun.PERSON)
    tables.solve(each for each in of_people if each.person in people)


def solve_members(tables: Tables, link: LinkRow, people: Collection[int]) -> None:
    of_members = tables.open_problems(link=link.number, noun=ProblemNoun.MEMBER)
    tables.solve(each for each in of_members if each.person in people)


def solve_others(tables: Tables, link: LinkRow, people: Collection[int], codes: Collection[str]) -> None:
    """The open problems of whoever is not among these people, and of fields not among these codes, are no more."""
    members = tables.open_problems(link=link.number, noun=ProblemNoun.MEMBER)
    fields = tables.open_problems(link=link.number, noun=ProblemNoun.FIELD)
    tables.solve(
        [*(p for p in members if p.person not in people), *(p for p in fields if p.code not in codes)]
    )


def solve_field(tables: Tables, link: LinkRow, name: str) -> None:
    tables.solve(tables.open_problems(link=link.number, noun=ProblemNoun.FIELD, code=field_code(name)))


def solve_job(tables: Tables, connection: int, link: int | None) -> None:
    jobs = tables.open_problems(connection=connection, link=link, noun=ProblemNoun.JOB)
    tables.solve(each for each in jobs if each.code not in STANDING)


def watch_number(tables: Tables, connection: int, threshold: int) -> None:
    """More problems at record level than an org may have are a problem of its own."""
    number = sum(each.noun is not ProblemNoun.JOB for each in tables.open_problems(connection=connection))
    if number > threshold:
        name = tables.connections[connection].name
        message = f"{number:,} problems are open, more than {threshold:,}. See: campaignsync problems --connection {name}"
        keep_one(tables, Concern(ProblemNoun.JOB, connection), MANY_PROBLEMS, message, None)
    else:
        tables.solve(tables.open_problems(connection=connection, code=MANY_PROBLEMS))
