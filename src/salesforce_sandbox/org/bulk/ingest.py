"""Ingest jobs of Bulk API 2.0: a file is uploaded, the job is closed, its rows are saved in batches, results are kept.

Made and driven by `jobs`. A file that cannot be read fails the job; a row that cannot be saved fails alone, and
JobComplete with failed rows is normal (S0.20). Rests on S2.4.1, S2.4.3, S2.4.4 and S0.7.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from salesforce_sandbox.org.bulk.dialect import Sheet, judge_size, read_sheet
from salesforce_sandbox.org.bulk.job import Job, wrong_state
from salesforce_sandbox.org.bulk.means import TOO_MANY_TRIES, Means
from salesforce_sandbox.org.bulk.saving import Order, Saving, named
from salesforce_sandbox.org.bulk.steps import Steps
from salesforce_sandbox.org.drafts import Outcome
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.soql.compiled import java_double

# The first API version whose failed results name the record (S2.4.3).
_IDS_IN_FAILED_RESULTS = 53


@dataclass(slots=True, kw_only=True)
class IngestJob(Job):
    """One job. `content` is what was uploaded, `outcomes` what became of the rows so far, in the order of the file."""

    order: Order
    state: str = "Open"
    error_message: str | None = None
    content: bytes | None = None
    closed: datetime | None = None
    sheet: Sheet | None = None
    numbers: frozenset[int] = frozenset()
    outcomes: list[Outcome] = field(default_factory=list)
    slow_tries: int = 0

    @property
    def failed_rows(self) -> int:
        return sum(not outcome.success for outcome in self.outcomes)

    def upload(self, content: bytes, means: Means) -> None:
        """Takes the file, once (S2.4.1)."""
        if self.state != "Open":
            raise wrong_state("Uploading to", self.state)
        if self.content is not None:
            message = (
                f"Found multiple contents for job: <{self.id[:15]}>, please 'Close' / 'Abort' / 'Delete' the current"
                " Job then create a new Job and make sure you only do 'PUT' once on a given Job."
            )
            raise SalesforceError(400, "BULK_API_ERROR", message)
        judge_size(content, means.rules.largest_upload_bytes)
        self.content = content

    def close(self, means: Means) -> None:
        """Gives the job to the org, which makes the steps of its work."""
        if self.state != "Open":
            raise wrong_state("Closing", self.state)
        self.state = "UploadComplete"
        self.closed = self.changed = means.now
        self.steps = Steps(self._work(means), means.now)

    def _work(self, means: Means) -> Iterator[None]:
        """The steps: take the job up, then one batch of rows after the other."""
        self.state, self.changed = "InProgress", means.now
        yield
        try:
            saving = means.saving(self.order)
            sheet = self._read(saving)
            while True:
                for _ in means.tries():
                    self.slow_tries += 1
                    self.retries = self.slow_tries + saving.retries
                    yield
                self._save_batch(sheet, saving, means)
                if len(self.outcomes) == len(sheet.rows):
                    break
                yield
            self.state = "JobComplete"
        except SalesforceError as error:
            self.state, self.error_message = "Failed", f"{error.code} : {error.message}"
        self.changed = means.now

    def _read(self, saving: Saving) -> Sheet:
        sheet = read_sheet(self.content or b"", self.dialect)
        saving.judge(sheet.names)
        if not sheet.rows:
            raise SalesforceError(400, "InvalidBatch", "Records not found")
        self.numbers = saving.numbers(sheet.names)
        self.sheet = sheet
        return sheet

    def _save_batch(self, sheet: Sheet, saving: Saving, means: Means) -> None:
        means.charge_batch()
        start = len(self.outcomes)
        end = min(start + means.rules.batch_rows, len(sheet.rows))
        breaks = means.rules.fail_after_rows is not None and means.rules.fail_after_rows < end
        if breaks:
            end = max(start, means.rules.fail_after_rows or 0)
        fit = [index for index in range(start, end) if index not in sheet.broken]
        saved = iter(saving.save([named(sheet.names, sheet.rows[index]) for index in fit], start + 1))
        self.outcomes += [
            _unreadable(sheet.broken[index]) if index in sheet.broken else next(saved)
            for index in range(start, end)
        ]
        self.retries = self.slow_tries + saving.retries
        if breaks:
            raise SalesforceError(500, "InternalServerError", TOO_MANY_TRIES)

    def results(self, *, successful: bool, seed: int) -> Iterator[str]:
        """The lines of the file of saved rows or of refused ones, not in the order they came in (S0.20)."""
        with_id = successful or self.api_version >= _IDS_IN_FAILED_RESULTS
        own = ["sf__Id"] * with_id + ["sf__Created" if successful else "sf__Error"]
        yield self.dialect.headed(own, self.sheet.head if self.sheet else "")
        wanted = [index for index, outcome in enumerate(self.outcomes) if outcome.success == successful]
        random.Random(f"{seed}/{self.id}").shuffle(wanted)  # noqa: S311 - the same in every run on purpose
        for index in wanted:
            outcome = self.outcomes[index]
            told = row_error(outcome.error) if outcome.error else str(outcome.created).lower()
            cells = [outcome.id or "", told] if with_id else [told]
            yield self.dialect.line([*cells, *self._echo(index)])

    def unprocessed(self) -> bytes:
        """The file of rows that were never tried: the whole file as it came when none of it was read."""
        if self.sheet is None:
            return self.content or b""
        untried = self.sheet.rows[len(self.outcomes) :]
        return self.dialect.file([self.sheet.head, *map(self.dialect.line, untried)])

    def _echo(self, index: int) -> list[str]:
        """A row as result files repeat it: numbers re-formatted (S0.7)."""
        assert self.sheet  # noqa: S101 - there are no outcomes without it
        cells = self.sheet.rows[index]
        if not self.numbers:
            return cells
        return [_java_text(cell) if at in self.numbers else cell for at, cell in enumerate(cells)]


def row_error(error: SalesforceError) -> str:
    """A refusal as result files tell it: `CODE:message:field,field --` (S2.4.3)."""
    fields = ",".join(error.fields)
    return f"{error.code}:{error.message}:{fields + ' ' if fields else ''}--"


def _unreadable(problem: str) -> Outcome:
    return Outcome(error=SalesforceError(400, "INVALID_FIELD", problem))


def _java_text(cell: str) -> str:
    try:
        return java_double(float(cell))
    except ValueError:
        return cell
