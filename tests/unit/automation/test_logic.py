"""How filters are joined: words in, logic out; nonsense is told where it stands (M10.7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.automation.logic import read_logic
from campaignsync.domain.errors import UsageError
from campaignsync.domain.smart_campaigns import Logic


def holds(logic: Logic | int, facts: list[bool]) -> bool:
    if isinstance(logic, int):
        return facts[logic]
    parts = [holds(part, facts) for part in logic.parts]
    return not parts[0] if logic.word == "not" else all(parts) if logic.word == "and" else any(parts)


@pytest.mark.parametrize(
    ("text", "facts", "wanted"),
    [
        ("ALL", [True, True, False], False),
        ("any", [False, False, True], True),
        ("1 and (2 or 3)", [True, False, True], True),
        ("1 and (2 or 3)", [False, True, True], False),
        ("1 or 2 and 3", [True, False, False], True),
        ("not 1 and 2 and 3", [False, True, True], True),
        ("not (1 or 2) and 3", [False, True, True], False),
        ("1 AND NOT 2 AND NOT 3", [True, False, False], True),
    ],
)
def test_filters_are_joined_as_the_words_say(text: str, facts: list[bool], wanted: bool) -> None:
    assert holds(read_logic(text, 3), facts) is wanted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 and", "its end"),
        ("1 and 4 and 2 and 3", "there are 3"),
        ("1 and 2", "does not ask for filter 3"),
        ("(1 or 2", "not closed"),
        ("1 2 3", "from '2' on"),
        ("1 and 2; drop", "no sense"),
        ("", "the logic is ALL"),
        ("(" * 60 + "1" + ")" * 60 + " and 2 and 3", "brackets"),
    ],
)
def test_nonsense_is_named(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read_logic(text, 3)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 0) -> str:
    kind = draw(st.sampled_from(["leaf", "leaf", "and", "or", "not"])) if depth < 4 else "leaf"
    if kind == "leaf":
        return str(draw(st.integers(1, 3)))
    if kind == "not":
        return f"not ({draw(expressions(depth + 1))})"
    return f"({draw(expressions(depth + 1))}) {kind} ({draw(expressions(depth + 1))})"


@given(expressions(), st.lists(st.booleans(), min_size=3, max_size=3))
def test_logic_means_what_python_takes_it_for(text: str, facts: list[bool]) -> None:
    whole = f"({text}) and (1 or not 1) and (2 or not 2) and (3 or not 3)"
    python = whole
    for number, fact in enumerate(facts, start=1):
        python = python.replace(str(number), str(fact))
    assert holds(read_logic(whole, 3), facts) is eval(python)  # noqa: S307 - built above, of words alone.
