"""Ground: what every rule of the org stands on, in one value, so that rules need nothing else."""

from dataclasses import dataclass, field
from datetime import datetime

from salesforce_sandbox.org.access import Access
from salesforce_sandbox.org.changes import ChangeLog
from salesforce_sandbox.org.clock import Clock
from salesforce_sandbox.org.ids import Ids
from salesforce_sandbox.org.schema import Schema
from salesforce_sandbox.org.storage import Storage
from salesforce_sandbox.org.switches import Switches


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRule:
    """An admin's rule: records that meet the SOQL condition `refuse_when` are refused with the message."""

    sobject: str
    refuse_when: str
    message: str
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateRule:
    """An admin's rule against second records of one person (S1.4.9): all of `same` are equal, the first of them not empty, and
    all of `alike` are spellings of one name."""

    name: str
    sobject: str
    same: tuple[str, ...]
    alike: tuple[str, ...] = ()
    allow_save: bool = True
    message: str = "Use one of these records?"


@dataclass(slots=True, kw_only=True)
class AdminRules:
    """What admins have set up, what is locked until when, and what is wrong with the org's time and space."""

    validation: list[ValidationRule] = field(default_factory=list)
    duplicates: list[DuplicateRule] = field(default_factory=list)
    locks: dict[str, datetime] = field(default_factory=dict)
    # Records written now carry a SystemModstamp this much older: a commit that took its time (S0.16).
    commit_lag_s: float = 0
    most_records: int | None = None
    # By object, the fields whose changes its history keeps (S1.1.11).
    tracked_fields: dict[str, frozenset[str]] = field(default_factory=dict)
    # The log of deletions holds 5,000 rows for each licence (S2.6.1); a Developer Edition has two.
    user_licences: int = 2
    # How long a REST call may take (S2.2.10).
    call_timeout_s: float = 600
    # How many requests may run for longer than `long_request_s` at a time (S2.2.10).
    most_long_requests: int = 5
    most_long_requests_per_user: int | None = None
    long_request_s: float = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    clock: Clock
    ids: Ids
    schema: Schema
    storage: Storage
    changes: ChangeLog
    switches: Switches
    access: Access
    admin: AdminRules
