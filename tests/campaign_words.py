"""A linked program with a ledger on a clock of its own, and frames in the words of the field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from campaignsync.bootstrap import Application
from campaignsync.domain.connections import Connection
from campaignsync.domain.ids import LinkId
from campaignsync.domain.observation import Delta, SyncUser, WholeLists
from campaignsync.domain.trees import (
    CAMPAIGN_MEMBERS,
    CAMPAIGN_STATUSES,
    CAMPAIGNS,
    COUNTS,
    SALESFORCE_PEOPLE,
)

CAMPAIGN_ID = "701000000000001AAA"
SYNC_USER = SyncUser(
    user_id="005000000000001AAA",
    username="sync@example.com",
    organization_id="00D000000000001AAA",
    is_marketing_user=True,
)
SOMEBODY = "005000000000009AAA"
SEEN_AT = datetime(2026, 3, 1, tzinfo=UTC)


def campaigns(**fields: object) -> pl.DataFrame:
    whole = {
        "id": CAMPAIGN_ID,
        "name": "Spring",
        "is_active": True,
        "is_deleted": False,
        "system_modstamp": SEEN_AT,
    }
    return pl.DataFrame([{**whole, **fields}], schema=CAMPAIGNS)


def member(number: int, status: str, **fields: object) -> dict[str, object]:
    """A campaign member who is lead number so-and-so."""
    return {
        "id": f"00v{number:012}AAA",
        "campaign_id": CAMPAIGN_ID,
        "lead_id": f"00Q{number:012}AAA",
        "status": status,
        "system_modstamp": SEEN_AT,
        "last_modified_by_id": SOMEBODY,
        **fields,
    }


def lead(number: int, **fields: object) -> dict[str, object]:
    whole = {"salesforce_id": f"00Q{number:012}AAA", "kind": "lead", "email": f"person{number}@example.com"}
    return {**whole, "is_deleted": False, "is_converted": False, "system_modstamp": SEEN_AT, **fields}


def delta(
    *members: dict[str, object], people: list[dict[str, object]] | None = None, **more: pl.DataFrame
) -> Delta:
    """What a look at the org brought home: these members, the leads they are, and honest counts."""
    leads = (
        [lead(int(str(row["lead_id"])[3:15])) for row in members if row.get("lead_id")]
        if people is None
        else people
    )
    statuses = [
        {"id": f"01Y{place:012}AAA", "campaign_id": CAMPAIGN_ID, "label": label, "system_modstamp": SEEN_AT}
        for place, label in enumerate(("Invited", "Registered", "No Show", "Attended"))
    ]
    return Delta(
        campaigns=more.get("campaigns", campaigns()),
        statuses=pl.DataFrame(statuses, schema=CAMPAIGN_STATUSES),
        members=pl.DataFrame(list(members), schema=CAMPAIGN_MEMBERS),
        people=pl.DataFrame(leads, schema=SALESFORCE_PEOPLE),
        member_counts=more.get("member_counts", counts(len(members))),
        status_counts=counts(len(statuses)),
        cursor=dict.fromkeys(("CampaignMember", "Lead", "Contact"), SEEN_AT),
    )


def counts(number: int) -> pl.DataFrame:
    return pl.DataFrame([(CAMPAIGN_ID, number)] if number else [], schema=COUNTS, orient="row")


@dataclass
class Linked:
    """A program that is linked, and everything a test may do to it."""

    app: Application
    connection: Connection
    link: LinkId
    program: str = "Spring"

    def statuses(self) -> dict[str, str]:
        """The program's members by e-mail."""
        return {row["email"]: row["status"] for row in self.app.members.list(self.program)}

    def tree(self, side: str) -> dict[str, str]:
        """One of the three trees by e-mail."""
        trees = self.app.ledger.trees(self.link)
        named = getattr(trees, side).join(trees.people, on="person_id")
        return dict(named.select("email", "status").rows())

    def journal(self) -> list[dict[str, object]]:
        return self.app.views.journal(self.program, email=None, limit=1000)


def whole_list(*members: dict[str, object]) -> WholeLists:
    """All members that the linked campaign has, listed whole."""
    return WholeLists(
        members_of=frozenset({CAMPAIGN_ID}),
        members=pl.DataFrame(list(members), schema=CAMPAIGN_MEMBERS),
        statuses=pl.DataFrame(schema=CAMPAIGN_STATUSES),
    )
