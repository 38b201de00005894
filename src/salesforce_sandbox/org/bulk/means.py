"""Means: what carrying out a job takes of the org, in one value."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from salesforce_sandbox.org.accounting import BULK_BATCHES, Accounting
from salesforce_sandbox.org.bulk.rules import LONGEST_BATCH_S, MOST_TRIES, BulkRules
from salesforce_sandbox.org.bulk.saving import Order, Saving
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.ground import Ground
from salesforce_sandbox.org.records import Records

TOO_MANY_TRIES = "Too many unsuccessful processing attempts of a batch"


@dataclass(slots=True, kw_only=True)
class Means:
    ground: Ground
    records: Records
    accounting: Accounting
    rules: BulkRules = field(default_factory=BulkRules)

    @property
    def now(self) -> datetime:
        return self.ground.clock.now()

    def saving(self, order: Order) -> Saving:
        return Saving(self.ground, self.records, self.rules, order)

    def tries(self) -> Iterator[None]:
        """One item for each try of a batch that took too long; SalesforceError after the last that it is given (S2.4.4)."""
        tried = 0
        while self.rules.too_slow(tried):
            if tried == MOST_TRIES:
                raise SalesforceError(500, "InternalServerError", TOO_MANY_TRIES)
            tried += 1
            self.ground.clock.advance(LONGEST_BATCH_S)
            yield
        self.ground.clock.advance(min(self.rules.batch_runs_s, LONGEST_BATCH_S))

    def charge_batch(self) -> None:
        """Both Bulk APIs share one allocation of batches (contract, section 2.3)."""
        if self.accounting.used(BULK_BATCHES) >= self.accounting.limits[BULK_BATCHES]:
            raise SalesforceError(400, "ExceededQuota", "ApiBatchItems Limit exceeded.")
        self.accounting.spend(BULK_BATCHES)
