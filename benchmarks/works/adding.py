"""W3, W4: people are added to a campaign, known ones and ones that are known by their e-mail address only."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import judging
from benchmarks.machine import Cost, run
from benchmarks.peers.scripts import peer, proxied
from benchmarks.prepare import SIX, prepare
from benchmarks.rows import Asked, Row, measured, sync
from benchmarks.world import CACHE, Org, Server, crowd, org_of, ours, prepared

_CONVERTED = 50
"""Leads that were converted, one by one while the world is made."""
_COLLECTIONS_ONLY = (
    "import math; from campaignsync.salesforce import lead_writing, writing; writing.BULK_FROM_ROWS = math.inf;"
    " writing.CHANGE_IN_BULK_FROM = math.inf;"
    " lead_writing.BULK_FROM_LEADS = math.inf; from campaignsync.cli.main import main; main()"
)


def w3(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """Add people whom both sides know, with six statuses: by bulk jobs, and by collections only."""
    with prepared(server, "linked", crowd(size), linked) as (org, template):
        wanted = {f"lead{n}@crowd.example": SIX[n % 6] for n in range(1, size + 1)}
        file = _file(wanted)
        for latency in asked.latencies:
            for _ in range(asked.runs):
                for program, by in (("campaignsync", _sync), ("collections only", _collections)):
                    org.begin()
                    url = server.make("adding", template)
                    prepare("connect", url, org=org.address)
                    campaign = org.campaign("W3", SIX, Type="Crowd six")
                    prepare("link", url, campaigns={"W3": campaign}, channel="six")
                    prepare("members", url, program="W3", file=file)
                    org.later(86_400)
                    org.slow(latency)
                    row = measured("W3", program, size, org, by(url, "W3"))
                    org.slow(0)
                    yield row.judged(**judging.as_wanted(org, campaign, wanted))
                if asked.peers:
                    yield _cumulusci(org, size, latency, wanted)


def _cumulusci(org: Org, size: int, latency: int, wanted: dict[str, str]) -> Row:
    """CumulusCI is told the ids of the leads, which is how we know people, too."""
    org.begin()
    campaign = org.campaign("W3", SIX, Type="Crowd six")
    leads = judging.rows(org, "SELECT Id, Email FROM Lead", "id", "email").to_dicts()
    known = CACHE / f"known-{size}.csv"
    known.write_text("".join(f"{row['id']},{wanted[row['email']]}\n" for row in leads))
    user = org.query("SELECT Id FROM User")[0]["Id"]
    login = {
        "access_token": org.token(),
        "instance_url": "https://acme.my.salesforce.com",
        "id": f"https://login.salesforce.com/id/{org.announced['org'].split(',')[0]}/{user}",
        "username": "admin@sandbox.example",
    }
    org.slow(latency)
    add = proxied("cumulusci", "cumulusci_add.py", org, json.dumps(login), campaign, known)
    row = measured("W3", "CumulusCI", size, org, add)
    org.slow(0)
    return row.judged(**judging.as_wanted(org, campaign, wanted))


def linked(org: Org, url: str) -> None:
    """A program that is linked with the only campaign of a crowd, and equal to it."""
    campaign = org.only_campaign()
    org.create("CampaignMemberStatus", [{"CampaignId": campaign, "Label": "Visited", "SortOrder": 9}])
    prepare("connect", url, org=org.address)
    prepare("link", url, campaigns={"Crowd": campaign})
    for _ in range(3):
        sync(url)()
    prepare("analyse", url)


def _sync(url: str, name: str) -> Callable[[], Cost]:
    return sync(url, name)


def _collections(url: str, name: str) -> Callable[[], Cost]:
    command, surroundings = ours(url, "sync", "--json", name)
    return lambda: run([sys.executable, "-c", _COLLECTIONS_ONLY, *command[1:]], surroundings)


def _file(wanted: dict[str, str]) -> str:
    file = CACHE / f"wanted-{len(wanted)}.csv"
    file.write_text("".join(f"{email},{status}\n" for email, status in wanted.items()))
    return str(file)


def w4(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """Add people by e-mail: leads, contacts, both at once, converted leads, and people whom nobody knows."""
    seed, wanted = people_of(size)
    file = _file(wanted)
    with org_of(seed) as org:
        for latency in asked.latencies:
            for _ in range(asked.runs):
                for program in ("campaignsync", *(("simple-salesforce",) if asked.peers else ())):
                    org.begin()
                    campaign = org.campaign("W4", ())
                    do = _by(program, server, org, campaign, file)
                    org.slow(latency)
                    row = measured("W4", program, size, org, do)
                    org.slow(0)
                    yield row.judged(**judging.as_wanted(org, campaign, wanted))


def _by(program: str, server: Server, org: Org, campaign: str, file: str) -> Callable[[], Cost]:
    if program == "simple-salesforce":
        return peer("simple_salesforce", "simple_salesforce_add.py", org, campaign, file)
    url = server.make("adding")
    prepare("connect", url, org=org.address)
    prepare("link", url, campaigns={"W4": campaign})
    prepare("members", url, program="W4", file=file)
    return sync(url)


def people_of(size: int) -> tuple[dict[str, Any], dict[str, str]]:
    """A world of twice as many people as are wanted, and who is wanted, with a status each."""
    converted, both = min(size // 20, _CONVERTED), size // 20
    contacts, unknown = size // 4, size // 10
    leads = size - converted - contacts - unknown
    emails = [
        *(f"lead{n}@crowd.example" for n in range(1, leads + 1)),
        *(f"contact{n}@crowd.example" for n in range(1, contacts + 1)),
        *(f"converted{n}@crowd.example" for n in range(converted)),
        *(f"new{n}@crowd.example" for n in range(unknown)),
    ]
    of_converted = [
        {
            "type": "Lead",
            "name": f"c{n}",
            "LastName": f"C {n}",
            "Company": "C",
            "Email": f"converted{n}@crowd.example",
        }
        for n in range(converted)
    ]
    # Whoever is a lead and a contact at once counts as the contact (M7.3).
    also_contacts = [
        {"type": "Contact", "LastName": f"Both {n}", "Email": f"lead{n}@crowd.example"}
        for n in range(1, both + 1)
    ]
    seed = {
        **crowd(2 * leads, contacts=2 * contacts, campaigns=0),
        "records": [*of_converted, *also_contacts],
        "conversions": [each["name"] for each in of_converted],
    }
    return seed, {email: ("Sent", "Responded")[place % 2] for place, email in enumerate(emails)}
