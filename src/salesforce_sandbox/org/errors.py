"""SalesforceError: the one way in which any part of the org refuses something; each API words it in its own body (S2.2.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class SalesforceError(Exception):
    """A refusal: HTTP status, Salesforce's error code, its words, the fields at fault and what else the body carries."""

    status: int
    code: str
    message: str
    fields: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class UnreadableError(SalesforceError):
    """A refusal of what cannot even be read: a field that is not there, a value of the wrong kind.

    Where rows come together, it may fail them all (switch `misfit_fails_call`).
    """
