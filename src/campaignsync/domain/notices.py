"""Notices: what is sent to people when a job-level problem opens and when it is solved (M8.2).

The database writes them in the transaction of their cause, once an occurrence; `runtime.notices` has them delivered afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from campaignsync.domain.ids import ConnectionId

GIVEN_UP_AFTER = timedelta(days=3)
"""Whom a notice has not reached by then, it would only puzzle."""


class NoticeEvent(StrEnum):
    """What happened to the problem that a notice is about."""

    OPENED = "opened"
    SOLVED = "solved"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to be told; `program` is empty where it concerns a whole org, `connection` in a test."""

    notice_id: int
    at: datetime
    event: NoticeEvent
    code: str
    message: str
    connection_id: ConnectionId | None
    connection: str
    program: str
    sent: tuple[str, ...] = ()
    """The outlets that have it already."""

    @property
    def subject(self) -> str:
        """One line for people, whatever a connection or a program is called."""
        about = " ".join(f"{self.connection} {self.program}".split())
        return f"campaignsync: {self.code} {self.event}" + (f" ({about})" if about else "")

    def as_json(self) -> Mapping[str, object]:
        """What a program is told; part of the interface."""
        return {
            "id": self.notice_id,
            "at": self.at.isoformat(),
            "event": self.event.value,
            "code": self.code,
            "connection": self.connection or None,
            "program": self.program or None,
            "message": self.message,
        }
