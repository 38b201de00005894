"""How leads are made in an org: what an admin chooses, checked against the org before it is kept (M7.2, M7.6, M7.11).

Called by the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from campaignsync.domain.people import LeadRules, assignment, require_external_id
from campaignsync.runtime.ports import SalesforceDoor


def changed_rules(rules: LeadRules, chosen: Mapping[str, str], door: SalesforceDoor) -> LeadRules:
    """The rules with what was chosen, by field; an empty external-id field is none. UsageError for what the org lacks."""
    values: dict[str, str | None] = {key: value.strip() for key, value in chosen.items()}
    if values.get("assignment"):
        values["assignment"] = assignment(str(values["assignment"]))
    if values.get("external_id_field"):
        for object_name in ("Lead", "Contact"):
            require_external_id(str(values["external_id_field"]), object_name, door.fields_of(object_name))
    elif "external_id_field" in values:
        values["external_id_field"] = None
    return replace(rules, **values)  # type: ignore[arg-type]
