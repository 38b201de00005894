"""Definitions are read from plain values; what makes no sense is named with the place it stands in."""

from __future__ import annotations

from typing import Any

import pytest

from campaignsync.automation.catalogue import ACTIONS, FILTERS, TRIGGERS
from campaignsync.automation.decide import ACTIONS_WITH_EFFECTS
from campaignsync.automation.reading import read_definition
from campaignsync.automation.tokens import read_template
from campaignsync.domain.configuration import WrongEntryError
from campaignsync.domain.errors import UsageError
from campaignsync.domain.fields import ValueKind
from campaignsync.domain.flows import Token
from campaignsync.domain.smart_campaigns import Comparison, Operator

FIELDS = {"shoe_size": ValueKind.NUMBER, "pet": ValueKind.TEXT}
WHOLE: dict[str, Any] = {
    "program": "Spring",
    "priority": 2,
    "qualification": "every 3 days",
    "tokens": {"event": "the {{program.name}}"},
    "triggers": [
        {"trigger": "Added to SFDC Campaign", "campaign": ["Spring", "Summer"], "status": {"is not": "Sent"}}
    ],
    "filters": [
        {"filter": "Not Member of SFDC Campaign", "campaign": "Autumn", "date added": {"in past": "30 days"}},
        {"filter": "Person Field", "field": "shoe_size", "value": {"between": [40, 44]}},
    ],
    "logic": "1 or 2",
    "flow": [
        {
            "action": "Change Program Status",
            "program": "Spring",
            "status": "Registered",
            "choices": [
                {
                    "if": {"filter": "Person Field", "field": "country", "value": "Germany"},
                    "status": "Attended",
                },
                {"if": {"filter": "Member of List", "list": "Press"}, "do": "nothing"},
            ],
        },
        {"action": "Wait", "for": "3 days"},
        {"action": "Send Alert", "to": "sales@example.com", "subject": "{{person.name}} at {{my.event}}"},
    ],
}


def test_a_whole_definition_is_read() -> None:
    campaign = read_definition("x", WHOLE, FIELDS)
    assert campaign.is_trigger
    assert campaign.smart_list.triggers[0].constraints == {
        "campaign": Comparison(operator=Operator.IS, values=("Spring", "Summer")),
        "status": Comparison(operator=Operator.IS_NOT, values=("Sent",)),
    }
    first, second = campaign.smart_list.filters
    assert (first.negated, first.constraints["date added"].values) == (True, (720.0,))
    assert second.constraints["value"].values == (40.0, 44.0)
    step = campaign.flow[0]
    assert [choice.values for choice in step.choices] == [{"program": "Spring", "status": "Attended"}, None]
    assert step.values == {"program": "Spring", "status": "Registered"}


@pytest.mark.parametrize(
    ("changed", "path", "told"),
    [
        ({"triger": []}, "triger", "is not known"),
        ({"priority": 11}, "priority", "1, the first"),
        ({"qualification": "twice"}, "qualification", "once, every time"),
        (
            {"triggers": [{"trigger": "Is Cloned"}]},
            "triggers / 1 / trigger",
            "there is no trigger 'Is Cloned'",
        ),
        ({"triggers": [{"trigger": "Data Value Changes"}]}, "triggers / 1 / field", "is wanted"),
        (
            {"triggers": [{"trigger": "Added to SFDC Campaign", "colour": "red"}]},
            "triggers / 1 / colour",
            "campaign, type, status",
        ),
        (
            {"filters": [{"filter": "Person Field", "field": "mood", "value": "x"}]},
            "filters / 1 / field",
            "no field 'mood'",
        ),
        (
            {"filters": [{"filter": "Person Field", "field": "shoe_size", "value": {"contains": "4"}}]},
            "filters / 1 / value",
            "does not compare here",
        ),
        (
            {"filters": [{"filter": "Person Field", "field": "shoe_size", "value": {"between": [44, 40]}}]},
            "filters / 1 / value",
            "nothing is between",
        ),
        (
            {"filters": [{"filter": "Member of SFDC Campaign", "date added": {"on": "soon"}}]},
            "filters / 1 / date added",
            "is no day",
        ),
        ({"logic": "1 and 3"}, "logic", "there are 2"),
        ({"filters": [], "logic": "1 and (2"}, "logic", "there are 0"),
        (
            {"flow": [{"action": "Add to SFDC Campaign", "campaign": "{{ person.email }}"}]},
            "flow / 1 / campaign",
            "the same for everybody",
        ),
        ({"flow": [{"action": "Fly"}]}, "flow / 1 / action", "there is no action"),
        (
            {"flow": [{"action": "Change Program Status", "program": "Spring"}]},
            "flow / 1 / status",
            "is wanted",
        ),
        ({"flow": [{"action": "Wait"}]}, "flow / 1", "either"),
        ({"flow": [{"action": "Wait", "for": "-3 days"}]}, "flow / 1", "longer than nothing"),
        (
            {"flow": [{"action": "Send Alert", "to": "x@y.zz", "subject": "{{my.evnet}}"}]},
            "flow / 1 / subject",
            "not among `tokens`",
        ),
        (
            {"flow": [{"action": "Send Alert", "to": "x@y.zz", "subject": "{{person.mood}}"}]},
            "flow / 1 / subject",
            "no field 'mood'",
        ),
        (
            {"flow": [{"action": "Send Alert", "to": "x@y.zz", "subject": "{{lead.x}}"}]},
            "flow / 1 / subject",
            "no token",
        ),
        (
            {"flow": [{"action": "Add to List", "list": "{{my.event}}"}]},
            "flow / 1 / list",
            "no token may stand here",
        ),
        (
            {"flow": [{"action": "Change Data Value", "field": "email", "value": "x"}]},
            "flow / 1",
            "who somebody is",
        ),
        (
            {
                "flow": [
                    {
                        "action": "Add to List",
                        "list": "a",
                        "choices": [
                            {"if": {"filter": "Person Field", "field": "pet", "value": 1}, "do": "jump"}
                        ],
                    }
                ]
            },
            "flow / 1 / choices / 1 / do",
            "nothing is all",
        ),
        ({"schedule": {"start": "x"}}, "schedule", "is no moment"),
    ],
)
def test_what_makes_no_sense_is_named_with_its_place(changed: dict[str, Any], path: str, told: str) -> None:
    with pytest.raises(WrongEntryError, match=told) as caught:
        read_definition("x", {**WHOLE, **changed}, FIELDS)
    assert " / ".join(caught.value.path) == path


@pytest.mark.parametrize(
    "junk", [None, 1, "x", [], {"flow": "x"}, {"flow": [1]}, {"filters": {"a": 1}}, {"tokens": [1]}]
)
def test_junk_is_refused_by_a_sentence(junk: Any) -> None:
    with pytest.raises(UsageError):
        read_definition("x", junk, FIELDS)


def test_tokens_that_are_the_same_for_all_are_filled_in_and_the_others_stay() -> None:
    constants = {("my", "event"): "the {{program.name}}", ("program", "name"): "Spring"}
    made = read_template("Hi {{ person.first_name }}, {{my.event}}!", constants)
    assert made.parts == ("Hi ", Token("person", "first_name"), ", ", "the ", "Spring", "!")
    assert read_template("{{my.event}}", constants).constant == "the Spring"


def test_tokens_that_stand_for_one_another_in_a_circle_are_named() -> None:
    with pytest.raises(UsageError, match="circle"):
        read_template("{{my.a}}", {("my", "a"): "{{my.b}}", ("my", "b"): "{{my.a}}"})


def test_every_action_of_the_catalogue_comes_to_an_effect() -> None:
    assert {entry.name for entry in ACTIONS} == ACTIONS_WITH_EFFECTS


def test_names_are_told_apart() -> None:
    for entries in (TRIGGERS, FILTERS, ACTIONS):
        assert len({entry.name.lower() for entry in entries}) == len(entries)
