"""The errors of the product: the class says what to do next, the message says what, where and which command mends it.

Five classes and no more, so that a caller never has to read a message to decide. `salesforce.errors` maps every error code
of Salesforce to one of them; the command line maps them to exit codes.
"""

from __future__ import annotations

from dataclasses import dataclass

NOT_THERE = "NOT_THERE"
"""The code of a UsageError about something that does not exist, or that one may not know of."""
DATABASE_UNREACHABLE = "DATABASE_UNREACHABLE"
"""The code of whatever cannot be done while the database is away: what runs for long waits for it."""
ALREADY_THERE = "ALREADY_THERE"
"""The code of a UsageError about something that exists already."""


RESTRICTED_PICKLIST = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
"""Salesforce's code for a value that an admin has not put into a restricted picklist (S1.1.4)."""


DUPLICATE_VALUE = "DUPLICATE_VALUE"
"""Salesforce's code for what is there already; of somebody who is added to a campaign: they are in it (S0.4)."""
CHANGED_MEANWHILE = "CHANGED_MEANWHILE"
"""Our code for a member who was added or changed by somebody else between our look and our write. It is no problem of anybody's:
theirs stands, and the next run judges it."""


class CampaignsyncError(Exception):
    """The root of all errors that this product raises on purpose. `code` is Salesforce's own where it gave one; problems are
    kept and filtered by it, the API takes the status of its answer from it, and the engine never decides by it."""

    code = "FAILED"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or type(self).code


class UsageError(CampaignsyncError):
    """A person must mend something: an argument, a setting, a right. Shown without a traceback."""

    code = "MEND_FIRST"


class RetryableError(CampaignsyncError):
    """Nothing was done and the same call may go through later. With `of_org` any other call would fare no better now: the org
    cannot be reached, or takes none."""

    code = "TRY_LATER"

    def __init__(
        self, message: str, *, retry_after_s: float = 1.0, code: str | None = None, of_org: bool = False
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s
        self.of_org = of_org


class RefusedError(CampaignsyncError):
    """Salesforce refused this one record; others are not concerned."""

    code = "REFUSED"


class UnknownOutcomeError(CampaignsyncError):
    """The call was sent and no answer came: it may have been done. Observe before trying again."""

    code = "UNKNOWN_OUTCOME"


class HaltError(CampaignsyncError):
    """The link or the connection waits for a person; going on could do harm."""

    code = "HALTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One record's refusal in Salesforce's own words, kept as a problem until it is solved (M8.2)."""

    code: str
    message: str
    retriable: bool
