"""Kinds of member fields, their canonical values, and which fields of Salesforce they fit (M6.8, S0.7)."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.errors import UsageError
from campaignsync.domain.member_fields import FieldKind, FieldMapping, MemberField, canonical, normalised
from campaignsync.domain.people import SalesforceField


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (FieldKind.TEXT, "  two\r\nlines ", "two\nlines"),
        (FieldKind.TEXT, "  ", None),
        (FieldKind.PICKLIST, "Vegan", "Vegan"),
        (FieldKind.PHONE, "+1 (555) 010-0199", "+1 (555) 010-0199"),
        (FieldKind.EMAIL, "Ada@Example.COM", "ada@example.com"),
        (FieldKind.REFERENCE, "701000000000001", "701000000000001AAA"),
        (FieldKind.INTEGER, "912260031", "912260031"),
        (FieldKind.INTEGER, "-007", "-7"),
        (FieldKind.FLOAT, "12.50", "12.5"),
        (FieldKind.FLOAT, "3", "3"),
        (FieldKind.FLOAT, "-0.0", "0"),
        (FieldKind.CHECKBOX, "Yes", "true"),
        (FieldKind.CHECKBOX, "no", None),
        (FieldKind.URL, "https://example.com/a?b=c", "https://example.com/a?b=c"),
        (FieldKind.DATE, "2026-03-31", "2026-03-31"),
        (FieldKind.DATETIME, "2026-03-31T09:00:00.75+02:00", "2026-03-31T07:00:00Z"),
    ],
)
def test_a_value_is_kept_as_its_canonical_text(kind: FieldKind, typed: str, kept: str | None) -> None:
    """S0.7."""
    assert canonical(kind, typed) == kept


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (FieldKind.TEXT, "a\x00b"),
        (FieldKind.PHONE, "none"),
        (FieldKind.EMAIL, "ada at example.com"),
        (FieldKind.REFERENCE, "701"),
        (FieldKind.INTEGER, "1.5"),
        (FieldKind.INTEGER, "1234567890123456"),
        (FieldKind.FLOAT, "nan"),
        (FieldKind.FLOAT, "1e999"),
        (FieldKind.CHECKBOX, "perhaps"),
        (FieldKind.URL, "example.com"),
        (FieldKind.URL, "http://[broken"),
        (FieldKind.DATE, "31.03.2026"),
        (FieldKind.DATETIME, "2026-03-31T09:00:00"),
    ],
)
def test_what_is_no_value_of_a_kind_is_refused_in_words(kind: FieldKind, typed: str) -> None:
    with pytest.raises(UsageError, match=f"is no {kind}: .* wanted"):
        canonical(kind, typed)


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        (FieldKind.CHECKBOX, True, "true"),
        (FieldKind.CHECKBOX, False, None),
        (FieldKind.INTEGER, 9.12260031e8, "912260031"),
        (FieldKind.FLOAT, 12.5, "12.5"),
        (FieldKind.FLOAT, 3.0, "3"),
        (FieldKind.EMAIL, "Ada@example.com", "ada@example.com"),
        (FieldKind.TEXT, " a\r\nb ", "a\nb"),
        (FieldKind.TEXT, None, None),
        (FieldKind.DATE, "2026-03-31", "2026-03-31"),
        (FieldKind.DATETIME, "2026-03-31T07:00:00.000+0000", "2026-03-31T07:00:00Z"),
        (FieldKind.DATETIME, "2026-03-31T07:00:00.000Z", "2026-03-31T07:00:00Z"),
    ],
)
def test_what_salesforce_sends_becomes_the_same_text(kind: FieldKind, sent: object, kept: str | None) -> None:
    """S0.7: numbers come back re-formatted, e-mail addresses lower-cased."""
    column = pl.Series("sent", [sent], dtype=pl.String if sent is None else None)
    assert column.to_frame().select(normalised(kind, pl.col("sent"))).item() == kept


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=5))
def test_a_number_that_comes_back_as_a_double_is_the_number_that_was_kept(number: object) -> None:
    """S0.7."""
    kept = canonical(FieldKind.FLOAT, str(number))
    assert kept is not None
    back = (
        pl.Series("sent", [float(kept)]).to_frame().select(normalised(FieldKind.FLOAT, pl.col("sent"))).item()
    )
    assert back == kept


def seen(name: str, kind: str, **more: object) -> SalesforceField:
    usual = {"createable": True, "updateable": True, "unique": False, "external_id": False}
    return SalesforceField(name=name, label=name, type=kind, **(usual | more))  # type: ignore[arg-type]


STRINGS = ("string", "textarea", "picklist", "phone", "email", "reference")


def test_a_kind_is_joined_with_its_like_only() -> None:
    """M6.8: every kind against every type."""
    fits = {
        (kind, described): FieldMapping(
            field=MemberField(name="F", kind=kind), salesforce_field="f__C"
        ).fault([seen("F__c", described, scale=scale)])
        is None
        for kind in FieldKind
        for described, scale in (
            *((each, 0) for each in (*STRINGS, "int", "boolean", "url", "date", "datetime", "multipicklist")),
            ("double", 2),
        )
    }
    joined = {pair for pair, well in fits.items() if well}
    strings = (FieldKind.TEXT, FieldKind.PICKLIST, FieldKind.PHONE, FieldKind.EMAIL, FieldKind.REFERENCE)
    assert joined == {
        *((kind, described) for kind in strings for described in STRINGS),
        (FieldKind.INTEGER, "int"),
        (FieldKind.FLOAT, "double"),
        (FieldKind.CHECKBOX, "boolean"),
        (FieldKind.URL, "url"),
        (FieldKind.DATE, "date"),
        (FieldKind.DATETIME, "datetime"),
    }


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ([], "sees no field 'F__c'"),
        ([seen("F__c", "string", updateable=False)], "may not edit 'F__c'"),
        ([seen("F__c", "double", scale=2)], "is a double with 2 decimals, and 'F' is a text"),
    ],
)
def test_a_field_that_does_not_fit_is_told_why(fields: list[SalesforceField], why: str) -> None:
    """M6.8."""
    mapping = FieldMapping(field=MemberField(name="F", kind=FieldKind.TEXT), salesforce_field="F__c")
    assert why in str(mapping.fault(fields))


def test_salesforces_own_fields_are_not_for_us() -> None:
    """M6.8, S1.3.1."""
    mapping = FieldMapping(field=MemberField(name="F", kind=FieldKind.TEXT), salesforce_field="status")
    assert "one of Salesforce's own fields" in str(mapping.fault([seen("Status", "picklist")]))
