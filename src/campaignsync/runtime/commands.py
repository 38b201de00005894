"""Carries out the commands of flows in an org: in bulk, by the lanes of the sync, settled by what is read back (M9.8).

Called by `runtime.flow_runner`. What was sent and never heard of is looked at before anything is sent again; the sets are
joined as columns, so that a hundred thousand people are one bulk job.
"""

from __future__ import annotations

from functools import partial

import polars as pl

from campaignsync.automation.commands import judged, split, synced
from campaignsync.domain.budget import HELD, SLOW
from campaignsync.domain.commands import SETTLED, CommandGroup
from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import RetryableError
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.trees import MEMBER_WRITES
from campaignsync.runtime.calls import charge
from campaignsync.runtime.cycle import call_in, observe, turn
from campaignsync.runtime.flow_ports import Commands
from campaignsync.runtime.member_ports import Directory
from campaignsync.runtime.people import OrgPeople
from campaignsync.runtime.ports import Ledger, SalesforceDoor
from campaignsync.runtime.progress import Tell, nobody

_WHO = "smart campaign"


def carry_out_commands(
    door: SalesforceDoor,
    ledger: Ledger,
    commands: Commands,
    directory: Directory,
    connection: Connection,
    tell: Tell = nobody,
) -> int:
    """Carry out what is due in an org, in our turn with it; how many commands were settled. RetryableError when its budget of API
    calls is spent, or what is left of it is for looks alone."""
    org, settled = connection.connection_id, 0
    with turn(door, ledger, org):
        _require(ledger, connection)
        if commands.unheard(org):
            observe(door, ledger, org, tell)
        while group := commands.next_group(org):
            people = OrgPeople(connection=org, leads=connection.leads, door=door, ledger=ledger, tell=tell)
            if group.campaign_id:
                call_in(door, ledger, org, group.campaign_id)
                settled += _change_campaign(people, commands, group)
            else:
                settled += _sync_people(people, commands, directory, group)
            charge(door, ledger, org)
            _require(ledger, connection)
    return settled


def _require(ledger: Ledger, connection: Connection) -> None:
    budget = ledger.budget(connection.connection_id)
    budget.require(connection.name)
    if held := budget.reason_to_hold(backfill=False):
        raise RetryableError(
            f"Flows wait in '{connection.name}': {held}", retry_after_s=SLOW.total_seconds(), code=HELD
        )


def _sync_people(people: OrgPeople, commands: Commands, directory: Directory, group: CommandGroup) -> int:
    """Sync Person to SFDC: found, or made as leads, those too whose record was deleted there (M9.5, M7.9)."""
    wanted = group.commands["person_id"].to_list()
    for person in commands.deleted_there(people.connection, wanted):
        directory.let_go(person, people.connection, who=_WHO)
    known_before = people.ledger.identities(people.connection, wanted)
    left_out = _found(people, group.commands)
    now = people.ledger.identities(people.connection, wanted)
    there = synced(group.commands.join(left_out, on="command_id", how="anti"), known_before, now)
    settled = left_out.vstack(_given_owners(people, there))
    commands.settle(settled)
    return settled.filter(pl.col("outcome").is_not_null()).height


def _given_owners(people: OrgPeople, there: pl.DataFrame) -> pl.DataFrame:
    """Give those who are to have an owner that one; SETTLED of all, with what Salesforce refused."""
    records = there.join(
        people.ledger.identities(people.connection, there["person_id"].to_list()), on="person_id"
    )
    refused: dict[str, str] = {}
    for (owner,), part in records.filter(pl.col("owner").is_not_null()).group_by(
        "owner", maintain_order=True
    ):
        objects = dict(part.select("salesforce_id", pl.col("kind").str.to_titlecase()).rows())
        refusals = people.door.give_owner(objects, str(owner))
        refused |= {each: f"{told.code}: {told.message}" for each, told in refusals.items()}
    said = pl.DataFrame(
        list(refused.items()), schema={"salesforce_id": pl.String, "said": pl.String}, orient="row"
    )
    return records.join(said, on="salesforce_id", how="left").select(
        "command_id",
        pl.when(pl.col("said").is_not_null()).then(pl.lit("refused")).otherwise("outcome").alias("outcome"),
        pl.coalesce("said", "message").alias("message"),
    )


def _found(people: OrgPeople, commands: pl.DataFrame) -> pl.DataFrame:
    """Give the people of these commands an id in Salesforce; SETTLED of those who are left without one."""
    missing = people.find_or_create(people.unmatched(commands["person_id"].to_list()))
    return missing.join(commands, on="person_id").select(
        "command_id",
        pl.when(pl.col("known") & ~pl.col("retriable")).then(pl.lit("refused")).alias("outcome"),
        pl.when("known")
        .then(pl.format("{}: {}", pl.col("code"), pl.col("message").fill_null("")))
        .otherwise("message")
        .alias("message"),
    )


def _change_campaign(people: OrgPeople, commands: Commands, group: CommandGroup) -> int:
    org, wanted = people.connection, group.commands
    adding = wanted.filter(pl.col("implied") & (pl.col("verb") != "remove"))
    left_out = _found(people, adding)
    wanted = wanted.join(left_out, on="command_id", how="anti")
    everybody = wanted["person_id"].to_list()
    standings = commands.standings(org, group.campaign_id, everybody)
    writes, settled = split(wanted, standings, people.ledger.identities(org, everybody))
    commands.settle(left_out.vstack(settled))
    done = left_out.filter(pl.col("outcome").is_not_null()).height + settled.height
    verbs = wanted.select("command_id", "verb")
    return done + _write(people, commands, org, group.campaign_id, writes.join(verbs, on="command_id"))


def _write(
    people: OrgPeople, commands: Commands, org: ConnectionId, campaign_id: str, writes: pl.DataFrame
) -> int:
    """Write, and settle batch by batch what was read back."""
    if writes.is_empty():
        return 0
    done, written, numbers = 0, 0, writes.select("person_id", "command_id", "verb")
    for batch in people.door.write_members(
        campaign_id, writes.select(*MEMBER_WRITES), partial(people.ledger.note_job, org)
    ):
        settled = judged(batch.outcomes.join(numbers, on="person_id")).select(*SETTLED)
        commands.record(org, batch, settled)
        done += settled.filter(pl.col("outcome").is_not_null()).height
        written += batch.outcomes.height
        people.tell(written, writes.height, people.door.api_calls)
    people.ledger.forget_jobs(org)
    return done
