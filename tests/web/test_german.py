"""The pages in German: every word has its translation, numbers and dates are written as Germans do."""

from __future__ import annotations

import gettext
import re

from campaignsync.bootstrap import Application
from campaignsync.web.site import HERE
from web_org import populate
from web_words import client

CATALOGUE = HERE / "locale" / "de" / "LC_MESSAGES"
TRANSLATED = re.compile(r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')""")


def german() -> gettext.GNUTranslations:
    with (CATALOGUE / "django.mo").open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


def test_every_word_of_the_templates_has_its_german() -> None:
    """Made with: django-admin makemessages -l de, then compilemessages, both in src/campaignsync/web."""
    known = german()
    words = {
        first or second
        for page in (HERE / "templates").rglob("*.html")
        for first, second in TRANSLATED.findall(page.read_text("utf-8"))
    }
    assert len(words) > 300
    same = {"Tag", "Tags", "Name", "Org", "Plan", "Person", "Status", "Journal", "Webhooks", "Lead", "lead"}
    same |= {"Definition", "normal", "Smart campaign", "In Salesforce", "in Salesforce", "Max/h"}
    assert {word for word in words if known.gettext(word) == word} <= same


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    source = (CATALOGUE / "django.po").read_text("utf-8")
    assert re.findall(r'^msgstr ""$', source, flags=re.MULTILINE) == ['msgstr ""'], "only the head is empty"
    told = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', source, flags=re.MULTILINE)
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
