"""Has notices delivered, after a round: each to every outlet once, and again later to those that did not take it.

Called by the commands that sync. It never raises what an outlet raises: a notice that cannot be delivered must not fail the round
that caused it, and is kept as a problem instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from campaignsync.domain.errors import CampaignsyncError
from campaignsync.domain.notices import Notice, NoticeEvent
from campaignsync.runtime.notice_ports import Outbox, Outlet


def deliver(outbox: Outbox, outlets: Sequence[Outlet]) -> None:
    """Deliver what is due: notices to outlets, events to webhooks. An outlet that fails once is spared the rest of this time."""
    failed: dict[str, str] = {}
    for notice in outbox.take():
        sent = set(notice.sent)
        for outlet in outlets:
            if outlet.name not in sent and outlet.name not in failed:
                failure = attempt(outlet, notice)
                if failure is None:
                    sent.add(outlet.name)
                else:
                    failed[outlet.name] = failure
        outbox.settle(notice, sent, [failed[name] for name in failed if name not in sent])
    outbox.post_events()


@contextmanager
def delivered(outbox: Outbox, outlets: Sequence[Outlet]) -> Iterator[None]:
    """Whatever happens in here, notices are delivered after it."""
    try:
        yield
    finally:
        deliver(outbox, outlets)


def attempt(outlet: Outlet, notice: Notice) -> str | None:
    """Send a notice to one outlet; why that failed, or None."""
    try:
        outlet.send(notice)
    except CampaignsyncError as error:
        return f"{outlet.name}: {error}"
    return None


def trial() -> Notice:
    """A notice to try the outlets with."""
    return Notice(
        notice_id=0,
        at=datetime.now(UTC),
        event=NoticeEvent.TEST,
        code="TEST",
        message="This is how a notice of campaignsync arrives. Nothing is wrong.",
        connection_id=None,
        connection="",
        program="",
    )
