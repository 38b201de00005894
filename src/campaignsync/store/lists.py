"""Lists of very many ids or texts as parameters of SQL: spelled as a whole, where psycopg spells them item by item.

Registered by `store.apps` for every session of this process. It must spell just what psycopg would, in other words of the same
meaning: whatever it is not sure of it leaves to psycopg.
"""

from __future__ import annotations

from types import NoneType
from typing import Any

import orjson
import psycopg
from psycopg.types.array import ListDumper

_PLAIN = {int, str, NoneType}


class WholeListDumper(ListDumper):
    """A list of whole numbers, or of texts, as JSON spells it: but for its brackets that is how PostgreSQL does, too, as long as
    nothing in it is escaped."""

    def dump(self, obj: list[Any]) -> Any:
        """The list as text, as an array's input is."""
        if set(map(type, obj)) <= _PLAIN:
            try:
                spelled = orjson.dumps(obj)
            except TypeError:  # A number or a text that JSON does not know.
                spelled = b"\\"
            if b"\\" not in spelled:
                return b"{" + spelled[1:-1] + b"}"
        return super().dump(obj)


def spell_lists_whole() -> None:
    """From now on sessions of this process do."""
    psycopg.adapters.register_dumper(list, WholeListDumper)
