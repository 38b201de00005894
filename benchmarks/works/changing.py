"""W5, W6, W8: both sides change, nothing changes, and everything is read anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks import judging
from benchmarks.machine import run
from benchmarks.peers.environments import python_of
from benchmarks.prepare import prepare
from benchmarks.rows import Asked, Row, measured, sync
from benchmarks.works.adding import linked
from benchmarks.world import Org, Server, crowd, prepared

_FLOOR = Path(__file__).parents[1] / "floor.py"
_HERE = (
    "UPDATE store_programmember m SET status_id = w.id FROM store_progressionstatus s, store_progressionstatus w,"
    " store_personidentity i WHERE s.id = m.status_id AND w.channel_id = s.channel_id AND w.name = '{wanted}'"
    " AND s.name = 'Sent' AND i.person_id = m.person_id AND i.salesforce_id = ANY('{{{people}}}')"
)
_GONE_HERE = (
    "DELETE FROM store_programmember m USING store_personidentity i WHERE i.person_id = m.person_id"
    " AND i.salesforce_id = ANY('{{{people}}}')"
)


def w5(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """One in a hundred changes, half on each side, two in a hundred of them on both; one in a thousand leaves either side.
    Against moving as many rows in a world that has no others."""
    changed, removed = size // 100, size // 1_000
    least = 4 * changed + 7 * removed  # Both statuses, and so many that no limit of removals is met.
    for program, members in (("campaignsync", size), ("only the changed", least)):
        with prepared(server, "linked", crowd(members), linked) as (org, template):
            for latency in asked.latencies:
                for _ in range(asked.runs):
                    org.begin()
                    url = server.make("both", template)
                    prepare("connect", url, org=org.address)
                    org.later(86_400)
                    conflicts = change_both(org, url, changed, removed)
                    org.slow(latency)
                    row = measured("W5", program, size, org, sync(url))
                    org.slow(0)
                    left = judging.sides(org, url, org.only_campaign())
                    yield row.judged(changed=changed, removed=2 * removed, **judged(left, conflicts))


def change_both(org: Org, url: str, changed: int, removed: int) -> int:
    """Change, remove and let clash; how many clash."""
    members = judging.statuses_of(org, org.only_campaign()).filter(status="Sent").sort("id")
    rows = members.head(changed + 2 * removed).to_dicts()
    conflicts = changed // 50
    there, here = rows[: changed // 2], rows[changed // 2 - conflicts : changed]
    gone_there, gone_here = rows[changed : changed + removed], rows[changed + removed :]
    org.flip([{"Id": row["id"], "Status": row["status"]} for row in there])
    org.delete([row["id"] for row in gone_there])
    clashing, alone = here[:conflicts], here[conflicts:]
    prepare(
        "sql",
        url,
        statements=[
            _HERE.format(wanted="Visited", people=_listed(clashing)),
            _HERE.format(wanted="Responded", people=_listed(alone)),
            _GONE_HERE.format(people=_listed(gone_here)),
        ],
    )
    return conflicts


def judged(left: dict[str, int], conflicts: int) -> dict[str, int]:
    """What is left unlike must be what clashed, and nothing else."""
    return {
        "missed": left["only here"] + abs(left["wrong"] - conflicts),
        "ghosts": left["only there"],
        "twice": left["twice"],
        "conflicts": left["wrong"],
    }


def _listed(rows: list[dict[str, str]]) -> str:
    return ",".join(row["who"] for row in rows)


def w6(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """A quiet round over as many links, of two sizes of campaigns."""
    for members in (2, 20):
        with prepared(server, "links", crowd(members, campaigns=size), _links) as (org, template):
            url = server.make("quiet", template)
            prepare("connect", url, org=org.address)
            org.later(86_400)
            sync(url)()
            for latency in asked.latencies:
                org.slow(latency)
                for _ in range(asked.runs):
                    row = measured("W6", f"{members} a campaign", size, org, sync(url))
                    yield row.judged(members=members * size)


def _links(org: Org, url: str) -> None:
    prepare("connect", url, org=org.address)
    found = org.query("SELECT Id, Name FROM Campaign")
    prepare("look", url)
    prepare("link", url, campaigns={row["Name"]: row["Id"] for row in found}, channel="two")
    # Thousands of first runs would take longer than all that is measured: the links are made quiet by hand.
    prepare("sql", url, statements=["DELETE FROM store_mark"])
    prepare("analyse", url)


def w8(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """Everything is read anew and reconciled where one in a thousand differs; against the floor of the same bytes."""
    with prepared(server, "linked", crowd(size), linked) as (org, template):
        for latency in asked.latencies:
            for _ in range(asked.runs):
                org.begin()
                url = server.make("whole", template)
                prepare("connect", url, org=org.address)
                org.later(86_400)
                change_both(org, url, size // 1_000, 0)
                org.slow(latency)
                row = measured("W8", "campaignsync", size, org, sync(url, "--full"))
                org.slow(0)
                left = judging.sides(org, url, org.only_campaign())
                yield row.judged(**judged(left, size // 1_000 // 50))
                org.begin(latency)
                floor = [python_of(""), _FLOOR, org.url, org.token(), server.make("floor")]
                yield measured("W8", "floor", size, org, lambda floor=floor: run(floor))
                org.slow(0)
