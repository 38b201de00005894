"""What the contract suites of the ledger ask of either store, in few words. Used by `test_ledger_contract` and its neighbours."""

from __future__ import annotations

from typing import Any

import polars as pl

from campaign_words import Linked, delta
from campaignsync.domain.observation import Cells
from campaignsync.planner.reconcile import reconcile


def see(linked: Linked, *members: dict[str, object]) -> None:
    """A look at the org, and everybody in it becomes a person of ours."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    ledger.mirror(org, delta(*members))
    ledger.follow_people(org)
    ledger.adopt_people(linked.link)


def listed(*ids: str) -> Cells:
    """A page of a list of ids, as it travels."""
    csv = "\n".join(("Id", *ids)) + "\n"
    frame = pl.DataFrame({"id": ids}, schema={"id": pl.String})
    return Cells(pieces=lambda: iter([csv.encode()]), fields={"id": "Id"}, frame=lambda: frame)


def journal(linked: Linked) -> list[tuple[str, Any, Any]]:
    lines = linked.app.dump(linked.connection.connection_id).journal  # type: ignore[attr-defined]
    return [(each["side"], each["old"], each["new"]) for each in lines if each["noun"] == "member"]


def problems(linked: Linked) -> list[str]:
    """The codes of the problems that are open."""
    held = linked.app.dump(linked.connection.connection_id).problems  # type: ignore[attr-defined]
    return sorted(each["code"] for each in held)


def planned(linked: Linked) -> tuple[list[str | None], list[str | None]]:
    """What becomes of members in the program and in the campaign."""
    ledger = linked.app.ledger
    plan = reconcile(ledger.link(linked.link), ledger.trees(linked.link))
    return plan.for_program["becomes"].to_list(), plan.for_campaign["becomes"].to_list()
