"""Webhooks are told of runs that ended, links that wait, problems that were raised: signed, tried again, never in our network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import polars as pl
import pytest

from campaign_words import Linked
from campaignsync.domain.errors import UsageError
from campaignsync.domain.links import LinkState
from campaignsync.domain.runs import RunReport
from campaignsync.domain.webhooks import (
    Event,
    events_named,
    may_be_told,
    networks,
    out_of_bounds,
    signature,
    webhook_url,
)
from campaignsync.planner.plan import WAITING
from conftest import Clock
from serving import serving


class Receiver:
    """A web server on loopback that answers as it is told."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.heard: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.heard.append(
                    (dict(self.headers), self.rfile.read(int(self.headers["Content-Length"])))
                )
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?token=t"

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with serving(made.server):
        yield made


@pytest.fixture
def webhooks(linked: Linked, clock: Clock) -> Any:
    from campaignsync.store.webhooks import Webhooks

    return Webhooks(clock, networks("127.0.0.0/8"))


def run(linked: Linked) -> None:
    with linked.app.ledger.run(linked.link, "sync") as number:
        linked.app.ledger.finish(number, RunReport(program="Spring", connection="org", program_changes=3))


def test_what_happens_is_told_with_its_cause_and_signed(
    linked: Linked, webhooks: Any, receiver: Receiver, clock: Clock
) -> None:
    made = webhooks.add(receiver.url, events_named([]))
    clock.advance(days=1000)  # What the database writes is dated by the real time.
    run(linked)
    linked.app.ledger.stop(linked.link, LinkState.HALTED, "Too many would be removed.")
    webhooks.post_due()
    assert [(told["event"], told["about"]["program"]) for told in receiver.told] == [
        ("run.finished", "Spring"),
        ("problem.raised", "Spring"),
        ("link.halted", "Spring"),
    ]
    finished, raised, halted = (told["about"] for told in receiver.told)
    assert (finished["report"]["program_changes"], finished["connection"]) == (3, "org")
    assert halted["reason"] == raised["message"] == "Too many would be removed."
    for headers, body in receiver.heard:
        assert headers["X-Campaignsync-Signature"] == signature(made["secret"], body)
        assert headers["X-Campaignsync-Event"] == json.loads(body)["event"]
    assert all(row["settled_at"] for row in webhooks.deliveries(made["id"], before=None, limit=10))


def test_a_webhook_is_told_what_it_asked_for_and_nothing_while_it_is_off(
    linked: Linked, webhooks: Any, receiver: Receiver
) -> None:
    made = webhooks.add(receiver.url, [Event.LINK_HALTED])
    run(linked)
    linked.app.ledger.stop(linked.link, LinkState.HALTED, "Too many.")
    webhooks.change(made["id"], events=None, active=False)
    run(linked)
    linked.app.ledger.stop(linked.link, LinkState.HALTED, "Too many.")
    assert [row["event"] for row in webhooks.deliveries(made["id"], before=None, limit=10)] == ["link.halted"]


def test_problems_of_one_reason_are_one_event_with_their_number(
    linked: Linked, webhooks: Any, receiver: Receiver
) -> None:
    made = webhooks.add(receiver.url, [Event.PROBLEM_RAISED])
    linked.app.members.set_status("Spring", "ada@example.com", "Registered", who="ada")
    linked.app.members.set_status("Spring", "ben@example.com", "Registered", who="ada")
    people = (1, 2)
    waiting = pl.DataFrame(
        [(person, "UNKNOWN_STATUS", "The channel lacks it.", None) for person in people],
        schema=WAITING,
        orient="row",
    )
    with linked.app.ledger.run(linked.link, "sync") as number:
        linked.app.ledger.hold(number, waiting, waiting.select("person_id", "code"))
        linked.app.ledger.hold(number, waiting, waiting.select("person_id", "code"))
    (only,) = webhooks.deliveries(made["id"], before=None, limit=10)
    assert (only["body"]["code"], only["body"]["number"]) == ("UNKNOWN_STATUS", 2)


def test_what_is_not_taken_is_tried_again_later_and_given_up_after_three_days(
    linked: Linked, webhooks: Any, receiver: Receiver, clock: Clock
) -> None:
    made = webhooks.add(receiver.url, [Event.RUN_FINISHED])
    webhooks.ping(made["id"])
    receiver.answers = [500, 302, 410, 200]
    waits = []
    for _ in range(3):
        webhooks.post_due()
        webhooks.post_due()
        (row,) = webhooks.deliveries(made["id"], before=None, limit=10)
        waits.append((row["due_at"] - clock.now).total_seconds())
        clock.now = row["due_at"]
    assert waits == [60, 120, 240]
    assert "answered HTTP 410" in row["error"]
    assert "token" not in row["error"]
    clock.advance(days=4)
    receiver.answers = [500]
    webhooks.post_due()
    (row,) = webhooks.deliveries(made["id"], before=None, limit=10)
    assert row["settled_at"]
    assert row["error"]
    assert len(receiver.heard) == 4


def test_one_webhook_that_fails_keeps_no_other_from_its_events(
    linked: Linked, webhooks: Any, receiver: Receiver, clock: Clock
) -> None:
    gone = webhooks.add("http://127.0.0.1:9/", [Event.RUN_FINISHED])
    works = webhooks.add(receiver.url, [Event.RUN_FINISHED])
    for hook in (gone, gone, works):
        webhooks.ping(hook["id"])
    webhooks.post_due()
    assert len(receiver.heard) == 1
    (first,) = [row for row in webhooks.list() if row["id"] == gone["id"]]
    assert first["waiting"] == 2
    assert "ConnectionRefusedError" in first["error"]


def test_notices_take_events_along(linked: Linked, webhooks: Any, receiver: Receiver) -> None:
    """Whoever has notices delivered has events sent, and no failure of a webhook is theirs. An address that was kept while its
    name led elsewhere, or its network was allowed, is judged again when it is asked."""
    from campaignsync.runtime.notices import deliver

    made = webhooks.add(receiver.url, [Event.RUN_FINISHED])
    run(linked)
    deliver(linked.app.outbox, ())
    (row,) = linked.app.webhooks.deliveries(made["id"], before=None, limit=10)
    assert (row["tries"], row["settled_at"], receiver.heard) == (1, None, [])
    assert row["error"] == str(out_of_bounds("127.0.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/hook",
        "https://localhost/hook",
        "https://me.localhost./hook",
        "https://10.1.2.3/hook",
        "https://[::1]/hook",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/hook",  # 127.0.0.1 as one number.
        "http://0x7f.1/hook",
    ],
)
def test_an_address_in_a_private_network_is_refused_when_it_is_saved_in_the_words_of_when_it_is_told(
    linked: Linked, url: str
) -> None:
    host = (urlsplit(url).hostname or "").rstrip(".")
    with pytest.raises(UsageError) as refused:
        linked.app.webhooks.add(url, [Event.RUN_FINISHED])
    assert (str(refused.value), refused.value.code) == (str(out_of_bounds(host)), "PRIVATE_ADDRESS")
    assert linked.app.webhooks.list() == []


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - it must be refused.
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_private_addresses_are_told_nothing_unless_they_are_allowed(address: str, told: bool) -> None:
    assert may_be_told(address, ()) == told
    assert may_be_told("10.1.2.3", networks("10.0.0.0/8, fd00::/8"))
    assert may_be_told("::ffff:10.1.2.3", networks("10.0.0.0/8"))


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.com", "https://", "https://a b/", "https://u:p@example.com/", "https://example.com:0/",
     "https://exa\nmple.com/", "javascript:alert(1)", "https://[::1", "https://exämple.com", "https://a/" + "x" * 2000],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        webhook_url(url)


def test_what_is_no_event_or_network_is_refused() -> None:
    with pytest.raises(UsageError, match=r"There are: run\.finished"):
        events_named(["run.started"])
    with pytest.raises(UsageError, match="does not name networks"):
        networks("10.0.0.1/8")
