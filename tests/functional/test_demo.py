"""The demo, as whoever has just cloned the repository types it: the story, then pages on a living year, to log in to."""

from __future__ import annotations

import contextlib
import html
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
import typer

from campaignsync.cli.main import app as command
from campaignsync.domain.errors import UsageError


@pytest.fixture
def told() -> Iterator[str]:
    """What it says; whatever it left running is ended afterwards."""
    done = subprocess.run(
        [sys.executable, "-m", "campaignsync.cli", "demo", "--port", "0"],
        check=False,
        capture_output=True,
        text=True,
    )
    numbers = re.search(r"End all of it with: kill ([\d ]+)", done.stdout)
    try:
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        yield done.stdout
    finally:
        for number in (numbers[1] if numbers else "").split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGTERM)


def test_a_demo_that_is_broken_off_leaves_nothing_running_and_nothing_lying_about(tmp_path: Path) -> None:
    """Ctrl-C in the midst of the story, of which the processes that it started hear nothing."""
    demo = subprocess.Popen(
        [sys.executable, "-u", "-m", "campaignsync.cli", "demo", "--end"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert demo.stdout
    assert any("$ campaignsync apply" in line for line in demo.stdout), "it goes as far as that"
    started = psutil.Process(demo.pid).children(recursive=True)
    (of_database,) = tmp_path.glob("campaignsync-demo-*/postgres/postmaster.pid")
    started.append(psutil.Process(int(of_database.read_text().splitlines()[0])))
    assert any("salesforce-sandbox" in " ".join(each.cmdline()) for each in started)
    demo.send_signal(signal.SIGINT)
    _, errors = demo.communicate()
    assert demo.returncode != 0
    assert "Traceback" not in errors
    _, alive = psutil.wait_procs(started, timeout=60)
    assert alive == []
    assert list(tmp_path.iterdir()) == []


def test_a_demo_without_its_sandbox_says_so_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(UsageError, match="Install it with: pip install"):
        typer.main.get_command(command).main(["demo"], "campaignsync", standalone_mode=False)
    assert list(tmp_path.iterdir()) == []


def test_it_opens_on_pages_of_a_living_year(told: str) -> None:
    assert "479 of 479 members are equal." in told
    (address, password) = re.search(r"Open (\S+)/ in a browser: user demo, password (\S+)", told).groups()  # type: ignore[union-attr]
    session = requests.Session()
    login = session.get(f"{address}/accounts/login/", timeout=120).text
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', login)[1]  # type: ignore[index]
    given = {"login": "demo", "password": password, "csrfmiddlewaretoken": token}
    home = session.post(f"{address}/accounts/login/", data=given, timeout=120)
    assert home.ok
    said = re.sub(r"<[^>]+>|\s+", " ", html.unescape(home.text))
    assert re.search(r"Halted +[1-9]", said), "a link that halted"
    assert re.search(r"Conflicts +[1-9]", said)
    assert re.search(r"Problems +[1-9]", said)
    assert "Plans that wait for approval" in said
    programs = session.get(f"{address}/programs/", timeout=120).text
    assert len(re.findall(r'href="/programs/\d+/"', programs)) == 25, "a year of them, and that of the story"
