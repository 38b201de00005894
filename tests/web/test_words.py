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
