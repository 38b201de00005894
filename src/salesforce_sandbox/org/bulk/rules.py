"""How bulk jobs go in this org: how fast, in which sizes, and what goes wrong in them. Set through /sandbox/bulk.

Read by every step of every job, so that a test can change its mind while a job is under way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError

LONGEST_BATCH_S, MOST_TRIES = 300, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Rows that are refused without being tried: every `nth` row, or those whose columns hold the values of `where`.

    `tries` limits it to the first tries of a row, so that a row lock (UNABLE_TO_LOCK_ROW) can pass.
    """

    code: str
    message: str
    nth: int = 0
    where: Mapping[str, str] = field(default_factory=dict)
    tries: int | None = None

    def hits(self, number: int, row: Mapping[str, object], tried: int) -> bool:
        """`number` counts the job's rows from 1, `tried` the tries before this one."""
        if self.tries is not None and tried >= self.tries:
            return False
        if self.nth:
            return number % self.nth == 0
        return bool(self.where) and all(row.get(name) == value for name, value in self.where.items())

    @property
    def error(self) -> SalesforceError:
        return SalesforceError(400, self.code, self.message)


@dataclass(slots=True, kw_only=True)
class BulkRules:
    """`reads_per_step` and `seconds_per_step` make jobs slow; without them a job is done as soon as it is closed."""

    reads_per_step: int | None = None
    seconds_per_step: float | None = None
    # The rows of one internal batch, which is one step (S2.4.4).
    batch_rows: int = 10_000
    # How often rows that others hold are tried again before they are refused (S2.2.11).
    lock_tries: int = 3
    refusals: tuple[Refusal, ...] = ()
    # Where an ingest job breaks down: the rows beyond are left unprocessed (S2.4.4).
    fail_after_rows: int | None = None
    # How long a batch runs by the org's clock; beyond five minutes it is tried again (S2.4.4), unless `slow_tries` is over.
    batch_runs_s: float = 0
    slow_tries: int | None = None
    hard_delete: bool = False
    # 150 MB are what 100 MB of text become in base64 (S2.4.2).
    largest_upload_bytes: int = 150_000_000
    # The order of rows in result files (S0.20).
    seed: int = 1

    def set(self, stated: Mapping[str, Any]) -> None:
        """Sets the rules that are named; ValueError for one that is none."""
        names = {each.name for each in fields(self)}
        unknown = set(stated) - names
        if unknown:
            message = f"bulk rules are {', '.join(sorted(names))}, not {', '.join(sorted(unknown))}"
            raise ValueError(message)
        try:
            refusals = tuple(Refusal(**each) for each in stated.get("refusals", ()))
        except TypeError as error:
            message = f"refusals have code, message, nth, where and tries: {error}"
            raise ValueError(message) from None
        for name, value in stated.items():
            setattr(self, name, refusals if name == "refusals" else value)

    def reset(self) -> None:
        """Makes all as they are in a new org."""
        for each in fields(self):
            setattr(self, each.name, getattr(BulkRules(), each.name))

    def too_slow(self, tried: int) -> bool:
        """Whether a batch that has been tried so often takes too long once more."""
        slow = self.slow_tries is None or tried < self.slow_tries
        return slow and self.batch_runs_s > LONGEST_BATCH_S

    def steps_due(self, reads: int, since: datetime, now: datetime) -> float:
        """How many steps a job may have made that was closed at `since` and read so often."""
        if self.reads_per_step is not None:
            return reads // self.reads_per_step
        if self.seconds_per_step is not None:
            return (now - since).total_seconds() // self.seconds_per_step
        return float("inf")
