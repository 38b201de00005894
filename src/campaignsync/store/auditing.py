"""The audit log, written by the database: whoever writes what people set up leaves a line, whichever way
they came.

Declared on the models, installed by migrations, like `store.triggers`, which keeps the journal of members. A line holds the row
as it was and as it is, without what is secret. Who did it is told by `acting`, or by whoever opened the session of the database.
"""

from __future__ import annotations

from collections.abc import Iterable

import pgtrigger

from campaignsync.store.triggers import NOW, TOLD, after

_ROWS = {
    "insert": ("n", "NULL::jsonb", "to_jsonb(n)", "new_rows n"),
    "update": ("n", "to_jsonb(o)", "to_jsonb(n)", "new_rows n JOIN old_rows o ON o.id = n.id"),
    "delete": ("o", "to_jsonb(o)", "NULL::jsonb", "old_rows o"),
}
_NOTE = f"""
    EXECUTE $note$ INSERT INTO store_auditentry (at, who, noun, record, action, old, new)
    SELECT {NOW}, {TOLD}, '{{noun}}', coalesce({{record}}, ''), '{{action}}', r.old, r.new
    FROM (SELECT {{row}}, {{old}} - '{{{{{{hidden}}}}}}'::text[] AS old, {{new}} - '{{{{{{hidden}}}}}}'::text[] AS new
          FROM {{rows}}) r
    WHERE r.old IS DISTINCT FROM r.new $note$;
    RETURN NULL;
"""


def note_writes(noun: str, record: str, hidden: Iterable[str] = ()) -> list[pgtrigger.Trigger]:
    """Enter every write of a table in the audit log. `record` is SQL that names a `{row}`; `hidden` columns are left out."""
    return [
        after(
            action,
            f"audit_{action}",
            _NOTE.format(
                noun=noun,
                record=record.format(row=f"(r.{row})"),
                action=action,
                row=row,
                old=old,
                new=new,
                rows=rows,
                hidden=",".join(("id", *hidden)),
            ),
        )
        for action, (row, old, new, rows) in _ROWS.items()
    ]
