"""The works of issue and page: what is done, to a world of which size, by us and by whoever else can do it (docs/benchmarks.md).

Each work yields one `Row` a program and run: what it cost, what Salesforce counted, and what came of it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import flows
from benchmarks.machine import Cost, killed, run
from benchmarks.peers.environments import python_of
from benchmarks.prepare import prepare
from benchmarks.world import CACHE, Org, Server, org_of, ours

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run of one program on one work."""

    work: str
    program: str
    size: int
    latency_ms: int
    wall_s: float
    cpu_s: float
    rss_mb: float
    calls: int
    by_kind: dict[str, int]
    bytes: int
    came_of_it: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How often and how slow: runs, the latencies to run at, and whether peers run beside us."""

    runs: int
    latencies: Sequence[int]
    peers: bool = True


def measured(
    work: str, program: str, size: int, latency_ms: int, org: Org, do: Callable[[], Cost], **came: Any
) -> Row:
    """Do it, and ask the org what it counted."""
    org.forget_calls()
    cost = do()
    counted = org.counted()
    return Row(
        work=work,
        program=program,
        size=size,
        latency_ms=latency_ms,
        wall_s=cost.wall_s,
        cpu_s=cost.cpu_s,
        rss_mb=cost.rss_mb,
        calls=counted["calls"],
        by_kind=counted["by_kind"],
        bytes=counted["bytes"],
        came_of_it=came,
    )


def _crowd(size: int, **more: int) -> dict[str, Any]:
    return {"crowd": {"campaigns": 1, "leads": size, "seconds_apart": 1, **more}}


def _sync(url: str, *arguments: str) -> Callable[[], Cost]:
    command, surroundings = ours(url, "sync", "--json", *arguments)
    return lambda: run(command, surroundings)


def _only_campaign(org: Org) -> str:
    return str(org.query("SELECT Id FROM Campaign")[0]["Id"])


def w1(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """Cold pull of one campaign and its people into PostgreSQL."""
    with org_of(_crowd(size)) as org:
        campaign = _only_campaign(org)
        prepare("connect", server.make("connected"), org=org.address)
        for latency in asked.latencies:
            for _ in range(asked.runs):
                org.begin(latency)
                yield measured(
                    "W1", "campaignsync", size, latency, org, _sync(server.make("cold", "connected"))
                )
                if asked.peers:
                    org.begin(latency)
                    command = [
                        python_of("simple_salesforce"),
                        PEERS / "simple_salesforce_pull.py",
                        *(org.address, org.token(), server.make("peer"), campaign),
                    ]
                    yield measured(
                        "W1", "simple-salesforce", size, latency, org, lambda command=command: run(command)
                    )


def w4(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """Add people by e-mail: six in ten are leads, three are contacts, one in ten is unknown."""
    leads, contacts = 6 * size // 10, 3 * size // 10
    emails = [
        *(f"lead{n}@crowd.example" for n in range(1, leads + 1)),
        *(f"contact{n}@crowd.example" for n in range(1, contacts + 1)),
        *(f"new{n}@crowd.example" for n in range(size - leads - contacts)),
    ]
    labels = ["Sent", "Responded"]
    wanted = {email: labels[place % 2] for place, email in enumerate(emails)}
    file = CACHE / "wanted.csv"
    file.write_text("".join(f"{email},{status}\n" for email, status in wanted.items()))
    with org_of(
        {"crowd": {"campaigns": 0, "leads": 2 * leads, "contacts": 2 * contacts, "seconds_apart": 1}}
    ) as org:
        for _ in range(asked.runs):
            for program in ("campaignsync", *(("simple-salesforce",) if asked.peers else ())):
                org.begin()
                campaign = org.call("POST", "/sobjects/Campaign", {"Name": "W4", "IsActive": True})["id"]
                if program == "campaignsync":
                    url = server.make("adding")
                    prepare("connect", url, org=org.address)
                    prepare("link", url, campaigns={"W4": campaign})
                    prepare("members", url, program="W4", file=str(file))
                    do = _sync(url)
                else:
                    script = PEERS / "simple_salesforce_add.py"
                    command = [
                        python_of("simple_salesforce"),
                        script,
                        org.address,
                        org.token(),
                        campaign,
                        file,
                    ]
                    do = lambda command=command: run(command)  # noqa: E731
                row = measured("W4", program, size, 0, org, do)
                yield Row(**{**asdict(row), "came_of_it": _judged(org, campaign, wanted)})


def _judged(org: Org, campaign: str, wanted: dict[str, str]) -> dict[str, int]:
    """Who is missing, wrong, there twice, or there unasked; and leads of one address."""
    found: dict[str, list[str]] = {}
    text = org.bulk_csv(
        f"SELECT Status, Lead.Email, Contact.Email FROM CampaignMember WHERE CampaignId = '{campaign}'"
    ).decode()
    for row in csv.DictReader(io.StringIO(text)):
        found.setdefault(row["Contact.Email"] or row["Lead.Email"], []).append(row["Status"])
    leads = org.bulk_csv("SELECT Email FROM Lead WHERE Email LIKE 'new%'").decode().split()[1:]
    return {
        "missed": len(wanted.keys() - found.keys()),
        "ghosts": len(found.keys() - wanted.keys()),
        "twice": sum(len(each) > 1 for each in found.values()) + len(leads) - len(set(leads)),
        "wrong": sum(email in wanted and each[0] != wanted[email] for email, each in found.items()),
    }


def w5(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """One in a hundred changes, half on each side; against moving as many rows in a world that has no others."""
    changed = max(size // 100, 100)
    for program, members in (("campaignsync", size), ("only the changed", changed)):
        with org_of(_crowd(members)) as org:
            campaign = _only_campaign(org)
            url = server.make("both")
            prepare("connect", url, org=org.address)
            prepare("link", url, campaigns={"Both": campaign})
            for _ in range(3):
                _sync(url)()
            prepare("analyse", url)
            org.control("POST", "clock", {"advance_s": 86_400})
            org.begin_again()
            ids = [
                row["Id"]
                for row in org.query(f"SELECT Id FROM CampaignMember ORDER BY Id LIMIT {changed // 2}")
            ]
            for start in range(0, len(ids), 200):
                records = [
                    {"attributes": {"type": "CampaignMember"}, "Id": each, "Status": "Responded"}
                    for each in ids[start : start + 200]
                ]
                org.call("PATCH", "/composite/sobjects", {"records": records})
            prepare("sql", url, statements=[_LAST_RESPOND.format(number=changed // 2)])
            yield measured("W5", program, size, 0, org, _sync(url), changed=changed)


_LAST_RESPOND = (
    "UPDATE store_programmember m SET status_id = r.id FROM store_progressionstatus s, store_progressionstatus r"
    " WHERE s.id = m.status_id AND s.name = 'Sent' AND r.channel_id = s.channel_id AND r.name = 'Responded' AND m.id IN"
    " (SELECT id FROM store_programmember ORDER BY id DESC LIMIT {number})"
)


def w6(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """A quiet round over as many links, of two sizes of campaigns."""
    for members in (2, 20):
        with org_of({"crowd": {"campaigns": size, "leads": members, "seconds_apart": 1}}) as org:
            url = server.make("quiet")
            prepare("connect", url, org=org.address)
            found = org.query("SELECT Id, Name FROM Campaign")
            prepare("link", url, campaigns={row["Name"]: row["Id"] for row in found})
            for _ in range(3):
                _sync(url)()
            org.control("POST", "clock", {"advance_s": 86_400})
            org.begin_again()
            prepare("analyse", url)
            _sync(url)()
            for _ in range(asked.runs):
                yield measured("W6", "campaignsync", size, 0, org, _sync(url), members=members * size)


def w8(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """Everything is read anew and reconciled where one in a thousand differs; against the floor of the same bytes."""
    with org_of(_crowd(size)) as org:
        url = server.make("whole")
        prepare("connect", url, org=org.address)
        prepare("link", url, campaigns={"Whole": _only_campaign(org)})
        for _ in range(3):
            _sync(url)()
        prepare("analyse", url)
        for _ in range(asked.runs):
            prepare(
                "sql", url, statements=[_LAST_RESPOND.format(number=size // 1000), "DELETE FROM store_cursor"]
            )
            yield measured("W8", "campaignsync", size, 0, org, _sync(url, "Whole"))
            floor = [
                python_of(""),
                Path(__file__).parent / "floor.py",
                org.url,
                org.token(),
                server.make("floor"),
            ]
            yield measured("W8", "floor", size, 0, org, lambda floor=floor: run(floor))


_HOSTILE = [
    {"match": {"path": "/composite", "probability": 0.02}, "action": {"drop": "after"}},
    {"match": {"path": "/jobs", "probability": 0.02}, "action": {"drop": "before"}},
    {
        "match": {"path": "/composite/sobjects", "probability": 0.05},
        "action": {"error": {"code": "UNABLE_TO_LOCK_ROW"}},
    },
    {"match": {"probability": 0.02}, "action": {"expire_session": True}},
    {"match": {"method": "GET", "probability": 0.02}, "action": {"status": 503, "body": "html"}},
]
_LOCKED_ROWS = [
    {"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access", "nth": 20, "tries": 3}
]


def w7(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """W4 while nearly everything goes wrong, killed again and again; judged when it is calm."""
    known = size // 2
    emails = [
        *(f"lead{n}@crowd.example" for n in range(1, known + 1)),
        *(f"new{n}@crowd.example" for n in range(known)),
    ]
    wanted = {email: ("Sent", "Responded")[place % 2] for place, email in enumerate(emails)}
    file = CACHE / "wanted.csv"
    file.write_text("".join(f"{email},{status}\n" for email, status in wanted.items()))
    with org_of({"crowd": {"campaigns": 0, "leads": size, "seconds_apart": 1}}) as org:
        campaign = org.call("POST", "/sobjects/Campaign", {"Name": "W7", "IsActive": True})["id"]
        url = server.make("hostile")
        prepare("connect", url, org=org.address)
        prepare("link", url, campaigns={"W7": campaign})
        prepare("members", url, program="W7", file=str(file))
        org.control("POST", "faults", {"seed": 7, "rules": _HOSTILE})
        org.control("POST", "bulk", {"refusals": _LOCKED_ROWS})
        org.forget_calls()
        command, surroundings = ours(url, "sync", "--json")
        deaths = max(size // 1000, 3)
        # It shall die at work, and not while it starts, which takes longer on a busy machine.
        start_s = run(*ours(url, "status", "--json")).wall_s
        costs = [killed(command, surroundings, after_s=start_s * (1.5 + turn)) for turn in range(deaths)]
        org.control("DELETE", "faults")
        org.control("DELETE", "bulk")
        for _ in range(4):
            run(*ours(url, "problems", "--retry"), tolerant=True)
            costs.append(run(command, surroundings, tolerant=True))
        counted = org.counted()
        yield Row(
            work="W7",
            program="campaignsync",
            size=size,
            latency_ms=0,
            wall_s=sum(cost.wall_s for cost in costs),
            cpu_s=sum(cost.cpu_s for cost in costs),
            rss_mb=max(cost.rss_mb for cost in costs),
            **counted,
            came_of_it={"deaths": deaths, **_judged(org, campaign, wanted)},
        )


def _in_flows(work: str) -> Callable[[Server, int, Asked], Iterator[Row]]:
    """A work about smart campaigns; see `benchmarks.flows`."""
    return lambda server, size, asked: (Row(**each) for each in flows.rows_of(work, size))


WORKS: dict[str, tuple[Callable[[Server, int, Asked], Iterator[Row]], tuple[int, ...]]] = {
    "W1": (w1, (10_000, 100_000)),
    "W4": (w4, (10_000,)),
    "W5": (w5, (100_000,)),
    "W6": (w6, (500,)),
    "W7": (w7, (1_000,)),
    "W8": (w8, (100_000,)),
    "F1": (_in_flows("F1"), (1_000_000,)),
    "F2": (_in_flows("F2"), (100_000,)),
}


def told(row: Row) -> str:
    """A row in a line."""
    return (
        f"{row.work} {row.program:<18} {row.size:>9,} at {row.latency_ms:>3} ms: wall {row.wall_s:8.2f} s, CPU"
        f" {row.cpu_s:7.2f} s, {row.rss_mb:6.0f} MB, {row.calls:>4} calls, {row.bytes:>12,} bytes {json.dumps(row.came_of_it)}"
    )
