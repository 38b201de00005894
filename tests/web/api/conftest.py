"""An installation whose API is asked, and one that is connected to a sandbox org."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api_words import Asker, asker
from campaignsync.bootstrap import Application
from campaignsync.web.installation import serve
from desk import Desk, login
from sandbox_org import SandboxOrg


@pytest.fixture
def admin(app: Application) -> Asker:
    """Somebody who may do everything."""
    serve(app)
    return asker(app, name="ada")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxOrg]:
    org = SandboxOrg("--seed", "empty")
    yield org
    org.stop()


@pytest.fixture
def desk(app: Application, sandbox: SandboxOrg) -> Desk:
    sandbox.reset()
    door = app.new_door(login(sandbox))
    app.registry.save_connection(
        "org", login(sandbox), instance_url=door.instance_url, campaign_sync=True, user=door.sync_user()
    )
    app.registry.create_program("Spring Webinar", "Webinar", {})
    return Desk(app=app, connection=app.registry.connection("org"), org=sandbox)
