"""The demo, as whoever has just cloned the repository types it: the story, then pages on a living year, to log in to."""

from __future__ import annotations

import contextlib
import html
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests


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
