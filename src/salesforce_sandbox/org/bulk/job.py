"""What jobs of Bulk API 2.0 have in common, ingest and query: what they are told, where they stand, how they are aborted.

The parent of `ingest.IngestJob` and `querying.QueryJob`. Rests on S2.4.1.
"""

from dataclasses import dataclass
from datetime import datetime

from salesforce_sandbox.org.bulk.dialect import Dialect
from salesforce_sandbox.org.bulk.means import Means
from salesforce_sandbox.org.bulk.steps import Steps
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.soql.values import stored_moment

OVER = ("JobComplete", "Failed", "Aborted")


@dataclass(slots=True, kw_only=True)
class Job:
    """One job; `steps` is its work once that has begun."""

    id: str
    dialect: Dialect
    api_version: float
    created: datetime
    changed: datetime
    state: str
    steps: Steps | None = None
    retries: int = 0

    def abort(self, means: Means) -> None:
        """What has been done stays done, the rest is left."""
        if self.state in OVER:
            raise wrong_state("Aborting", self.state)
        if self.steps:
            self.steps.stop()
        self.state, self.changed = "Aborted", means.now


def told_moment(at: datetime) -> str:
    """A moment as jobs tell it, in whole seconds (S1.5.1)."""
    return stored_moment(at.replace(microsecond=0))


def wrong_state(verb: str, state: str) -> SalesforceError:
    """The refusal of what a job's state does not allow."""
    worded = {"JobComplete": "Completed", "UploadComplete": "Closed"}.get(state, state)
    return SalesforceError(400, "InvalidJobState", f"{verb} already {worded} Job not allowed")
