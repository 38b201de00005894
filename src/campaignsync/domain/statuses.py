"""Channels and their progression statuses, and the one place where the progression rule of the contract stands (M1, M2.2).

A status is a name with a step and a success flag; several statuses may share a step. Labels compare trimmed and without
regard to case (M4.3), so `Channel.status` is how everybody turns a text that a person or Salesforce typed into a status.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from campaignsync.domain.errors import UsageError

PROGRAM_TYPES = ("default", "event", "event with webinar", "engagement", "email")
CAMPAIGN_TYPE_LENGTH = 40  # S1.1.4: Campaign.Type holds 40 characters.
STATUS_LENGTH = 40  # S1.3.2: so does the status of a campaign member.


def folded(label: str) -> str:
    """A label as it is compared: trimmed and without regard to case (M4.3)."""
    return label.strip().casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressionStatus:
    """One status of a channel (M1.2)."""

    name: str
    step: int
    success: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise UsageError("A progression status needs a name.")
        if len(self.name.strip()) > STATUS_LENGTH:
            raise UsageError(
                f"Status '{self.name}' is over {STATUS_LENGTH} characters, the most that a campaign member's status holds."
            )
        if self.step < 0:
            raise UsageError(f"The step of status '{self.name}' is {self.step}: it must be 0 or more.")


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A kind of delivery with the statuses a program of it uses, in the order of their steps (M1.1)."""

    name: str
    program_type: str = "default"
    statuses: tuple[ProgressionStatus, ...]
    campaign_type: str | None = None
    """What Campaign.Type shall say instead of the name, needed when that is over 40 characters (M5.1)."""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise UsageError("A channel needs a name.")
        if self.program_type not in PROGRAM_TYPES:
            raise UsageError(f"Program type '{self.program_type}' is not one of {', '.join(PROGRAM_TYPES)}.")
        if not self.statuses:
            raise UsageError(f"Channel '{self.name}' needs at least one progression status.")
        if len(self._by_label) < len(self.statuses):
            raise UsageError(
                f"Channel '{self.name}' has two statuses whose names differ in case or spaces only."
            )
        if self.campaign_type is not None and len(self.campaign_type) > CAMPAIGN_TYPE_LENGTH:
            raise UsageError(
                f"The campaign type '{self.campaign_type}' is over {CAMPAIGN_TYPE_LENGTH} characters (M5.1)."
            )

    @cached_property
    def _by_label(self) -> dict[str, ProgressionStatus]:
        return {folded(status.name): status for status in self.statuses}

    @property
    def first(self) -> ProgressionStatus:
        """The status a new member gets unless another is chosen (M2.1)."""
        return min(self.statuses, key=lambda status: status.step)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(status.name for status in self.statuses)

    def find(self, label: str) -> ProgressionStatus | None:
        """The status that a label means, or None when the channel lacks it."""
        return self._by_label.get(folded(label))

    def status(self, label: str) -> ProgressionStatus:
        """The status that a label means; UsageError naming the choices when the channel lacks it."""
        found = self.find(label)
        if found is None:
            raise UsageError(
                f"Channel '{self.name}' has no status '{label}'. Its statuses are: {', '.join(self.names)}."
            )
        return found

    def type_for_campaign(self) -> str:
        """What Campaign.Type gets (M5.1); UsageError while a long name has no alias."""
        value = self.campaign_type or self.name
        if len(value) > CAMPAIGN_TYPE_LENGTH:
            raise UsageError(
                f"Channel '{self.name}' is over {CAMPAIGN_TYPE_LENGTH} characters, the most Campaign.Type holds: give it a"
                f' shorter name for Salesforce with: campaignsync channel alias "{self.name}" SHORT-NAME'
            )
        return value


def may_move(current: ProgressionStatus, wanted: ProgressionStatus) -> bool:
    """The progression rule: a member moves only to an equal or higher step (M2.2)."""
    return wanted.step >= current.step


def _channel(name: str, program_type: str, *statuses: tuple[str, int] | tuple[str, int, bool]) -> Channel:
    made = tuple(
        ProgressionStatus(name=status[0], step=status[1], success=len(status) == 3 and status[2])
        for status in statuses
    )
    return Channel(name=name, program_type=program_type, statuses=made)


DEFAULT_CHANNELS: tuple[Channel, ...] = (
    _channel(
        "Webinar",
        "event with webinar",
        ("Invited", 10),
        ("Registered", 20),
        ("No Show", 30),
        ("Attended", 40, True),
    ),
    _channel(
        "Live Event",
        "event",
        ("Invited", 10),
        ("Registered", 20),
        ("Waitlisted", 20),
        ("No Show", 30),
        ("Attended", 40, True),
    ),
    _channel(
        "Tradeshow",
        "event",
        ("Invited", 10),
        ("Registered", 20),
        ("Attended", 30),
        ("Visited Booth", 40, True),
    ),
    _channel("Content", "default", ("Member", 10), ("Engaged", 20, True)),
    _channel("Online Advertising", "default", ("Member", 10), ("Engaged", 20, True)),
    _channel("Email Send", "email", ("Sent", 10), ("Opened", 20), ("Clicked", 30, True)),
    _channel("Nurture", "engagement", ("Member", 10), ("Engaged", 20, True)),
    _channel("Operational", "default", ("Member", 10)),
)
"""The channels that come with a new installation (M1.8)."""
