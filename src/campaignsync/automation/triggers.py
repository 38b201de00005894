"""What fires: changes out of the journal against the triggers of the smart campaigns that are active.

Called by `runtime.flow_runner`. Triggers are kept by what they ask for first, a campaign, a program, a field, so that a change is
never compared with triggers that cannot match it, however many there are. Equal changes of many people are compared once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from campaignsync.domain.smart_campaigns import (
    EVENTS,
    FIRED,
    Comparison,
    Operator,
    Scalar,
    Trigger,
    Watching,
)
from campaignsync.domain.statuses import folded

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "campaign": ("campaign_id", "campaign"),
    "program": ("program",),
    "field": ("field",),
    "type": ("type",),
    "channel": ("channel",),
    "new status": ("new",),
    "status": ("new",),
    "previous status": ("old",),
    "new value": ("new",),
    "previous value": ("old",),
    "responded": ("responded",),
    "success": ("success",),
}
"""Which columns of a change a constraint is compared with."""
_FIRST = ("campaign", "program", "field", "type", "channel", "new status", "status")
"""What triggers are kept by, the narrowest first."""
_REMOVED = "Removed from SFDC Campaign"
_REQUESTED = "Campaign is Requested"
Key = tuple[str, str, str]


class TriggerIndex:
    """The triggers that are listened to, by what a change must have for any of them to match."""

    def __init__(self, watching: Iterable[Watching]) -> None:
        self._kept: dict[Key, list[tuple[int, Trigger]]] = defaultdict(list)
        self._since: dict[int, int] = {}
        self.comparisons = 0
        """How often a trigger was compared with a change; for figures."""
        for each in watching:
            self._since[each.smart_campaign_id] = each.since_entry
            for trigger in each.triggers:
                for key in _keys(each.smart_campaign_id, trigger):
                    self._kept[key].append((each.smart_campaign_id, trigger))

    @property
    def triggers(self) -> frozenset[str]:
        """The names of the triggers that anybody listens to."""
        return frozenset(trigger for trigger, _, _ in self._kept)

    def fields(self) -> list[str]:
        """The fields of people whose changes anybody listens to."""
        return sorted(
            {
                str(value)
                for kept in self._kept.values()
                for _, trigger in kept
                for value in _values(trigger.constraints.get("field"))
            }
        )

    def fired(self, events: pl.DataFrame) -> pl.DataFrame:
        """Which smart campaigns fire for which changes (EVENTS in, FIRED out), in the order of the changes. One smart campaign
        fires once a change, however many of its triggers match."""
        if events.is_empty():
            return pl.DataFrame(schema=FIRED)
        same = [name for name in EVENTS if name not in ("entry_id", "person_id")]
        kinds = events.select(same).unique(maintain_order=True)
        pairs = [
            (*row.values(), found) for row in kinds.iter_rows(named=True) for found in self._matching(row)
        ]
        schema = {**{name: EVENTS[name] for name in same}, "smart_campaign_id": pl.Int64}
        since = pl.DataFrame(
            list(self._since.items()), schema={"smart_campaign_id": pl.Int64, "since": pl.Int64}, orient="row"
        )
        return (
            events.join(pl.DataFrame(pairs, schema=schema, orient="row"), on=same, nulls_equal=True)
            .join(since, on="smart_campaign_id")
            .filter(pl.col("entry_id") > pl.col("since"))
            .select(*FIRED)
            .sort("entry_id", "smart_campaign_id")
        )

    def _matching(self, event: Mapping[str, Any]) -> list[int]:
        found: dict[int, None] = {}
        for key in _asked(event):
            for smart_campaign_id, trigger in self._kept.get(key, ()):
                if smart_campaign_id not in found:
                    self.comparisons += 1
                    if _matches(trigger, event):
                        found[smart_campaign_id] = None
        return list(found)


def _keys(smart_campaign_id: int, trigger: Trigger) -> list[Key]:
    """Under what a trigger is kept: everything that it would take for the first thing it asks for."""
    if trigger.trigger == _REQUESTED:
        return [(trigger.trigger, "field", str(smart_campaign_id))]
    for name in _FIRST:
        constraint = trigger.constraints.get(name)
        if (
            constraint
            and constraint.operator is Operator.IS
            and (name, trigger.trigger) != ("status", _REMOVED)
        ):
            return [(trigger.trigger, name, folded(str(value))) for value in set(constraint.values)]
    return [(trigger.trigger, "", "")]


def _asked(event: Mapping[str, Any]) -> list[Key]:
    """Under what the triggers are kept that a change could match."""
    trigger = event["trigger"]
    keys = [(trigger, "", "")]
    for name in _FIRST:
        keys += {
            (trigger, name, folded(event[column])) for column in _COLUMNS[name] if event[column] is not None
        }
    return keys


def _matches(trigger: Trigger, event: Mapping[str, Any]) -> bool:
    return all(
        fits(constraint, [event[column] for column in _columns(trigger.trigger, name)])
        for name, constraint in trigger.constraints.items()
    )


def _columns(trigger: str, constraint: str) -> tuple[str, ...]:
    return ("old",) if (trigger, constraint) == (_REMOVED, "status") else _COLUMNS[constraint]


def fits(comparison: Comparison, found: Sequence[Scalar | None]) -> bool:
    """Whether any of these values compares as wanted; for what says `not`, whether none of them does otherwise. Text compares
    trimmed and without regard to case."""
    there = [value for value in found if value is not None and value != ""]
    if comparison.operator in _TURNED_ROUND:
        turned = Comparison(operator=_TURNED_ROUND[comparison.operator], values=comparison.values)
        return not fits(turned, found)
    if comparison.operator is Operator.IS_EMPTY:
        return not there
    return any(_compares(comparison, value) for value in there)


def _compares(comparison: Comparison, value: Scalar) -> bool:
    if isinstance(value, bool):
        return comparison.operator is Operator.IS and value in comparison.values
    text, wanted = folded(str(value)), [folded(str(each)) for each in comparison.values]
    match comparison.operator:
        case Operator.IS:
            return text in wanted
        case Operator.CONTAINS:
            return any(each in text for each in wanted)
        case Operator.STARTS_WITH:
            return text.startswith(tuple(wanted))
        case Operator.ON:
            return text[:10] in wanted
        case Operator.BEFORE:
            return text < wanted[0]
        case Operator.AFTER:
            return text[: len(wanted[0])] > wanted[0]
        case Operator.BETWEEN:
            return wanted[0] <= text[: len(wanted[0])] and text[: len(wanted[1])] <= wanted[1]
    return False


_TURNED_ROUND = {
    Operator.IS_NOT: Operator.IS,
    Operator.IS_NOT_EMPTY: Operator.IS_EMPTY,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_STARTS_WITH: Operator.STARTS_WITH,
}


def _values(constraint: Comparison | None) -> tuple[Scalar, ...]:
    return constraint.values if constraint and constraint.operator is Operator.IS else ()
