"""The errors of the product: the class says what to do next, the message says what, where and which command mends it.

Five classes and no more, so that a caller never has to read a message to decide. `salesforce.errors` maps every error code
of Salesforce to one of them; the command line maps them to exit codes.
"""

from __future__ import annotations

from dataclasses import dataclass


class CampaignsyncError(Exception):
    """The root of all errors that this product raises on purpose."""


class UsageError(CampaignsyncError):
    """A person must mend something: an argument, a setting, a right. Shown without a traceback."""


class RetryableError(CampaignsyncError):
    """Nothing was done and the same call may go through later."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RefusedError(CampaignsyncError):
    """Salesforce refused this one record; others are not concerned. `code` is Salesforce's own."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class UnknownOutcomeError(CampaignsyncError):
    """The call was sent and no answer came: it may have been done. Observe before trying again."""


class HaltError(CampaignsyncError):
    """The link or the connection waits for a person; going on could do harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One record's refusal in Salesforce's own words, kept as a problem until it is solved (M8.2)."""

    code: str
    message: str
    retriable: bool
