"""What a step comes to: the values of an action, with tokens filled in, become an effect (M9).

Called by `runtime.flow_runner` once a choice, never once a person. UsageError says why a step cannot be done for these people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from campaignsync.automation.commands import QUEUE
from campaignsync.automation.qualification import read_span
from campaignsync.automation.schedule import zone_of
from campaignsync.automation.tokens import read_template
from campaignsync.domain.errors import UsageError
from campaignsync.domain.flows import (
    CallWebhook,
    CampaignVerb,
    ChangeCampaign,
    ChangeDataValue,
    ChangeList,
    ChangeProgramStatus,
    Effect,
    Nothing,
    RequestCampaign,
    SendAlert,
    SyncPerson,
    Template,
    Wait,
)
from campaignsync.domain.ids import salesforce_id
from campaignsync.domain.smart_campaigns import Scalar, SmartCampaign, Taken

Constants = Mapping[tuple[str, str], str]
_DEFAULT_BODY = '{"person": "{{person.id}}", "email": "{{person.email}}"}'
_METHODS = ("POST", "PUT", "GET")


def constants_of(campaign: SmartCampaign, taken: Taken) -> Constants:
    """What tokens stand for that is the same for everybody in a flow."""
    # What the smart campaign itself says counts before what its program says.
    found = {("my", name): text for name, text in {**taken.program_tokens, **campaign.tokens}.items()}
    if taken.program is not None:
        found["program", "name"] = taken.program
    for name, day in zip(("start", "end"), taken.program_dates, strict=True):
        if day is not None:
            found["program", name] = day.isoformat()
    return found


def effect_of(
    action: str, values: Mapping[str, Scalar] | None, constants: Constants, *, implied: bool
) -> Effect:
    """The effect of an action with these values; None: nothing."""
    if values is None:
        return Nothing()
    return _EFFECTS[action](_Values(values, constants, implied))


class _Values:
    """The values of an action, read as they are needed."""

    def __init__(self, values: Mapping[str, Scalar], constants: Constants, implied: bool) -> None:
        self._values, self._constants, self.implied = values, constants, implied

    def template(self, name: str, default: str = "") -> Template:
        return read_template(str(self._values.get(name, default)), self._constants)

    def optional(self, name: str) -> Template | None:
        return self.template(name) if name in self._values else None

    def constant(self, name: str) -> str:
        """A value that must be the same for everybody."""
        text = self.template(name).constant
        if text is None:
            raise UsageError(
                f"'{name}' must be the same for everybody: tokens of persons and triggers cannot stand there"
            )
        return text.strip()

    def optional_constant(self, name: str) -> str | None:
        return self.constant(name) if name in self._values else None

    def number(self, name: str) -> float:
        return float(self._values.get(name, 0))


def _change_campaign(verb: CampaignVerb) -> Callable[[_Values], Effect]:
    return lambda values: ChangeCampaign(
        verb=verb,
        campaign=values.constant("campaign"),
        status=values.optional("status"),
        implied=values.implied,
    )


_OWNERS = ("005", QUEUE)
"""What the ids of users and of queues begin with."""


def _sync(values: _Values) -> Effect:
    owner = values.optional_constant("assign to")
    if owner is not None:
        owner = salesforce_id(owner)
        if not owner.startswith(_OWNERS):
            raise UsageError(
                f"'{owner}' is neither a user nor a queue: their ids begin with {' and '.join(_OWNERS)}."
            )
    return SyncPerson(connection=values.optional_constant("connection"), owner=owner)


def _wait(values: _Values) -> Effect:
    span = values.optional_constant("for")
    if span is not None:
        return Wait(span=read_span(span))
    zone = values.optional_constant("zone") or "UTC"
    where, shift = (
        zone_of(zone),
        read_span(values.constant("shift") or "0 days") if values.optional("shift") else timedelta(),
    )
    until, hour = values.template("until"), int(values.number("hour"))
    text = until.constant
    if text is None:
        return Wait(until=until, shift=shift, zone=zone, hour=hour)
    try:
        day = (
            date.fromisoformat(text.strip())
            if len(text.strip()) == 10
            else datetime.fromisoformat(text.strip())
        )
    except ValueError:
        raise UsageError(f"'{text}' is no day to wait for: one such as 2026-05-01 is wanted") from None
    if not isinstance(day, datetime):
        day = datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 - the zone is given below.
    moment = day if day.tzinfo else day.replace(tzinfo=where)
    return Wait(moment=moment.astimezone(UTC) + shift)


def _webhook(values: _Values) -> Effect:
    method = (values.optional_constant("method") or "POST").upper()
    if method not in _METHODS:
        raise UsageError(f"'{method}' is no method that is sent: {', '.join(_METHODS)} are")
    return CallWebhook(url=values.template("url"), method=method, body=values.template("body", _DEFAULT_BODY))


_EFFECTS: Mapping[str, Callable[[_Values], Effect]] = {
    "Add to SFDC Campaign": _change_campaign(CampaignVerb.ADD),
    "Remove from SFDC Campaign": _change_campaign(CampaignVerb.REMOVE),
    "Change Status in SFDC Campaign": _change_campaign(CampaignVerb.STATUS),
    "Sync Person to SFDC": _sync,
    "Change Program Status": lambda values: ChangeProgramStatus(
        program=values.constant("program"), status=values.template("status")
    ),
    "Change Data Value": lambda values: ChangeDataValue(
        field=values.constant("field"), value=values.template("value")
    ),
    "Add to List": lambda values: ChangeList(list=values.constant("list"), add=True),
    "Remove from List": lambda values: ChangeList(list=values.constant("list"), add=False),
    "Request Campaign": lambda values: RequestCampaign(smart_campaign=values.constant("smart campaign")),
    "Wait": _wait,
    "Call Webhook": _webhook,
    "Send Alert": lambda values: SendAlert(
        to=values.template("to"), subject=values.template("subject"), body=values.template("body")
    ),
}
ACTIONS_WITH_EFFECTS = frozenset(_EFFECTS)
