"""Notices reach people by a webhook, by e-mail and in the log; none is lost, and none of them ever fails a round."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import socketserver
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.webhooks import networks
from campaignsync.runtime.notice_ports import Outlet
from campaignsync.runtime.notices import deliver
from campaignsync.runtime.rounds import run_round
from campaignsync.settings import NoticeSettings, read_settings
from desk import Desk
from serving import serving
from terminal import Terminal


class Receiver:
    """A web server on loopback that answers as it is told."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.heard.append((self.path, dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("Location", f"{receiver.url}/elsewhere")
                self.end_headers()

            def do_GET(self) -> None:
                """Only whoever follows a redirect comes here."""
                receiver.heard.append((self.path, {}, b""))
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def codes(self) -> list[tuple[str, str]]:
        bodies = [json.loads(body) for _, _, body in self.heard]
        return [(body["code"], body["event"]) for body in bodies]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with serving(made.server):
        yield made


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


def outlets(**settings: Any) -> list[Outlet]:
    from campaignsync.store.outlets import outlets

    return list(outlets(NoticeSettings(**{"networks": networks("127.0.0.0/8"), **settings})))


def fail_a_round(desk: Desk) -> None:
    """The org has no calls left for a round, and then it has."""
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 1})
    assert desk.round_that_may_fail() is None
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 100000})


@pytest.fixture
def failed(desk: Desk) -> Desk:
    desk.link()
    fail_a_round(desk)
    return desk


def undelivered(desk: Desk) -> list[str]:
    return [row["message"] for row in desk.app.views.problems(None) if row["code"] == "NOTICE_UNDELIVERED"]


def test_a_webhook_gets_signed_json_once(failed: Desk, receiver: Receiver) -> None:
    signed = outlets(webhook_url=f"{receiver.url}/hook", webhook_secret="hush")
    for _ in range(2):
        deliver(failed.app.outbox, signed)
    assert len(receiver.heard) == 1
    path, headers, body = receiver.heard[0]
    told = json.loads(body)
    assert (path, told["code"], told["event"], told["connection"]) == (
        "/hook",
        "REQUEST_LIMIT_EXCEEDED",
        "opened",
        "org",
    )
    signature = hmac.new(b"hush", body, hashlib.sha256).hexdigest()
    assert headers["X-Campaignsync-Signature"] == f"sha256={signature}"


@pytest.mark.parametrize("answer", [500, 302, 307, 404])
def test_a_webhook_that_does_not_take_it_is_tried_again_later_and_followed_nowhere(
    failed: Desk, receiver: Receiver, answer: int
) -> None:
    from campaignsync.store.outbox import Outbox

    now = datetime.now(UTC)
    webhook = outlets(webhook_url=receiver.url)
    receiver.answers = [answer]
    deliver(Outbox(lambda: now), webhook)
    assert undelivered(failed) == [f"webhook: the webhook at 127.0.0.1 answered HTTP {answer}"]
    deliver(Outbox(lambda: now + timedelta(seconds=59)), webhook)
    assert len(receiver.heard) == 1
    deliver(Outbox(lambda: now + timedelta(seconds=61)), webhook)
    assert [path for path, _, _ in receiver.heard] == ["/", "/"]
    assert undelivered(failed) == []


def test_what_one_outlet_has_is_not_sent_there_again_for_the_sake_of_another(
    failed: Desk, receiver: Receiver, tmp_path: Path
) -> None:
    from campaignsync.store.outbox import Outbox

    now = datetime.now(UTC)
    both = outlets(webhook_url=receiver.url, mail_to=("ops@example.com",), mail_url=f"file://{tmp_path}/mail")
    receiver.answers = [503]
    deliver(Outbox(lambda: now), both)
    deliver(Outbox(lambda: now + timedelta(minutes=2)), both)
    assert len(list((tmp_path / "mail").iterdir())) == 1
    assert len(receiver.heard) == 2


def test_a_notice_that_nobody_took_for_days_is_given_up(failed: Desk, receiver: Receiver) -> None:
    from campaignsync.store.outbox import Outbox

    now = datetime.now(UTC)
    receiver.answers = [500] * 9
    for days in (0, 1, 4, 5):
        deliver(Outbox(lambda days=days: now + timedelta(days=days)), outlets(webhook_url=receiver.url))
    assert len(receiver.heard) == 3
    assert failed.app.outbox.list(limit=1)[0]["settled_at"] is not None
    assert undelivered(failed) != []


def test_an_outlet_out_of_reach_is_a_problem_that_gives_no_secret_away(failed: Desk) -> None:
    deliver(failed.app.outbox, outlets(webhook_url="http://127.0.0.1:9/hook?token=hush"))
    assert undelivered(failed) == [
        "webhook: the webhook at 127.0.0.1 cannot be reached (ConnectionRefusedError)"
    ]
    assert failed.sync().halted is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254"])
def test_an_alert_goes_to_no_private_address_unless_it_is_allowed(
    failed: Desk, receiver: Receiver, host: str
) -> None:
    """By name or by number: what counts is the address that is connected to."""
    port = receiver.server.server_port
    deliver(failed.app.outbox, outlets(webhook_url=f"http://{host}:{port}/hook?token=hush", networks=()))
    (told,) = undelivered(failed)
    assert "private network" in told
    assert "CAMPAIGNSYNC_WEBHOOK_NETWORKS" in told
    assert "hush" not in told
    assert receiver.heard == []


def test_a_mail_says_what_is_wrong_where_and_since_when(failed: Desk, tmp_path: Path) -> None:
    mails = outlets(
        mail_to=("ops@example.com", "crm@example.com"),
        mail_url=f"file://{tmp_path}",
        public_url="https://sync.example.com",
    )
    deliver(failed.app.outbox, mails)
    (mail,) = tmp_path.iterdir()
    text = mail.read_text()
    assert "Subject: campaignsync: REQUEST_LIMIT_EXCEEDED opened (org)" in text
    assert "To: ops@example.com, crm@example.com" in text
    assert "Salesforce says REQUEST_LIMIT_EXCEEDED" in text
    assert "https://sync.example.com" in text


class MailServer(socketserver.StreamRequestHandler):
    """A mail server on loopback that takes everything; the server object collects it in `mails`."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            verb = line.split()[0].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 well\r\n")


def test_a_mail_goes_through_a_mail_server(failed: Desk) -> None:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer)
    server.mails = []  # type: ignore[attr-defined]
    url = f"smtp://127.0.0.1:{server.server_address[1]}"
    with serving(server):
        deliver(failed.app.outbox, outlets(mail_to=("ops@example.com",), mail_url=url))
    assert b"Subject: campaignsync: REQUEST_LIMIT_EXCEEDED opened (org)" in server.mails[0]  # type: ignore[attr-defined]
    assert undelivered(failed) == []


def test_a_mail_server_that_speaks_no_tls_never_hears_the_password(failed: Desk) -> None:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer)
    server.mails = []  # type: ignore[attr-defined]
    url = f"smtp://me:hush@127.0.0.1:{server.server_address[1]}"
    with serving(server):
        deliver(failed.app.outbox, outlets(mail_to=("ops@example.com",), mail_url=url))
    assert server.mails == []  # type: ignore[attr-defined]
    assert undelivered(failed) == ["mail: 127.0.0.1 does not take mail (SMTPNotSupportedError)"]


def test_the_log_has_one_line_of_json_a_notice(failed: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="campaignsync.notices")
    failed.sync()
    deliver(failed.app.outbox, outlets())
    lines = [(record.levelname, json.loads(record.message)["event"]) for record in caplog.records]
    assert lines == [("WARNING", "opened"), ("INFO", "solved")]


def test_the_sync_command_delivers_also_when_its_round_fails(
    desk: Desk, terminal: Terminal, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGNSYNC_WEBHOOK_URL", receiver.url)
    monkeypatch.setenv("CAMPAIGNSYNC_WEBHOOK_NETWORKS", "127.0.0.0/8")
    desk.link()
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 1})
    with pytest.raises(RetryableError):
        terminal("sync")
    desk.org.control("POST", "/sandbox/limits", {"DailyApiRequests": 100000})
    terminal("sync")
    assert receiver.codes == [("REQUEST_LIMIT_EXCEEDED", "opened"), ("REQUEST_LIMIT_EXCEEDED", "solved")]
    listed = terminal.json("notices")
    assert [(row["event"], row["sent"]) for row in listed] == [
        ("opened", ["log", "webhook"]),
        ("solved", ["log", "webhook"]),
    ]


def test_the_ways_to_tell_people_can_be_tried(
    desk: Desk, terminal: Terminal, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert terminal("notices") == "Nothing had to be told yet.\n"
    monkeypatch.setenv("CAMPAIGNSYNC_WEBHOOK_URL", receiver.url)
    monkeypatch.setenv("CAMPAIGNSYNC_WEBHOOK_NETWORKS", "127.0.0.0/8")
    assert terminal.json("notices", "--test") == [
        {"outlet": "log", "sent": True, "error": None},
        {"outlet": "webhook", "sent": True, "error": None},
    ]
    assert receiver.codes == [("TEST", "test")]
    receiver.answers = [403]
    with pytest.raises(RetryableError, match="HTTP 403"):
        terminal("notices", "--test")


def test_a_webhook_is_added_tried_and_removed_by_the_command_line(
    desk: Desk, terminal: Terminal, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="private network: whoever runs campaignsync allows it"):
        terminal("webhook", "add", receiver.url)
    monkeypatch.setenv("CAMPAIGNSYNC_WEBHOOK_NETWORKS", "127.0.0.0/8")
    made = terminal.json("webhook", "add", receiver.url, "--event", "run.finished")
    number = str(made["id"])
    assert terminal.json("webhook", "set", number, "--no-active")["active"] is False
    assert terminal.json("webhook", "set", number, "--active")["events"] == ["run.finished"]
    assert terminal.json("webhook", "ping", number)["status"] == 204
    (told,) = terminal.json("webhook", "deliveries", number)
    assert (told["event"], told["error"]) == ("ping", None)
    receiver.answers = [403]
    with pytest.raises(RetryableError, match="HTTP 403"):
        terminal("webhook", "ping", number)
    assert [row["id"] for row in terminal.json("webhook", "list")] == [made["id"]]
    assert terminal("webhook", "remove", number) == f"Webhook {number} is removed.\n"
    with pytest.raises(UsageError, match="List them with: campaignsync webhook list"):
        terminal("webhook", "ping", number)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CAMPAIGNSYNC_WEBHOOK_URL", "file:///etc/passwd"),
        ("CAMPAIGNSYNC_WEBHOOK_URL", "https://"),
        ("CAMPAIGNSYNC_WEBHOOK_URL", "http://127.0.0.1:9/?token=hush@"),
        ("CAMPAIGNSYNC_MAIL_URL", "hush://hush:hush@mail"),
        ("CAMPAIGNSYNC_MAIL_URL", "smtp://hush@mail:hush"),
        ("CAMPAIGNSYNC_PROBLEMS_THRESHOLD", "many"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=name) as refused:
        read_settings()
    assert "hush@" not in str(refused.value)


def test_an_org_that_goes_away_in_the_middle_of_a_round_is_told_of_once(desk: Desk) -> None:
    """M8.2: one notice of the connection, and none of each of its links, which are due as before."""
    desk.give(ada="Registered")
    desk.link()
    desk.app.registry.create_program("Autumn Webinar", "Webinar", {})
    desk.app.members.set_status("Autumn Webinar", "ben@example.com", "Invited", who="ada")
    autumn = desk.org.webinar()
    desk.program, spring = "Autumn Webinar", desk.program
    desk.link(autumn)
    links = {desk.app.registry.link_of(each)[0] for each in (spring, "Autumn Webinar")}
    gone = {"match": {"path": r"/composite$", "nth": list(range(3, 60))}, "action": {"status": 503}}
    desk.org.control("POST", "/sandbox/faults", {"rules": [gone]})
    with pytest.raises(RetryableError, match="503"):
        run_round(desk.app.door(desk.connection), desk.app.ledger, desk.connection)
    assert [(row["noun"], row["program"]) for row in desk.app.views.problems(None)] == [("job", None)]
    terminal = Terminal(desk.app)
    assert [row["event"] for row in terminal.json("notices")] == ["opened"]
    assert set(desk.app.ledger.links_due(desk.connection.connection_id)) == links
    desk.org.control("DELETE", "/sandbox/faults")
    for _ in range(2):
        run_round(desk.app.door(desk.connection), desk.app.ledger, desk.connection)
    assert desk.app.views.problems(None) == []
    assert desk.org.members(autumn) == {"ben@example.com": "Invited"}
    assert sorted(row["event"] for row in terminal.json("notices")) == ["opened", "solved"]
