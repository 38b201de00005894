"""A year of made-up marketing for the demo: programs of many channels, people in them month by month, what they cost, links with
campaigns of the sandbox org, and what goes wrong in a real one: a link that halted, a conflict, problems.

Called by the demo when it stays for a look around. It acts through the doors of the installation, with a clock of the time
that it
plays; what Salesforce holds comes of real rounds against the sandbox.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl

from campaignsync.bootstrap import Application
from campaignsync.cli.demo.sandbox import SandboxOrg
from campaignsync.domain.backlog import LEADS_THERE, MEMBERS_HERE, MEMBERS_THERE
from campaignsync.domain.connections import Connection
from campaignsync.domain.links import Approval
from campaignsync.domain.programs import PeriodCost
from campaignsync.domain.registrants import REGISTRANTS
from campaignsync.runtime.flow_runner import run_flows
from campaignsync.runtime.linking import Linking

_FIRST = "Amara Bengt Chiara Deniz Elif Femi Greta Hiro Ines Jonas Kaya Lior Maja Nadia Otto Pilar Quinn Rosa Samir Tova Umar"
_LAST = "Abbasi Berg Costa Dahl Eriksen Fischer Garcia Hoffmann Ito Jansen Kowalski Lindgren Moreau Novak Okoye Petrov Quist"
_COMPANIES = "Alder & Sons|Bluewater Foods|Cobalt Systems|Dune Energy|Everly Health|Finch Media|Granite Bank|Harbor Freight Lines"
_PROGRAMS = (
    ("Webinar", "Data Quality in Practice", "Webinars"),
    ("Tradeshow", "Hannover Fair", "Events"),
    ("Content", "Benchmark Report", "Content"),
    ("Live Event", "Customer Breakfast Berlin", "Events"),
    ("Email Send", "Product Update", "E-mail"),
    ("Online Advertising", "Search Campaign", "Advertising"),
)
_REGIONS = ("EMEA", "Americas", "APAC")
_LINKED = 8
MONTHS = 12
_SHARES = (0.34, 0.28, 0.10, 0.16, 0.12)
"""How people are spread over the statuses of a channel, the first step first."""


def live_year(app: Application, org: Connection, sandbox: SandboxOrg, today: date) -> None:
    """Make the year that ends today."""
    dice = random.Random(7)  # noqa: S311 - made-up people, the same in every run.
    names = [_program(app, dice, month, place) for place, month in enumerate(_months(today))]
    linked = names[-_LINKED:]
    linking = Linking(registry=app.registry, ledger=app.ledger, door=app.door(org), connection=org)
    for name in linked:
        linking.new(name, name)
    _busy_days(app, org, dice)
    _sync(app, org)
    _thank(app, linked)
    _go_wrong(app, sandbox, linked)
    _sync(app, org)
    run_flows(app.flow_doors)


def _busy_days(app: Application, org: Connection, dice: random.Random) -> None:
    """Five days of rounds as they might have been, for the lines of the home page: more by day than by night."""
    from campaignsync.store import traffic

    now, first = datetime.now(UTC), app.ledger.links(org.connection_id)[0]
    app.registry.set_pace(org.connection_id, {"daily_calls": 5000})
    for ago in range(120, 1, -2):
        at = now - timedelta(hours=ago)
        busy = 1 + 5 * (7 <= at.hour <= 18)
        for lane, share in ((MEMBERS_THERE, 40), (MEMBERS_HERE, 25), (LEADS_THERE, 10)):
            records = dice.randrange(share * busy)
            traffic.moved(org.connection_id, first, lane, records, at)
            traffic.waiting(org.connection_id, first, {lane: records // 3}, at)
        traffic.charge(org.connection_id, dice.randrange(4, 20) * busy, at)


def _sync(app: Application, org: Connection) -> None:
    app.sync_now(org)


def _months(today: date) -> Iterator[date]:
    """The first days of the months of the year, two programs each."""
    first = today.year * 12 + today.month - MONTHS
    for place in range(MONTHS * 2):
        year, month = divmod(first + place // 2, 12)
        yield date(year, month + 1, 1)


def _program(app: Application, dice: random.Random, month: date, place: int) -> str:
    """A program of a month with its people and its cost; its name."""
    channel, title, folder = _PROGRAMS[place % len(_PROGRAMS)]
    name, region = f"{title} {month:%B %Y}", _REGIONS[place % len(_REGIONS)]
    app.registry.create_program(name, channel, {"Region": region, "Quarter": f"Q{(month.month + 2) // 3}"})
    day = month + timedelta(days=dice.randrange(3, 24))
    app.registry.change_program(name, {"folder": folder, "start_date": day, "end_date": day})
    currency = "EUR" if region == "EMEA" and place == MONTHS * 2 - 1 else "USD"
    for later in range(dice.choice((1, 1, 2))):
        when = date(month.year + (month.month + later - 1) // 12, (month.month + later - 1) % 12 + 1, 1)
        paid = Decimal(dice.randrange(900, 14_000)) + Decimal("0.50")
        app.registry.set_cost(name, PeriodCost(month=when, amount=paid, currency=currency, note=title))
    _people(app, dice, name, datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
    return name


def _people(app: Application, dice: random.Random, program: str, at: datetime) -> None:
    """Bring people in as they were then."""
    from campaignsync.store.members import Members

    moment = min(at, datetime.now(UTC) - timedelta(hours=1))
    statuses = sorted(app.registry.program_channel(program).statuses, key=lambda each: each.step)
    shares = _SHARES[: len(statuses)]
    rows = []
    for _ in range(dice.randrange(36, 150)):
        first, last = dice.choice(_FIRST.split()), dice.choice(_LAST.split())
        company = dice.choice(_COMPANIES.split("|"))
        host = company.lower().replace(" & ", "-").replace(" ", "-")
        status = dice.choices(statuses[: len(shares)], shares)[0]
        rows.append(
            {
                "email": f"{first}.{last}@{host}.example".lower(),
                "first_name": first,
                "last_name": last,
                "company": company,
                "country": dice.choice(("Germany", "United States", "Japan", "Sweden")),
                "program_status": status.name,
            }
        )
    people = pl.DataFrame(rows, schema=REGISTRANTS).unique("email", keep="first", maintain_order=True)
    Members(lambda: moment).import_people(program, people, who="marketing")


def _thank(app: Application, linked: list[str]) -> None:
    """A smart campaign that follows up on whoever attends, on whichever side that was entered."""
    app.smart_campaigns.save(
        "Follow up on attendees",
        {
            "triggers": [{"trigger": "Program Status is Changed", "new status": "Attended"}],
            "filters": [{"filter": "Person Field", "field": "country", "value": ["Germany", "Sweden"]}],
            "flow": [
                {"action": "Change Data Value", "field": "notes", "value": "Attended {{trigger.program}}"}
            ],
        },
        who="marketing",
    )
    app.smart_campaigns.activate("Follow up on attendees")


def _go_wrong(app: Application, sandbox: SandboxOrg, linked: list[str]) -> None:
    """What goes wrong in a real org: many members removed at once, both sides at odds, a label that nobody knows."""
    by_channel = {app.registry.program(name)["channel"]: name for name in linked}
    _empty(app, sandbox, by_channel["Tradeshow"])
    _at_odds(app, sandbox, by_channel["Live Event"])
    _strange_label(app, sandbox, by_channel["Webinar"])
    _ask_first(app, by_channel["Content"])


def _ask_first(app: Application, program: str) -> None:
    """A link that asks a person before it writes, and something to ask about."""
    link, _ = app.registry.link_of(program)
    app.registry.set_policy(link, {"approval": Approval.EACH_PLAN.value})
    for row in [row for row in app.members.list(program) if row["status"] == "Member"][:6]:
        app.members.set_status(program, row["email"], "Engaged", who="marketing")


def _members(app: Application, sandbox: SandboxOrg, program: str) -> tuple[str, list[tuple[str, str]]]:
    """The campaign of a program, and its members in Salesforce: id and e-mail address."""
    campaign = app.registry.program(program)["links"][0]["campaign_id"]
    found = sandbox.query(
        f"SELECT Id, Lead.Email, Contact.Email FROM CampaignMember WHERE CampaignId = '{campaign}' ORDER BY Id"  # noqa: S608
    )
    return campaign, [(row["Id"], (row["Contact"] or row["Lead"])["Email"]) for row in found]


def _empty(app: Application, sandbox: SandboxOrg, program: str) -> None:
    _campaign, members = _members(app, sandbox, program)
    for member, _email in members[: max(len(members) // 2, 12)]:
        sandbox.delete("CampaignMember", member)


def _at_odds(app: Application, sandbox: SandboxOrg, program: str) -> None:
    """Registered and Waitlisted share a step: neither is further."""
    _campaign, members = _members(app, sandbox, program)
    here = {row["email"]: row["status"] for row in app.members.list(program)}
    invited = [(member, email) for member, email in members if here.get(email) == "Invited"]
    for member, email in invited[:3]:
        sandbox.update("CampaignMember", member, Status="Waitlisted")
        app.members.set_status(program, email, "Registered", who="marketing")


def _strange_label(app: Application, sandbox: SandboxOrg, program: str) -> None:
    campaign, members = _members(app, sandbox, program)
    sandbox.create(
        "CampaignMemberStatus",
        CampaignId=campaign,
        Label="Watched Recording",
        SortOrder=40,
        HasResponded=True,
    )
    for member, _email in members[:4]:
        sandbox.update("CampaignMember", member, Status="Watched Recording")
