"""The fields of people, both ways: compare, plan, write, record; once a round for each org, before its links (M7.4, M7.5).

Called by `rounds`. Like the cycle of a link it keeps no pending work: whoever changed on either side is compared until both sides
are the same, or until the difference is a problem that waits.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from campaignsync.domain.ids import ConnectionId
from campaignsync.planner.people import PeoplePlan, plan_people
from campaignsync.runtime.ports import Ledger, SalesforceDoor
from campaignsync.runtime.progress import Tell, nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleReport:
    """What became of the fields of an org's people: fields changed here, fields that were empty here and are filled in as the two
    sides meet, people written there, people refused, people of whom nobody knows yet, fields that wait."""

    here: int = 0
    filled: int = 0
    there: int = 0
    refused: int = 0
    unknown: int = 0
    waiting: int = 0


def plan_fields(door: SalesforceDoor, ledger: Ledger, connection: ConnectionId) -> PeoplePlan:
    """What would have to be done to make the fields of people the same on both sides."""
    rules = door.field_rules()
    return plan_people(ledger.compare_people(connection, rules), rules)


def sync_fields(
    door: SalesforceDoor, ledger: Ledger, connection: ConnectionId, tell: Tell = nobody
) -> PeopleReport:
    """Make the fields of people the same on both sides, where they changed."""
    rules = door.field_rules()
    compared = ledger.compare_people(connection, rules)
    if compared.compared.is_empty():
        return PeopleReport()
    plan = plan_people(compared, rules)
    changes, writes = plan.for_people, plan.for_salesforce
    ledger.change_people(connection, changes, rules)
    written = refused = 0
    unknown: list[int] = []
    for batch in door.write_people(writes):
        ledger.record_people(connection, writes, batch, rules)
        known = batch.outcomes.filter("known")
        unknown += batch.outcomes.filter(~pl.col("known"))["person_id"].to_list()
        written += known["code"].null_count()
        refused += known.height - known["code"].null_count()
        tell(written + refused + len(unknown), writes.height, door.api_calls)
    done = compared.compared.filter(~pl.col("person_id").is_in(unknown)) if unknown else compared.compared
    solved = sorted(set(done["person_id"]) - set(plan.unsettled))
    ledger.settle_people(connection, done, plan.waiting, solved, rules)
    return PeopleReport(
        here=changes.height - plan.filled,
        filled=plan.filled,
        there=written,
        refused=refused,
        unknown=len(unknown),
        waiting=plan.counts["hold"],
    )
