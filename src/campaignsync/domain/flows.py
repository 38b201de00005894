"""What a step of a flow comes to: effects as values, and texts with tokens (M9).

Decided by `automation.decide`, carried out by `store.effects`. An effect names things as people do; what it names may be gone by
then, which fails the step for these people and keeps nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Token:
    """A place in a text that each person fills: `source` is person or trigger."""

    source: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text, with tokens that differ from person to person; what is the same for all stands there already."""

    parts: tuple[str | Token, ...]

    @property
    def constant(self) -> str | None:
        """The text, where it is the same for everybody."""
        return None if any(isinstance(part, Token) for part in self.parts) else "".join(map(str, self.parts))


class CampaignVerb(StrEnum):
    """What is wanted of a campaign of Salesforce (M9.2–M9.4)."""

    ADD = "add"
    STATUS = "status"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCampaign:
    """Add to, remove from, or change the status in a campaign of Salesforce. `implied`: who is not in Salesforce is made a lead
    first (M9.1)."""

    verb: CampaignVerb
    campaign: str
    status: Template | None
    implied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPerson:
    """Make sure that an org knows the person (M9.5); `owner` is a user or a queue, or None: by the org's rules."""

    connection: str | None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProgramStatus:
    """Give a status in a program, never a step back (M9.6)."""

    program: str
    status: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDataValue:
    """Give a field a value; an empty one clears it."""

    field: str
    value: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeList:
    """Put on a list, or take off it."""

    list: str
    add: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCampaign:
    """Let another smart campaign have the person, if that listens to it."""

    smart_campaign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Go on after a span, or at a moment. `until` is a date, from a token of the person, and `shift` is added to it."""

    span: timedelta | None = None
    moment: datetime | None = None
    until: Template | None = None
    shift: timedelta = timedelta()
    zone: str = "UTC"
    hour: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWebhook:
    """Tell a service of the person by HTTP."""

    url: Template
    method: str
    body: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAlert:
    """Mail people of ours about the person."""

    to: Template
    subject: Template
    body: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """What `do nothing` comes to."""


Effect = (
    ChangeCampaign
    | SyncPerson
    | ChangeProgramStatus
    | ChangeDataValue
    | ChangeList
    | RequestCampaign
    | Wait
    | CallWebhook
    | SendAlert
    | Nothing
)
