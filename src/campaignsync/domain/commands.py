"""Commands: what flows want of Salesforce, until what came of it was read back (M9.8)."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from campaignsync.domain.trees import Schema

COMMANDS: Schema = {
    "command_id": pl.Int64,
    "person_id": pl.Int64,
    "verb": pl.String,  # add, status, remove; or sync
    "status": pl.String,  # the label that is wanted; for sync the owner
    "implied": pl.Boolean,  # whether somebody who is not in Salesforce may be made a lead for it
    "sent": pl.Boolean,  # whether it was sent before and nobody heard what came of it
    "seen": pl.Boolean,  # whether it was seen done since, by us, whatever somebody made of it afterwards
}
STANDINGS: Schema = {
    "person_id": pl.Int64,
    "campaign_member_id": pl.String,
    "status": pl.String,
    "ours": pl.Boolean,  # whether we, the sync user, changed it last
}
"""Where people stand in a campaign by the mirror; who is no member is missing."""
SETTLED: Schema = {
    "command_id": pl.Int64,
    "outcome": pl.String,  # done, skipped, refused; null: to be tried again
    "message": pl.String,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandGroup:
    """Commands to one campaign, or, without a campaign, to sync people; at most one a person."""

    campaign_id: str
    commands: pl.DataFrame
    """COMMANDS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """A webhook to call or an alert to send. `texts` are filled with `values`, each by its place."""

    command_id: int
    verb: str
    key: str
    method: str
    texts: dict[str, list[str | int]]
    values: list[str]
    tries: int

    def text(self, name: str, written: object = str) -> str:
        """A text, each value in it written so that it cannot be taken for anything else."""
        return "".join(
            part if isinstance(part, str) else written(self.values[part])  # type: ignore[operator]
            for part in self.texts.get(name, ())
        )
