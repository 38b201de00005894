"""SOSL text → Search: the words, the kinds of fields they are looked for in, and what of which objects is returned.

Called by the wire. What stands in the parentheses of RETURNING is SOQL but for its SELECT and FROM, and is left to the
compiler of SOQL. Rests on the SOQL and SOSL Reference, "SOSL Syntax".
"""

import re
from dataclasses import dataclass

from salesforce_sandbox.org.errors import SalesforceError

MOST_FOUND = 2_000
SCOPES = ("ALL", "NAME", "EMAIL", "PHONE", "SIDEBAR")
_FIND = re.compile(r"\s*FIND\s*\{((?:[^{}\\]|\\.)*)\}\s*", re.IGNORECASE | re.DOTALL)
_SCOPE = re.compile(rf"IN\s+({'|'.join(SCOPES)})\s+FIELDS\b\s*", re.IGNORECASE)
_RETURNING = re.compile(r"RETURNING\s+", re.IGNORECASE)
_LIMIT = re.compile(r"LIMIT\s+(\d+)\s*", re.IGNORECASE)
_NAME = re.compile(r"\s*([A-Za-z]\w*)\s*")
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_CLAUSES = re.compile(
    r"(?P<fields>.*?)(?:\bWHERE\b(?P<where>.*?))?(?P<rest>\b(?:ORDER\s+BY|LIMIT|OFFSET)\b.*)?",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Returning:
    """What is returned of one object: SOQL's SELECT list, its condition, and the clauses behind that."""

    sobject: str
    fields: str = "Id"
    where: str = ""
    rest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """`scope` is ALL, NAME, EMAIL, PHONE or SIDEBAR; nothing named in `returning` means every object that can be searched."""

    words: str
    scope: str = "ALL"
    returning: tuple[Returning, ...] = ()
    limit: int = MOST_FOUND


def parse(text: str) -> Search:
    """The search a text says; SalesforceError MALFORMED_SEARCH when it says none."""
    found = _FIND.match(text)
    if not found:
        raise malformed("No search term found. The search term must be enclosed in braces.")
    words, rest = found[1], text[found.end() :]
    scope, limit = "ALL", MOST_FOUND
    returning: tuple[Returning, ...] = ()
    if found := _SCOPE.match(rest):
        scope, rest = found[1].upper(), rest[found.end() :]
    if found := _RETURNING.match(rest):
        returning, rest = _returning(rest[found.end() :])
    if found := _LIMIT.match(rest):
        limit, rest = min(int(found[1]), MOST_FOUND), rest[found.end() :]
    if rest.upper().startswith(("WITH", "UPDATE", "USING")):
        message = f"SOSL {rest.split()[0].upper()} is not built in this sandbox; docs/sandbox_coverage.md lists what is."
        raise SalesforceError(501, "NOT_IMPLEMENTED_BY_SANDBOX", message)
    if rest.strip():
        raise malformed(f"unexpected token: {rest.split()[0]}")
    return Search(words=words, scope=scope, returning=returning, limit=limit)


def malformed(message: str) -> SalesforceError:
    return SalesforceError(400, "MALFORMED_SEARCH", message)


def _returning(text: str) -> tuple[tuple[Returning, ...], str]:
    """The objects that are named, and the text behind them."""
    found: list[Returning] = []
    while name := _NAME.match(text):
        text = text[name.end() :]
        inside = ""
        if text.startswith("("):
            end = _closing(text)
            inside, text = text[1:end], text[end + 1 :].lstrip()
        found.append(_one(name[1], inside))
        if not text.startswith(","):
            return tuple(found), text
        text = text[1:]
    raise malformed("An object is expected behind RETURNING and behind each comma")


def _closing(text: str) -> int:
    """Where the parenthesis closes that the text opens with."""
    depth = 0
    for at, character in enumerate(_masked(text)):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if not depth:
            return at
    raise malformed("A parenthesis of RETURNING is not closed")


def _one(sobject: str, inside: str) -> Returning:
    if not inside.strip():
        return Returning(sobject=sobject)
    parts = _CLAUSES.fullmatch(_masked(inside))
    assert parts  # noqa: S101 - each part of the pattern may be empty
    fields, where, rest = (inside[slice(*parts.span(name))] for name in ("fields", "where", "rest"))
    return Returning(sobject=sobject, fields=fields.strip() or "Id", where=where.strip(), rest=rest.strip())


def _masked(text: str) -> str:
    """The text with its string literals blotted out, letter for letter, so that no word is found in them."""
    return _STRING.sub(lambda found: "'" * len(found[0]), text)
