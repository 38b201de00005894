"""A linked program."""

from __future__ import annotations

import pytest

from campaign_words import CAMPAIGN_ID, SYNC_USER, Linked, delta
from campaignsync.bootstrap import Application
from campaignsync.domain.connections import Login, LoginMethod


@pytest.fixture
def linked(app: Application) -> Linked:
    login = Login(
        method=LoginMethod.PASSWORD, login_url="https://x.example", fields={"password": "hush-hush"}
    )
    app.registry.save_connection(
        "org", login, instance_url="https://x.example", campaign_sync=True, user=SYNC_USER
    )
    connection = app.registry.connection("org")
    app.registry.create_program("Spring", "Webinar", {})
    app.ledger.mirror(connection.connection_id, delta())
    link = app.registry.create_link("Spring", connection.connection_id, CAMPAIGN_ID)
    return Linked(app=app, connection=connection, link=link)
