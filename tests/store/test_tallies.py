"""Tallies say what counting would, whoever writes, whatever is folded meanwhile; and people are found by beginnings of words."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from campaignsync.bootstrap import Application
from campaignsync.store.frames import execute, rows
from web_org import populate

COUNTED = (
    "SELECT program_id, status_id, date_trunc('month', member_since AT TIME ZONE 'UTC')::date AS joined,"
    " date_trunc('month', reached_success_at AT TIME ZONE 'UTC')::date AS succeeded, count(*) AS members"
    " FROM store_programmember GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
)
TALLIED = (
    "SELECT program_id, status_id, joined, succeeded, sum(members)::bigint AS members FROM store_membertally"
    " GROUP BY 1, 2, 3, 4 HAVING sum(members) <> 0 ORDER BY 1, 2, 3, 4"
)


def test_a_tally_says_what_counting_would_after_any_writes(app: Application) -> None:
    from campaignsync.store import tallies

    populate(app, programs=3, members=6)
    chance = random.Random(7)
    statuses = ("Invited", "Registered", "No Show", "Attended")
    for turn in range(40):
        email = f"person{chance.randrange(9)}@program{chance.randrange(3)}.example"
        program = f"Program {chance.randrange(3):03}"
        match chance.randrange(5):
            case 0:
                if any(row["email"] == email for row in app.members.list(program)):
                    app.members.remove(program, email, who="ada")
            case 1:
                execute(
                    "UPDATE store_programmember SET member_since = %s WHERE id %% 3 = %s",
                    (moment(turn), turn % 3),
                )
            case 2:
                tallies.fold("store_membertally")
            case _:
                app.members.set_status(program, email, chance.choice(statuses), who="ada", override=True)
    app.registry.delete_program("Program 001")
    assert rows(TALLIED) == rows(COUNTED)
    tallies.fold("store_membertally")
    assert rows(TALLIED) == rows(COUNTED)
    assert rows("SELECT count(*) AS n FROM store_membertally")[0]["n"] == len(rows(COUNTED))


def moment(turn: int) -> datetime:
    return datetime(2026, 1 + turn % 12, 28, 23, 59, tzinfo=UTC)


def test_labels_of_campaigns_are_tallied_as_they_are_mirrored_and_forgotten(app: Application) -> None:
    from campaignsync.store import models
    from campaignsync.store.shown.programs import carried

    populate(app, programs=1)
    link = models.Link.objects.get()
    for place, label in enumerate(["Sent", "Sent", "Responded", None]):
        models.CampaignMember.objects.create(
            connection=link.connection,
            salesforce_id=f"00v{place:012}AAA",
            campaign_id=link.campaign_id,
            status=label,
            system_modstamp=moment(place),
        )
    assert carried(link.pk) == {"Sent": 2, "Responded": 1, "": 1}
    models.CampaignMember.objects.filter(status="Sent").update(status="Responded")
    models.CampaignMember.objects.filter(status=None).delete()
    assert carried(link.pk) == {"Responded": 3}


def test_a_long_tally_is_folded_when_somebody_tidies_up(app: Application) -> None:
    from campaignsync.store import tallies

    populate(app, programs=1, members=2)
    before = rows(TALLIED)
    for _ in range(tallies.LONG):
        execute(
            "INSERT INTO store_membertally (program_id, status_id, joined, members) VALUES (1, 1, '2026-03-01', 1),"
            " (1, 1, '2026-03-01', -1)"
        )
    app.pulses.tidy()
    assert rows("SELECT count(*) AS n FROM store_membertally")[0]["n"] == len(before)
    assert rows(TALLIED) == before


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada", ["ada.love@sky.example", "bea@sky.example"]),
        ("LOVE ad", ["ada.love@sky.example"]),
        ("sky.exam", ["ada.love@sky.example", "bea@sky.example"]),
        ("özt", ["bea@sky.example"]),
        ("engine", ["ada.love@sky.example"]),
        ("ngine", []),
        ("love ' & | ! :* \\ () <-> %", ["ada.love@sky.example"]),
        ("', \x00 ;", ["ada.love@sky.example", "bea@sky.example"]),
    ],
)
def test_people_are_found_by_the_beginnings_of_words(app: Application, text: str, found: list[str]) -> None:
    from campaignsync.store import models
    from campaignsync.store.shown.people import people

    app.registry.create_program("Spring", "Webinar", {})
    for email, first, last, company in (
        ("ada.love@sky.example", "Ada", "Lovelace", "Analytical Engines & Söhne"),
        ("bea@sky.example", "Bea-Ada", "ÖZTÜRK", None),
    ):
        app.members.set_status("Spring", email, "Invited", who="ada")
        models.Person.objects.filter(email=email).update(first_name=first, last_name=last, company=company)
    assert [row["email"] for row in people(text, after=0, limit=9)] == found
    asked = {"search": text, "connection": None, "deleted": False, "after": 0, "limit": 9}
    assert [row["email"] for row in app.directory.list(**asked)] == found
