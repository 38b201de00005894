"""Which lead or contact a person is (M7.3)."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from campaignsync.domain.matching import MATCHES, conversions_to_follow, made_for, match
from campaignsync.domain.trees import LEAD_WRITES, SALESFORCE_PEOPLE

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def found(*rows: dict[str, object]) -> pl.DataFrame:
    plain = {"is_deleted": False, "is_converted": False, "email": "ada@example.com", "system_modstamp": EARLY}
    return pl.DataFrame([{**plain, **row} for row in rows], schema=SALESFORCE_PEOPLE)


def lead(salesforce_id: str, **more: object) -> dict[str, object]:
    return {"salesforce_id": salesforce_id, "kind": "lead", **more}


def contact(salesforce_id: str, **more: object) -> dict[str, object]:
    return {"salesforce_id": salesforce_id, "kind": "contact", **more}


ADA = pl.DataFrame(
    {"person_id": [1], "email": [" Ada@Example.com"]}, schema={"person_id": pl.Int64, "email": pl.String}
)


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        pytest.param([lead("00Q1")], ("00Q1", "lead", 1), id="the only lead"),
        pytest.param([lead("00Q1"), contact("0031")], ("0031", "contact", 2), id="a contact before a lead"),
        pytest.param(
            [lead("00Q1", system_modstamp=LATE), contact("0031")],
            ("0031", "contact", 2),
            id="even a later lead",
        ),
        pytest.param(
            [lead("00Q1"), lead("00Q2", system_modstamp=LATE)], ("00Q2", "lead", 2), id="the latest changed"
        ),
        pytest.param([lead("00Q2"), lead("00Q1")], ("00Q1", "lead", 2), id="of equals the lowest id"),
        pytest.param(
            [
                lead("00Q1", is_converted=True, converted_contact_id="0031"),
                contact("0031", email="other@example.com"),
            ],
            ("0031", "contact", 1),
            id="a converted lead counts as its contact",
        ),
        pytest.param([lead("00Q1", is_deleted=True)], None, id="nobody deleted"),
        pytest.param([lead("00Q1", email="eve@example.com")], None, id="nobody by anything but the address"),
        pytest.param([], None, id="nobody there"),
    ],
)
def test_the_record_a_person_is_found_to_be(
    rows: list[dict[str, object]], chosen: tuple[str, str, int] | None
) -> None:
    matches = match(ADA, found(*rows))
    assert matches.select("salesforce_id", "kind", "several").rows() == ([chosen] if chosen else [])


def test_contacts_that_leads_became_are_looked_up_when_they_were_not_found_themselves() -> None:
    rows = found(
        lead("00Q1", is_converted=True, converted_contact_id="0031"),
        lead("00Q2", is_converted=True, converted_contact_id="0032"),
        contact("0032"),
    )
    assert conversions_to_follow(rows) == ["0031"]


def test_people_without_an_address_are_matched_with_nobody() -> None:
    nobody = pl.DataFrame(
        {"person_id": [1], "email": [None]}, schema={"person_id": pl.Int64, "email": pl.String}
    )
    assert match(nobody, found(lead("00Q1", email=None))).is_empty()


def intended(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"person_id": number, **row} for number, row in enumerate(rows, start=1)], schema=LEAD_WRITES
    )


NOVAK = {"email": None, "last_name": "Novak", "company": "Northwind"}


@pytest.mark.parametrize(
    ("people", "made", "pairs"),
    [
        pytest.param(
            [{"email": "Ada@Example.com", "last_name": "A"}],
            [lead("00Q1", last_name="Another name now")],
            [(1, "00Q1")],
            id="by the address we gave it, whatever the name is now",
        ),
        pytest.param([NOVAK], [lead("00Q1", **NOVAK)], [(1, "00Q1")], id="without one by name and company"),
        pytest.param([NOVAK], [lead("00Q1", **{**NOVAK, "company": None})], [], id="both of them"),
        pytest.param([NOVAK], [lead("00Q1", **{**NOVAK, "email": "n@example.com"})], [], id="and no address"),
        pytest.param(
            [NOVAK, NOVAK],
            [lead("00Q2", **NOVAK), lead("00Q1", **NOVAK)],
            [(1, "00Q1"), (2, "00Q2")],
            id="two alike take one each",
        ),
        pytest.param(
            [NOVAK, NOVAK], [lead("00Q1", **NOVAK)], [(1, "00Q1")], id="and the other is still to be made"
        ),
        pytest.param(
            [NOVAK],
            [lead("00Q1", **NOVAK, is_deleted=True)],
            [(1, "00Q1")],
            id="deleted since: not made anew",
        ),
        pytest.param([{"email": "eve@example.com"}], [lead("00Q1")], [], id="nobody else's"),
    ],
)
def test_a_lead_that_we_made_and_never_heard_of_is_known_again(
    people: list[dict[str, object]], made: list[dict[str, object]], pairs: list[tuple[int, str]]
) -> None:
    """M7.11, M7.9."""
    matches = made_for(intended(*people), found(*made))
    assert matches.schema == dict(MATCHES)
    assert matches.select("person_id", "salesforce_id").sort("person_id").rows() == pairs
