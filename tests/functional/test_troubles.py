"""What goes wrong around us has a name wherever people look: doctor, status, health, metrics; and is over once it is mended."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client

from campaignsync.bootstrap import Application
from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.domain.health import judged
from campaignsync.web.installation import serve
from certificates import server_certificate
from desk import Desk, login
from eventful_org import EventfulOrg
from sandbox_org import CLIENT_ID, CLIENT_SECRET
from terminal import Terminal
from waiting import meanwhile, until


@pytest.fixture(scope="module")
def eventful() -> Iterator[EventfulOrg]:
    org = EventfulOrg("--tls-port", "0")
    yield org
    org.stop()


@pytest.fixture
def desk(app: Application, eventful: EventfulOrg) -> Desk:
    eventful.reset()
    app.registry.create_program("Spring Webinar", "Webinar", {})
    connect(app, login(eventful), eventful)
    desk = Desk(app=app, connection=app.registry.connection("org"), org=eventful)
    app.registry.set_pubsub(desk.connection.connection_id, eventful.events)
    desk.give(ada="Registered")
    desk.link()
    app.worker().have_round(desk.connection.connection_id, 0)
    serve(app)
    return desk


def connect(app: Application, by: Login, org: EventfulOrg) -> None:
    user = app.new_door(login(org)).sync_user()
    app.registry.save_connection("org", by, instance_url=by.login_url, campaign_sync=True, user=user)


@dataclass(frozen=True)
class Told:
    """What people are told, by where they look."""

    doctor: str
    status: str
    health: str
    metrics: str


def told(desk: Desk) -> Told:
    def typed(command: str) -> str:
        try:
            return Terminal(desk.app)(command)
        except CampaignsyncError as error:
            return f"{type(error).__name__}: {error}"

    machine = Client(SERVER_NAME="localhost")
    desk.app.vitals.sound(judged(desk.app.vitals.facts(), desk.app.settings.thresholds))
    return Told(
        doctor=typed("doctor"),
        status=typed("status"),
        health=typed("health"),
        metrics=machine.get("/metrics").content.decode(),
    )


def have_rounds(desk: Desk, number: int = 1) -> None:
    worker = desk.app.worker()
    for failures in range(number):
        worker.have_round(desk.connection.connection_id, failures)


def ill(code: str) -> str:
    return f'campaignsync_health{{code="{code}",connection="org"}} 2.0'


def events_told(desk: Desk, code: str) -> list[str]:
    """What the outlets were given of a problem, the first first."""
    return [row["event"] for row in desk.app.outbox.list(limit=99) if row["code"] == code]


def require_over(desk: Desk, code: str) -> None:
    """It is mended, one round later all is well, and people are told so once."""
    have_rounds(desk)
    found = told(desk)
    assert "It is not well" not in found.status
    assert "2.0" not in [
        line.rsplit(" ", 1)[1]
        for line in found.metrics.splitlines()
        if line.startswith("campaignsync_health{")
    ]
    assert events_told(desk, code) == ["opened", "solved"]


def test_a_revoked_login(desk: Desk) -> None:
    """The secret of the connected app was changed in Salesforce, until somebody gives the new one."""
    by = login(desk.org)
    old = Login(
        method=by.method, login_url=by.login_url, fields={**by.fields, "client_secret": "the old one"}
    )
    connect(desk.app, old, desk.org)
    have_rounds(desk, 2)
    found = told(desk)
    assert "login is not well" in found.doctor
    assert "It is not well" in found.status
    assert "LOGIN_REFUSED" in found.status
    assert "LOGIN_REFUSED" in found.health
    assert ill("ROUNDS") in found.metrics
    connect(desk.app, by, desk.org)
    require_over(desk, "LOGIN_REFUSED")


@contextlib.contextmanager
def behind(certificate: Path, org: EventfulOrg) -> Iterator[str]:
    """The org behind a server that shows this certificate; its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    inside.check_hostname, inside.verify_mode = False, ssl.CERT_NONE
    stop = threading.Event()
    kept: list[tuple[Any, ...]] = []

    def copy(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while some := one.recv(65536):
                other.sendall(some)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    def accept(listening: socket.socket) -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError), listening.accept()[0] as came:
                near = context.wrap_socket(came, server_side=True)
                far = inside.wrap_socket(socket.create_connection(("127.0.0.1", org.tls_port)))
                copying = [threading.Thread(target=copy, args=pair) for pair in ((near, far), (far, near))]
                for each in copying:
                    each.start()
                kept.append((near, far, *copying))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, args=(listening,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        stop.set()
        with contextlib.suppress(OSError):
            socket.create_connection(listening.getsockname()).close()
        thread.join()
        for near, far, *copying in kept:
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            for each in copying:
                each.join()
            near.close()
            far.close()


def test_an_expired_certificate(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    certificate = server_certificate(tmp_path, days=0, address="127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with behind(certificate, desk.org) as url:
        by = Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url=url, fields=key)
        connect(desk.app, by, desk.org)
        have_rounds(desk, 2)
        found = told(desk)
    assert "certificate has expired" in found.doctor
    assert "CERTIFICATE_REFUSED" in found.status
    assert "CERTIFICATE_REFUSED" in found.health
    assert ill("ROUNDS") in found.metrics
    certificate = server_certificate(tmp_path, days=9, address="127.0.0.1")
    with behind(certificate, desk.org) as url:
        connect(desk.app, Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url=url, fields=key), desk.org)
        require_over(desk, "CERTIFICATE_REFUSED")


def test_a_clock_that_is_wrong(desk: Desk) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10)):
        have_rounds(desk)
        found = told(desk)
    assert "clock is not well" in found.doctor
    assert "from the org's" in found.status
    assert "CLOCK_SKEW" in found.health
    assert ill("CLOCK_SKEW") in found.metrics
    require_over(desk, "CLOCK_SKEW")


def test_subscriptions_that_are_refused(desk: Desk) -> None:
    """S0.17: an org without the entitlement is looked at by its schedule."""
    desk.org.control("POST", "/sandbox/events", {"selected": ["Lead", "Contact"]})
    listener = desk.app.listener()
    with meanwhile(listener.listen, listener.stop):
        until(lambda: desk.app.vitals.facts().orgs[0].streams.get("refused") == 3, "three refusals")
    found = told(desk)
    assert "not heard: Campaign, CampaignMember" in " ".join(found.doctor.split())
    assert "every 5 min" in found.status
    assert "NOT_HEARD" in found.health
    assert 'campaignsync_health{code="NOT_HEARD",connection="org"} 1.0' in found.metrics
    desk.org.update("CampaignMember", desk.org.member_id(desk.campaign, "ada@example.com"), Status="Attended")
    have_rounds(desk)
    assert [member["status"] for member in desk.members()] == ["Attended"]
    desk.org.control(
        "POST",
        "/sandbox/events",
        {"selected": ["Campaign", "CampaignMemberStatus", "CampaignMember", "Lead", "Contact"]},
    )
    again = desk.app.listener()
    with meanwhile(again.listen, again.stop):
        until(lambda: desk.app.vitals.facts().orgs[0].streams == {"open": 5}, "all topics")


def test_a_full_disk_is_told_by_the_doctor_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands and services on one: test_full_disk."""
    monkeypatch.setattr("campaignsync.store.vitals.shutil.disk_usage", lambda _: _Usage(free=1, total=100))
    found = told(desk)
    assert "1% of the disk are free" in found.doctor
    assert "of the disk are free" in found.status
    assert "DISK_FULL" in found.health
    assert 'campaignsync_health{code="DISK_FULL",connection=""} 2.0' in found.metrics
    monkeypatch.undo()
    serve(desk.app)
    require_over(desk, "DISK_FULL")


@dataclass(frozen=True)
class _Usage:
    free: int
    total: int


def test_a_database_out_of_reach_is_named_and_waited_for(server_folder: Callable[[str], Path]) -> None:
    """The doctor, the status and health cannot ask it anything: they say so in a sentence and exit with 2."""
    away = {"DATABASE_URL": "postgresql://nobody:hush@127.0.0.1:9/none", "PATH": "/usr/bin:/bin"}
    for command in ("doctor", "status", "health"):
        asked = subprocess.run(
            [sys.executable, "-m", "campaignsync.cli", "--data-dir", str(server_folder("away")), command],
            env=away,
            capture_output=True,
            text=True,
            check=False,
        )
        assert asked.returncode == 2, asked.stderr
        assert "database" in asked.stderr.lower()
        assert "hush" not in asked.stderr
        assert "Traceback" not in asked.stderr
