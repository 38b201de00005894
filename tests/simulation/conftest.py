"""A webinar that is linked, in the store of PostgreSQL and in its twin: what `runtime.ports.Ledger` promises is asked of both."""

from __future__ import annotations

from typing import Any

import pytest

from campaign_words import CAMPAIGN_ID, SYNC_USER, Linked, delta
from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.statuses import DEFAULT_CHANNELS
from simulation.clock import SimulatedClock
from simulation.stores import InMemory

LOGIN = Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url="http://sandbox.example", fields={})


@pytest.fixture(params=["in memory", "in PostgreSQL"])
def linked(request: pytest.FixtureRequest) -> Linked:
    """A webinar that is linked, in either store."""
    clock = SimulatedClock()
    store: Any
    if request.param == "in memory":
        store = InMemory(clock)
    else:
        request.getfixturevalue("app")
        from simulation.postgres import InPostgres

        store = InPostgres(clock)
    store.registry.add_channels(DEFAULT_CHANNELS)
    store.registry.save_connection(
        "org", LOGIN, instance_url="http://sandbox.example", campaign_sync=True, user=SYNC_USER
    )
    store.registry.create_program("Spring", "Webinar", {})
    connection = store.registry.connection("org")
    store.ledger.mirror(connection.connection_id, delta())
    link = store.registry.create_link("Spring", connection.connection_id, CAMPAIGN_ID, ())
    return Linked(app=store, connection=connection, link=link)
