"""Makes leads, in collections of 200 or as a bulk job where there are very many, under the org's own rules (M7.1, M7.6).

Used by `org`. One row's refusal never stops another's success; rows of which nobody heard what became are told as such, and are
looked for by the next run (M7.11). A bulk job takes no word on duplicate rules, so that whoever wants these passed over has
collections; of assignment rules it takes the id, so that the active one is looked up.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl

from campaignsync.domain.errors import RefusedError, UnknownOutcomeError
from campaignsync.domain.people import (
    ASSIGN_BY_ACTIVE_RULE,
    ASSIGN_NOBODY,
    DuplicateRule,
    LeadRules,
)
from campaignsync.domain.trees import LEAD_OUTCOMES, LEAD_WRITES
from campaignsync.salesforce import bulk
from campaignsync.salesforce.bulk import Ingested, NoteJob, Order
from campaignsync.salesforce.parts import parts
from campaignsync.salesforce.reading import Reader
from campaignsync.salesforce.wire import Part, Wire
from campaignsync.salesforce.writing import (
    ROWS_A_CALL,
    Row,
    answered,
    collection,
    duplicate_headers,
    results_of,
    unknown,
)

LEADS_A_CALL = 1_000
"""Five collections in a composite call, as many as it takes (S2.2.8)."""
BULK_FROM_LEADS = 10_000
"""Ten calls; a job that tells the ids of its leads takes nine where it is looked at four times, and one to find the active rule
(./run bench lanes: 8 against 9 at 8,000, 10 against 9 at 10,000, 12 against 11 at 12,000)."""
BULK_FROM_LEADS_SINGLY = 2_000
"""Ten calls, too, where headers must say something, which only collections of 200 by themselves can."""
LEADS_A_JOB = 50_000
"""Five of Salesforce's own batches; long texts in many fields end a job sooner (parts)."""
_AUTO_ASSIGN = {ASSIGN_BY_ACTIVE_RULE: "TRUE", ASSIGN_NOBODY: "FALSE"}
"""What says how a new lead gets its owner; anything else is the id of a rule. A header of the whole call, collections too."""
_NULL_IN_BULK = "#N/A"
"""In a file of a bulk job, this text empties a field (S2.4.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadLane:
    """The roads by which leads are made in an org, as its connection says they shall be."""

    wire: Wire
    reader: Reader
    rules: LeadRules
    note: NoteJob

    def create(self, leads: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Create leads (LEAD_WRITES), by our ids where the org has a field for them; yields LEAD_OUTCOMES as each call or job
        ends. What is empty is left to Salesforce's own defaults."""
        paths = self.reader.createable("Lead")
        leads = leads.select(*LEAD_WRITES)
        enough = BULK_FROM_LEADS if self._by_default else BULK_FROM_LEADS_SINGLY
        many = self._known_again(leads, paths) if leads.height >= enough else leads.clear()
        if many.height >= enough and (found := self._rule()) is not None:
            yield from self._in_bulk(many, paths, found or None)
            leads = leads.join(many, on="person_id", how="anti")
        for chunk in leads.iter_slices(LEADS_A_CALL if self._by_default else ROWS_A_CALL):
            yield self._collected(chunk.to_dicts(), paths)

    @property
    def _key(self) -> str:
        """The column by which a lead that a job has made is known again: result files are in no order (S0.20)."""
        return "our_id" if self.rules.external_id_field else "email"

    def _known_again(self, leads: pl.DataFrame, paths: Mapping[str, str]) -> pl.DataFrame:
        """The leads that a bulk job can make: those that bear a key of their own, and no text that means something else there."""
        if self.rules.duplicate_rule is DuplicateRule.ALLOW_SAVE or (
            self._key == "email" and "email" not in paths
        ):
            return leads.clear()
        texts = pl.concat_list(pl.col(pl.String).fill_null("")).list.contains(_NULL_IN_BULK)
        key = pl.col(self._key).str.to_lowercase()
        custom = pl.col("custom").fill_null("").str.contains(f'"{_NULL_IN_BULK}"', literal=True)
        return leads.filter(key.is_not_null() & key.is_unique() & ~texts & ~custom)

    def _rule(self) -> str | None:
        """The id of the assignment rule that a job is to run; empty for none; None where that cannot be found out."""
        if self.rules.assignment != ASSIGN_BY_ACTIVE_RULE:
            return "" if self.rules.assignment == ASSIGN_NOBODY else self.rules.assignment
        # Where the sync user may not see rules, collections run them without naming them.
        return self.reader.active_rule()

    def _in_bulk(
        self, leads: pl.DataFrame, paths: Mapping[str, str], rule: str | None
    ) -> Iterator[pl.DataFrame]:
        """By jobs side by side: leads lock nothing in common."""
        key = self.rules.external_id_field
        rows = leads.select(
            *([pl.col("our_id").alias(key)] if key else []),
            *(_cell(leads, name).alias(path) for name, path in paths.items()),
        )
        order = Order(of="Lead", operation="upsert" if key else "insert", key=key, rule=rule, tells_ids=True)
        files = list(parts(rows, most_rows=LEADS_A_JOB))
        jobs = bulk.ingest_side_by_side(self.wire, order, files, self.note)
        start = 0
        for file, job in zip(files, jobs, strict=False):
            yield _told(leads.slice(start, file.height), self._key, job, key or paths["email"])
            start += file.height

    def _collected(self, rows: Sequence[Row], paths: Mapping[str, str]) -> pl.DataFrame:
        try:
            results = self._sent(rows, paths)
        except UnknownOutcomeError as error:
            outcomes = [{**unknown(str(error)), "person_id": row["person_id"]} for row in rows]
        except RefusedError as error:
            refused = {"errors": [{"statusCode": error.code, "message": str(error)}]}
            outcomes = [{**answered(refused), "person_id": row["person_id"]} for row in rows]
        else:
            outcomes = [
                {**answered(result), "person_id": row["person_id"], "salesforce_id": result.get("id")}
                for row, result in zip(rows, results, strict=True)
            ]
        return pl.from_dicts(outcomes, schema=LEAD_OUTCOMES)

    def _sent(self, rows: Sequence[Row], paths: Mapping[str, str]) -> Sequence[Row]:
        """The result of each row: of one collection, or of several in one call."""
        key = self.rules.external_id_field
        method, path = (
            ("PATCH", f"/composite/sobjects/Lead/{key}") if key else ("POST", "/composite/sobjects")
        )
        collections = [rows[start : start + ROWS_A_CALL] for start in range(0, len(rows), ROWS_A_CALL)]
        bodies = [collection([_lead(row, key, paths) for row in each]) for each in collections]
        if len(bodies) == 1:
            results: Sequence[Row] = self.wire.write(method, path, bodies[0], self._headers())
            return results
        answers = self.wire.composite(
            [Part(method=method, path=path, body=body) for body in bodies], writes=True
        )
        return list(itertools.chain.from_iterable(map(results_of, answers, collections)))

    @property
    def _by_default(self) -> bool:
        """Whether what is wished is what Salesforce does when no header says anything."""
        return self.rules.assignment == ASSIGN_BY_ACTIVE_RULE and not duplicate_headers(self.rules)

    def _headers(self) -> dict[str, str]:
        """How the org's own rules shall treat new leads."""
        assignment = _AUTO_ASSIGN.get(self.rules.assignment, self.rules.assignment)
        return {**duplicate_headers(self.rules), "Sforce-Auto-Assign": assignment}


def _cell(leads: pl.DataFrame, name: str) -> pl.Expr:
    """A field of ours as text: a column, or part of the JSON of those that people have added."""
    if name in leads.columns:
        return pl.col(name).cast(pl.String)
    return pl.col("custom").str.json_path_match(f"$['{name}']")


def _told(leads: pl.DataFrame, key: str, job: Ingested, sent: str) -> pl.DataFrame:
    """LEAD_OUTCOMES of a job's leads, known again by what was sent as `sent`."""
    made = job.done.select(
        pl.col(sent).str.to_lowercase().alias("key"), pl.col("sf__Id").alias("salesforce_id")
    )
    refused = job.refused.select(pl.col(sent).str.to_lowercase().alias("key"), "code", "message", "retriable")
    found = (
        leads.select("person_id", pl.col(key).str.to_lowercase().alias("key"))
        .join(made.unique("key"), on="key", how="left")
        .join(refused.unique("key"), on="key", how="left")
    )
    left = pl.col("salesforce_id").is_null() & pl.col("code").is_null()
    told = found.with_columns(
        pl.when(left).then(pl.lit("NOT_PROCESSED")).otherwise("code").alias("code"),
        pl.when(left)
        .then(pl.lit("Salesforce ended the bulk job before it came to this row."))
        .otherwise("message")
        .alias("message"),
        (pl.col("retriable").fill_null(value=False) | left).alias("retriable"),
        # What a job that was all tried says nothing of was written under a key that came back otherwise: it has to be looked for.
        pl.lit(not job.tried_all).or_(~left).alias("known"),
    )
    return told.select(*LEAD_OUTCOMES).cast(dict(LEAD_OUTCOMES))  # type: ignore[arg-type]


def _lead(row: Row, key: str | None, paths: Mapping[str, str]) -> dict[str, Any]:
    known_by = {key: row["our_id"]} if key else {}
    ours = {**orjson.loads(row["custom"] or "{}"), **row}
    values = {path: ours[name] for name, path in paths.items() if ours.get(name) is not None}
    return {"attributes": {"type": "Lead"}, **known_by, **values}
