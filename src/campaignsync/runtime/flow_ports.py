"""What flows need of the store and of the world, as protocols: `Flows`, `Commands`, `Courier`, `SmartCampaignShelf`.

The store does not import this file; `bootstrap` hands its objects over and the type checker proves that they fit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import polars as pl

from campaignsync.domain.commands import CommandGroup, Dispatch
from campaignsync.domain.fields import ValueKind
from campaignsync.domain.flows import Effect
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.runs import MemberBatch
from campaignsync.domain.smart_campaigns import Condition, SmartCampaign, SmartList, Taken


class Flows(Protocol):
    """Who is in which flow, and where. All but `now`, `due` and the two turns is called within a turn."""

    def now(self) -> datetime:
        """The time by which everything here goes."""

    def due(self) -> bool:
        """Whether anything is to be done."""

    def turn(self) -> AbstractContextManager[None]:
        """One commit, by nobody else meanwhile."""

    def rehearsal(self) -> AbstractContextManager[None]:
        """A turn of which nothing stays."""

    def listening(self) -> list[tuple[int, str, dict[str, Any], int]]:
        """The smart campaigns that listen to triggers: number, name, definition, since which entry of the journal."""

    def events(self, fields: Sequence[str]) -> tuple[pl.DataFrame, int]:
        """The next changes in the journal (EVENTS), with those of the named fields of people; until which entry that is all."""

    def read_until(self, entry: int | None) -> bool:
        """The journal was read until this entry, or, with None, nobody cares what is in it. Whether that was any further."""

    def let_in(self, smart_campaign: int, campaign: SmartCampaign, fired: pl.DataFrame) -> int:
        """Let in whom changes brought (EVENTS), if they pass the filters and qualify; how many."""

    def batches_due(self) -> list[tuple[int, str, dict[str, Any]]]:
        """The smart campaigns whose schedule says now: number, name, definition."""

    def begin_batch(self, smart_campaign: int, campaign: SmartCampaign, why: str) -> tuple[int, int]:
        """Let in everybody who is meant and qualifies: the number of the batch, and how many."""

    def next_batch(self, smart_campaign: int, at: datetime | None, error: str | None = None) -> None:
        """When the next batch begins; None: none does any more. `error`: why there was none this time."""

    def halt(self, smart_campaign: int, reason: str) -> None:
        """Let no more people in, and nobody on, until a person activates it again."""

    def wake(self) -> int:
        """Let people go on whose wait is over; how many."""

    def take(self) -> Taken | None:
        """The people who are next, at the same step of the same flow; None: nobody is."""

    def choose(self, conditions: Sequence[Condition]) -> list[int]:
        """Give each of them the first condition that fits, else -1; which were given to anybody."""

    def carry_out(self, taken: Taken, choice: int, effect: Effect) -> None:
        """Do to those who were given this choice what it comes to; UsageError when it cannot be done, and nothing was."""

    def fail(self, choice: int, message: str) -> None:
        """What was to be done to these people cannot be done."""

    def moved_on(self, action: str, steps: int) -> None:
        """Keep what was done to them, and let them go on."""

    def finish(self) -> None:
        """They are at the end."""


class Commands(Protocol):
    """What flows want of Salesforce and of the world."""

    def orgs(self) -> list[ConnectionId]:
        """The orgs that commands wait for."""

    def unheard(self, connection: ConnectionId) -> bool:
        """Whether commands were sent to an org of which nobody heard what came."""

    def next_group(self, connection: ConnectionId) -> CommandGroup | None:
        """The commands to one campaign that are due, the earliest of each person; they count as sent from now on."""

    def standings(self, connection: ConnectionId, campaign_id: str, people: Collection[int]) -> pl.DataFrame:
        """Where people stand in a campaign, as it was last seen (STANDINGS)."""

    def deleted_there(self, connection: ConnectionId, people: Collection[int]) -> list[int]:
        """Of these people, those whose lead or contact was deleted."""

    def record(self, connection: ConnectionId, batch: MemberBatch, settled: pl.DataFrame) -> None:
        """Mirror what was written and read back, and settle its commands (SETTLED): one commit."""

    def settle(self, settled: pl.DataFrame) -> None:
        """Settle commands (SETTLED): keep the results, and let the people go on."""

    def postpone(self, connection: ConnectionId, at: datetime) -> None:
        """Nothing was done of what is due in an org: it is due again at this moment."""

    def dispatches(self) -> list[Dispatch]:
        """Webhooks and alerts that are due, each taken by nobody else for a while."""


class Courier(Protocol):
    """The ways out into the world. RetryableError when something was not taken, UsageError when it never will be."""

    def call(self, url: str, method: str, body: str, key: str) -> None:
        """Send an HTTP request."""

    def mail(self, to: Sequence[str], subject: str, body: str) -> None:
        """Send a mail in plain text."""


class SmartCampaignShelf(Protocol):
    """Smart campaigns as people define and read them. UsageError for what does not exist."""

    def fields(self) -> Mapping[str, ValueKind]:
        """The custom fields of people."""

    def tokens(self, program: str | None) -> Mapping[str, str]:
        """What {{my.NAME}} stands for in a program."""

    def names(self) -> list[str]:
        """The names of all smart campaigns."""

    def list(self) -> list[dict[str, Any]]:
        """All: name, program, kind (trigger, batch), state, reason, priority, next_at, in_flow, went_through, blocked, failed."""

    def page(self, behind: int, limit: int) -> Sequence[dict[str, Any]]:
        """So many behind a number, in the order in which they were made, as listed."""

    def get(self, name: str) -> dict[str, Any]:
        """One: as listed, with definition, number, changed_at."""

    def require_public(self, campaign: SmartCampaign) -> None:
        """WrongEntryError for a step that would call a machine which no flow may call."""

    def save(self, name: str, definition: Mapping[str, Any], *, who: str) -> bool:
        """Keep a definition that was checked; whether it is new. Its state stays."""

    def rename(self, name: str, new: str) -> None:
        """Call it otherwise."""

    def delete(self, name: str) -> None:
        """Forget it with everything that it did; UsageError while people are in its flow."""

    def activate(self, name: str, next_at: datetime | None) -> None:
        """Listen to triggers from now on, or begin batches from `next_at` on."""

    def deactivate(self, name: str) -> None:
        """Take in nobody any more; who is in the flow goes on."""

    def abort(self, name: str, batch: int | None) -> int:
        """Take everybody, or those of one batch, out of the flow; how many."""

    def faults(self, campaign: SmartCampaign) -> Sequence[str]:
        """What its definition names and is not there, or is not there any more."""

    def count(self, smart_list: SmartList, sample: int) -> tuple[int, Sequence[dict[str, Any]]]:
        """How many people the filters find, and some of them: number, email, first_name, last_name, company."""

    def results(self, name: str) -> dict[str, Any]:
        """What came of it: steps (step, action, outcome, message, people), states, batches, blocked (reason, people)."""

    def people(
        self, name: str, *, email: str | None, outcome: str | None, limit: int, before: int | None = None
    ) -> Sequence[dict[str, Any]]:
        """Results person by person, latest first, those before a number where one is given: number, email,
        step, action, outcome, message, at, entered_at, state."""

    def blocked(self, name: str, limit: int, before: int | None = None) -> Sequence[dict[str, Any]]:
        """Who was found and not let in, as `people`: number, email, reason, times, last_at."""

    def rehearsed(self, batch: int) -> dict[str, Any]:
        """Within a rehearsal: what became of a batch: people, blocked, steps, sample."""

    def lists(self, name: str | None = None) -> Sequence[dict[str, Any]]:
        """The lists of people, or the one of a name: number, name, people."""

    def page_of_lists(self, behind: int, limit: int) -> Sequence[dict[str, Any]]:
        """So many lists of people behind a number, in the order in which they were made."""

    def make_list(self, name: str) -> None:
        """Make a list."""

    def drop_list(self, name: str) -> None:
        """Forget a list; the people stay."""

    def on_list(self, name: str, limit: int) -> Sequence[dict[str, Any]]:
        """Who is on a list: email, first_name, last_name, added_at."""

    def put_on_list(self, name: str, emails: Sequence[str]) -> Sequence[str]:
        """Put people on a list by their addresses; the addresses that nobody here has."""

    def clear_stage(self) -> None:
        """Within a rehearsal: nobody else is in any flow."""

    def settle_rehearsal(self) -> int:
        """Within a rehearsal: take every command for done, and let those who wait go on; how many."""
