"""The custom fields of members, both ways, and how they are mapped: part of each run of a link where there are any (M6.8).

Called by the executor when the members themselves are written, so that who was just added brings their fields along; and by the
commands. Like the cycle it keeps no pending work: what differs is compared again by the next run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import RunId
from campaignsync.domain.member_fields import FieldMapping, MemberField
from campaignsync.domain.people import SalesforceField
from campaignsync.domain.runs import LinkFacts
from campaignsync.planner import member_fields as planned
from campaignsync.runtime.ports import Ledger, SalesforceDoor
from campaignsync.runtime.progress import Tell, nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesReport:
    """What became of the fields of a link's members: fields changed here, members written there, members refused, members of whom
    nobody knows yet, members whose fields a person decides on."""

    here: int = 0
    there: int = 0
    refused: int = 0
    unknown: int = 0
    conflicts: int = 0


def sync_values(
    run: RunId, facts: LinkFacts, door: SalesforceDoor, ledger: Ledger, tell: Tell = nobody
) -> ValuesReport:
    """Make the mapped fields of a link's members the same on both sides."""
    if not facts.member_fields:
        return ValuesReport()
    values = planned.plan_values(ledger.compare_values(facts.link_id), facts.policy.winner)
    report = write_values(run, values, door, ledger, tell)
    waiting = planned.waiting(values)
    ledger.settle_values(run, waiting, planned.unsettled(values))
    return replace(report, conflicts=waiting.height)


def write_values(
    run: RunId, values: pl.DataFrame, door: SalesforceDoor, ledger: Ledger, tell: Tell = nobody
) -> ValuesReport:
    """Bring both sides to what is planned (planner.member_fields.VALUES)."""
    changes, writes = planned.for_program(values), planned.for_campaign(values)
    ledger.change_values(run, changes)
    written = refused = unknown = 0
    for batch in door.write_member_fields(writes):
        ledger.record_values(run, writes, batch)
        known = batch.outcomes.filter("known")
        written += known["code"].null_count()
        refused += known.height - known["code"].null_count()
        unknown += batch.outcomes.height - known.height
        tell(written + refused + unknown, writes.height, door.api_calls)
    return ValuesReport(here=changes.height, there=written, refused=refused, unknown=unknown)


def mapping_of(
    field: MemberField, wanted: str, seen: Iterable[SalesforceField], others: Iterable[FieldMapping]
) -> FieldMapping:
    """A mapping as the org spells it; UsageError where the two do not fit, or another field is mapped there."""
    seen = list(seen)
    mapping = FieldMapping(field=field, salesforce_field=wanted.strip())
    if fault := mapping.fault(seen):
        raise UsageError(f"'{field.name}' cannot be mapped so: {fault}.")
    found = next(each.name for each in seen if each.name.lower() == wanted.strip().lower())
    for other in others:
        if other.off is None and other.salesforce_field == found and other.field.name != field.name:
            raise UsageError(
                f"{found} is kept the same with '{other.field.name}' already: end that first with:"
                f' campaignsync member-field unmap "{other.field.name}"'
            )
    return FieldMapping(field=field, salesforce_field=found)
