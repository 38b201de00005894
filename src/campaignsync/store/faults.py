"""What a smart campaign names and is not there: campaigns, statuses, programs, lists that were deleted or never were.

Called when one is saved, shown or activated, so that a marketer reads it where they look; nothing is kept, since it changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from campaignsync.domain.smart_campaigns import Comparison, Condition, Operator, Scalar, SmartCampaign
from campaignsync.store import models
from campaignsync.store.filtering import campaigns_meant
from campaignsync.store.frames import rows

_BY_NAME = {
    "program": (models.Program, "program"),
    "channel": (models.Channel, "channel"),
    "list": (models.PeopleList, "list"),
    "connection": (models.Connection, "connection"),
    "smart campaign": (models.SmartCampaign, "smart campaign"),
}


def faults_of(campaign: SmartCampaign, now: datetime) -> list[str]:
    """One sentence a fault, with the place it stands in."""
    return list(dict.fromkeys(_faults(campaign, now)))


def _faults(campaign: SmartCampaign, now: datetime) -> Iterator[str]:
    program = models.Program.objects.filter(name=campaign.program).first() if campaign.program else None
    tokens = {**(program.tokens if program else {}), **campaign.tokens}
    if campaign.program and program is None:
        yield f"there is no program '{campaign.program}'."
    for number, trigger in enumerate(campaign.smart_list.triggers, start=1):
        yield from _of_constraints(trigger.constraints, f"trigger {number}", now)
        yield from _unheard(trigger.constraints, f"trigger {number}", now)
    for number, condition in enumerate(campaign.smart_list.filters, start=1):
        yield from _of_condition(condition, f"filter {number}", now)
    for number, step in enumerate(campaign.flow, start=1):
        if step.values:
            yield from _of_values(step.values, f"step {number}", tokens, now)
        for choice in step.choices:
            yield from _of_condition(choice.condition, f"step {number}", now)
            if choice.values:
                yield from _of_values(choice.values, f"step {number}", tokens, now)


def _of_condition(condition: Condition, where: str, now: datetime) -> Iterator[str]:
    yield from _of_constraints(condition.constraints, where, now)
    yield from _unheard(condition.constraints, where, now)


def _of_constraints(constraints: Mapping[str, Comparison], where: str, now: datetime) -> Iterator[str]:
    named = constraints.get("campaign")
    for value in named.values if named else ():
        alone = {"campaign": Comparison(operator=Operator.IS, values=(value,))}
        found = campaigns_meant(alone, now) or []
        if not found:
            yield f"{where}: the campaign '{value}' is not there, or was deleted."
        elif named and named.operator is Operator.IS:
            for name in ("status", "new status", "previous status"):
                yield from _labels(constraints.get(name), found, str(value), where)
    for name, (model, noun) in _BY_NAME.items():
        comparison = constraints.get(name)
        for value in comparison.values if comparison else ():
            if not model.objects.filter(name__iexact=str(value).strip()).exists():  # type: ignore[attr-defined]
                yield f"{where}: there is no {noun} '{value}'."
    yield from _statuses(constraints, where)


def _unheard(constraints: Mapping[str, Comparison], where: str, now: datetime) -> Iterator[str]:
    """Campaigns that a filter of the mirror leaves out: who is in them is not known, and nothing of it is heard (M3.4)."""
    named = {name: constraints[name] for name in ("campaign",) if name in constraints}
    found = rows(
        "SELECT c.name AS campaign, x.name FROM store_campaign c JOIN store_connection x ON x.id = c.connection_id"
        " WHERE c.salesforce_id = ANY(%s) AND c.scope = 'out' ORDER BY 1, 2",
        (campaigns_meant(named, now) or [],),
    )
    for row in found:
        yield (
            f"{where}: the campaign '{row['campaign']}' is outside the filter of connection '{row['name']}', so that nobody"
            f" knows who is in it. Link it, or let it in with: campaignsync mirror --connection {row['name']}"
        )


def _labels(comparison: Comparison | None, campaigns: list[str], name: str, where: str) -> Iterator[str]:
    if comparison is None or comparison.operator is not Operator.IS:
        return
    found = rows(
        "SELECT DISTINCT lower(trim(label)) AS label FROM store_campaignmemberstatus WHERE campaign_id = ANY(%s)",
        (campaigns,),
    )
    known = {row["label"] for row in found}
    for value in comparison.values:
        if str(value).strip().lower() not in known:
            yield f"{where}: the campaign '{name}' has no status '{value}', so that this can never be."


def _statuses(constraints: Mapping[str, Comparison], where: str) -> Iterator[str]:
    """Statuses that a program's channel does not have."""
    named = constraints.get("program")
    if named is None or named.operator is not Operator.IS:
        return
    programs = models.Program.objects.filter(name__in=[str(value) for value in named.values])
    known = {
        status.lower()
        for status in models.ProgressionStatus.objects.filter(channel__program__in=programs).values_list(
            "name", flat=True
        )
    }
    for name in ("status", "new status", "previous status"):
        comparison = constraints.get(name)
        if known and comparison and comparison.operator is Operator.IS:
            for value in comparison.values:
                if str(value).strip().lower() not in known:
                    yield f"{where}: no channel of these programs has a status '{value}', so that this can never be."


def _of_values(
    values: Mapping[str, Scalar], where: str, tokens: Mapping[str, str], now: datetime
) -> Iterator[str]:
    """What an action names, as far as it is the same for everybody; my-tokens are filled in."""
    known = {name: filled(str(value), tokens) for name, value in values.items()}
    known = {name: value for name, value in known.items() if "{{" not in value}
    as_constraints: dict[str, Comparison] = {
        name: Comparison(operator=Operator.IS, values=(known[name],))
        for name in ("campaign", "program", "list", "connection", "smart campaign", "status")
        if name in known
    }
    if (
        "campaign" in as_constraints
        or "program" in as_constraints
        or len(as_constraints) > ("status" in as_constraints)
    ):
        yield from _of_constraints(as_constraints, where, now)


def filled(text: str, tokens: Mapping[str, str]) -> str:
    """A text with the my-tokens that are known in place of their names."""
    for name, value in tokens.items():
        text = text.replace(f"{{{{my.{name}}}}}", value)
    return text
