"""People: one per e-mail address unless Salesforce gives them different ids (M2.4, M7), and how they are made there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import salesforce_id


class PersonKind(StrEnum):
    """What a person is in Salesforce."""

    LEAD = "lead"
    CONTACT = "contact"


def comparable_email(text: str) -> str | None:
    """An e-mail address as it is compared: lower-cased and trimmed (M2.4, S0.7); None when there is none."""
    return text.strip().lower() or None


def looks_like_email(text: str) -> bool:
    """Whether a text can be an e-mail address: one @, something before it, a dotted name after it, no spaces."""
    before, _, after = text.strip().rpartition("@")
    return (
        bool(before)
        and "@" not in before
        and "." in after.strip(".")
        and not any(map(str.isspace, text.strip()))
    )


class DuplicateRule(StrEnum):
    """What becomes of a lead that one of the org's duplicate rules warns of; one that it blocks is never made (S1.4.9)."""

    OBEY = "obey"
    ALLOW_SAVE = "allow-save"


ASSIGN_BY_ACTIVE_RULE, ASSIGN_NOBODY = "default", "none"
_ASSIGNMENT_RULE_PREFIX = "01Q"


def assignment(text: str) -> str:
    """How a new lead gets its owner, as it is kept: `default`, `none`, or the 18 characters of an assignment rule's id."""
    if text in (ASSIGN_BY_ACTIVE_RULE, ASSIGN_NOBODY):
        return text
    return salesforce_id(text, prefix=_ASSIGNMENT_RULE_PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRules:
    """How leads are made in one org (M7.2, M7.6, M7.11). The defaults are the contract's."""

    default_last_name: str = "Unknown"
    """Fills an empty last name of a new lead; where it is empty itself, such people are problems."""
    default_company: str = "Unknown"
    duplicate_rule: DuplicateRule = DuplicateRule.OBEY
    assignment: str = ASSIGN_BY_ACTIVE_RULE
    external_id_field: str | None = None
    """The field on Lead and Contact that holds our own id of a person; people are upserted by it where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceField:
    """A field of an object as the sync user sees it; `type` is Salesforce's word, such as string or picklist."""

    name: str
    label: str
    type: str
    createable: bool
    updateable: bool
    unique: bool
    external_id: bool
    scale: int = 0
    """Decimals of a number."""


def require_external_id(name: str, object_name: str, fields: Iterable[SalesforceField]) -> None:
    """UsageError unless an object has this field, and it is fit to hold our ids: a unique external id, text (M7.11)."""
    found = next((each for each in fields if each.name.lower() == name.lower()), None)
    faults = (
        ["the sync user sees none of that name"]
        if found is None
        else [
            word
            for word, well in (
                ("it is no external id", found.external_id),
                ("it is not unique", found.unique),
                ("it is not text", found.type == "string"),
                ("the sync user may not edit it", found.createable and found.updateable),
            )
            if not well
        ]
    )
    if faults:
        raise UsageError(
            f"{object_name} has no field '{name}' that could hold our ids: {', '.join(faults)}. Add a text field of 36 characters"
            f" or more to Lead and to Contact, external id and unique, and give the sync user access to it."
        )
