"""Configuration documents: what may stand where, and what a difference is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.configuration import WrongEntryError, checked, differences, merged

NAMES = st.sampled_from(["Webinar", "Fair", "Mail"])
STATUSES = st.dictionaries(
    NAMES, st.fixed_dictionaries({}, optional={"step": st.integers(0, 99), "success": st.booleans()})
)
CHANNELS = st.dictionaries(
    NAMES, st.fixed_dictionaries({}, optional={"type": st.just("event"), "statuses": STATUSES})
)
TAGS = st.dictionaries(NAMES, st.text("ab", min_size=1, max_size=3))
PROGRAMS = st.dictionaries(NAMES, st.fixed_dictionaries({"channel": NAMES}, optional={"tags": TAGS}))
DOCUMENTS = st.fixed_dictionaries(
    {"campaignsync": st.just(1), "channels": CHANNELS, "programs": PROGRAMS, "connections": st.just({})}
)


def document(**sections: Any) -> dict[str, Any]:
    return {"campaignsync": 1, **sections}


@given(current=DOCUMENTS, wanted=DOCUMENTS, prune=st.booleans())
def test_what_was_brought_to_a_document_differs_from_it_no_more(
    current: dict[str, Any], wanted: dict[str, Any], prune: bool
) -> None:
    final = merged(current, wanted, differences(current, wanted, prune=prune))
    assert differences(final, wanted, prune=prune) == []


@given(current=DOCUMENTS, wanted=DOCUMENTS)
def test_nothing_goes_unless_it_is_pruned(current: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert not any(each.removes for each in differences(current, wanted, prune=False))
    final = merged(current, wanted, differences(current, wanted, prune=False))
    for section in ("channels", "programs"):
        assert current[section].keys() <= final[section].keys()


def test_a_list_that_the_document_does_not_have_is_never_pruned() -> None:
    current = document(
        channels={"Webinar": {"type": "event"}}, programs={"P": {"channel": "Webinar", "tags": {"a": "b"}}}
    )
    wanted = document(programs={"P": {"channel": "Webinar"}})
    assert differences(current, wanted, prune=True) == []
    wanted = document(programs={"P": {"channel": "Webinar", "tags": {}}})
    assert [str(each) for each in differences(current, wanted, prune=True)] == ["- programs / P / tags / a"]


def test_connections_are_never_taken_away() -> None:
    current = document(connections={"main": {"campaign_sync": True}})
    assert differences(current, document(connections={}), prune=True) == []


@pytest.mark.parametrize(
    ("wrong", "path", "words"),
    [
        ([], "", "a mapping is wanted"),
        ({}, "campaignsync", "version"),
        (document(campaign={}), "campaign", "is not known; what may stand here is channels, programs"),
        (document(channels=["Webinar"]), "channels", "a mapping is wanted"),
        (document(channels={"W": {"type": "party"}}), "channels / W / type", "default, event"),
        (document(channels={"W": {"statuses": {"A": {"step": -1}}}}), "channels / W / statuses / A / step", "0 or more"),
        (document(channels={"W": {"statuses": {"A": {"success": "yes"}}}}), "channels / W / statuses / A / success", "true or"),
        (document(programs={"P": {"costs": {"March": {}}}}), "programs / P / costs / March", "YYYY-MM"),
        (document(programs={"P": {"costs": {"2026-03": {"amount": 1.5}}}}), "programs / P / costs / 2026-03 / amount", "quotes"),
        (document(programs={"P": {"links": {"m": {"campaign": "00Q1"}}}}), "programs / P / links / m / campaign", "701"),
        (
            document(programs={"P": {"links": {"m": {"policy": {"winner": "me"}}}}}),
            "programs / P / links / m / policy / winner",
            "further",
        ),
        (document(programs={" ": {}}), "programs /  ", "text is wanted"),
        (document(connections={"m": {"password": "x"}}), "connections / m / password", "is not known"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named_by_its_path(wrong: object, path: str, words: str) -> None:
    with pytest.raises(WrongEntryError) as refused:
        checked(wrong)
    assert " / ".join(refused.value.path) == path
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "form"), [("1200", "1200.00"), ("1200.5", "1200.50"), (7, "7.00"), ("0.125", "0.125")]
)
def test_amounts_have_one_form(text: object, form: str) -> None:
    """M1.6."""
    cost = {"programs": {"P": {"costs": {"2026-03": {"amount": text}}}}}
    assert checked(document(**cost))["programs"]["P"]["costs"]["2026-03"]["amount"] == form
