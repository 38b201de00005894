"""What the pages leave out of an account, and how they write a definition."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (
            "51 of 102 would go: more than 10. Look at it with: campaignsync plan X",
            "51 of 102 would go: more than 10.",
        ),
        (
            "the channel has no status 'A': change it, or say what it means: campaignsync labels",
            "the channel has no status 'A'",
        ),
        ("Nothing to type here.", "Nothing to type here."),
        (None, ""),
    ],
)
def test_an_account_is_shown_without_what_to_type(app: object, told: str | None, shown: str) -> None:
    """On pages there is a button for it."""
    from campaignsync.web.templatetags.words import without_commands

    assert without_commands(told) == shown


def test_a_definition_is_written_in_the_order_in_which_people_tell_it(app: object) -> None:
    from campaignsync.web.smart_campaigns.definition import added, read, written

    kept = {
        "flow": [{"field": "notes", "action": "Change Data Value", "value": "x"}],
        "filters": [],
        "triggers": [],
    }
    text = written(kept)
    assert text.index("triggers") < text.index("filters") < text.index("flow")
    assert "- action: Change Data Value" in text
    assert read(text) == kept
    more = added(
        read(text), "filter", "Member of Program", {"value program": "A | B", "operator program": "is not"}
    )
    assert more["filters"] == [{"filter": "Member of Program", "program": {"is not": ["A", "B"]}}]


def test_a_choice_is_made_from_the_fields_of_a_form(app: object) -> None:
    """M9.7: the condition is a filter, and what the step does for them stands line by line; empty: nothing."""
    from campaignsync.domain.errors import UsageError
    from campaignsync.web.smart_campaigns.definition import added, steps

    kept = {"flow": [{"action": "Change Program Status", "program": "Spring", "status": "Invited"}]}
    country = {"value field": "country", "value value": "Germany"}
    more = added(
        kept, "filter", "Person Field", {**country, "step": "1", "then": "status=Attended\nprogram = Autumn"}
    )
    more = added(more, "filter", "Member of List", {"value list": "Press", "negated": "yes", "step": "1"})
    assert more["flow"][0]["choices"] == [
        {
            "if": {"filter": "Person Field", "field": "country", "value": "Germany"},
            "status": "Attended",
            "program": "Autumn",
        },
        {"if": {"filter": "Not Member of List", "list": "Press"}, "do": "nothing"},
    ]
    assert steps(more) == ["Change Program Status"]
    for given, told in (({"step": "2"}, "no step 2"), ({"step": "1", "then": "list=A"}, "is no value of")):
        with pytest.raises(UsageError, match=told):
            added(kept, "filter", "Person Field", {**country, **given})


def test_settings_of_a_form_are_those_that_were_changed_in_it(app: object) -> None:
    """M10.5, M10.6: what was changed in the text meanwhile stays."""
    from campaignsync.domain.errors import UsageError
    from campaignsync.web.smart_campaigns.definition import settings, settled

    kept = {
        "flow": [],
        "qualification": "every time",
        "schedule": {"start": "2026-03-29 02:30", "zone": "Europe/Berlin"},
    }
    shown = settings(kept)
    assert (shown["start"], shown["zone"], shown["qualification"]) == (
        "2026-03-29T02:30",
        "Europe/Berlin",
        "every time",
    )
    form = {**shown, **{f"was {name}": value for name, value in shown.items()}}
    assert settled({**kept, "qualification": "every 3 days"}, form)["qualification"] == "every 3 days"
    assert settled(kept, {**form, "repeat": "weekdays", "priority": "3"}) == {
        **kept,
        "priority": 3,
        "schedule": {"start": "2026-03-29 02:30", "zone": "Europe/Berlin", "repeat": "weekdays"},
    }
    assert settled(kept, {**form, "start": "", "qualification": ""}) == {"flow": []}
    for changed in ({"start": "", "repeat": "daily"}, {"priority": "first"}):
        with pytest.raises(UsageError):
            settled(kept, {**form, **changed})
