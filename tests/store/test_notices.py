"""A notice is written with its cause, once an occurrence: a link that waits, a round that failed, very many problems (M8.2)."""

from __future__ import annotations

import polars as pl
import pytest
from django.db import transaction

from campaign_words import Linked, campaigns, delta, member
from campaignsync.domain.errors import RetryableError
from campaignsync.domain.links import LinkState
from campaignsync.domain.problems import ProblemRules
from campaignsync.domain.runs import RunReport
from campaignsync.planner.plan import WAITING


def notices(linked: Linked) -> list[tuple[str, str, str | None]]:
    return [(row["code"], row["event"], row["program"]) for row in linked.app.outbox.list(limit=100)]


def test_a_link_that_halts_is_told_once_and_told_again_when_it_goes_on(linked: Linked) -> None:
    """M6.6, M6.9."""
    ledger = linked.app.ledger
    ledger.stop(linked.link, LinkState.HALTED, "Too many would be removed.")
    ledger.stop(linked.link, LinkState.HALTED, "Too many would be removed.")
    assert notices(linked) == [("LINK_HALTED", "opened", "Spring")]
    assert [(row["noun"], row["message"]) for row in linked.app.views.problems("Spring")] == [
        ("job", "Too many would be removed.")
    ]
    with ledger.run(linked.link, "sync") as run:
        ledger.finish(run, RunReport(program="Spring", connection="org"))
    assert notices(linked)[1:] == [("LINK_HALTED", "solved", "Spring")]
    assert linked.app.views.problems("Spring") == []


@pytest.mark.parametrize(
    ("fields", "code"), [({"is_active": False}, "LINK_PAUSED"), ({"is_deleted": True}, "LINK_BROKEN")]
)
def test_a_campaign_that_is_paused_or_deleted_is_told_of_and_so_is_its_return(
    linked: Linked, fields: dict[str, object], code: str
) -> None:
    """M6.9: Marketo stops silently then."""
    mirror, org = linked.app.ledger.mirror, linked.connection.connection_id
    for _ in range(2):
        mirror(org, delta(campaigns=campaigns(**fields)))
    mirror(org, delta())
    assert notices(linked) == [(code, "opened", "Spring"), (code, "solved", "Spring")]


def test_a_round_that_fails_again_and_again_is_told_once(linked: Linked) -> None:
    org = linked.connection.connection_id
    for _ in range(3):
        linked.app.ledger.job_failed(org, None, RetryableError("Away.", code="UNREACHABLE"))
    linked.app.ledger.round_done(org)
    assert notices(linked) == [("UNREACHABLE", "opened", None), ("UNREACHABLE", "solved", None)]


def test_a_cause_that_is_undone_takes_its_notice_along(linked: Linked) -> None:
    with transaction.atomic():
        linked.app.ledger.stop(linked.link, LinkState.HALTED, "Too many would be removed.")
        transaction.set_rollback(True)
    assert notices(linked) == []


def test_problems_past_the_threshold_are_told_once_and_so_is_their_end(linked: Linked) -> None:
    from campaignsync.store.ledger import Ledger

    org = linked.connection.connection_id
    ledger = Ledger(linked.app.ledger._now, ProblemRules(threshold=2))
    linked.app.ledger.mirror(org, delta(*(member(number, "Invited") for number in (1, 2, 3))))
    ledger.adopt_people(linked.link)
    people = ledger.trees(linked.link).campaign["person_id"].to_list()

    def wait(*who: int) -> None:
        rows = [(person, "UNKNOWN_STATUS", "The channel lacks it.", None) for person in who]
        waiting = pl.DataFrame(rows, schema=WAITING, orient="row")
        with ledger.run(linked.link, "sync") as run:
            ledger.hold(run, waiting, waiting.select("person_id", "code"))
        ledger.round_done(org)

    wait(*people[:2])
    assert notices(linked) == []
    wait(*people)
    wait(*people)
    assert notices(linked) == [("MANY_PROBLEMS", "opened", None)]
    assert linked.app.views.problems(None)[0]["message"].startswith("3 problems are open, more than 2.")
    wait(*people[:2])
    assert notices(linked)[1:] == [("MANY_PROBLEMS", "solved", None)]
