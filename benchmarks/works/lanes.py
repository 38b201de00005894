"""Lanes: the same rows by collections and by a bulk job, by pages and by a bulk query; where one becomes cheaper than the other.

The work behind the constants of `salesforce.bulk_writing`, `lead_writing` and `reading`. Each lane is driven by itself, in this
process, whatever the constants say; a job of the sandbox is done at the fourth look at it, which is as if it took nearly two
seconds, so that calls are the same on every machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import polars as pl

from benchmarks import judging
from benchmarks.rows import Asked, Row
from benchmarks.world import CLIENT_ID, CLIENT_SECRET, Org, Server, crowd, org_of
from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.people import LeadRules
from campaignsync.domain.runs import MemberBatch
from campaignsync.domain.trees import LEAD_WRITES, MEMBER_WRITES
from campaignsync.salesforce import lead_writing, reading, writing
from campaignsync.salesforce.bulk_writing import BulkLane
from campaignsync.salesforce.lead_writing import LeadLane
from campaignsync.salesforce.reading import Reader
from campaignsync.salesforce.soql import Query
from campaignsync.salesforce.wire import Wire

SIZES = (200, 800, 1_200, 1_600, 2_000, 3_000, 4_000, 8_000, 12_000)
_CROWD = 20_000
_JOB = {"batch_rows": 10_000, "reads_per_step": 2}
COLLECTIONS, BULK, PAGES = "collections", "bulk", "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """An org whose only campaign holds everybody, and what is asked of it."""

    org: Org
    wire: Wire
    reader: Reader
    lane: BulkLane
    members: pl.DataFrame

    def query(self, rows: int) -> Query:
        """A query that finds as many of the members."""
        fields, last = ", ".join(self.reader.member_columns()), self.members.head(rows)["id"][-1]
        return Query(of="CampaignMember", soql=f"SELECT {fields} FROM CampaignMember WHERE Id <= '{last}'")

    def writes(self, rows: int, **chosen: pl.Expr) -> pl.DataFrame:
        """MEMBER_WRITES of so many of the members."""
        wanted = {
            "person_id": pl.int_range(pl.len()),
            "campaign_member_id": pl.col("id"),
            "salesforce_id": pl.col("who"),
            "kind": pl.lit("lead"),
            **chosen,
        }
        asked = self.members.head(rows).select(**wanted)
        return asked.select(*MEMBER_WRITES).cast(dict(MEMBER_WRITES))  # type: ignore[arg-type]


def lanes(server: Server, size: int, asked: Asked) -> Iterator[Row]:
    """Every lane that carries as many rows."""
    with org_of(crowd(_CROWD)) as org:
        for latency in asked.latencies:
            for _ in range(asked.runs):
                for what, ways in _WAYS.items():
                    for lane in ways:
                        yield _row(org, size, latency, what, lane)


def _row(org: Org, size: int, latency: int, what: str, lane: str) -> Row:
    org.begin()
    bench = _bench(org)
    prepared, do = _WORK[what](bench, size)
    prepared()
    org.slow(latency)
    org.control("POST", "bulk", _JOB)  # Behind that, which sets all faults anew.
    org.forget_calls()
    with _only(lane, writes=COLLECTIONS in _WAYS[what]):
        began, cpu = time.perf_counter(), time.process_time()
        do()
        took, spent = time.perf_counter() - began, time.process_time() - cpu
    counted = org.counted()
    org.slow(0)
    return Row(
        work="lanes",
        program=f"{what}: {lane}",
        size=size,
        latency_ms=latency,
        wall_s=round(took, 3),
        cpu_s=round(spent, 3),
        rss_mb=0.0,
        **counted,
    )


def _bench(org: Org) -> _Bench:
    login = Login(
        method=LoginMethod.CLIENT_CREDENTIALS,
        login_url=org.url,
        fields={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    )
    wire = Wire(login)
    reader = Reader(wire)
    reader.rules()  # Describes are of a look, not of a lane.
    campaign = org.only_campaign()
    lane = BulkLane(wire=wire, reader=reader, campaign_id=campaign, note=lambda job: None)
    members = judging.statuses_of(org, campaign).sort("id")
    return _Bench(org=org, wire=wire, reader=reader, lane=lane, members=members)


@contextmanager
def _only(lane: str, *, writes: bool) -> Iterator[None]:
    """Take one lane, whatever there is to carry; what a write reads back goes its usual way."""
    limit = 0 if lane == BULK else math.inf
    of_writes = [
        (writing, "BULK_FROM_ROWS"),
        (writing, "CHANGE_IN_BULK_FROM"),
        (lead_writing, "BULK_FROM_LEADS"),
    ]
    of_reads = [(reading, "BULK_FROM_ROWS"), (reading, "BULK_FIND_FROM")]
    with ExitStack() as patched:
        for module, name in of_writes if writes else of_reads:
            patched.enter_context(patch.object(module, name, limit))
        yield


def _end(batches: Iterator[MemberBatch]) -> None:
    for batch in batches:
        assert batch.outcomes["code"].null_count() == batch.outcomes.height, batch.outcomes


_Do = tuple[Callable[[], object], Callable[[], object]]
"""What comes before the clock starts, and what is timed."""


def _nothing() -> None:
    """Nothing comes before."""


def _add(bench: _Bench, rows: int) -> _Do:
    """Whoever is added was removed just before."""
    writes = bench.writes(rows, campaign_member_id=pl.lit(None, pl.String), status=pl.lit("Sent"))
    return lambda: bench.org.delete(bench.members.head(rows)["id"].to_list()), lambda: _end(
        writing.write_members(bench.lane, writes)
    )


def _move(bench: _Bench, rows: int) -> _Do:
    other = pl.when(pl.col("status") == "Sent").then(pl.lit("Responded")).otherwise(pl.lit("Sent"))
    writes = bench.writes(rows, status=other)
    return _nothing, lambda: _end(writing.write_members(bench.lane, writes))


def _remove(bench: _Bench, rows: int) -> _Do:
    writes = bench.writes(rows, status=pl.lit(None, pl.String))
    return _nothing, lambda: _end(writing.write_members(bench.lane, writes))


def _create(bench: _Bench, rows: int) -> _Do:
    people = [
        {"person_id": n, "last_name": f"New {n}", "company": "New", "email": f"new{n}@crowd.example"}
        for n in range(rows)
    ]
    leads = pl.DataFrame(people, schema=LEAD_WRITES)
    lane = LeadLane(wire=bench.wire, reader=bench.reader, rules=LeadRules(), note=lambda job: None)
    return _nothing, lambda: list(lane.create(leads))


def _find(bench: _Bench, rows: int) -> _Do:
    emails = [f"lead{n}@crowd.example" for n in range(1, rows + 1)]
    return _nothing, lambda: bench.reader.people(emails=emails, ids=())


def _read(bench: _Bench, rows: int) -> _Do:
    """As a look does, which learns from the first page how many there are."""
    query = bench.query(rows)
    return _nothing, lambda: bench.reader.frames([query])


def _read_back(bench: _Bench, rows: int) -> _Do:
    """As after a job, when it is known how many there are."""
    query = bench.query(rows)

    def read() -> object:
        in_bulk = not reading.BULK_FROM_ROWS  # As `_only` has it.
        return bench.reader.in_bulk(query) if in_bulk else bench.reader.frames([query])

    return _nothing, read


_WORK: dict[str, Callable[[_Bench, int], _Do]] = {
    "add": _add,
    "move": _move,
    "remove": _remove,
    "create leads": _create,
    "find people": _find,
    "read": _read,
    "read back": _read_back,
}
_WAYS = {
    **dict.fromkeys(("add", "move", "remove", "create leads"), (COLLECTIONS, BULK)),
    **dict.fromkeys(("find people", "read", "read back"), (PAGES, BULK)),
}
