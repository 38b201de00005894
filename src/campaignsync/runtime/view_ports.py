"""What looking at what happened and what is open needs of its door, and what the configuration as a document does, as protocols;
`bootstrap` hands the objects over.

Beside `ports`, which has what the engine needs. Used by the commands and the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import polars as pl

from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.problems import EVERY_OPEN_PROBLEM, ProblemFilter


class Views(Protocol):
    """What happened and what is open, as lists."""

    def status(self) -> list[dict[str, Any]]:
        """Every link: program, connection, campaign_id, campaign, state, reason, program_members, campaign_members,
        problems, changed_since (empty: not since the last run), last_run, last_report."""

    def problems(self, program: str | None) -> list[dict[str, Any]]:
        """The open problems of a program, or all: rows of PROBLEMS."""

    def problem_table(self, program: str | None, wanted: ProblemFilter) -> pl.DataFrame:
        """Problems of a program, or all, as columns (PROBLEMS)."""

    def retry_problems(self, program: str | None, wanted: ProblemFilter = EVERY_OPEN_PROBLEM) -> int:
        """Let the writes behind open problems be tried at the next run; how many. A job is tried by each round anyway."""

    def traffic(self, connection: ConnectionId, program: str | None) -> pl.DataFrame:
        """What moved and what waited, hour by hour (domain.backlog.TRAFFIC), of an org or of one program's link in it."""

    def runs(self, program: str | None, *, limit: int) -> list[dict[str, Any]]:
        """The latest runs of a program's links, or of all, latest first: run, program, connection, why, started_at, ended_at,
        died, report."""

    def journal(
        self, program: str | None, *, email: str | None, limit: int, run: int | None = None
    ) -> list[dict[str, Any]]:
        """The latest changes on both sides of a program's link, or of all, oldest first: at, side, program, campaign_id,
        email, noun, old, new, who, why, run."""


class Configurations(Protocol):
    """The configuration as one document (domain.configuration)."""

    def whole(self) -> AbstractContextManager[None]:
        """All that is changed within is kept, or nothing of it."""

    def read(self) -> dict[str, Any]:
        """Everything as one document."""

    def write(self, current: Mapping[str, Any], final: Mapping[str, Any]) -> None:
        """Bring what differs between two documents to what `final` says, but for smart campaigns, and for links that are not
        there
        yet."""

    def write_link(self, program: str, connection: str, entry: Mapping[str, Any]) -> None:
        """The choices of a link, and what its labels mean."""
