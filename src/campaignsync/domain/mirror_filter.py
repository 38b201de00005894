"""Which campaigns of an org are mirrored: active ones only, of some types or record types, created since a day (M3.4).

Set by people for a connection, kept by the store, asked for by the Salesforce door. A campaign that is linked is mirrored
whatever the filter says, and so is one that a flow waits for: this page decides about none of these (store.scope).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from campaignsync.domain.errors import UsageError

MOST_NAMES = 50
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorFilter:
    """What a campaign must be to be mirrored; an empty filter lets all in. Types and record types (by their API names) are
    compared without regard to case."""

    active_only: bool = False
    types: tuple[str, ...] = ()
    record_types: tuple[str, ...] = ()
    created_since: date | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> MirrorFilter:
        """A filter from its value; what is missing lets all in."""
        since = kept.get("created_since")
        return cls(
            active_only=bool(kept.get("active_only")),
            types=tuple(kept.get("types", ())),
            record_types=tuple(kept.get("record_types", ())),
            created_since=date.fromisoformat(since) if since else None,
        )

    @property
    def narrows(self) -> bool:
        """Whether anything is left out by it."""
        return self != MirrorFilter()

    def value(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "active_only": self.active_only,
            "types": list(self.types),
            "record_types": list(self.record_types),
            "created_since": self.created_since.isoformat() if self.created_since else None,
        }

    def __str__(self) -> str:
        said = (
            "active only" if self.active_only else "",
            f"of type {' or '.join(self.types)}" if self.types else "",
            f"of record type {' or '.join(self.record_types)}" if self.record_types else "",
            f"created since {self.created_since}" if self.created_since else "",
        )
        return ", ".join(filter(None, said)) or "all that the sync user sees"


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorScope:
    """A filter, and the campaigns that are mirrored though it leaves them out: ids, in order."""

    chosen: MirrorFilter = field(default_factory=MirrorFilter)
    besides: tuple[str, ...] = ()


EVERYTHING = MirrorScope()


def names(values: Iterable[Any], what: str) -> tuple[str, ...]:
    """Names of types as they are kept: trimmed, each once whatever its case, in order. UsageError for what is none."""
    kept: dict[str, str] = {}
    for value in values:
        if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_NAME or "\x00" in value:
            raise UsageError(f"A {what} is a text of 1 to {_LONGEST_NAME} characters.")
        kept.setdefault(value.strip().lower(), value.strip())
    if len(kept) > MOST_NAMES:
        raise UsageError(f"{len(kept)} are too many for a filter: it takes {MOST_NAMES} of a kind.")
    return tuple(kept[each] for each in sorted(kept))


def day(text: str) -> date:
    """A day as people write it; UsageError for what is none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"'{text}' is no day: write it as 2026-03-17.") from None
