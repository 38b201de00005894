"""The pages in German: every word has its translation, numbers and dates are written as Germans do."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator

from campaignsync.bootstrap import Application
from campaignsync.web.site import HERE
from web_org import populate
from web_words import client

CATALOGUE = HERE / "locale" / "de" / "LC_MESSAGES"
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "ngettext": 2, "ngettext_lazy": 2}
"""What is called with a text that is translated, and with how many forms of it."""


def german() -> gettext.GNUTranslations:
    with (CATALOGUE / "django.mo").open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


def called(source: str, mentioned: str) -> Iterator[tuple[str, ...]]:
    """The texts that a module has translated: one form of each, or two."""
    for node in ast.walk(ast.parse(source, mentioned)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            forms = node.args[: CALLS[node.func.id]]
            assert all(isinstance(form, ast.Constant) for form in forms), (mentioned, node.lineno)
            yield tuple(form.value for form in forms)  # type: ignore[attr-defined]


def shown(source: str) -> Iterator[tuple[str, ...]]:
    """The texts that a template has translated."""
    from django.utils.translation.template import templatize

    for call in re.findall(
        r"(?:n?gettext|_)\((?:u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\"|[\s,])+", templatize(source)
    ):
        yield from called(f"{call.rstrip(', ')})", "a template")


def words() -> set[tuple[str, ...]]:
    """Every text of the pages that is meant to be read in the reader's language."""
    found = {text for page in (HERE / "templates").rglob("*.html") for text in shown(page.read_text("utf-8"))}
    for module in HERE.rglob("*.py"):
        found.update(called(module.read_text("utf-8"), module.name))
    return found


def test_every_word_of_the_pages_has_its_german(app: Application) -> None:
    """Templates and code alike. Add to django.po what this names, then in its folder: msgfmt django.po -o django.mo"""
    texts = words()
    known = {key for key in german()._catalog if "\x04" not in (key if isinstance(key, str) else key[0])}  # type: ignore[attr-defined]
    assert len(texts) > 500
    lacking = {text[0] for text in texts if text[0] not in known and (text[0], 0) not in known}
    assert sorted(lacking) == []
    unused = {key if isinstance(key, str) else key[0] for key in known} - {text[0] for text in texts}
    assert sorted(unused - {""}) == [], "no text is like this any more"


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    source = (CATALOGUE / "django.po").read_text("utf-8")
    assert re.findall(r'^msgstr ""$', source, flags=re.MULTILINE) == ['msgstr ""'], "only the head is empty"
    told = re.findall(
        r'(?<!^msgctxt "engine"\n)(?<!^msgctxt "engine once"\n)(?<!^msgctxt "column"\n)^msgid "(.+)"\nmsgstr "(.+)"$',
        source,
        flags=re.MULTILINE,
    )
    known = german()
    assert len(told) > 400
    plain = [(word, words) for word, words in told if "\\" not in word + words]
    assert [word for word, words in plain if known.gettext(word) != words] == []


def test_a_german_reads_german_words_numbers_and_dates(site: str, app: Application) -> None:
    populate(app, programs=1)
    visitor = client()
    visitor.cookies["django_language"] = "de"
    text = visitor.get("/programs/1/").content.decode()
    assert 'lang="de"' in text
    assert "Mitglieder" in text
    assert "1.200,50 USD" in text
