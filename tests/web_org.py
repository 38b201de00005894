"""A living installation for the tests of pages, made in the database alone: an org, programs, people, links, runs, problems."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from campaignsync.bootstrap import Application
from campaignsync.domain.programs import PeriodCost

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> \"'& =2+5 \u202egnp.exe 🎪 " + "x" * 260
ORG = "production"


def populate(app: Application, programs: int = 3, members: int = 4) -> None:
    """An org with so many linked programs of so many members each; every other link is halted, each has a conflict and a
    problem."""
    from campaignsync.store import models

    org = models.Connection.objects.create(
        name=ORG,
        instance_url="https://org.example",
        credentials="none",
        campaign_sync=True,
        organization_id="00D000000000001AAA",
        sync_user_id="005000000000001AAA",
        sync_username="sync@org.example",
    )
    for place in range(programs):
        name = f"Program {place:03}"
        app.registry.create_program(name, "Webinar", {"Region": "EMEA"})
        app.registry.set_cost(name, PeriodCost(month=date(2026, 2, 1), amount=Decimal("1200.50")))
        row = models.Program.objects.get(name=name)
        campaign = f"701{place:012}AAA"
        models.Campaign.objects.create(
            connection=org,
            salesforce_id=campaign,
            name=f"Campaign {place:03}",
            is_active=True,
            system_modstamp=NOW,
        )
        link = models.Link.objects.create(
            program=row,
            connection=org,
            campaign_id=campaign,
            state="halted" if place % 2 else "active",
            reason="40 of 100 members would be removed" if place % 2 else None,
        )
        models.Run.objects.create(
            link=link,
            why="sync",
            started_at=NOW,
            ended_at=NOW + timedelta(seconds=4),
            report={
                "program_changes": 1,
                "campaign_changes": 2,
                "refused": 1,
                "conflicts": 1,
                "api_calls": 7,
            },
        )
        for each in range(members):
            email = f"person{each}@program{place}.example"
            app.members.set_status(name, email, "Registered", who="ada")
        _problems(org, link, row)


def _problems(org: object, link: object, program: object) -> None:
    from campaignsync.store import models

    people = models.Person.objects.filter(memberships__program=program).order_by("pk")[:2]
    for person, code in zip(people, ("CONFLICT", "DUPLICATES_DETECTED"), strict=True):
        models.Problem.objects.create(
            connection=org,
            link=link,
            person=person,
            noun="member",
            direction="for a person" if code == "CONFLICT" else "to campaign",
            code=code,
            message=f"{code} of {person.email}",
            first_seen=NOW,
            last_seen=NOW,
        )


def hostile(app: Application) -> int:
    """A program with a hostile name, tag, cost note and member; its number."""
    from campaignsync.store import models

    app.registry.create_program(HOSTILE, "Webinar", {HOSTILE: HOSTILE})
    app.registry.set_cost(HOSTILE, PeriodCost(month=date(2026, 2, 1), amount=Decimal(5), note=HOSTILE))
    app.members.set_status(HOSTILE, "eve@evil.example", "Registered", who=HOSTILE[:100])
    models.Person.objects.filter(email="eve@evil.example").update(
        first_name=HOSTILE, last_name="=HYPERLINK(1)", company=HOSTILE
    )
    return models.Program.objects.get(name=HOSTILE).pk
