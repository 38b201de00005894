"""Whom a plan joins: whoever may differ, by what was changed since one looked, and nobody else; asked of both stores."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from campaign_words import Linked, member
from simulation.contract_words import see

ADA, BEN, CLEO = (f"person{number}@example.com" for number in (1, 2, 3))


@pytest.fixture
def equal(linked: Linked) -> Linked:
    """Three members who are the same on all three sides, and whom nobody doubts."""
    see(linked, *(member(number, "Invited") for number in (1, 2, 3)))
    for who in (ADA, BEN, CLEO):
        linked.app.members.set_status("Spring", who, "Invited", who="marketing")
    agree(linked, "Invited", ADA, BEN, CLEO)
    joined(linked)
    assert joined(linked) == set()
    return linked


def numbers(linked: Linked, *who: str) -> list[int]:
    people = linked.app.dump(linked.connection.connection_id).people  # type: ignore[attr-defined]
    by_email = {row["email"]: number for number, row in people.items()}
    return [by_email[each] for each in who]


def agree(linked: Linked, status: str, *who: str) -> None:
    """Both sides are held to be so."""
    with linked.app.ledger.run(linked.link, "sync") as run:
        rows = {"person_id": numbers(linked, *who), "status": [status] * len(who)}
        linked.app.ledger.agree(run, pl.DataFrame(rows))


def joined(linked: Linked) -> set[str]:
    """Who is in the trees of a plan."""
    return set(linked.app.ledger.trees(linked.link).people["email"])


def in_the_campaign(linked: Linked) -> None:
    see(linked, member(1, "Attended"))


def in_the_program(linked: Linked) -> None:
    linked.app.members.set_status("Spring", ADA, "Attended", who="marketing")


def in_what_was_agreed(linked: Linked) -> None:
    agree(linked, "Attended", ADA)


@pytest.mark.parametrize("change", [in_the_campaign, in_the_program, in_what_was_agreed])
def test_a_plan_joins_whom_a_change_concerns_and_nobody_else(
    equal: Linked, change: Callable[[Linked], None]
) -> None:
    change(equal)
    assert joined(equal) == {ADA}


def test_whoever_differs_is_joined_by_every_plan_until_that_is_over(equal: Linked) -> None:
    """Whatever a plan does about it, and whether it is carried out at all."""
    in_the_program(equal)
    assert [joined(equal) for _ in range(3)] == [{ADA}] * 3
    see(equal, member(1, "Attended"))
    agree(equal, "Attended", ADA)
    joined(equal)
    assert joined(equal) == set()


def test_who_joins_a_campaign_as_a_stranger_is_made_a_person_and_joined(equal: Linked) -> None:
    """M7.3: whoever is nobody's record yet is in doubt until that is over."""
    see(equal, member(4, "Registered"))
    assert joined(equal) == {"person4@example.com"}


def test_whoever_is_asked_for_is_joined_though_nothing_differs(equal: Linked) -> None:
    """An undo looks at those whom a run changed."""
    (ada,) = numbers(equal, ADA)
    assert set(equal.app.ledger.trees(equal.link, also=[ada]).people["email"]) == {ADA}
    assert joined(equal) == set()
