"""Which field of ours is which field of a lead and of a contact, which way it goes, and who wins (M7.4, M7.5, M11).

A mapping is kept per connection; what is not kept is the table of the contract. Custom fields of people are mapped alike. What
the sync user may do with a field is told by the org each time, and is no part of the mapping.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import polars as pl

from campaignsync.domain.errors import UsageError
from campaignsync.domain.people import PersonKind, SalesforceField, comparable_email, looks_like_email
from campaignsync.domain.trees import LEAD_WRITES, PERSON_FIELDS, SALESFORCE_PEOPLE, Schema


class ValueKind(StrEnum):
    """What values a field has. Dates are text, written the same way on both sides."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"


_KINDS = {
    ValueKind.TEXT: "string textarea picklist multipicklist combobox phone email url encryptedstring date datetime time id"
    " reference",
    ValueKind.NUMBER: "int long double currency percent",
    ValueKind.BOOLEAN: "boolean",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}


def kind_of(salesforce_type: str) -> ValueKind | None:
    """The kind of a field of Salesforce; None for compounds and files, which cannot be mapped."""
    return _KIND_OF.get(salesforce_type)


class FieldDirection(StrEnum):
    """Which way a field goes."""

    BOTH = "both"
    TO_SALESFORCE = "to-salesforce"
    FROM_SALESFORCE = "from-salesforce"
    OFF = "off"


class FieldWinner(StrEnum):
    """Who wins where both sides changed a field; by default we do for a lead, and Salesforce for a contact (M7.4)."""

    DEFAULT = "default"
    OURS = "ours"
    SALESFORCE = "salesforce"


class Access(StrEnum):
    """What the sync user may do with a field of an object."""

    NONE = "none"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonField:
    """A field of a person and what it is mapped to. A path may lead through the account of a contact: Account.Name."""

    name: str
    kind: ValueKind
    lead: str | None
    contact: str | None
    direction: FieldDirection = FieldDirection.BOTH
    winner: FieldWinner = FieldWinner.DEFAULT

    @property
    def is_custom(self) -> bool:
        return self.name not in PERSON_FIELDS

    def path(self, kind: PersonKind) -> str | None:
        """The field of a lead or a contact, unless it is switched off."""
        path = self.lead if kind is PersonKind.LEAD else self.contact
        return None if self.direction is FieldDirection.OFF else path


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """What may be done with a field of leads, or of contacts, as it is mapped and as the org lets us."""

    field: PersonField
    kind: PersonKind
    access: Access

    @property
    def to_salesforce(self) -> bool:
        return self.access is Access.WRITE and self.field.direction is not FieldDirection.FROM_SALESFORCE

    @property
    def to_person(self) -> bool:
        return self.access is not Access.NONE and self.field.direction is not FieldDirection.TO_SALESFORCE

    @property
    def ours_wins(self) -> bool:
        if self.field.winner is FieldWinner.DEFAULT:
            return self.kind is PersonKind.LEAD
        return self.field.winner is FieldWinner.OURS


def _standard() -> Iterable[PersonField]:
    same = {
        "email": "Email",
        "first_name": "FirstName",
        "last_name": "LastName",
        "salutation": "Salutation",
        "title": "Title",
        "phone": "Phone",
        "mobile_phone": "MobilePhone",
        "fax": "Fax",
        "source": "LeadSource",
        "notes": "Description",
        "unsubscribed": "HasOptedOutOfEmail",
    }
    differing: Mapping[str, tuple[str, str | None]] = {
        "company": ("Company", "Account.Name"),
        "street": ("Street", "MailingStreet"),
        "city": ("City", "MailingCity"),
        "state": ("State", "MailingState"),
        "postal_code": ("PostalCode", "MailingPostalCode"),
        "country": ("Country", "MailingCountry"),
        "industry": ("Industry", "Account.Industry"),
        "annual_revenue": ("AnnualRevenue", "Account.AnnualRevenue"),
        "employees": ("NumberOfEmployees", "Account.NumberOfEmployees"),
        "website": ("Website", "Account.Website"),
        "rating": ("Rating", "Account.Rating"),
        "status": ("Status", None),
    }
    kinds = {
        "annual_revenue": ValueKind.NUMBER,
        "employees": ValueKind.NUMBER,
        "unsubscribed": ValueKind.BOOLEAN,
    }
    for name in PERSON_FIELDS:
        lead, contact = differing.get(name) or (same[name], same[name])
        yield PersonField(name=name, kind=kinds.get(name, ValueKind.TEXT), lead=lead, contact=contact)


STANDARD_FIELDS = tuple(_standard())
"""The fields joined at first, in the order of the contract's table (M11)."""


def mapped(chosen: Iterable[PersonField]) -> tuple[PersonField, ...]:
    """All fields: the standard ones, each as chosen where somebody chose, then custom ones by name."""
    choices = {field.name: field for field in chosen}
    custom = sorted((field for field in choices.values() if field.is_custom), key=lambda field: field.name)
    return (*(choices.get(field.name, field) for field in STANDARD_FIELDS), *custom)


FieldValue = str | float | bool | None
_TRUTHS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def typed(field: PersonField, text: str) -> FieldValue:
    """A value of a field as somebody typed it; nothing when it is empty. UsageError when it is none of its kind."""
    text = text.strip()
    if not text:
        return None
    match field.kind:
        case ValueKind.TEXT:
            if field.name == "email" and not looks_like_email(text):
                raise UsageError(f"'{text}' is no e-mail address.")
            return comparable_email(text) if field.name == "email" else text
        case ValueKind.BOOLEAN if text.lower() in _TRUTHS:
            return _TRUTHS[text.lower()]
        case ValueKind.NUMBER if re.fullmatch(r"-?\d+(\.\d+)?", text):
            return float(text)
        case _:
            raise UsageError(f"'{text}' is no {field.kind} for '{field.name}', such as 12.5 or yes.")


_OBJECTS = {"lead": "Lead", "contact": "Contact"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OUR_WORDS = frozenset((*SALESFORCE_PEOPLE, *LEAD_WRITES)) - frozenset(PERSON_FIELDS)


def remapped(
    fields: Iterable[PersonField],
    name: str,
    chosen: Mapping[str, str],
    seen: Mapping[str, Iterable[SalesforceField]],
) -> PersonField:
    """A field with what was chosen for it: lead, contact (empty: none), direction, winner. A name that is not known yet makes a
    custom field. `seen` are the fields of Lead, Contact and Account. UsageError when they do not fit."""
    known = {field.name: field for field in fields}
    field = known.get(name)
    if field is None and (not _NAME.fullmatch(name) or name in _OUR_WORDS):
        raise UsageError(
            f"'{name}' cannot be the name of a field: up to 40 small letters, digits and underscores, and none of our own words."
        )
    joined = {key: _found(of, chosen[key], seen) for key, of in _OBJECTS.items() if chosen.get(key)}
    kind = _one_kind(name, field, [found for _, found in joined.values()])
    paths = {key: joined[key][0] if key in joined else None for key in _OBJECTS if key in chosen}
    base = field or PersonField(name=name, kind=kind, lead=None, contact=None)
    made = replace(
        base,
        lead=paths.get("lead", base.lead),
        contact=paths.get("contact", base.contact),
        direction=FieldDirection(chosen.get("direction", base.direction)),
        winner=FieldWinner(chosen.get("winner", base.winner)),
    )
    _require_free(made, known.values())
    return made


def _found(
    object_name: str, path: str, seen: Mapping[str, Iterable[SalesforceField]]
) -> tuple[str, SalesforceField]:
    """A field as the org spells it; a contact may borrow one from the account."""
    parent, _, name = path.rpartition(".")
    of = parent.capitalize() or object_name
    allowed = of == object_name or (object_name, of) == ("Contact", "Account")
    for each in seen.get(of, ()) if allowed else ():
        if each.name.lower() == name.lower():
            return (f"{of}.{each.name}" if parent else each.name), each
    raise UsageError(f"The sync user sees no field '{path}' of {object_name}.")


def _one_kind(name: str, field: PersonField | None, joined: Iterable[SalesforceField]) -> ValueKind:
    kinds = {each.name: kind_of(each.type) for each in joined} | ({name: field.kind} if field else {})
    (kind, *others) = set(kinds.values()) or {None}
    if others or kind is None:
        told = ", ".join(
            f"{each} is {kind or 'of no kind that can be mapped'}" for each, kind in kinds.items()
        )
        raise UsageError(f"'{name}' cannot be mapped so: {told or 'give --lead or --contact'}.")
    return kind


def _require_free(made: PersonField, others: Iterable[PersonField]) -> None:
    """UsageError when a field there is another field's already: two of ours would fight over it."""
    for other in others:
        for kind in PersonKind:
            path = made.path(kind)
            if path and other.name != made.name and path == other.path(kind):
                raise UsageError(
                    f"{path} of a {kind} is '{other.name}' already. Switch that off first, with:"
                    f" campaignsync fields set {other.name} --direction off"
                )


PERSON_DIFFERENCES: Schema = {
    "person_id": pl.Int64,
    "email": pl.String,
    "kind": pl.String,
    "salesforce_id": pl.String,
    "field": pl.String,
    "agreed": pl.String,
    "ours": pl.String,
    "theirs": pl.String,
    "taken": pl.Boolean,  # the value there is the e-mail address of another person here, who has no record in the org
    "met": pl.Boolean,  # the two sides were compared before: what is new now was changed by somebody
}
"""Where a person and the lead or contact differ, one row a field. Values are text in one form on both sides (S0.7)."""

PERSON_CHANGES: Schema = {"person_id": pl.Int64, "field": pl.String, "was": pl.String, "becomes": pl.String}
"""What our side of a field becomes, unless it is no longer what it was."""

PERSON_WRITES: Schema = {
    "person_id": pl.Int64,
    "kind": pl.String,
    "salesforce_id": pl.String,
    "field": pl.String,
    "was": pl.String,
    "becomes": pl.String,
}
"""What Salesforce's side becomes, one row a field."""

PERSON_OUTCOMES: Schema = {
    "person_id": pl.Int64,
    "code": pl.String,
    "message": pl.String,
    "retriable": pl.Boolean,
    "known": pl.Boolean,
}
"""What became of the writes of one person: a record is taken or refused whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleCompared:
    """Everybody of one org whose fields changed on either side since they were last compared."""

    compared: pl.DataFrame
    """person_id, changes: how many there were when they were read."""
    differences: pl.DataFrame
    """PERSON_DIFFERENCES."""
    held: pl.DataFrame
    """person_id, wanted, message: writes that were refused and are not due again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonBatch:
    """What one call did to leads or contacts, and what they hold after it."""

    outcomes: pl.DataFrame
    """PERSON_OUTCOMES."""
    people: pl.DataFrame
    """SALESFORCE_PEOPLE."""


def wanted_text(values: Mapping[str, str | None]) -> str:
    """What was to be written to one record, as it is kept with its refusal."""
    return json.dumps(dict(sorted(values.items())), ensure_ascii=False)
