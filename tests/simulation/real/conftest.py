"""A sandbox org as a process, and an installation that is connected to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaignsync.bootstrap import Application
from desk import Desk, login
from sandbox_org import SandboxOrg


@pytest.fixture
def org() -> Iterator[SandboxOrg]:
    made = SandboxOrg("--seed", "empty")
    yield made
    made.stop()


@pytest.fixture
def desk(app: Application, org: SandboxOrg) -> Desk:
    door = app.new_door(login(org))
    app.registry.save_connection(
        "org", login(org), instance_url=door.instance_url, campaign_sync=True, user=door.sync_user()
    )
    app.registry.create_program("Spring Webinar", "Webinar", {})
    return Desk(app=app, connection=app.registry.connection("org"), org=org)
