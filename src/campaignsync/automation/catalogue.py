"""Every trigger, filter and flow action with its constraints and values: what a definition may say (M9, M10).

Read by `reading` to check definitions and by docs/make_pages.py to tell of them. A new one is an entry here, and an expression in
`store.filtering` or an effect in `decide` and `store.effects`; a test holds the three together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from campaignsync.domain.smart_campaigns import ValueType
from campaignsync.domain.statuses import folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A constraint of a trigger or filter, or a value of an action."""

    type: ValueType
    says: str
    required: bool = False
    tokens: bool = False
    """Whether a text with tokens may stand here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A trigger, a filter or an action."""

    name: str
    says: str
    wants: Mapping[str, Wanted] = field(default_factory=dict)


_CAMPAIGN = Wanted(type=ValueType.NAME, says="the campaign, by its name or its id in Salesforce")
_TYPE = Wanted(type=ValueType.TEXT, says="the campaign's type")
_RESPONDED = Wanted(type=ValueType.TRUTH, says="whether the status counts as responded in that campaign")
_PROGRAM = Wanted(type=ValueType.NAME, says="the program, by its name")
_CHANNEL = Wanted(type=ValueType.NAME, says="the program's channel")
_FIELD = Wanted(
    type=ValueType.FIELD, says="the field of people, as `campaignsync fields` lists it", required=True
)
_WHEN = Wanted(type=ValueType.TIME, says="when it happened")


def _status(says: str) -> Wanted:
    return Wanted(type=ValueType.TEXT, says=says)


def _needed(wanted: Wanted, *, tokens: bool = False) -> Wanted:
    return Wanted(type=wanted.type, says=wanted.says, required=True, tokens=tokens)


def _text(says: str, *, required: bool = True) -> Wanted:
    return Wanted(type=ValueType.TEXT, says=says, required=required, tokens=True)


TRIGGERS = (
    Entry(
        name="Added to SFDC Campaign",
        says="Somebody becomes a member of a campaign, there or by us (M10.1).",
        wants={
            "campaign": _CAMPAIGN,
            "type": _TYPE,
            "status": _status("the status they were added with"),
            "responded": _RESPONDED,
        },
    ),
    Entry(
        name="Removed from SFDC Campaign",
        says="Somebody ceases to be a member of a campaign; whose lead or contact was deleted or merged does not (M7.9).",
        wants={"campaign": _CAMPAIGN, "type": _TYPE, "status": _status("the status they had")},
    ),
    Entry(
        name="Status is Changed in SFDC Campaign",
        says="A member of a campaign gets another status.",
        wants={
            "campaign": _CAMPAIGN,
            "type": _TYPE,
            "new status": _status("the status they get"),
            "previous status": _status("the status they had"),
            "responded": _RESPONDED,
        },
    ),
    Entry(
        name="Added to Program",
        says="Somebody becomes a member of a program.",
        wants={"program": _PROGRAM, "channel": _CHANNEL, "status": _status("the status they begin with")},
    ),
    Entry(
        name="Program Status is Changed",
        says="A member of a program gets another status.",
        wants={
            "program": _PROGRAM,
            "channel": _CHANNEL,
            "new status": _status("the status they get"),
            "previous status": _status("the status they had"),
            "success": Wanted(type=ValueType.TRUTH, says="whether the new status is a success"),
        },
    ),
    Entry(
        name="Data Value Changes",
        says="A field of a person changes here, whoever changed it first.",
        wants={
            "field": _FIELD,
            "new value": _status("what it holds now"),
            "previous value": _status("what it held"),
        },
    ),
    Entry(name="Person is Created", says="We come to know somebody: by import, by hand, from Salesforce."),
    Entry(
        name="Campaign is Requested",
        says="A flow hands somebody over by the action Request Campaign; this smart campaign must listen to it.",
    ),
)
FILTERS = (
    Entry(
        name="Member of SFDC Campaign",
        says="Is a member of such a campaign now.",
        wants={
            "campaign": _CAMPAIGN,
            "type": _TYPE,
            "status": _status("the member's status"),
            "responded": Wanted(type=ValueType.TRUTH, says="whether the member has responded"),
            "date added": Wanted(type=ValueType.TIME, says="when the member was added"),
        },
    ),
    Entry(
        name="Was Added to SFDC Campaign",
        says="Became a member of such a campaign in that time, since we keep the journal.",
        wants={"campaign": _CAMPAIGN, "type": _TYPE, "status": _status("with which status"), "when": _WHEN},
    ),
    Entry(
        name="Was Removed from SFDC Campaign",
        says="Ceased to be a member of such a campaign in that time.",
        wants={"campaign": _CAMPAIGN, "type": _TYPE, "status": _status("the status they had"), "when": _WHEN},
    ),
    Entry(
        name="Status Was Changed in SFDC Campaign",
        says="Got another status in such a campaign in that time.",
        wants={
            "campaign": _CAMPAIGN,
            "type": _TYPE,
            "new status": _status("the status they got"),
            "previous status": _status("the status they had"),
            "when": _WHEN,
        },
    ),
    Entry(
        name="Member of Program",
        says="Is a member of such a program now.",
        wants={
            "program": _PROGRAM,
            "channel": _CHANNEL,
            "status": _status("the member's status"),
            "success": Wanted(type=ValueType.TRUTH, says="whether the member has reached success"),
            "member since": Wanted(type=ValueType.TIME, says="since when"),
        },
    ),
    Entry(
        name="Program Status",
        says="Has such a status in a program.",
        wants={"program": _needed(_PROGRAM), "status": _needed(_status("the member's status"))},
    ),
    Entry(
        name="Person Field",
        says="A field of the person compares as said; `created` is when we came to know them.",
        wants={"field": _FIELD, "value": Wanted(type=ValueType.TEXT, says="how it compares", required=True)},
    ),
    Entry(
        name="Member of List",
        says="Is on a list of ours.",
        wants={"list": Wanted(type=ValueType.NAME, says="the list, by its name", required=True)},
    ),
    Entry(
        name="Known to Salesforce",
        says="Is a lead or contact that was not deleted there.",
        wants={
            "connection": Wanted(type=ValueType.NAME, says="in which org, by its connection"),
            "kind": Wanted(type=ValueType.TEXT, says="lead or contact"),
        },
    ),
)
ACTIONS = (
    Entry(
        name="Add to SFDC Campaign",
        says="Adds with the status; who is a member already is skipped, and keeps the status they have (M9.2). Who is not in"
        " Salesforce is made a lead first (M9.1).",
        wants={
            "campaign": _needed(_CAMPAIGN, tokens=True),
            "status": _text("the status; the campaign's default when left out", required=False),
        },
    ),
    Entry(
        name="Remove from SFDC Campaign",
        says="Removes; who is no member is skipped (M9.3).",
        wants={"campaign": _needed(_CAMPAIGN, tokens=True)},
    ),
    Entry(
        name="Change Status in SFDC Campaign",
        says="Gives the status; who is no member yet is added with it (M9.4), and made a lead first where need be (M9.1).",
        wants={"campaign": _needed(_CAMPAIGN, tokens=True), "status": _text("the new status")},
    ),
    Entry(
        name="Sync Person to SFDC",
        says="Makes the person a lead in Salesforce unless they are there, at once (M9.5).",
        wants={
            "connection": Wanted(
                type=ValueType.NAME, says="in which org; needed only where there are several"
            ),
            "assign to": Wanted(
                type=ValueType.TEXT,
                says="the id of a user or a queue that shall own who is new to us there; by the org's rules when left out",
            ),
        },
    ),
    Entry(
        name="Change Program Status",
        says="Gives the status in a program, and makes the person a member; nobody moves a step back (M9.6, M2.2).",
        wants={"program": _needed(_PROGRAM, tokens=True), "status": _text("the new status")},
    ),
    Entry(
        name="Change Data Value",
        says="Gives a field of the person a value; an empty value clears it.",
        wants={"field": _FIELD, "value": _text("the value")},
    ),
    Entry(
        name="Add to List",
        says="Puts the person on a list of ours; who is on it already is skipped.",
        wants={"list": Wanted(type=ValueType.NAME, says="the list, by its name", required=True)},
    ),
    Entry(
        name="Remove from List",
        says="Takes the person off a list of ours; who is not on it is skipped.",
        wants={"list": Wanted(type=ValueType.NAME, says="the list, by its name", required=True)},
    ),
    Entry(
        name="Request Campaign",
        says="Hands the person to another smart campaign that is active and has the trigger Campaign is Requested.",
        wants={
            "smart campaign": Wanted(
                type=ValueType.NAME, says="the smart campaign, by its name", required=True
            )
        },
    ),
    Entry(
        name="Wait",
        says="Goes on later: after a span such as `3 days`, or on a day such as 2026-05-01 or `{{program.start}}`.",
        wants={
            "for": _text(
                "a span: a number of minutes, hours, days, weeks or months of 30 days", required=False
            ),
            "until": _text("a day or a moment; a token may stand here", required=False),
            "shift": _text("a span that is added to the day; with a minus, taken from it", required=False),
            "zone": _text(
                "the time zone of the day, such as Europe/Berlin; UTC when left out", required=False
            ),
            "hour": Wanted(type=ValueType.NUMBER, says="the hour of that day; 0 when left out"),
        },
    ),
    Entry(
        name="Call Webhook",
        says="Sends a request; one that fails or hangs is tried again, four times in all, and then named."
        " Each is sent with the same"
        " Idempotency-Key however often it is tried.",
        wants={
            "url": _text("an address of http or https"),
            "method": _text("POST, PUT or GET; POST when left out", required=False),
            "body": _text("what is sent; left out: the person's id and address as JSON", required=False),
        },
    ),
    Entry(
        name="Send Alert",
        says="Mails people of yours about the person.",
        wants={
            "to": _text("addresses, with commas between them"),
            "subject": _text("the subject"),
            "body": _text("the text", required=False),
        },
    ),
)
SOURCES = {
    "person": "a field of the person, or `id`, `name`",
    "program": "of the program the smart campaign is in: `name`, `start`, `end`",
    "trigger": "of the change that brought the person: `name`, `campaign`, `campaign id`, `program`, `field`, `old`, `new`",
    "my": "what the definition says of it under `tokens`, else what its program says (`campaignsync program set --token`)",
}
"""The first words of tokens, and what may follow."""
TOKENS = {
    "program": frozenset({"name", "start", "end"}),
    "trigger": frozenset({"name", "campaign", "campaign id", "program", "field", "old", "new"}),
}


def _by_name(entries: tuple[Entry, ...]) -> Mapping[str, Entry]:
    return {folded(entry.name): entry for entry in entries}


TRIGGERS_BY_NAME, FILTERS_BY_NAME, ACTIONS_BY_NAME = map(_by_name, (TRIGGERS, FILTERS, ACTIONS))
