"""Identifiers: our own row numbers as distinct types, and Salesforce ids brought to their one 18-character form.

Salesforce prints the same id with 15 case-sensitive characters or with 18, of which the last three repeat the case of the
others (S1.5.2). Everything of ours holds the 18, so that two spellings of one record can never look like two records.
"""

from __future__ import annotations

import re
from typing import NewType

from campaignsync.domain.errors import UsageError

ConnectionId = NewType("ConnectionId", int)
LinkId = NewType("LinkId", int)
RunId = NewType("RunId", int)
SalesforceId = NewType("SalesforceId", str)

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_FORM = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")


def salesforce_id(text: str, *, prefix: str = "") -> SalesforceId:
    """The 18-character form of an id; UsageError when it is none, or none of an object with `prefix` (S1.5.2)."""
    if not _FORM.fullmatch(text) or not text.startswith(prefix):
        kind = f" starting with {prefix}" if prefix else ""
        raise UsageError(f"'{text}' is no Salesforce id: 15 or 18 letters and digits{kind} are wanted.")
    bare = text[:15]
    whole = bare + "".join(_suffix_character(bare[i : i + 5]) for i in (0, 5, 10))
    if len(text) == 18 and text != whole:
        raise UsageError(f"'{text}' is no Salesforce id: its last three characters do not fit the others.")
    return SalesforceId(whole)


def _suffix_character(five: str) -> str:
    return _SUFFIX[sum(1 << place for place, character in enumerate(five) if character.isupper())]
