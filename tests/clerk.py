"""A process of its own in which somebody works on programs, while databases and workers die around them.

Started by `service_run`; each line it reads is a wish as JSON, each line it prints says what came of it. A wish that the database
could not fulfil is answered as such, and the next one finds a new connection.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from campaignsync.bootstrap import Application, application
from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.domain.registrants import read_registrants
from campaignsync.domain.statuses import DEFAULT_CHANNELS
from campaignsync.runtime.linking import Linking
from campaignsync.runtime.telemetry import start_logs
from campaignsync.settings import Settings
from sandbox_org import CLIENT_ID, CLIENT_SECRET


def found(app: Application, name: str, url: str, events: str, channel: str) -> str:
    """Connect an org, make a program of the same name and link the two with a new campaign; the campaign's id."""
    fields = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    login = Login(method=LoginMethod.CLIENT_CREDENTIALS, login_url=url, fields=fields)
    door = app.new_door(login)
    app.registry.save_connection(
        name, login, instance_url=door.instance_url, campaign_sync=True, user=door.sync_user()
    )
    connection = app.registry.connection(name)
    app.registry.set_pubsub(connection.connection_id, events)
    app.registry.set_pace(connection.connection_id, {"every_s": 300})
    connection = app.registry.connection(name)
    app.registry.create_program(name, channel, {})
    linking = Linking(
        registry=app.registry, ledger=app.ledger, door=app.door(connection), connection=connection
    )
    return app.ledger.link(linking.new(name, name)).campaign_id


def fulfil(app: Application, wish: dict[str, Any]) -> Any:
    match wish.pop("do"):
        case "found":
            return found(app, **wish)
        case "set":
            return app.members.set_status(wish["program"], wish["email"], wish["status"], who="clerk")
        case "bring in":
            file = "Email\n" + "".join(
                f"{wish['who']}{number}@example.com\n" for number in range(wish["number"])
            )
            channel = app.registry.program_channel(wish["program"])
            read = read_registrants(file.encode(), channel=channel, status=wish["status"])
            app.members.import_people(wish["program"], read.people, who="clerk")
            return wish["number"]
        case "members":
            return {row["email"]: row["status"] for row in app.members.list(wish["program"])}
        case "busy":
            facts = app.vitals.facts()
            return facts.jobs_waiting + facts.jobs_running
        case "problems":
            return [row["code"] for row in app.views.problems(None)]
        case "query":
            from campaignsync.store.frames import rows

            return rows(wish["sql"])
    raise ValueError(wish)


def main() -> None:
    """Fulfil wishes until there are no more."""
    start_logs()
    with application(Settings(data_dir=Path(sys.argv[1]))) as app:
        from django.db import DatabaseError, InterfaceError, connection

        app.registry.add_channels(DEFAULT_CHANNELS)
        print("ready", flush=True)
        for line in sys.stdin:
            try:
                said = {"done": fulfil(app, json.loads(line))}
            except CampaignsyncError as error:
                said = {"refused": str(error)}
            except (DatabaseError, InterfaceError) as error:
                said = {"unknown": str(error)}
                connection.close()
                app.revive()
            print(json.dumps(said, default=str), flush=True)


if __name__ == "__main__":
    main()
