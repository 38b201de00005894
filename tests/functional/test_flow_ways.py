"""The ways in and out of smart campaigns: the command line, a file, workers, webhooks and alerts."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from campaignsync.bootstrap import Application
from campaignsync.domain.errors import UsageError
from campaignsync.domain.webhooks import networks, out_of_bounds
from campaignsync.runtime.flow_runner import run_flows
from campaignsync.settings import NoticeSettings
from conftest import Clock
from desk import Desk
from flow_words import Marketer, people
from serving import serving
from terminal import Terminal
from waiting import meanwhile, until

DEFINITION = """triggers:
  - trigger: Added to Program
    program: Spring Webinar
filters:
  - filter: Person Field
    field: email
    value: {contains: "@example.com"}
flow:
  - action: Add to List
    list: Welcomed
"""


class Service:
    """A service on loopback that answers as it is told, and remembers what it was sent."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.heard: list[tuple[str, str, str]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                service.heard.append((self.path, self.headers["Idempotency-Key"], body))
                self.send_response(service.answers.pop(0) if service.answers else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    with serving(made.server):
        yield made


@pytest.fixture
def terminal(desk: Desk) -> Terminal:
    return Terminal(desk.app)


@pytest.fixture
def marketer(app: Application, clock: Clock, tmp_path: Path) -> Marketer:
    from campaignsync.store.couriers import Courier

    app.registry.create_program("Spring", "Webinar", {})
    mail = NoticeSettings(
        mail_url=f"file://{tmp_path}/mail", mail_from="flows@example.com", networks=networks("127.0.0.0/8")
    )
    found = Marketer(app=app, clock=clock, courier=Courier(mail, timeout_s=0.3))
    found.smart.shelf.make_list("A")
    people(app, {"email": "ann@example.com", "first_name": 'A"nn', "last_name": "/../x?y=1"})
    return found


def test_a_webhook_is_told_of_a_person_and_what_they_are_called_breaks_nothing(
    marketer: Marketer, service: Service
) -> None:
    call = {
        "action": "Call Webhook",
        "url": f"{service.url}/for/{{{{person.last_name}}}}",
        "body": '{"name": "{{person.first_name}}"}',
    }
    marketer.batch("Call", flow=[call])
    ((path, key, body),) = service.heard
    assert path == "/for/%2F..%2Fx%3Fy%3D1"
    assert json.loads(body) == {"name": 'A"nn'}
    assert key.startswith("campaignsync-")
    assert marketer.results("Call") == [("ann", 1, "done", "")]


@pytest.mark.parametrize("url", ["http://127.0.0.1/hook", "{{my.hook}}/{{person.email}}"])
def test_a_flow_that_would_call_a_machine_of_our_network_is_not_kept(
    app: Application, marketer: Marketer, url: str
) -> None:
    """`marketer` may call loopback; an installation may not unless it is told. Tokens of persons are not known yet."""
    filters = {"filter": "Member of Program", "program": "Spring"}
    flow = [
        {"action": "Add to List", "list": "A"},
        {
            "action": "Call Webhook",
            "otherwise": "nothing",
            "choices": [{"if": filters, "url": url}],
        },
    ]
    definition = {"flow": flow, "tokens": {"hook": "http://127.0.0.1"}}
    marketer.smart.save("Call", definition, who="ada")
    for ask in (app.smart_campaigns.check, partial(app.smart_campaigns.save, who="ada")):
        with pytest.raises(UsageError) as refused:
            ask("Call", definition)
        assert str(refused.value) == f"flow / 2 / url: {out_of_bounds('127.0.0.1')}"
    for unknown in ("http://{{person.email}}/", "http://[::1", "/nowhere"):
        definition["flow"][1]["choices"][0]["url"] = unknown
        app.smart_campaigns.save("Call", definition, who="ada")


def test_a_webhook_that_fails_is_tried_again_with_the_same_key_and_named_in_the_end(
    marketer: Marketer, service: Service
) -> None:
    service.answers = [500, 503, 500, 500]
    flow = [{"action": "Call Webhook", "url": service.url}, {"action": "Add to List", "list": "A"}]
    marketer.batch("Call", flow=flow)
    for _ in range(5):
        assert marketer.on_list("A") == []
        marketer.clock.advance(hours=1)
        marketer.run()
        if marketer.on_list("A"):
            break
    assert len(service.heard) == 4
    assert len({key for _, key, _ in service.heard}) == 1
    assert marketer.results("Call") == [
        ("ann", 1, "refused", "The webhook at 127.0.0.1 answered HTTP 500. (tried 4 times)"),
        ("ann", 2, "done", ""),
    ]


def test_a_webhook_that_hangs_holds_nobody_else_up(marketer: Marketer, service: Service) -> None:
    people(marketer.app, {"email": "ben@example.com"})
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}/"
        marketer.save("Hang", flow=[{"action": "Call Webhook", "url": url}])
        marketer.save("Well", flow=[{"action": "Add to List", "list": "A"}])
        for name in ("Hang", "Well"):
            marketer.smart.run(name, who="ada")
        marketer.run()
    assert marketer.on_list("A") == ["ann", "ben"]
    assert marketer.results("Hang") == []


def test_an_alert_is_mailed_and_no_name_adds_a_header(marketer: Marketer, tmp_path: Path) -> None:
    people(marketer.app, {"email": "eve@example.com", "first_name": "Eve\nBcc: all@example.com"})
    marketer.batch(
        "Alert",
        filters=[{"filter": "Person Field", "field": "email", "value": "eve@example.com"}],
        flow=[
            {
                "action": "Send Alert",
                "to": "sales@example.com, ops@example.com",
                "subject": "{{person.first_name}}",
                "body": "Hello",
            },
            {"action": "Send Alert", "to": "nobody", "subject": "x"},
        ],
    )
    (mail,) = [file.read_text() for file in (tmp_path / "mail").iterdir()]
    assert "Subject: Eve Bcc: all@example.com\n" in mail
    assert "To: sales@example.com, ops@example.com\n" in mail
    assert "\nBcc:" not in mail
    assert marketer.results("Alert")[1] == ("eve", 2, "failed", "'nobody' is no e-mail address.")


def test_two_who_run_flows_at_once_do_everything_once(marketer: Marketer) -> None:
    from django.db import connection

    people(marketer.app, *({"email": f"p{number}@example.com"} for number in range(40)))
    second = {"action": "Change Program Status", "program": "Spring", "status": "Invited"}
    marketer.activate(
        "New", triggers=[{"trigger": "Added to Program"}], flow=[{"action": "Add to List", "list": "A"}]
    )
    marketer.save("All", flow=[second])
    marketer.smart.run("All", who="ada")
    wrong: list[BaseException] = []

    def run() -> None:
        try:
            run_flows(marketer.doors)
        except BaseException as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(marketer.on_list("A")) == 41
    assert len(marketer.results("New")) == len(marketer.results("All")) == 41


def test_a_worker_runs_flows_by_itself(desk: Desk) -> None:
    desk.app.smart_campaigns.shelf.make_list("Welcomed")
    definition = {
        "triggers": [{"trigger": "Added to Program"}],
        "flow": [{"action": "Add to List", "list": "Welcomed"}],
    }
    desk.app.smart_campaigns.save("Welcome", definition, who="ada")
    desk.app.smart_campaigns.activate("Welcome")
    worker = desk.app.worker()
    with meanwhile(lambda: worker.work(at_once=1), worker.stop):
        desk.give(ann="Invited")
        until(lambda: desk.app.smart_campaigns.shelf.on_list("Welcomed", 10), "Ann on the list")


def test_everything_is_done_from_the_command_line(terminal: Terminal, desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "welcome.yaml"
    file.write_text(DEFINITION)
    desk.give(ann="Invited")
    assert terminal.json("smart", "check", str(file)) == {"faults": ["step 1: there is no list 'Welcomed'."]}
    assert terminal("people-list", "create", "Welcomed") == "The list 'Welcomed' is made.\n"
    assert terminal("smart", "count", str(file)).startswith("1 people.\n")
    assert "is saved" in terminal("smart", "save", "Welcome", str(file))
    assert "1 people would qualify" in terminal("smart", "preview", "Welcome")
    assert terminal("smart", "activate", "Welcome") == "'Welcome' is active.\n"
    desk.give(ben="Invited")
    assert terminal("flows", "run").startswith("Flows: 1 people entered, 1 steps")
    assert "ben@example.com" in terminal("people-list", "show", "Welcomed")
    assert "ben@example.com" in terminal("smart", "results", "Welcome", "--email", "ben@example.com")
    (listed,) = json.loads(terminal("smart", "list", "--json"))
    assert (listed["name"], listed["state"], listed["went_through"]) == ("Welcome", "active", 1)
    assert terminal("smart", "deactivate", "Welcome") == "'Welcome' is inactive.\n"
    assert "is gone" in terminal("smart", "delete", "Welcome", "--yes")


def test_a_definition_that_makes_no_sense_is_named_by_its_line(
    terminal: Terminal, desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "welcome.yaml"
    file.write_text(DEFINITION.replace("Add to List", "Add to Lisst"))
    with pytest.raises(
        UsageError, match=r"welcome.yaml, line 9: flow / 1 / action: there is no action 'Add to Lisst'"
    ):
        terminal("smart", "save", "Welcome", str(file))


def test_smart_campaigns_are_part_of_the_configuration(
    terminal: Terminal, desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "all.yaml"
    indented = "\n".join(f"    {line}" for line in DEFINITION.splitlines())
    whole = f"campaignsync: 1\nsmart_campaigns:\n  Welcome:\n    active: true\n{indented}\n"
    file.write_text(whole)
    told = terminal("config", "apply", str(file), "--yes")
    assert "+ smart_campaigns / Welcome / active: True" in told
    assert terminal("config", "plan", str(file)) == "Nothing to change: everything is as the file says.\n"
    assert desk.app.smart_campaigns.show("Welcome")["state"] == "active"
    exported: Any = terminal("config", "export")
    assert "  Welcome:" in exported
    file.write_text(whole.replace("Added to Program", "Added to Prog"))
    with pytest.raises(
        UsageError, match="smart_campaigns / Welcome / triggers / 1 / trigger: there is no trigger"
    ):
        terminal("config", "apply", str(file), "--yes")
    file.write_text("campaignsync: 1\nsmart_campaigns: {}\n")
    assert "- smart_campaigns / Welcome" in terminal("config", "apply", str(file), "--yes", "--prune")
    assert desk.app.smart_campaigns.list() == []


def test_a_flow_calls_no_private_address_unless_it_is_allowed(app: Application, service: Service) -> None:
    from campaignsync.store.couriers import Courier

    courier = Courier(NoticeSettings())
    for host in ("127.0.0.1", "localhost"):
        address = service.url.replace("127.0.0.1", host)
        with pytest.raises(UsageError, match="private network"):
            courier.call(f"{address}/hook", "POST", "{}", "key")
    assert service.heard == []
