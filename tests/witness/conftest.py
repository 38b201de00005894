"""One sandbox for all witnesses of a process, empty before each story."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from witness.witnessed_org import WitnessedOrg


@pytest.fixture(scope="session")
def running_org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WitnessedOrg]:
    org = WitnessedOrg(tmp_path_factory.mktemp("trust"), "--seed", "empty")
    yield org
    org.stop()


@pytest.fixture
def org(running_org: WitnessedOrg) -> WitnessedOrg:
    running_org.reset()
    return running_org


@pytest.fixture
def led_to_org(org: WitnessedOrg, monkeypatch: pytest.MonkeyPatch) -> WitnessedOrg:
    """For clients in this very process: every https:// request of theirs reaches the org."""
    for name, value in org.surroundings.items():
        monkeypatch.setenv(name, value)
    return org
