"""How filters are joined: ALL, ANY, or words such as `1 and (2 or not 3)` (M10.7).

Used by `reading`. `and` binds closer than `or`, `not` closest. What makes no sense is a UsageError that says where.
"""

from __future__ import annotations

import re

from campaignsync.domain.errors import UsageError
from campaignsync.domain.smart_campaigns import Logic

LONGEST = 2000
_WORD = re.compile(r"\s*(\d+|[a-z]+|\(|\))\s*", re.IGNORECASE)
_DEEPEST = 50


def read_logic(text: str, filters: int) -> Logic:
    """The logic over so many filters. UsageError for one that is not there, one that nobody asks for, and for nonsense."""
    word = text.strip().lower()
    if word in ("all", "any"):
        return Logic(word="and" if word == "all" else "or", parts=tuple(range(filters)))
    reader = _Reader(_words(text), filters)
    logic = reader.either(0)
    if reader.left:
        raise UsageError(f"the logic '{text}' makes no sense from '{reader.left[0]}' on")
    missing = sorted(set(range(filters)) - reader.used)
    if missing:
        raise UsageError(
            f"the logic '{text}' does not ask for filter {', '.join(str(each + 1) for each in missing)}"
        )
    return logic


def _words(text: str) -> list[str]:
    words, at = [], 0
    while at < len(text) <= LONGEST:
        found = _WORD.match(text, at)
        if found is None:
            raise UsageError(f"the logic '{text}' makes no sense at '{text[at : at + 10]}'")
        words.append(found[1].lower())
        at = found.end()
    if not words:
        raise UsageError("the logic is ALL, ANY, or numbers of filters with and, or, not and brackets")
    return words


class _Reader:
    """Reads words from left to right; each method one rule of the grammar."""

    def __init__(self, words: list[str], filters: int) -> None:
        self.left = words
        self.used: set[int] = set()
        self._filters = filters

    def either(self, depth: int) -> Logic:
        return self._joined("or", self._both, depth)

    def _both(self, depth: int) -> Logic:
        return self._joined("and", self._one, depth)

    def _joined(self, word: str, part, depth: int) -> Logic:  # type: ignore[no-untyped-def]
        parts = [part(depth)]
        while self.left and self.left[0] == word:
            self.left.pop(0)
            parts.append(part(depth))
        return (
            parts[0]
            if len(parts) == 1 and isinstance(parts[0], Logic)
            else Logic(word=word, parts=tuple(parts))
        )

    def _one(self, depth: int) -> Logic | int:
        if depth > _DEEPEST:
            raise UsageError(f"the logic has more than {_DEEPEST} brackets within one another")
        word = self.left.pop(0) if self.left else ""
        if word == "not":
            return Logic(word="not", parts=(self._one(depth + 1),))
        if word == "(":
            inner = self.either(depth + 1)
            if not self.left or self.left.pop(0) != ")":
                raise UsageError("the logic has a bracket that is not closed")
            return inner
        if not word.isdecimal():
            raise UsageError(f"the logic wants the number of a filter where '{word or 'its end'}' stands")
        number = int(word) - 1
        if not 0 <= number < self._filters:
            raise UsageError(f"the logic asks for filter {word}, and there are {self._filters}")
        self.used.add(number)
        return number
