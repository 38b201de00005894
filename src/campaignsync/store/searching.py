"""Finds people by the beginnings of words: of their names, their company, the parts of their address.

An index of the database answers, which knows beginnings of words and no parts of them: a million people are searched in
milliseconds. Used by the lists of people and of members. The function `campaignsync_words` and its index
are made by migration 0029.
"""

from __future__ import annotations

import re

_PUNCTUATION = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum())
_MOST_WORDS = 8


def matches(row: str, parameter: str = "words") -> str:
    """SQL: whether the person `row` has words that begin as those of a parameter do, which `beginnings` makes."""
    return (
        f"campaignsync_words({row}.email, {row}.first_name, {row}.last_name, {row}.company)"
        f" @@ to_tsquery('pg_catalog.simple', %({parameter})s) AND {row}.merged_into_id IS NULL"
    )


def beginnings(text: str) -> str:
    """What is searched for, as a query of words that begin so, all of them; empty where nothing is."""
    words = re.split(rf"[\s{re.escape(_PUNCTUATION)}]+", text.lower().replace("\x00", ""))
    return " & ".join(f"'{word}':*" for word in [each for each in words if each][:_MOST_WORDS])
