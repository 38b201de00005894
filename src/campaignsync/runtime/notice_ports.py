"""What telling people needs, as protocols: the outbox in which the database leaves what is to be told, and the ways out of it.

`runtime.notices` is handed both by `bootstrap`; `runtime.ports` holds what the engine needs.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from campaignsync.domain.notices import Notice


class Outbox(Protocol):
    """Notices that wait to be delivered."""

    def take(self) -> list[Notice]:
        """The oldest notices that are due, each of them taken by nobody else for a while."""

    def settle(self, notice: Notice, sent: Collection[str], failures: Collection[str]) -> None:
        """Keep which outlets have a notice by now, and why the others have not."""

    def list(self, *, limit: int, before: int | None = None) -> list[dict[str, Any]]:
        """The latest notices, or those before a number, oldest first:
        id, at, connection, program, event, code, message, sent, settled_at, due_at, error."""

    def post_events(self) -> None:
        """Send webhooks the events that are due; what fails is kept and tried again."""


class Outlet(Protocol):
    """A way to tell people: the log, a webhook, e-mail."""

    @property
    def name(self) -> str:
        """What it is called in lists."""

    def send(self, notice: Notice) -> None:
        """Send a notice; RetryableError when it was not taken."""
