"""Texts with tokens, such as `Hello {{person.first_name}}` (M9.7: tokens don't work in conditions).

Used by `reading` to check texts and by `decide` to fill in what is the same for everybody. What differs from person to person
stays a token in the template, for the store to fill.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from campaignsync.automation.catalogue import SOURCES, TOKENS
from campaignsync.domain.errors import UsageError
from campaignsync.domain.flows import Template, Token
from campaignsync.domain.trees import PERSON_FIELDS

_TOKEN = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_DEEPEST = 10


def read_template(text: str, constants: Mapping[tuple[str, str], str]) -> Template:
    """A text with the tokens of `constants` filled in, by source and name. UsageError for a token that nobody knows."""
    parts: list[str | Token] = []
    _read(text, constants, parts, 0)
    return Template(parts=tuple(parts))


def _read(text: str, constants: Mapping[tuple[str, str], str], parts: list[str | Token], depth: int) -> None:
    if depth > _DEEPEST:
        raise UsageError("tokens stand for one another in a circle")
    at = 0
    for found in _TOKEN.finditer(text):
        if found.start() > at:
            parts.append(text[at : found.start()])
        at = found.end()
        token = _token(found[1])
        if token.source in ("person", "trigger"):
            parts.append(token)
        elif (token.source, token.name) in constants:
            _read(constants[token.source, token.name], constants, parts, depth + 1)
        else:
            raise UsageError(_unknown(token, constants))
    if at < len(text):
        parts.append(text[at:])


def _unknown(token: Token, constants: Mapping[tuple[str, str], str]) -> str:
    named = f"{{{{{token.source}.{token.name}}}}}"
    if token.source == "program":
        return f"{named} stands for nothing: the smart campaign is in no program, or the program has no such date"
    known = ", ".join(name for source, name in constants if source == "my") or "none"
    return f"the token {named} stands for nothing; under `tokens` there are: {known}"


def _token(text: str) -> Token:
    source, _, name = text.strip().partition(".")
    source, name = source.strip().lower(), name.strip()
    if source not in SOURCES or not name:
        raise UsageError(
            f"there is no token '{{{{{text}}}}}': tokens begin with {', '.join(SOURCES)}, such as {{{{person.email}}}}"
        )
    if source in TOKENS:
        name = name.lower()
        if name not in TOKENS[source]:
            raise UsageError(
                f"there is no token '{{{{{text}}}}}': what may follow {source} is {', '.join(sorted(TOKENS[source]))}"
            )
    return Token(source, name)


def differs(text: str) -> bool:
    """Whether a text holds tokens that each person fills for themselves."""
    sources = (found[1].strip().partition(".")[0].strip().lower() for found in _TOKEN.finditer(text))
    return any(source in ("person", "trigger") for source in sources)


def check_tokens(
    text: str, mine: Collection[str] | None, fields: Callable[[str], bool] | None = None
) -> None:
    """UsageError for a token in a text that cannot stand for anything. `fields` says which custom fields there are."""
    for found in _TOKEN.finditer(text):
        token = _token(found[1])
        if token.source == "my" and mine is not None and token.name not in mine:
            raise UsageError(
                f"the token '{{{{my.{token.name}}}}}' is not among `tokens`, here or of the program:"
                f" {', '.join(sorted(mine)) or 'none'}"
            )
        known = token.name in PERSON_FIELDS or token.name in ("id", "name")
        if token.source == "person" and fields and not (known or fields(token.name)):
            raise UsageError(f"there is no field '{token.name}' for the token '{{{{person.{token.name}}}}}'")
    if "{{" in _TOKEN.sub("", text):
        raise UsageError("a token begins with {{ and does not end with }}")
