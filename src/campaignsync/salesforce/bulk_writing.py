"""Writes very many members of one campaign by bulk jobs, and reads back what they came to (S0.2, S0.20, section 2.4).

Used by `writing` where a job costs fewer calls than collections do. Result files are in no order and bear no row number: a row is
known again by the lead, the contact or the member that it names. What is read back is all that changed in the campaign since the
job was made, by the org's own clock, and whoever was there before; after removals, whoever is still there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from campaignsync.domain.errors import DUPLICATE_VALUE
from campaignsync.domain.people import PersonKind
from campaignsync.domain.runs import MemberBatch
from campaignsync.domain.trees import MEMBER_OUTCOMES
from campaignsync.salesforce import bulk
from campaignsync.salesforce.bulk import Ingested, NoteJob, Order
from campaignsync.salesforce.reading import Reader
from campaignsync.salesforce.soql import Query, moment, text
from campaignsync.salesforce.wire import Wire

BULK_FROM_ROWS = 2_000
"""Of members who are added. Measured by ./run bench lanes: as many calls as collections (5) where a job is done at the first
look; 8 where it takes four looks, and fewer from 3,600 rows on. Either way a third of the bytes, and Salesforce advises it."""
CHANGE_IN_BULK_FROM = 1_600
"""Of members who are changed or removed, 200 a call. Measured by ./run bench lanes: 8 calls by either lane where a job takes four
looks."""
READ_IN_BULK_FROM = 6_001
"""A fourth page of 2,000; a job, a look at it and a page of it are three calls."""
LIST_IDS_FROM = 10_000
"""Five calls that ask for ids; a list of all ids of a campaign of a million members are seven."""
ROWS_A_JOB = 100_000
"""Two ids and a label are 20 MB at the most, of the 100 that one upload may have (S2.4.2). One job after another: they would wait
for one another's lock of the campaign inside Salesforce, which works on the batches of one side by side already (S2.2.11)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkLane:
    """The bulk road to the members of one campaign."""

    wire: Wire
    reader: Reader
    campaign_id: str
    note: NoteJob

    def add(self, writes: pl.DataFrame) -> Iterator[MemberBatch]:
        """Add members (MEMBER_WRITES)."""
        contact = pl.col("kind") == PersonKind.CONTACT
        for chunk in writes.iter_slices(ROWS_A_JOB):
            rows = chunk.select(
                pl.lit(self.campaign_id).alias("CampaignId"),
                pl.when(~contact).then("salesforce_id").alias("LeadId"),
                pl.when(contact).then("salesforce_id").alias("ContactId"),
                pl.col("status").alias("Status"),
            )
            job = bulk.ingest(self.wire, _order("insert"), rows, self.note)
            refused = job.refused.with_columns(pl.coalesce("LeadId", "ContactId").alias("key"))
            found = self._changed_since(job, chunk.height)
            # Whoever somebody added since our look has not changed since the job was made.
            met = refused.filter(pl.col("code") == DUPLICATE_VALUE)["key"].to_list()
            there = self.reader.members_who_are(self.campaign_id, met)
            found = pl.concat([found, there.join(found, on="id", how="anti")])
            # A converted lead's member bears two ids, and may be known by either (S1.3.7).
            by_who = [
                found.select(pl.col(who).alias("key"), "id", "status").drop_nulls("key")
                for who in ("lead_id", "contact_id")
            ]
            batch = _batch(chunk, "salesforce_id", pl.concat(by_who).unique("key"), job, refused, found)
            yield replace(batch, before=there)

    def move(self, writes: pl.DataFrame) -> Iterator[MemberBatch]:
        """Change members (MEMBER_WRITES)."""
        for chunk in writes.iter_slices(ROWS_A_JOB):
            rows = chunk.select(pl.col("campaign_member_id").alias("Id"), pl.col("status").alias("Status"))
            job = bulk.ingest(self.wire, _order("update"), rows, self.note)
            found = self._changed_since(job, chunk.height)
            ids = chunk["campaign_member_id"]
            untouched = ids.filter(~ids.is_in(found["id"].implode()))
            if len(untouched):
                # What was refused has not changed, and is no less there for that.
                found = pl.concat([found, self._left(untouched)])
            by_id = found.select(pl.col("id").alias("key"), "id", "status")
            yield _batch(chunk, "campaign_member_id", by_id, job, _by_id(job), found)

    def remove(self, writes: pl.DataFrame) -> Iterator[MemberBatch]:
        """Remove members (MEMBER_WRITES)."""
        for chunk in writes.iter_slices(ROWS_A_JOB):
            rows = chunk.select(pl.col("campaign_member_id").alias("Id"))
            job = bulk.ingest(self.wire, _order("delete"), rows, self.note)
            left = self._left(chunk["campaign_member_id"])
            by_id = left.select(pl.col("id").alias("key"), "id", "status")
            still = left.join(chunk, left_on="id", right_on="campaign_member_id", how="semi")
            # Who is gone is gone, also where somebody else was quicker and the job refused.
            refused = _by_id(job).join(still, left_on="key", right_on="id", how="semi")
            yield _batch(chunk, "campaign_member_id", by_id, job, refused, still)

    def _changed_since(self, job: Ingested, rows: int) -> pl.DataFrame:
        return self._members(f" AND SystemModstamp >= {moment(job.made_at)}", rows)

    def _left(self, ids: pl.Series) -> pl.DataFrame:
        """Of these members, those that are still there: asked for by id, or found in a list of all ids where that is less."""
        if len(ids) >= LIST_IDS_FROM:
            pages = [page.frame()["id"] for page in self.reader.member_ids(self.campaign_id)]
            ids = ids.filter(ids.is_in(pl.concat([ids.clear(), *pages]).implode()))
        return self.reader.members_by_id(ids)

    def _members(self, condition: str, expected: int) -> pl.DataFrame:
        columns = ", ".join(self.reader.member_columns())
        soql = f"SELECT {columns} FROM CampaignMember WHERE CampaignId = {text(self.campaign_id)}{condition}"
        query = Query(of="CampaignMember", soql=soql)
        return self.reader.in_bulk(query) if expected >= READ_IN_BULK_FROM else self.reader.frames([query])[0]


def _order(operation: str) -> Order:
    return Order(of="CampaignMember", operation=operation)


def _by_id(job: Ingested) -> pl.DataFrame:
    return job.refused.with_columns(pl.col("Id").alias("key"))


def _batch(
    asked: pl.DataFrame,
    known_by: str,
    found: pl.DataFrame,
    job: Ingested,
    refused: pl.DataFrame,
    members: pl.DataFrame,
) -> MemberBatch:
    """The outcome of each row asked for: what was read back (key, id, status), and the refusal if there was one (key)."""
    outcomes = (
        asked.select(
            "person_id", "campaign_member_id", "kind", pl.col("status").alias("wanted"), key=known_by
        )
        .join(found.rename({"status": "found"}), on="key", how="left")
        .join(refused.select("key", "code", "message", "retriable").unique("key"), on="key", how="left")
    )
    left_over = (
        pl.lit(not job.tried_all) & pl.col("code").is_null() & pl.col("found").ne_missing(pl.col("wanted"))
    )
    return MemberBatch(
        outcomes=outcomes.with_columns(
            pl.coalesce("id", "campaign_member_id").alias("campaign_member_id"),
            pl.when(left_over).then(pl.lit("NOT_PROCESSED")).otherwise("code").alias("code"),
            pl.when(left_over)
            .then(pl.lit("Salesforce ended the bulk job before it came to this row."))
            .otherwise("message")
            .alias("message"),
            (pl.col("retriable").fill_null(value=False) | left_over).alias("retriable"),
            pl.lit(value=True).alias("known"),
        )
        .select(*MEMBER_OUTCOMES)
        .cast(dict(MEMBER_OUTCOMES)),  # type: ignore[arg-type]
        members=members,
    )
