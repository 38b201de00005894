"""What a command to a campaign comes to, by table (M9.2–M9.4, M4.6)."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from campaignsync.automation.commands import judged, split
from campaignsync.domain.commands import COMMANDS, STANDINGS
from campaignsync.domain.trees import MEMBER_OUTCOMES

IDENTITIES = {"person_id": pl.Int64, "salesforce_id": pl.String, "kind": pl.String}


def came_to(verb: str, wanted: str | None, standing: str | None, **more: Any) -> tuple[str, str | None]:
    """What one command comes to: what is written, or why nothing is."""
    command = {
        "command_id": 1,
        "person_id": 5,
        "verb": verb,
        "status": wanted,
        "implied": True,
        "sent": False,
        "seen": False,
        **more,
    }
    known, ours = command.pop("known", True), command.pop("ours", True)
    standings = [] if standing is None else [(5, "00v1", standing, ours)]
    writes, settled = split(
        pl.DataFrame([command], schema=COMMANDS),
        pl.DataFrame(standings, schema=STANDINGS, orient="row"),
        pl.DataFrame([(5, "00Q1", "lead")] if known else [], schema=IDENTITIES, orient="row"),
    )
    if writes.is_empty():
        return settled["outcome"][0], settled["message"][0]
    row = writes.row(0, named=True)
    return ("change" if row["campaign_member_id"] else "add") if row["status"] else "remove", row["status"]


@pytest.mark.parametrize(
    ("verb", "wanted", "standing", "came"),
    [
        ("add", "Sent", None, ("add", "Sent")),
        (
            "add",
            "Sent",
            "Responded",
            ("skipped", "Is a member of the campaign already, with the status 'Responded'."),
        ),
        ("status", "Responded", "Sent", ("change", "Responded")),
        ("status", "Responded", None, ("add", "Responded")),
        ("status", "Sent", " sent", ("skipped", "Has the status already.")),
        ("remove", None, "Sent", ("remove", None)),
        ("remove", None, None, ("skipped", "Is no member of the campaign.")),
    ],
)
def test_a_command_does_what_the_contract_says(
    verb: str, wanted: str | None, standing: str | None, came: tuple[str, str | None]
) -> None:
    assert came_to(verb, wanted, standing) == came


@pytest.mark.parametrize(("verb", "standing"), [("add", "Sent"), ("status", "Sent"), ("remove", None)])
def test_what_was_sent_and_stands_there_as_wanted_was_us(verb: str, standing: str | None) -> None:
    wanted = None if verb == "remove" else "Sent"
    assert came_to(verb, wanted, standing, sent=True) == ("done", "")


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        ("add", "Is a member of the campaign already, with the status 'Sent'."),
        ("status", "Has the status already."),
    ],
)
def test_what_was_sent_and_somebody_else_did_meanwhile_was_not_us(verb: str, message: str) -> None:
    """M9.2: who is a member already is skipped, whether or not we have tried before."""
    assert came_to(verb, "Sent", "Sent", sent=True, ours=False) == ("skipped", message)


def test_what_was_seen_done_by_us_is_done_though_somebody_changed_it_again() -> None:
    """Their edit came later; doing it twice would write it over (M9.8)."""
    assert came_to("add", "Sent", None, sent=True, seen=True) == ("done", "")
    assert came_to("status", "Responded", "Sent", sent=True, seen=True) == ("done", "")


def test_nobody_is_made_a_lead_in_a_program_that_is_linked() -> None:
    """M4.6."""
    outcome, message = came_to("add", "Sent", None, implied=False, known=False)
    assert (outcome, "M4.6" in str(message)) == ("skipped", True)


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [
        ({"found": "Sent", "wanted": "Sent"}, ("done", "")),
        ({"found": "Other", "wanted": "Sent"}, ("refused", "Salesforce stored 'Other' instead of 'Sent'.")),
        ({"found": None, "wanted": None}, ("done", "")),
        ({"wanted": "Sent", "code": "X", "message": "no"}, ("refused", "X: no")),
        ({"wanted": "Sent", "code": "X", "message": "busy", "retriable": True}, (None, "X: busy")),
        ({"wanted": "Sent", "known": False, "message": "no answer"}, (None, "no answer")),
        (
            {"verb": "add", "wanted": "Sent", "code": "DUPLICATE_VALUE"},
            ("skipped", "Is a member of the campaign already."),
        ),
        ({"wanted": "Sent", "code": "DUPLICATE_VALUE", "message": "there"}, (None, "DUPLICATE_VALUE: there")),
        ({"wanted": None, "code": "ENTITY_IS_DELETED", "message": "gone"}, (None, "ENTITY_IS_DELETED: gone")),
    ],
)
def test_what_was_read_back_is_what_came_of_it(
    outcome: dict[str, Any], wanted: tuple[str | None, str]
) -> None:
    verb = outcome.get("verb", "status")
    told = {name: value for name, value in outcome.items() if name != "verb"}
    whole = {"person_id": 5, "known": True, "retriable": False, **told}
    frame = pl.DataFrame([whole], schema=MEMBER_OUTCOMES).with_columns(
        command_id=pl.lit(1, pl.Int64), verb=pl.lit(verb)
    )
    assert judged(frame).row(0)[1:] == wanted
