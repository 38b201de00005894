"""How leads are made in an org: who owns them, and which field may hold our ids (M7.6, M7.11)."""

from __future__ import annotations

import pytest

from campaignsync.domain.errors import UsageError
from campaignsync.domain.people import SalesforceField, assignment, require_external_id

FIT = {"type": "string", "createable": True, "updateable": True, "unique": True, "external_id": True}


def field(**values: object) -> SalesforceField:
    return SalesforceField(**{"name": "Our_Id__c", "label": "Our id", **FIT, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kept"),
    [("default", "default"), ("none", "none"), ("01Q5g000000AbCd", "01Q5g000000AbCdEAK")],
)
def test_new_leads_go_by_the_active_rule_by_none_or_by_one_that_is_named(text: str, kept: str) -> None:
    assert assignment(text) == kept


@pytest.mark.parametrize("text", ["", "DEFAULT", "0055g000000AbCd", "01Q5g"])
def test_what_is_no_assignment_rule_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        assignment(text)


def test_a_unique_external_id_of_text_may_hold_our_ids() -> None:
    require_external_id("our_id__C", "Lead", [field(name="Other__c", unique=False), field()])


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ([], "the sync user sees none of that name"),
        ([field(external_id=False)], "it is no external id"),
        ([field(unique=False)], "it is not unique"),
        ([field(type="double")], "it is not text"),
        ([field(updateable=False)], "the sync user may not edit it"),
    ],
)
def test_a_field_that_could_hold_our_ids_twice_or_not_at_all_is_refused(
    fields: list[SalesforceField], says: str
) -> None:
    with pytest.raises(UsageError, match=f"Lead has no field 'Our_Id__c' that could hold our ids: {says}"):
        require_external_id("Our_Id__c", "Lead", fields)
