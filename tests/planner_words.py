"""One link and its three trees in a line each, for the tests of the planner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from campaignsync.domain.ids import ConnectionId, LinkId
from campaignsync.domain.links import CampaignStatus, LinkPolicy, LinkState, SafetyLimits
from campaignsync.domain.people import LeadRules
from campaignsync.domain.programs import Rates
from campaignsync.domain.runs import LinkFacts
from campaignsync.domain.statuses import Channel, ProgressionStatus
from campaignsync.domain.trees import AGREED, CAMPAIGN, HELD, PEOPLE, PROGRAM, Trees

LIVE_EVENT = Channel(
    name="Live Event",
    program_type="event",
    statuses=(
        ProgressionStatus(name="Invited", step=10),
        ProgressionStatus(name="Registered", step=20),
        ProgressionStatus(name="Waitlisted", step=20),
        ProgressionStatus(name="Attended", step=40, success=True),
    ),
)
"""Registered and Waitlisted share a step."""

Statuses = Mapping[int, str]


def campaign_statuses(*labels: str) -> tuple[CampaignStatus, ...]:
    return tuple(
        CampaignStatus(label=label, is_default=place == 0, has_responded=place == len(labels) - 1)
        for place, label in enumerate(labels)
    )


def link_facts(**differences: object) -> LinkFacts:
    """An active link of a Live Event, whose campaign has its type and no cost; with these differences."""
    usual: dict[str, object] = {
        "link_id": LinkId(1),
        "connection_id": ConnectionId(1),
        "connection": "main",
        "program": "Spring Fair",
        "campaign_id": "701000000000001AAA",
        "campaign": "Spring Fair 2026",
        "state": LinkState.ACTIVE,
        "reason": None,
        "channel": LIVE_EVENT,
        "costs": (),
        "had_costs": False,
        "statuses": campaign_statuses(*LIVE_EVENT.names),
        "policy": LinkPolicy(),
        "limits": SafetyLimits(),
        "campaign_currency": "USD",
        "rates": Rates(),
        "campaign_fields": {"Type": "Live Event", "ActualCost": None},
        "agreed_fields": {},
        "refused_fields": {},
        "leads": LeadRules(),
    }
    return LinkFacts(**(usual | differences))  # type: ignore[arg-type]


def three_trees(
    *,
    agreed: Statuses | None = None,
    program: Statuses | None = None,
    campaign: Statuses | Iterable[tuple[int, str, str]] | None = None,
    held: Iterable[tuple[int, str | None, str]] = (),
) -> Trees:
    """Statuses by person; a campaign also as rows of person, status and member id; held as person, wanted, message."""
    campaign = campaign or {}
    if isinstance(campaign, Mapping):
        campaign = [(person, status, f"00v{person}") for person, status in campaign.items()]
    rows = list(campaign)
    people = sorted({*(agreed or {}), *(program or {}), *(row[0] for row in rows)})
    return Trees(
        agreed=pl.DataFrame(list((agreed or {}).items()), schema=AGREED, orient="row"),
        program=pl.DataFrame(list((program or {}).items()), schema=PROGRAM, orient="row"),
        campaign=pl.DataFrame(rows, schema=CAMPAIGN, orient="row"),
        people=pl.DataFrame(
            [(each, f"person{each}@example.com", f"Person {each}", "lead", f"00Q{each}") for each in people],
            schema=PEOPLE,
            orient="row",
        ),
        held=pl.DataFrame(list(held), schema=HELD, orient="row"),
    )
