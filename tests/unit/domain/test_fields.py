"""Which field of ours is which field there (M7.5, M11), and what an admin may map."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.domain.fields import (
    STANDARD_FIELDS,
    FieldDirection,
    FieldWinner,
    PersonField,
    ValueKind,
    mapped,
    remapped,
)
from campaignsync.domain.people import SalesforceField
from campaignsync.domain.trees import PERSON_FIELDS


def described(name: str, kind: str) -> SalesforceField:
    return SalesforceField(
        name=name,
        label=name,
        type=kind,
        createable=True,
        updateable=True,
        unique=False,
        external_id=False,
        scale=0,
    )


SEEN = {
    "Lead": [
        described("Nick__c", "string"),
        described("Score__c", "double"),
        described("Phone", "phone"),
        described("Address", "address"),
    ],
    "Contact": [described("Nick__c", "string"), described("Score__c", "int")],
    "Account": [described("Site", "string")],
}
NICKNAME = PersonField(name="nickname", kind=ValueKind.TEXT, lead="Nick__c", contact="Nick__c")


def test_every_standard_field_is_a_field_of_a_person_and_of_a_lead() -> None:
    """M11."""
    assert [field.name for field in STANDARD_FIELDS] == list(PERSON_FIELDS)
    assert all(field.lead for field in STANDARD_FIELDS)
    assert [field.name for field in STANDARD_FIELDS if field.contact is None] == ["status"]


def test_what_was_chosen_takes_the_place_of_the_standard_and_custom_fields_come_last() -> None:
    phone = next(field for field in STANDARD_FIELDS if field.name == "phone")
    off = replace(phone, direction=FieldDirection.OFF)
    fields = mapped([NICKNAME, off])
    assert [field.name for field in fields] == [*PERSON_FIELDS, "nickname"]
    assert off in fields
    assert phone not in fields


@pytest.mark.parametrize(
    ("name", "chosen", "made"),
    [
        ("nickname", {"lead": "nick__C", "contact": "Nick__c"}, NICKNAME),
        ("nickname", {"lead": "Nick__c"}, replace(NICKNAME, contact=None)),
        (
            "score",
            {"lead": "Score__c", "contact": "score__c", "direction": "from-salesforce", "winner": "ours"},
            PersonField(
                name="score",
                kind=ValueKind.NUMBER,
                lead="Score__c",
                contact="Score__c",
                direction=FieldDirection.FROM_SALESFORCE,
                winner=FieldWinner.OURS,
            ),
        ),
        (
            "site",
            {"contact": "account.site"},
            PersonField(name="site", kind=ValueKind.TEXT, lead=None, contact="Account.Site"),
        ),
        (
            "fax",
            {"lead": "", "contact": "Nick__c"},
            PersonField(name="fax", kind=ValueKind.TEXT, lead=None, contact="Nick__c"),
        ),
    ],
)
def test_what_an_admin_chooses_is_kept_as_the_org_spells_it(
    name: str, chosen: dict[str, str], made: PersonField
) -> None:
    assert remapped(STANDARD_FIELDS, name, chosen, SEEN) == made


@pytest.mark.parametrize(
    ("name", "chosen", "says"),
    [
        ("nickname", {"lead": "Nope__c"}, "sees no field 'Nope__c' of Lead"),
        ("nickname", {"lead": "Account.Site"}, "sees no field 'Account.Site' of Lead"),
        ("nickname", {"lead": "Nick__c", "contact": "Score__c"}, "Nick__c is text, Score__c is number"),
        ("nickname", {"lead": "Address"}, "of no kind that can be mapped"),
        ("nickname", {}, "give --lead or --contact"),
        ("employees", {"lead": "Nick__c"}, "Nick__c is text, employees is number"),
        ("nickname", {"lead": "Phone"}, "Phone of a lead is 'phone' already"),
        ("Nick name", {"lead": "Nick__c"}, "cannot be the name of a field"),
        ("salesforce_id", {"lead": "Nick__c"}, "cannot be the name of a field"),
        ("our_id", {"lead": "Nick__c"}, "cannot be the name of a field"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_does_not(
    name: str, chosen: dict[str, str], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        remapped(STANDARD_FIELDS, name, chosen, SEEN)
