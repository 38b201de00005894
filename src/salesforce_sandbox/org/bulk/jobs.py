"""Jobs: all bulk jobs of one org, and the hand that drives them on.

The façade of the folder. Whoever serves a request lets jobs catch up first, so that slow jobs go on by the org's clock
even when nobody asks for them. Jobs are forgotten after seven days (S2.4.1).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TypeAlias, TypeVar

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.accounting import BULK_QUERY_JOBS, Accounting
from salesforce_sandbox.org.bulk.classic import QUERIES, ClassicJob
from salesforce_sandbox.org.bulk.dialect import Dialect
from salesforce_sandbox.org.bulk.ingest import IngestJob
from salesforce_sandbox.org.bulk.job import OVER
from salesforce_sandbox.org.bulk.means import Means
from salesforce_sandbox.org.bulk.querying import FILE_STORAGE, MOST_STORED_KB, QueryJob, judge
from salesforce_sandbox.org.bulk.rules import BulkRules
from salesforce_sandbox.org.bulk.saving import OPERATIONS, Order
from salesforce_sandbox.org.bulk.steps import Steps
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.ground import Ground
from salesforce_sandbox.org.records import Records
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.soql import CompiledQuery

Job: TypeAlias = IngestJob | QueryJob | ClassicJob
_Kind = TypeVar("_Kind", IngestJob, QueryJob, ClassicJob)
_KEY_PREFIX = "750"
_KEPT = timedelta(days=7)
_OPEN_AT_MOST = timedelta(hours=24)


class Jobs:
    """Every job by its 15-letter id, the oldest first."""

    def __init__(self, ground: Ground, records: Records, accounting: Accounting) -> None:
        self.means = Means(ground=ground, records=records, accounting=accounting)
        self._jobs: dict[str, Job] = {}

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs.values()))

    @property
    def rules(self) -> BulkRules:
        return self.means.rules

    def catch_up(self) -> None:
        """Makes every step that is due, and forgets what is too old."""
        now = self.means.now
        for job in self:
            if now - job.created >= _KEPT:
                del self._jobs[job.id[:15]]
            elif job.state == "Open" and now - job.created >= _OPEN_AT_MOST:
                job.state = "Aborted"
            for steps in _steps(job):
                steps.catch_up(self.rules, now)

    def find(self, job_id: str, kind: type[_Kind], *, looks: bool = False) -> _Kind:
        """The job of that kind; NOT_FOUND otherwise. `looks` is set when somebody asks how it is doing."""
        job = self._jobs.get(job_id[:15])
        if not isinstance(job, kind):
            raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
        if looks:
            for steps in _steps(job):
                steps.reads += 1
            self.catch_up()
        return job

    def open_ingest(self, order: Order, dialect: Dialect, api_version: float) -> IngestJob:
        job = IngestJob(
            id=self._new_id(),
            order=order,
            dialect=dialect,
            api_version=api_version,
            created=self.means.now,
            changed=self.means.now,
        )
        self._jobs[job.id[:15]] = job
        return job

    def open_query(
        self, query: CompiledQuery, operation: str, caller: Caller, dialect: Dialect, api_version: float
    ) -> QueryJob:
        """A query job, already under way."""
        judge(query)
        self._charge_query()
        job = QueryJob(
            id=self._new_id(),
            query=query,
            operation=operation,
            caller=caller,
            dialect=dialect,
            api_version=api_version,
            created=self.means.now,
            changed=self.means.now,
        )
        self._jobs[job.id[:15]] = job
        job.begin(self.means)
        return job

    def open_classic(
        self, order: Order, content_type: str, concurrency: str, api_version: float, *, chunk_size: int | None
    ) -> ClassicJob:
        job = ClassicJob(
            id=self._new_id(),
            order=order,
            content_type=content_type,
            concurrency=concurrency,
            api_version=api_version,
            created=self.means.now,
            changed=self.means.now,
            chunk_size=chunk_size,
        )
        self._jobs[job.id[:15]] = job
        return job

    def order(
        self, operation: str, sobject_name: str, key: str | None, caller: Caller, rule_id: str | None = None
    ) -> Order:
        """What a job shall do; SalesforceError for what no job can do. `rule_id` is that of an assignment rule, which must be
        there and is not carried out: see docs/sandbox_coverage.md."""
        if rule_id and not self.means.ground.storage.records("AssignmentRule", [rule_id]):
            raise _no_job(f"Invalid assignment rule id: {rule_id}")
        sobject = self.means.ground.schema.find(sobject_name)
        if sobject is None or not self.means.ground.access.may(caller.user_id, sobject.name, "read"):
            raise _no_job(f"Unable to find object: {sobject_name}")
        if operation not in (*OPERATIONS, *QUERIES):
            raise _no_job("Unable to parse Job")
        if operation == "hardDelete" and not self.rules.hard_delete:
            message = "hardDelete operation requires special user profile permission, please contact your system administrator"
            raise SalesforceError(400, "FeatureNotEnabled", message)
        found = _key_field(sobject, key) if operation == "upsert" else ""
        return Order(operation=operation, sobject=sobject, key=found, caller=caller)

    def delete(self, job: IngestJob | QueryJob) -> None:
        """Forgets a job that is not under way."""
        deletable = ("UploadComplete", *OVER)
        if job.state not in deletable:
            message = f"To be deleted, a job must have a state of {', '.join(deletable)}, not {job.state}"
            raise SalesforceError(400, "InvalidJobState", message)
        del self._jobs[job.id[:15]]

    def _charge_query(self) -> None:
        """SalesforceError when the day's query jobs, or what their results may hold, are used up (S2.4.5)."""
        accounting = self.means.accounting
        used, most = accounting.used(BULK_QUERY_JOBS), accounting.limits[BULK_QUERY_JOBS]
        message = ""
        if used >= most:
            message = f"Max bulk v2 query jobs ({most}) per 24 hrs has been reached ({used + 1})"
        elif accounting.used(FILE_STORAGE) >= accounting.limits[FILE_STORAGE]:
            message = (
                f"Max bulk v2 query result size stored ({MOST_STORED_KB}) kb per 24 hrs has been exceeded"
            )
        if message:
            raise SalesforceError(400, "LIMIT_EXCEEDED", message)
        accounting.spend(BULK_QUERY_JOBS)

    def _new_id(self) -> str:
        return self.means.ground.ids.take(_KEY_PREFIX)


def _steps(job: Job) -> list[Steps]:
    """What of a job is to be done next: of a serial job one batch after the other."""
    works = [batch.steps for batch in job.batches] if isinstance(job, ClassicJob) else [job.steps]
    left = [steps for steps in works if steps and not steps.over]
    return left[:1] if isinstance(job, ClassicJob) and job.concurrency == "Serial" else left


def _key_field(sobject: SObject, key: str | None) -> str:
    if key is None:
        raise _no_job(
            f"External ID was blank for {sobject.name}. An External ID must be specified for upsert."
        )
    field = sobject.field(str(key))
    if field is None or not (field.external_id or field.id_lookup or field.name == "Id"):
        raise _no_job(f"Field name provided, {key} does not match an External ID for {sobject.name}")
    return field.name


def _no_job(message: str) -> SalesforceError:
    return SalesforceError(400, "InvalidJob", message)
