"""Field history: what rows of `LeadHistory` and its like say of a change (S1.1.11).

Called by transactions for objects whose fields an admin tracks. Pure: rows in, rows out. Rests on the Object Reference,
"StandardObjectNameHistory": long texts leave a row without values, a new record leaves one whose field is `created`.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from salesforce_sandbox.org.schema import Field, SObject
from salesforce_sandbox.org.schema.facts import CONVERTED, CREATED, DATA_TYPES, HISTORY_NAME

LONGEST_VALUE = 255
Row = dict[str, Any]


def created_row() -> Row:
    """What a new record leaves, whichever fields are tracked."""
    return {"Field": CREATED, "DataType": "Text", "OldValue": None, "NewValue": None}


def changed_rows(
    sobject: SObject, tracked: Collection[str], before: Mapping[str, Any], written: Mapping[str, Any]
) -> Iterator[Row]:
    """What a change leaves: one row for each tracked field that differs; of lookups it tells the ids."""
    for name, value in written.items():
        field = sobject.field(name)
        if field is None or name not in tracked or before[name] == value:
            continue
        if sobject.name == "Lead" and name == "IsConverted":
            yield {"Field": CONVERTED, "DataType": "Text", "OldValue": None, "NewValue": None}
            continue
        told = HISTORY_NAME.sub("", name)
        old, new = _shown(field, before[name]), _shown(field, value)
        yield {
            "Field": told,
            "DataType": DATA_TYPES.get(field.type, "Text"),
            "OldValue": old,
            "NewValue": new,
        }


def _shown(field: Field, value: Any) -> Any:
    if value is not None and field.type == "boolean":
        return str(bool(value)).lower()
    if field.length > LONGEST_VALUE:
        return None
    return value
