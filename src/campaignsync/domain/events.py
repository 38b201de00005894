"""What is heard of an org's change events: where, not what (S2.7). An event wakes, and observing sees.

Made by `salesforce.events`, kept by the store in the commit that lets the org have a round.
"""

from __future__ import annotations

from dataclasses import dataclass

TOPICS = tuple(
    f"/data/{name}ChangeEvent"
    for name in ("Campaign", "CampaignMember", "CampaignMemberStatus", "Lead", "Contact")
)
"""Exactly as many entities as an org may select without paying for more (S0.17)."""
ENDPOINT = "api.pubsub.salesforce.com:7443"
OFF = "off"
"""Instead of an endpoint: this org's events are not wanted."""

OPEN, REFUSED, BROKEN = "open", "refused", "broken"
"""The states of a topic's stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One answer of a stream: events, or none where it only tells that it lives."""

    topic: str
    replay_id: bytes | None
    """Where to go on from; None: as before, empty: from what comes then."""
    events: int = 0
    opened: bool = False
    """The stream has just begun: what changed before is for a round to see."""
    missed: bool = False
    """The org could not tell what changed (a gap, an overflow), or the place we came from is no more."""
