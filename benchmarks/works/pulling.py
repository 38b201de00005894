"""W1, W2: a campaign is pulled cold, and then what has changed in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import judging
from benchmarks.peers.scripts import peer, proxied
from benchmarks.prepare import prepare
from benchmarks.rows import Asked, Row, measured, sync
from benchmarks.world import Org, Server, crowd, org_of, prepared

_MOST_FOR_TAP = 10_000
"""Which takes a minute of CPU for ten times as many."""


def w1(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """Cold pull of one campaign and its people into PostgreSQL."""
    with org_of(crowd(size)) as org:
        campaign = org.only_campaign()
        prepare("connect", server.make("connected"), org=org.address)
        for latency in asked.latencies:
            for _ in range(asked.runs):
                org.begin(latency)
                url = server.make("cold", "connected")
                row = measured("W1", "campaignsync", size, org, sync(url))
                yield row.judged(**judging.mirror(org, url))
                if asked.peers:
                    org.begin(latency)
                    url = server.make("peer")
                    pull = peer("simple_salesforce", "simple_salesforce_pull.py", org, url, campaign)
                    yield measured("W1", "simple-salesforce", size, org, pull)
                if asked.peers and size <= _MOST_FOR_TAP:
                    org.begin(latency)
                    tap = proxied("tap_salesforce", "tap_salesforce_pull.py", org)
                    yield measured("W1", "tap-salesforce", size, org, tap)


def w2(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """Changes of every kind in a campaign that was read before: late, at the same second, gone and come back."""
    with prepared(server, "read", crowd(size), _read) as (org, template):
        for latency in asked.latencies:
            for _ in range(asked.runs):
                org.begin()
                url = server.make("changed", template)
                prepare("connect", url, org=org.address)
                org.later(86_400)
                changed = _change(org, sync(url))
                org.slow(latency)
                row = measured("W2", "campaignsync", size, org, sync(url))
                org.slow(0)
                yield row.judged(changed=changed, **judging.mirror(org, url))


def _read(org: Org, url: str) -> None:
    """What W2 begins with: all of it was read."""
    prepare("connect", url, org=org.address)
    sync(url)()


def _change(org: Org, look: object) -> int:
    """A thousand changes, of which a hundred were half seen; how many."""
    assert callable(look)
    members = org.query("SELECT Id, LeadId, Status FROM CampaignMember ORDER BY Id LIMIT 1100")
    taken = iter(members)

    def some(number: int) -> list[dict[str, str]]:
        return [next(taken) for _ in range(number)]

    undeleted = [row["LeadId"] for row in some(50)]
    org.delete(undeleted)
    with _standing(org):
        # Half of a second is seen by a look, the other half comes in the same second.
        org.flip(some(100))
        look()
        org.flip(some(100))
    org.control("POST", "faults", {"rules": [], "commit_lag_s": 300})
    org.flip(some(200))
    org.control("DELETE", "faults")
    org.flip(some(350))
    org.delete([row["LeadId"] for row in some(100)])
    org.delete([row["Id"] for row in some(50)])
    for lead in undeleted:
        org.undelete(lead)
    made = org.create(
        "Lead",
        [{"LastName": f"Late {n}", "Company": "Late", "Email": f"late{n}@crowd.example"} for n in range(100)],
    )
    campaign = org.only_campaign()
    org.create(
        "CampaignMember", [{"CampaignId": campaign, "LeadId": lead, "Status": "Sent"} for lead in made]
    )
    return 1_000


@contextmanager
def _standing(org: Org) -> Iterator[None]:
    org.control("POST", "clock", {"still": True})
    yield
    org.control("POST", "clock", {"still": False})
