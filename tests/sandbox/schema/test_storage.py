"""An org's database is used again by the next one, which must know nothing of the former: neither its rows nor its fields."""

import pytest

from salesforce_sandbox.org.schema import Field, Schema, make_field
from salesforce_sandbox.org.storage import Storage

TEXT = make_field("Left__c", "string(36)", "cunxqp", "Left")
FLAG = make_field("Left__c", "boolean", "cup", "Left")


def an_org(*fields: Field) -> tuple[Storage, Schema]:
    schema = Schema()
    storage = Storage(schema)
    for field in fields:
        schema.put_field("Lead", field)
    storage.follow_schema()
    return storage, schema


def row_of(storage: Storage, **values: object) -> dict[str, object]:
    return {**dict.fromkeys(storage.columns("Lead")), **values}


@pytest.mark.parametrize("later", [TEXT, FLAG])
def test_a_field_that_an_org_gained_is_nobody_elses(later: Field) -> None:
    first, _ = an_org(TEXT)
    first.insert("Lead", [row_of(first, Id="1", Left__c="a")])
    database = first.database
    first.close()
    second, _ = an_org()
    assert second.database is database
    assert "Left__c" not in second.columns("Lead")
    second.insert("Lead", [row_of(second, Id="2")])
    assert second.records("Lead", ["1", "2"]).keys() == {"2"}
    second.close()
    third, _ = an_org(later)
    assert third.database is database
    third.insert("Lead", [row_of(third, Id="3", Left__c=1)])
    (found,) = third.rows('SELECT "Left__c" FROM "Lead"')
    assert found == (("1",) if later is TEXT else (1,))
    third.close()


def test_a_field_that_is_taken_away_and_put_back_holds_what_it_held() -> None:
    storage, schema = an_org(TEXT)
    storage.insert("Lead", [row_of(storage, Id="1", Left__c="a")])
    schema.take_field("Lead", "Left__c")
    storage.follow_schema()
    assert "Left__c" not in storage.columns("Lead")
    schema.put_field("Lead", TEXT)
    assert storage.records("Lead", ["1"])["1"]["Left__c"] == "a"
    storage.close()
