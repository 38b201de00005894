"""Configuration as a document: which entries it may have, what each must look like, and how two documents differ.

A document is nested mappings as YAML gives them. `SHAPE` says what may stand where; an entry is named by its path, such as
programs / Spring Webinar / tags / Region. Read from a file by the command line, from the database by the store; nothing here
knows of either. What a document does not name stays as it is, unless it is pruned.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import getitem
from typing import Any

from campaignsync.domain.access import folder_path
from campaignsync.domain.errors import UsageError
from campaignsync.domain.fields import FieldDirection, FieldWinner
from campaignsync.domain.ids import salesforce_id
from campaignsync.domain.labels import LabelMapping
from campaignsync.domain.links import Approval, FieldEdit, Removal, StepBack, Winner
from campaignsync.domain.member_fields import FieldKind
from campaignsync.domain.mirror_filter import names
from campaignsync.domain.people import DuplicateRule, assignment
from campaignsync.domain.programs import amount, currency_code, month, rate
from campaignsync.domain.statuses import PROGRAM_TYPES

VERSION = 1
Path = tuple[str, ...]
Document = Mapping[str, Any]
Leaf = Callable[[Any], Any]
"""Brings a value to its one form, or raises UsageError."""


class WrongEntryError(UsageError):
    """An entry that may not stand where it stands, or says what makes no sense."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{written(path)}: {reason}", code="WRONG_ENTRY")
        self.path = path
        self.reason = reason


@contextlib.contextmanager
def at(*path: str) -> Iterator[None]:
    """Whatever is refused in here is refused for an entry: WrongEntryError names it."""
    try:
        yield
    except WrongEntryError:
        raise
    except UsageError as error:
        raise WrongEntryError(path, str(error)) from None


@dataclass(frozen=True, slots=True)
class Each:
    """A mapping from names of people's own to entries of one shape."""

    of: Any
    key: Leaf | None = None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise UsageError("text is wanted, in quotes where YAML would take it for something else")
    return value.strip()


def _any_text(value: Any) -> str:
    return _text(value) if value != "" else ""


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UsageError("true or false is wanted")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise UsageError("a whole number of 0 or more is wanted")
    return value


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UsageError("a share between 0 and 1 is wanted")
    return float(value)


def _money(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UsageError('an amount in quotes is wanted, such as "1200.00"')
    plain = amount(str(value)).normalize()
    return f"{max(plain, Decimal(plain).quantize(Decimal('0.01')), key=_decimals):f}"


def _decimals(value: Decimal) -> int:
    return -int(value.as_tuple().exponent)


def _month(value: Any) -> str:
    return f"{month(_text(value)):%Y-%m}"


def _day(value: Any) -> str:
    try:
        return date.fromisoformat(_text(value)).isoformat()
    except ValueError:
        raise UsageError("a day is wanted, such as 2026-03-17") from None


def _rate(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UsageError('a rate in quotes is wanted, such as "1.08"')
    return str(rate(f"EUR={value}")[1])


def _choice(*choices: str) -> Leaf:
    def one_of(value: Any) -> str:
        if value is False and "off" in choices:  # YAML takes the bare word for a truth value.
            return "off"
        if value not in choices:
            raise UsageError(f"one of these is wanted: {', '.join(choices)}")
        return str(value)

    return one_of


def _names(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise UsageError("a list of names is wanted, such as [Webinar, Trade Show]")
    return list(names(value, "type"))


def _or_none(leaf: Leaf) -> Leaf:
    return lambda value: None if value is None else leaf(value)


def _campaign(value: Any) -> str:
    return salesforce_id(_text(value), prefix="701")


def _list(value: Any) -> list[Any]:
    """What stands in a list of a smart campaign is looked at by `automation.reading`."""
    if not isinstance(value, list):
        raise UsageError("a list is wanted")
    return value


def _schedule(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError("a mapping is wanted, with entries start, zone, repeat")
    return dict(value)


SHAPE: Mapping[str, Any] = {
    "channels": Each(
        {
            "type": _choice(*PROGRAM_TYPES),
            "campaign_type": _or_none(_text),
            "statuses": Each({"step": _whole, "success": _flag}),
        }
    ),
    "programs": Each(
        {
            "channel": _text,
            "folder": lambda value: folder_path(_any_text(value)),
            "start": _or_none(_day),
            "end": _or_none(_day),
            "tags": Each(_any_text),
            "tokens": Each(_any_text),
            "costs": Each({"amount": _money, "currency": _text, "note": _any_text}, key=_month),
            "links": Each(
                {
                    "campaign": _campaign,
                    "policy": {
                        "winner": _choice(*Winner),
                        "step_back": _choice(*StepBack),
                        "removed_in_program": _choice(*Removal),
                        "removed_in_campaign": _choice(*Removal),
                        "field_edit": _choice(*FieldEdit),
                        "approval": _choice(*Approval),
                    },
                    "limits": {"removal_share": _share, "removal_number": _whole},
                    "labels": Each({"means": _text, "written": _flag}),
                }
            ),
        }
    ),
    "smart_campaigns": Each(
        {
            "active": _flag,
            "program": _or_none(_text),
            "priority": _whole,
            "qualification": _or_none(_text),
            "tokens": Each(_any_text),
            "schedule": _or_none(_schedule),
            "triggers": _or_none(_list),
            "filters": _or_none(_list),
            "logic": _or_none(_text),
            "flow": _or_none(_list),
        }
    ),
    "connections": Each(
        {
            "campaign_sync": _flag,
            "every_s": _or_none(_whole),
            "daily_calls": _or_none(_whole),
            "reserve": _or_none(_whole),
            "default_last_name": _any_text,
            "default_company": _any_text,
            "duplicate_rule": _choice(*DuplicateRule),
            "assignment": lambda value: assignment(_text(value)),
            "external_id_field": _or_none(_text),
            "currency": lambda value: currency_code(_text(value)),
            "mirror_filter": {
                "active_only": _flag,
                "types": _names,
                "record_types": _names,
                "created_since": _or_none(_day),
            },
            "rates": Each(_rate, key=lambda value: currency_code(_text(value))),
            "member_fields": Each(_text),
            "fields": Each(
                {
                    "lead": _or_none(_text),
                    "contact": _or_none(_text),
                    "direction": _choice(*FieldDirection),
                    "winner": _choice(*FieldWinner),
                }
            ),
        }
    ),
    "member_fields": Each({"kind": _choice(*FieldKind)}),
}


def written(path: Path) -> str:
    """A path as people read it."""
    return " / ".join(path)


def checked(document: Any) -> dict[str, Any]:
    """A document with every value in its one form; WrongEntryError names the first that is wrong."""
    if not isinstance(document, Mapping):
        raise WrongEntryError((), "a mapping is wanted, with entries such as channels, programs, connections")
    version = document.get("campaignsync")
    if version != VERSION:
        raise WrongEntryError(("campaignsync",), f"the version of the document is wanted, {VERSION}")
    rest = {name: value for name, value in document.items() if name != "campaignsync"}
    return {"campaignsync": VERSION, **_checked(rest, SHAPE, ())}


def _checked(value: Any, shape: Any, path: Path) -> Any:
    if callable(shape):
        try:
            return shape(value)
        except UsageError as error:
            raise WrongEntryError(path, str(error)) from None
    if value is None:
        value = {}
    if not isinstance(value, Mapping):
        raise WrongEntryError(path, "a mapping is wanted")
    found: dict[str, Any] = {}
    for key, entry in value.items():
        name, below = _named(key, shape, path)
        if name in found:
            raise WrongEntryError((*path, name), "is there twice")
        found[name] = _checked(entry, below, (*path, name))
    return found


def _named(key: Any, shape: Any, path: Path) -> tuple[str, Any]:
    """An entry's name in its one form, and its shape."""
    here = (*path, str(key))
    if isinstance(shape, Each):
        try:
            return (shape.key or _text)(key), shape.of
        except UsageError as error:
            raise WrongEntryError(here, str(error)) from None
    if key not in shape:
        raise WrongEntryError(here, f"is not known; what may stand here is {', '.join(shape)}")
    return key, shape[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One entry that is to change. `old` None: it is new; `new` None: it is emptied, or with `removes` taken away whole."""

    path: Path
    old: Any
    new: Any
    removes: bool = False

    def __str__(self) -> str:
        if self.removes:
            return f"- {written(self.path)}"
        if self.old is None:
            return f"+ {written(self.path)}: {self.new}"
        return f"~ {written(self.path)}: {self.old} → {'(empty)' if self.new is None else self.new}"


def differences(current: Document, wanted: Document, *, prune: bool) -> list[Difference]:
    """What has to change so that everything named in `wanted` is as it says there; with `prune`, also what goes since `wanted`
    has the list it stands in and does not name it. Connections never go: they hold secrets that no file brings back."""
    return [
        each
        for section, shape in SHAPE.items()
        if section in wanted
        for each in _different(current.get(section), wanted[section], shape, (section,), prune)
    ]


def _different(old: Any, new: Any, shape: Any, path: Path, prune: bool) -> Iterator[Difference]:
    if callable(shape):
        if old != new:
            yield Difference(path=path, old=old, new=new)
        return
    old = old or {}
    for name, entry in new.items():
        below = shape.of if isinstance(shape, Each) else shape[name]
        yield from _different(old.get(name), entry, below, (*path, name), prune)
    if prune and isinstance(shape, Each) and path != ("connections",):
        for name in sorted(old.keys() - new.keys()):
            yield Difference(path=(*path, name), old=name, new=None, removes=True)


def merged(current: Document, wanted: Document, changes: Iterable[Difference]) -> dict[str, Any]:
    """`current` with everything that `wanted` names as it says there, and without what the changes take away."""
    whole: dict[str, Any] = _united(current, wanted)
    for change in changes:
        if change.removes:
            *above, name = change.path
            del reduce(getitem, above, whole)[name]
    return whole


def _united(old: Any, new: Any) -> Any:
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    return {**old, **{name: _united(old.get(name), entry) for name, entry in new.items()}}


def label_mappings(link: Document) -> tuple[LabelMapping, ...]:
    """What the labels of a link mean."""
    return tuple(
        LabelMapping(
            label=label,
            status=required(each, "means", f"Label '{label}'"),
            written=each.get("written", False),
        )
        for label, each in link.get("labels", {}).items()
    )


def required(entry: Document, key: str, whose: str) -> str:
    """What an entry must say; UsageError when it does not."""
    if entry.get(key) is None:
        raise UsageError(f"{whose} needs an entry '{key}'.")
    return str(entry[key])
