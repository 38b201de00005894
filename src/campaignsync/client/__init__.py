"""A typed client of campaignsync's REST API, for programs of other people (docs/api.md): needs `requests` and nothing of ours.

    client = Client("https://campaignsync.example.com", key)

Law of this package: it imports nothing else of campaignsync, so that it may be taken out and used alone.
"""

from __future__ import annotations

from campaignsync.client.calls import Client
from campaignsync.client.http import ApiError, signed_by
from campaignsync.client.values import (
    Connection,
    Errand,
    Imported,
    JournalEntry,
    Link,
    Member,
    MemberChange,
    MemberOutcome,
    Performance,
    Person,
    PlannedMember,
    Problem,
    Program,
    Run,
    SmartCampaign,
    WaitingPlan,
    Webhook,
)

__all__ = [
    "ApiError",
    "Client",
    "Connection",
    "Errand",
    "Imported",
    "JournalEntry",
    "Link",
    "Member",
    "MemberChange",
    "MemberOutcome",
    "Performance",
    "Person",
    "PlannedMember",
    "Problem",
    "Program",
    "Run",
    "SmartCampaign",
    "WaitingPlan",
    "Webhook",
    "signed_by",
]
