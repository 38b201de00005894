"""Which records have the words: whole words without regard to case, `*` and `?` within them, phrases in quotes.

Called by the wire. SQLite finds the rows that have the letters, the words are then looked for in those alone. There is no
ranking, stemming or spelling correction: records come as their object's query orders them. Rests on the SOQL and SOSL
Reference, "FIND {SearchQuery}".
"""

# ruff: noqa: S608 - what is put into statements are names of the schema.

import re
from collections.abc import Callable, Iterator
from typing import Any

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.org.schema import Field, SObject
from salesforce_sandbox.org.soql.shape import Answering
from salesforce_sandbox.org.sosl.syntax import MOST_FOUND, Returning, Search, malformed

SHORTEST_TERM = 2
_TEXTS = ("string", "email", "phone", "textarea", "url", "picklist")
_TYPES_IN_SCOPE = {"EMAIL": ("email",), "PHONE": ("phone",)}
_NAMES = ("Name", "FirstName", "LastName")
_TERM = re.compile(r'"([^"]*)"|\(|\)|[^\s()"]+')
_WORD = re.compile(r"[\w*?]+")
_OPERATORS = ("AND", "OR", "NOT")
Holds = Callable[[str], bool]


def find(org: Org, search: Search, caller: Caller, version: str) -> list[dict[str, Any]]:
    """The records a search finds, object by object in the order asked for."""
    holds, letters = _meaning(search.words)
    searchable = [each for each in org.schema if _may_search(org, each, caller)]
    returning = search.returning or tuple(Returning(sobject=each.name) for each in searchable)
    found: list[dict[str, Any]] = []
    for each in returning:
        sobject = org.schema.find(each.sobject)
        if sobject is None or sobject not in searchable:
            raise SalesforceError(400, "INVALID_TYPE", f"sObject type '{each.sobject}' is not searchable")
        ids = list(_having(org, sobject, _fields(org, sobject, search.scope, caller), holds, letters))
        found += _read(org, each, ids, caller, version)
    return found[: search.limit]


def _may_search(org: Org, sobject: SObject, caller: Caller) -> bool:
    return "searchable" in sobject.can and org.access.may(caller.user_id, sobject.name, "read")


def _fields(org: Org, sobject: SObject, scope: str, caller: Caller) -> list[Field]:
    readable = set(org.readable_fields(sobject, caller))
    texts = [f for f in sobject.stored_fields if f.type in _TEXTS and f.name in readable]
    if scope == "NAME":
        return [field for field in texts if field.name in _NAMES]
    return [field for field in texts if field.type in _TYPES_IN_SCOPE.get(scope, _TEXTS)]


def _having(
    org: Org, sobject: SObject, fields: list[Field], holds: Holds, letters: list[str]
) -> Iterator[str]:
    """The ids of live records whose fields hold the words; `letters` are what such a record must have somewhere."""
    # A bar keeps phrases from reaching from one field into the next; names are one field in the eyes of people.
    joined = "||".join(
        f"coalesce(\"{field.name}\", '') || '{' ' if field.name == 'FirstName' else ' | '}'"
        for field in sorted(fields, key=lambda field: (field.name not in _NAMES, field.name))
    )
    live = '"IsDeleted" = 0' if sobject.field("IsDeleted") else "1"
    likes = " AND ".join([live, *(["text LIKE ?"] * len(letters))])
    rows = org.storage.rows(
        f'SELECT "Id", text FROM (SELECT "Id", {joined or "NULL"} AS text, * FROM "{sobject.name}") WHERE {likes}',
        *(f"%{each}%" for each in letters),
    )
    return (record_id for record_id, text in rows if text and holds(text))


def _read(org: Org, wanted: Returning, ids: list[str], caller: Caller, version: str) -> list[dict[str, Any]]:
    listed = ", ".join(f"'{each}'" for each in ids[:MOST_FOUND]) or "null"
    condition = f" AND ({wanted.where})" if wanted.where else ""
    text = f"SELECT {wanted.fields} FROM {wanted.sobject} WHERE Id IN ({listed}){condition} {wanted.rest}"
    query = org.compile(text, caller)
    return query.records(org.storage.rows(query.sql, *query.params), Answering(version=version))


def _meaning(words: str) -> tuple[Holds, list[str]]:
    """What a text must hold, and letters that each such text has; SalesforceError for a search without words."""
    tokens = [
        (found[1] is not None, found[1] if found[1] is not None else found[0])
        for found in _TERM.finditer(words)
    ]
    spoken = [text.upper() for quoted, text in tokens if not quoted]
    terms = [text for quoted, text in tokens if quoted or text.upper() not in (*_OPERATORS, "(", ")")]
    if not any(len(re.sub(r"[^\w?]", "", term)) >= SHORTEST_TERM for term in terms):
        raise malformed(f"search term must be longer than one character: {words}")
    reader = _Reader(tokens)
    holds = reader.any()
    if reader.left:
        raise malformed(f"unexpected token: {reader.left[0][1]}")
    if {"OR", "NOT"} & set(spoken):
        return holds, []
    return holds, [max(re.findall(r"\w+", term) or [""], key=len) for term in terms]


class _Reader:
    """Reads terms, AND, OR, AND NOT and parentheses from left to right; terms side by side are joined by AND."""

    def __init__(self, tokens: list[tuple[bool, str]]) -> None:
        self.left = tokens

    def any(self) -> Holds:
        either = [self._all()]
        while self._take("OR"):
            either.append(self._all())
        return lambda text: any(holds(text) for holds in either)

    def _all(self) -> Holds:
        every = [self._one()]
        while self.left and not self._next_is("OR") and not self._next_is(")"):
            self._take("AND")
            every.append(self._one())
        return lambda text: all(holds(text) for holds in every)

    def _one(self) -> Holds:
        if self._take("NOT"):
            holds = self._one()
            return lambda text: not holds(text)
        if self._take("("):
            inner = self.any()
            if not self._take(")"):
                raise malformed("A parenthesis of the search is not closed")
            return inner
        if not self.left:
            raise malformed("The search ends where a word is expected")
        _, text = self.left.pop(0)
        return _phrase(text.replace("\\", ""))

    def _next_is(self, word: str) -> bool:
        return bool(self.left) and not self.left[0][0] and self.left[0][1].upper() == word

    def _take(self, word: str) -> bool:
        if not self._next_is(word):
            return False
        self.left.pop(0)
        return True


def _phrase(text: str) -> Holds:
    """The words of a term, one behind the other, as whole words."""
    words = [re.escape(word).replace(r"\*", r"\w*").replace(r"\?", r"\w") for word in _WORD.findall(text)]
    pattern = re.compile(r"(?<!\w)" + r"[^\w|]+".join(words) + r"(?!\w)", re.IGNORECASE)
    return lambda value: bool(words) and pattern.search(value) is not None
