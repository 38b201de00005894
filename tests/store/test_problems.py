"""One problem of a kind is open at a time, of a member, a person, a field or a job; what is done solves it (M8.2)."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from django.db import transaction

from campaign_words import Linked
from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.problems import RECORD_PROBLEMS, Direction
from campaignsync.domain.runs import RunReport

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def opened(linked: Linked) -> list[tuple[object, ...]]:
    names = ("noun", "program", "email", "code", "tries")
    return [tuple(row[name] for name in names) for row in linked.app.views.problems(None)]


def refuse(linked: Linked, noun: str, person: int, code: str) -> None:
    """Salesforce refuses a write of a person, or of their membership, and may take it later."""
    from campaignsync.store import problems

    row = pl.DataFrame([(person, code, "Not now.", None, True)], schema=RECORD_PROBLEMS, orient="row")
    with transaction.atomic():
        problems.keep(concern(linked, noun), row, Direction.TO_SALESFORCE, NOW)


def accept(linked: Linked, noun: str, person: int) -> None:
    from campaignsync.store import problems

    problems.solve(concern(linked, noun), [person], NOW)


def concern(linked: Linked, noun: str):  # type: ignore[no-untyped-def]
    """The store can be imported only when the installation is open."""
    from campaignsync.store import models, problems

    if noun == "person":
        return problems.people_of(linked.connection.connection_id)
    return problems.members_of(models.Link.objects.get(pk=linked.link))


@pytest.fixture
def ada(linked: Linked) -> int:
    """A person who is a member of the linked program."""
    linked.app.members.set_status("Spring", "ada@example.com", "Invited", who="ada")
    return int(linked.app.ledger.trees(linked.link).program["person_id"][0])


def test_a_person_has_one_open_problem_an_org_whatever_they_are_members_of(linked: Linked, ada: int) -> None:
    refuse(linked, "person", ada, "DUPLICATES_DETECTED")
    refuse(linked, "person", ada, "DUPLICATES_DETECTED")
    assert opened(linked) == [("person", None, "ada@example.com", "DUPLICATES_DETECTED", 2)]
    refuse(linked, "person", ada, "STRING_TOO_LONG")
    assert opened(linked) == [("person", None, "ada@example.com", "STRING_TOO_LONG", 1)]
    accept(linked, "person", ada)
    assert opened(linked) == []


def test_a_problem_of_a_person_and_one_of_their_membership_are_two(linked: Linked, ada: int) -> None:
    refuse(linked, "person", ada, "STRING_TOO_LONG")
    refuse(linked, "member", ada, "UNABLE_TO_LOCK_ROW")
    assert [row[0] for row in opened(linked)] == ["person", "member"]
    accept(linked, "member", ada)
    assert [row[0] for row in opened(linked)] == ["person"]


def test_a_round_that_fails_is_one_problem_of_the_org_until_one_is_done(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    spent = RetryableError("No calls are left.", code="REQUEST_LIMIT_EXCEEDED")
    for error in (spent, spent, UsageError("Salesforce does not let us in.", code="LOGIN_REFUSED")):
        ledger.job_failed(org, None, error)
    assert opened(linked) == [
        ("job", None, None, "LOGIN_REFUSED", 1),
        ("job", None, None, "REQUEST_LIMIT_EXCEEDED", 2),
    ]
    ledger.round_done(org)
    assert opened(linked) == []


def test_a_run_that_fails_is_a_problem_of_its_link_until_one_is_done(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    ledger.job_failed(org, linked.link, RetryableError("The org is away."))
    ledger.round_done(org)
    assert opened(linked) == [("job", "Spring", None, "TRY_LATER", 1)]
    with ledger.run(linked.link, "sync") as run:
        ledger.finish(run, RunReport(program="Spring", connection="org"))
    assert opened(linked) == []


def test_a_run_that_died_is_told_by_the_next_and_solved_by_its_end(linked: Linked) -> None:
    from campaignsync.store import models

    models.Run.objects.create(link_id=linked.link, why="sync", started_at=NOW)
    with linked.app.ledger.run(linked.link, "sync") as run:
        assert opened(linked) == [("job", "Spring", None, "RUN_DIED", 1)]
        linked.app.ledger.finish(run, RunReport(program="Spring", connection="org"))
    assert opened(linked) == []


def test_a_run_that_ends_with_an_error_has_not_died(linked: Linked) -> None:
    with pytest.raises(RetryableError), linked.app.ledger.run(linked.link, "sync"):
        raise RetryableError("The org is away.")
    with linked.app.ledger.run(linked.link, "sync"):
        assert opened(linked) == []


def test_the_next_try_comes_after_a_minute_then_later_and_later_up_to_six_hours(
    linked: Linked, ada: int
) -> None:
    waits = []
    for _ in range(12):
        refuse(linked, "person", ada, "UNABLE_TO_LOCK_ROW")
        waits.append((linked.app.views.problems(None)[0]["retry_at"] - NOW).total_seconds() / 60)
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == 360
