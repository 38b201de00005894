"""What the engine says is worded in German: its sentences are recognised, and none of them lacks its entry or is left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from engine_texts import ROOT, modules, template, texts

NOT_ON_PAGES = (
    "domain/configuration.py",  # of the configuration file: the command line and the API
    "domain/connections.py",
    "planner/explain.py",  # a plan as text, for the command line
    "planner/explain_people.py",
    "runtime/backups.py",
    "runtime/configuring.py",
    "runtime/embedded_postgres.py",
    "store/configuration.py",
)
SHOWN_WHOLE = ("automation/catalogue.py", "planner/decide.py", "runtime/doctor.py", "runtime/labels.py")
"""Of these every sentence is shown; of the others what errors, problems and findings say."""
TOLD_BY = {"says", "seen", "to_do", "said", "message", "reason", "why", "becomes"}
TOGETHER = {
    (
        "the channel has no status '{1}'"
        ': change it in Salesforce, or say what it means: campaignsync labels "{2}" --map LABEL=STATUS'
    )
}
"""A reason and its way out, which the planner puts together."""
BUDGET = {
    f"{used} are used ({{{last}}}){means}."
    for last, used in (
        (3, "{1} of the {2} API calls of our budget"),
        (4, "{1} of the {2} API calls that the org has beyond the {3} for others"),
    )
    for means in (
        ": a round comes once an hour at the most",
        ": first loads wait until there are more, and other backfills; a round comes once an hour at the most",
        ": until there are more, it is only looked, and a round comes once an hour at the most",
        ": nothing begins until there are more",
    )
}
"""What is used, and what that means for rounds (domain.budget)."""
IN_SQL = {
    "Nothing to do: both sides are the same{1}",
    'A plan waits for approval. {1} Read it with: campaignsync approvals "{2}"',
    (
        "winner: {1}, step back: {2}, removed in program: {3}, removed in campaign: {4}, field edit: {5}, approval: {6},"
        " removals: over {7} of them and over {8}"
    ),
}
"""Made by the database, piece by piece."""
CODE = re.compile(r"^campaignsync [a-z]|^\W*[a-z_.]+ ?= |^--|^[a-z_]+\(|%s|\{\"|^[A-Z ]+$")


def said(tree: ast.AST, whole: bool) -> Iterator[ast.AST]:
    """What a module tells people: all of its texts, or those that stand in errors and findings."""
    if whole:
        yield from texts(tree)
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name.endswith("Error"):
                yield from (text for each in node.args[:1] for text in texts(each))
            yield from (text for each in node.keywords if each.arg in TOLD_BY for text in texts(each.value))


def is_sentence(text: str) -> bool:
    """Whether it is said to somebody: several words, and no code."""
    bare = re.sub(r"\{\d+\}", "", text)
    return bool(re.search(r"[a-z]{2}", bare) and re.search(r"\w \w", bare) and not CODE.search(text))


def known() -> set[str]:
    from campaignsync.web.wording import CONTEXT, entries

    return {source for source, _says in entries("de", CONTEXT)}


def test_every_sentence_that_the_engine_says_on_pages_has_its_german(app: object) -> None:
    """Add to django.po with msgctxt "engine" what this names."""
    sentences = {
        text: name
        for name, tree in modules()
        if name not in NOT_ON_PAGES
        for text in (template(node) for node in said(tree, name in SHOWN_WHOLE))
        if text and is_sentence(text)
    }
    assert len(sentences) > 300
    assert {text: name for text, name in sentences.items() if text not in known()} == {}


def test_nothing_in_the_catalogue_is_left_over(app: object) -> None:
    """A sentence stands in a module of the engine as it is here; a word among its texts, its SQL, or the names of its fields."""
    anywhere = {text for _name, tree in modules() for node in texts(tree) if (text := template(node))}
    whole = anywhere | {text.strip("'") for text in anywhere} | IN_SQL | TOGETHER | BUDGET
    words = {word for text in anywhere for word in (*re.findall(r"[\w-]+", text), text.replace("_", " "))}
    assert sorted(known() - whole - words) == []


def test_what_was_ever_said_is_still_worded(app: object) -> None:
    """The journal and problems hold it for months. Whoever has the engine say something otherwise leaves the former entry in
    django.po, with msgctxt "engine once", and takes no line out of said.txt."""
    from campaignsync.web.wording import entries

    said = (ROOT / "web" / "locale" / "said.txt").read_text("utf-8").splitlines()
    worded = {source.replace("\n", r"\n") for source, _says in entries("de")}
    assert len(said) > 800
    assert sorted(set(said) - worded) == []


def test_a_sentence_that_was_said_once_is_worded_like_one_that_is_said(app: object) -> None:
    from campaignsync.web.wording import in_words_of

    once = "Somebody changed the status in the campaign while it was being written: theirs was put back and is judged anew."
    assert once not in known()
    assert in_words_of("de", once).startswith("Jemand hat den Status in der Kampagne geändert")


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("changed here", "hier geändert"),
        (
            (
                "1,200 of 4,000 members would be removed in one round, 0 from the program and 1,200 from the campaign:"
                " more than 10 and more than 30%. Look at it with: campaignsync plan \"A 'B'\"; let it go on with:"
                " campaignsync sync \"A 'B'\" --allow-removals"
            ),
            (
                "1.200 von 4.000 Mitgliedern würden in einer Runde entfernt, 0 aus dem Programm und 1.200 aus der Kampagne:"
                " mehr als 10 und mehr als 30\N{NO-BREAK SPACE}%."
            ),
        ),
        (
            "changed on both sides: 'member' in the program, 'it's {1}' in the campaign, of equal steps",
            "auf beiden Seiten geändert: „member“ im Programm, „it's {1}“ in der Kampagne, mit gleicher Stufe",
        ),
        ("smart campaign 'flow', step 2", "Smart Campaign „flow“, Schritt 2"),
        ("Use one of these records?", "Use one of these records?"),
    ],
)
def test_a_sentence_is_worded_anew_with_what_was_filled_in(app: object, english: str, german: str) -> None:
    """Names in quotes stay as somebody wrote them, also where they are words of ours; numbers are written as Germans do."""
    from django.utils import translation

    from campaignsync.web.wording import foreign, in_words

    assert in_words(english).startswith(english[:10])
    with translation.override("de"):
        assert in_words(english) == german
        assert foreign(english) == (english == german)
