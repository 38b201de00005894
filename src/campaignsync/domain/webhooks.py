"""Webhooks: which events are told, how they are signed, and which addresses may be told at all.

Values and rules only: `store.webhooks` keeps and sends them. An address that a person types must never become a way into the
network that we stand in, so private addresses are refused unless whoever runs the installation names them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from campaignsync.domain.errors import UsageError

SIGNATURE = "X-Campaignsync-Signature"
EVENT = "X-Campaignsync-Event"
DELIVERY = "X-Campaignsync-Delivery"
FIRST_RETRY, LONGEST_RETRY, GIVEN_UP_AFTER = timedelta(minutes=1), timedelta(hours=6), timedelta(days=3)
LONGEST_URL = 2000
PRIVATE = "PRIVATE_ADDRESS"
"""The code of what `out_of_bounds` says."""
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


class Event(StrEnum):
    """What webhooks are told of."""

    RUN_FINISHED = "run.finished"
    LINK_HALTED = "link.halted"
    PROBLEM_RAISED = "problem.raised"
    PLAN_WAITS = "plan.waits"
    PING = "ping"


SUBSCRIBED = (Event.RUN_FINISHED, Event.LINK_HALTED, Event.PROBLEM_RAISED, Event.PLAN_WAITS)
"""What may be asked for; a ping comes to everybody who asks for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way. `repr` shows neither the secret nor the address, which may hold a token."""

    delivery_id: int
    webhook_id: int
    event: Event
    body: bytes
    url: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What goes with the body: its kind, its number, and its signature."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "campaignsync",
            EVENT: self.event.value,
            DELIVERY: str(self.delivery_id),
            SIGNATURE: signature(self.secret, self.body),
        }


def signature(secret: str, body: bytes) -> str:
    """HMAC-SHA256 of a body, as the header says it."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def events_named(texts: Iterable[str]) -> tuple[Event, ...]:
    """Events by their names; all of them where none is named. UsageError for what is none."""
    known = {event.value: event for event in SUBSCRIBED}
    texts = list(texts)
    unknown = [text for text in texts if text not in known]
    if unknown:
        raise UsageError(f"There is no event '{unknown[0]}'. There are: {', '.join(known)}.")
    return tuple(event for event in SUBSCRIBED if not texts or event.value in texts)


def webhook_url(text: str) -> str:
    """An address that may be posted to; UsageError for what is none, or holds a password in the clear."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits, parts = False, urlsplit("")
    if not fits or len(text) > LONGEST_URL or _SPACE.search(text) or not text.isascii():
        raise UsageError("This is no address of a webhook: write https://…, such as https://example.com/hook")
    if parts.username or parts.password:
        raise UsageError(
            "An address with a user or a password in it is not kept: put a token in its path instead."
        )
    return text


def out_of_bounds(host: str) -> UsageError:
    """What is said of a machine that may not be asked, when its address is saved as when something is sent there."""
    return UsageError(
        f"{host} is an address of a private network: whoever runs campaignsync allows it with"
        " CAMPAIGNSYNC_WEBHOOK_NETWORKS",
        code=PRIVATE,
    )


def require_no_private(url: str, allowed: Sequence[Network]) -> None:
    """UsageError for an address that names a private machine by its number, or as localhost; names are not looked up here."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
        told = may_be_told("127.0.0.1" if f".{host}".endswith(".localhost") else host, allowed)
    except ValueError:  # A name, or no address at all.
        return
    if not told:
        raise out_of_bounds(host)


def networks(text: str) -> tuple[Network, ...]:
    """Networks as they are named in a setting, separated by commas."""
    try:
        return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())
    except ValueError as error:
        raise UsageError(f"'{text}' does not name networks such as 10.0.0.0/8: {error}.") from None


def may_be_told(address: str, allowed: Sequence[Network]) -> bool:
    """Whether an address is one of the public internet, or of the networks that were allowed."""
    where = ip_address(address.partition("%")[0])
    inner = getattr(where, "ipv4_mapped", None) or getattr(where, "sixtofour", None)
    if any(where in network for network in allowed if network.version == where.version):
        return True
    if inner is not None and any(inner in network for network in allowed if network.version == 4):
        return True
    return all(each.is_global and not each.is_multicast for each in (where, inner) if each is not None)
