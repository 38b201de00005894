"""Being a member of a program: entering, moving, leaving, and what success means (M1.3, M1.4, M2).

Every change of a member on our side, whoever asks for it, is one call of `enter` or `move` here. The store keeps the value
that comes back; the time is passed in. Nothing here knows where the wish came from except for the `Origin` it is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from campaignsync.domain.errors import UsageError
from campaignsync.domain.statuses import ProgressionStatus, may_move


class Origin(StrEnum):
    """How a member came to the program (M2.1)."""

    IMPORT = "import"
    PERSON = "person"  # an admin on a page, the API or the command line
    FLOW = "flow"
    CAMPAIGN = "campaign"  # added to the linked campaign in Salesforce


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramMember:
    """A person's membership in one program."""

    status: ProgressionStatus
    member_since: datetime
    origin: Origin
    reached_success_at: datetime | None = None

    @property
    def reached_success(self) -> bool:
        return self.reached_success_at is not None


class StepBackError(UsageError):
    """An attempt to move a member to a lower step (M2.3). Bulk work counts it as skipped."""


def enter(status: ProgressionStatus, *, at: datetime, origin: Origin) -> ProgramMember:
    """A new membership. Coming back after leaving starts over with a new member-since date (M2.6)."""
    return ProgramMember(
        status=status, member_since=at, origin=origin, reached_success_at=at if status.success else None
    )


def move(
    member: ProgramMember, status: ProgressionStatus, *, at: datetime, override: bool = False
) -> ProgramMember:
    """The member with a new status; StepBackError when the progression rule forbids it and no admin overrides it.

    Success is dated by the first time it is reached and stays whatever status follows (M1.4).
    """
    if not override and not may_move(member.status, status):
        raise StepBackError(
            f"A member with status '{member.status.name}' (step {member.status.step}) cannot go back to '{status.name}'"
            f" (step {status.step}): members only move forward. An admin may correct a mistake with --override."
        )
    reached = member.reached_success_at or (at if status.success else None)
    return replace(member, status=status, reached_success_at=reached)
