"""What all tests share: an installation with a PostgreSQL server of its own, emptied before each test."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from campaignsync.bootstrap import Application, application, introduce
from campaignsync.domain.statuses import DEFAULT_CHANNELS
from campaignsync.settings import Settings
from campaignsync.web.site import site
from ready_database import empty_tables, make_ready, share_original

# The machine that runs the tests is shared: no test may fail for being slow, and every failure prints how to replay it.
settings.register_profile(
    "house", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

SHORTEST_LAST = ("store", "contract", "sandbox", "unit", "docs", "house")
"""Folders of tests by how short one of their tests is; all others come before them."""


def pytest_configure(config: pytest.Config) -> None:
    """Whoever comes first, which is the process that starts the others, keeps the place of their databases until it ends."""
    if place := share_original():
        config.add_cleanup(place.cleanup)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal files to the processes of a run, long ones first: whoever is done early takes short tests from the end of another."""
    places = {name: place for place, name in enumerate(SHORTEST_LAST, start=1)}
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    ordered = sorted(files, key=lambda file: max(places.get(part, 0) for part in file.parts))
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = [
        item for first in range(processes) for file in ordered[first::processes] for item in files[file]
    ]


class Clock:
    """A clock that stands still until it is advanced."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Callable[[str], Path]]:
    """Makes folders in which an embedded server may live, which is another user where root runs the tests.

    Not in pytest's own: any other pytest that starts closes those to everybody else, also while a server starts there.
    """
    with tempfile.TemporaryDirectory(prefix="campaignsync-tests-", ignore_cleanup_errors=True) as whole:

        def make(name: str) -> Path:
            folder = Path(tempfile.mkdtemp(dir=whole)) / name
            folder.mkdir()
            return folder

        yield make


@pytest.fixture(scope="session")
def ready_folder(server_folder: Callable[[str], Path]) -> Callable[[str], Path]:
    """Makes folders that hold a database of their own, at its newest state and with nothing in it."""
    return lambda name: make_ready(server_folder(name))


@pytest.fixture(scope="session")
def installation(ready_folder: Callable[[str], Path]) -> Iterator[Application]:
    """One installation for all tests of a process."""
    settings = Settings(data_dir=ready_folder("installation"))
    with application(settings, site=site(settings.web)) as app:
        yield app


@pytest.fixture
def app(installation: Application) -> Application:
    """The installation with nothing in it but the usual channels, and nobody at work: whom a page was shown to before stays
    introduced to the database."""
    introduce("")
    empty_tables()
    installation.registry.add_channels(DEFAULT_CHANNELS)
    return installation


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the simulated histories came to, whichever processes played them."""
    from simulation.many import Sum

    reports = [each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, ())]
    played = [told for each in reports for name, told in each.user_properties if name == "simulated"]
    if played:
        terminalreporter.section("simulated histories")
        for line in Sum.of(played).lines():
            terminalreporter.line(line)
