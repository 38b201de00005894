"""A file between being chosen and being brought in: any web process finds it, nobody but its owner does, and it does not stay."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from campaignsync.bootstrap import Application
from campaignsync.domain.errors import UsageError
from campaignsync.settings import Retention
from conftest import Clock
from service_run import Part
from waiting import until
from web_org import populate
from web_words import client

FILE = b"Email,First Name\nada@example.com,Ada\nben@example.com,Ben\n"


def sent(visitor: object, raw: bytes = FILE) -> str:
    """Send a file; the address of the page that asks what its columns mean."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = visitor.post("/programs/1/import/", {"file": SimpleUploadedFile("f.csv", raw)})  # type: ignore[attr-defined]
    return str(answer.headers["Location"])


def test_a_file_is_its_owners_and_comes_in_once(site: str, app: Application) -> None:
    populate(app, programs=1)
    ada, ben = client(name="ada"), client(name="ben")
    page = sent(ada)
    assert ben.get(page).headers["Location"] == "/programs/1/import/", "nobody else's"
    assert b"ada@example.com" in ada.get(page).content
    assert ada.post(page, {"go": "1"}).headers["Location"] == "/programs/1/members/"
    assert ada.post(page, {"go": "1"}).headers["Location"] == "/programs/1/import/", "it is gone with that"
    told = ada.get("/programs/1/members/").content.decode()
    assert "2 members added" in told
    assert told.count("members added") == 1


def test_what_nobody_comes_back_for_is_forgotten(app: Application, clock: Clock) -> None:
    from campaignsync.store.models import Upload
    from campaignsync.store.pulse import Pulses
    from campaignsync.store.uploads import Uploads

    app.users.add("ada")
    (owner,) = [row["number"] for row in app.users.list()]
    uploads = Uploads(clock)
    token = uploads.keep(owner, FILE)
    assert uploads.read(owner, token) == FILE
    clock.advance(minutes=59)
    assert uploads.read(owner, token) == FILE
    clock.advance(minutes=2)
    assert uploads.read(owner, token) is None
    assert Upload.objects.count() == 1
    Pulses(clock, Retention(runs=timedelta())).tidy()
    assert Upload.objects.count() == 0


def test_of_one_owner_a_few_files_of_bounded_size_are_kept(app: Application, clock: Clock) -> None:
    from campaignsync.store.uploads import LARGEST, Uploads

    app.users.add("ada")
    (owner,) = [row["number"] for row in app.users.list()]
    uploads = Uploads(clock)
    tokens = [uploads.keep(owner, FILE) for _ in range(8)]
    assert [uploads.read(owner, token) is not None for token in tokens] == [False] * 3 + [True] * 5
    with pytest.raises(UsageError, match="are the most"):
        uploads.keep(owner, bytes(LARGEST + 1))


BEGUN = """
import sys
from pathlib import Path
from campaignsync.bootstrap import application
from campaignsync.domain.access import Role
from campaignsync.domain.statuses import DEFAULT_CHANNELS
from campaignsync.settings import read_settings
with application(read_settings(Path(sys.argv[1]))) as app:
    app.registry.add_channels(DEFAULT_CHANNELS)
    app.registry.create_program("Spring", "Webinar", {})
    app.users.add("ada", password="correct horse battery", role=Role.ADMIN)
"""


@pytest.fixture
def two_processes(ready_folder: Callable[[str], Path]) -> object:
    """The addresses of two web processes of one installation, with a user and a program."""
    data_dir = ready_folder("two")
    subprocess.run([sys.executable, "-c", BEGUN, str(data_dir)], check=True, capture_output=True)
    parts = [Part(data_dir, data_dir.parent, name, "web", "--port", "0") for name in ("one", "two")]
    try:
        for part in parts:
            until(lambda part=part: "Open http" in part.log.read_text(), f"web process {part.name}")
        yield [re.search(r"Open (http\S+)/ ", part.log.read_text())[1] for part in parts]  # type: ignore[index]
    finally:
        for part in parts:
            part.stop()


class Visitor:
    """Somebody whose requests are handed to now one process, now the other."""

    def __init__(self, addresses: list[str]) -> None:
        self.addresses, self.session = addresses, requests.Session()

    def send(self, process: int, path: str, **more: object) -> requests.Response:
        where = self.addresses[process]
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', self.session.get(where + path).text)
        assert token
        given = {**more.pop("data", {}), "csrfmiddlewaretoken": token[1]}  # type: ignore[dict-item]
        return self.session.post(where + path, data=given, timeout=120, **more)  # type: ignore[arg-type]


def test_two_web_processes_know_of_one_file_and_count_the_same_failed_logins(
    two_processes: list[str],
) -> None:
    """The file is sent to one process and mapped and brought in by the other; who tries passwords has five tries in all."""
    ada = Visitor(two_processes)
    login = {"login": "ada", "password": "correct horse battery"}
    assert ada.send(0, "/accounts/login/", data=login).status_code == 200
    page = ada.send(0, "/programs/1/import/", files={"file": ("f.csv", FILE)}).url.removeprefix(
        two_processes[0]
    )
    assert "ada@example.com" in ada.session.get(two_processes[1] + page).text
    assert "2 members added" in ada.send(1, page, data={"go": "1"}).text
    thief = Visitor(two_processes)
    for attempt in range(5):
        thief.send(attempt % 2, "/accounts/login/", data={**login, "password": "wrong"})
    for process in (0, 1):
        told = thief.send(process, "/accounts/login/", data=login).text
        assert "Too many failed login attempts" in told, process
