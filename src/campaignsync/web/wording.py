"""What the engine says, in the reader's language: reasons, faults, whys and kinds that pure rooms make and the store keeps.

Those rooms know no gettext, and what they said stands in the journal and in problems for months: as English, which logs, the
command line and the API show as it is. So each of their sentences is an entry of the catalogue with the context `engine`; it
stands there as it was made, with {1}, {2} … for what was filled in. Here a sentence is recognised by its entry, which is its
code, and worded anew with the same parameters (docs/adr/0016). Used by the filters of templates and by whatever page shows an
error; it must never change a rule.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.utils import formats
from django.utils.translation import get_language

CONTEXT = "engine\x04"
ONCE = "engine once\x04"
"""What the engine said before it said it otherwise: the store keeps it for months, and pages word it as before."""
_LOCALE = Path(__file__).parent / "locale"
_PLACE = re.compile(r"\{(\d+)\}")
_NUMBER = re.compile(r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?( ?%)?")
_COMMAND = re.compile(r"(?<=[.:;])[^.:;\n]*: campaignsync [^\n]*")
_LEAST_WORDS = 3
"""So many letters of its own must a sentence have to be recognised: '{1}: {2}' would be anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A sentence of the engine: how it is recognised, and its translation."""

    pieces: tuple[str, ...]
    pattern: re.Pattern[str]
    quoted: frozenset[str]
    """Which places stand in quotes: there is a name of somebody's choice, which is worded in no other way."""
    says: str


def worded(text: str) -> str:
    """A text of the engine in the reader's language; as it is where the reader's language is the engine's, or nobody knows it."""
    language = _language()
    return text if language == "en" or not text else _worded(language, text)


def in_words(told: object) -> str:
    """An account of the engine, or an error, without the sentence that says what to type: on pages there is a button for it."""
    return _COMMAND.sub("", worded(str(told))).strip(" :;")


def in_words_of(language: str, told: str) -> str:
    """The same in a language that is named."""
    return _COMMAND.sub("", _worded(language, told)).strip(" :;")


def _language() -> str:
    return (get_language() or "en").partition("-")[0]


def foreign(text: str) -> bool:
    """Whether a text stays English on a page that is not: Salesforce's own words mostly."""
    language = _language()
    return language != "en" and bool(text) and _worded(language, text) == text


@lru_cache(maxsize=8192)
def _worded(language: str, text: str) -> str:
    plain, sentences = _catalogue(language)
    if text in plain:
        return plain[text]
    found = _recognised(sentences, text)
    if found:
        sentence, match = found
        return _PLACE.sub(lambda place: _part(language, sentence, match, place[1]), sentence.says)
    for mark in ("\n", "; "):
        if mark in text:
            return mark.join(_worded(language, part) for part in text.split(mark))
    parts = text.split(", ")
    # A list is worded when all of it is the engine's; names of somebody's choice are left alone.
    if len(parts) > 1 and all(_worded(language, part) != part for part in parts):
        return ", ".join(_worded(language, part) for part in parts)
    return text


def _recognised(sentences: tuple[_Sentence, ...], text: str) -> tuple[_Sentence, re.Match[str]] | None:
    for sentence in sentences:
        if all(piece in text for piece in sentence.pieces):
            match = sentence.pattern.fullmatch(text)
            if match:
                return sentence, match
    return None


def _part(language: str, sentence: _Sentence, match: re.Match[str], place: str) -> str:
    """What was filled in, worded: a number, or a sentence within the sentence."""
    value = match[f"p{place}"]
    if place in sentence.quoted:
        return value
    if _NUMBER.fullmatch(value):
        return _number(language, value)
    return _worded(language, value)


def _number(language: str, value: str) -> str:
    """A number with the separators of the reader's language."""
    thousands, decimals = (
        str(formats.get_format(name, lang=language, use_l10n=True))
        for name in ("THOUSAND_SEPARATOR", "DECIMAL_SEPARATOR")
    )
    swap = {",": thousands, ".": decimals}
    written = "".join(swap.get(each, each) for each in value)
    return re.sub(r"(?<=\d)%", "\N{NO-BREAK SPACE}%", written) if swap["."] == "," else written


@lru_cache(maxsize=8)
def _catalogue(language: str) -> tuple[Mapping[str, str], tuple[_Sentence, ...]]:
    """What the engine says in so many words, and its sentences with places, those with most words of their own first."""
    plain, sentences = dict[str, str](), list[_Sentence]()
    for source, says in entries(language):
        if _PLACE.search(source):
            sentences.append(_sentence(source, says))
        else:
            plain[source] = says
    known = [each for each in sentences if _letters(each.pieces) >= _LEAST_WORDS]
    return plain, tuple(sorted(known, key=lambda each: -_letters(each.pieces)))


def entries(language: str, *contexts: str) -> Iterator[tuple[str, str]]:
    """All sentences of the engine in a language, each with its translation: those it says and those it said once."""
    known: Mapping[object, str] = getattr(
        _compiled(language), "_catalog", {}
    )  # gettext lists its entries nowhere else.
    for key, says in known.items():
        for context in contexts or (CONTEXT, ONCE):
            if isinstance(key, str) and key.startswith(context):
                yield key.removeprefix(context), says


def translated(language: str, text: str) -> str:
    """A text of the pages in a language that is named, whatever language is at work."""
    return _compiled(language).gettext(text)


@lru_cache(maxsize=8)
def _compiled(language: str) -> gettext.NullTranslations:
    try:
        with (_LOCALE / language / "LC_MESSAGES" / "django.mo").open("rb") as compiled:
            return gettext.GNUTranslations(compiled)
    except FileNotFoundError:
        return gettext.NullTranslations()


def _sentence(source: str, says: str) -> _Sentence:
    parts = _PLACE.split(source)
    pattern = "".join(
        re.escape(part) if at % 2 == 0 else f"(?P<p{part}>.*?)" for at, part in enumerate(parts)
    )
    return _Sentence(
        pieces=tuple(part for part in parts[::2] if part),
        pattern=re.compile(pattern, re.DOTALL),
        quoted=frozenset(re.findall(r"'\{(\d+)\}'", source)),
        says=says,
    )


def _letters(pieces: tuple[str, ...]) -> int:
    return sum(each.isalpha() for piece in pieces for each in piece)
