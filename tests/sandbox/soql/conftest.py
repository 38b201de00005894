"""A small org in SQLite for the tests of SOQL: tables as the schema says, a handful of rows, one way to ask."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from salesforce_sandbox.org import soql
from salesforce_sandbox.org.schema import Schema, SObject, make_field
from salesforce_sandbox.org.soql.sql_functions import teach
from salesforce_sandbox.org.soql.values import record_id

NOW = datetime(2026, 3, 18, 15, 30, tzinfo=UTC)  # A Wednesday.
ADMIN = "005000000000001AAA"
STAMP = "2026-03-18T10:00:00.000+0000"

COLUMN_TYPES = {
    **dict.fromkeys(("boolean", "int"), "INTEGER"),
    **dict.fromkeys(("double", "currency", "percent"), "REAL"),
    **dict.fromkeys(("id", "reference", "date", "datetime"), "TEXT"),
}


def create_table(database: sqlite3.Connection, sobject: SObject) -> None:
    columns = ", ".join(
        f'"{each.name}" {COLUMN_TYPES.get(each.type, "TEXT COLLATE NOCASE")}'
        + (" PRIMARY KEY" if each.name == "Id" else "")
        for each in sobject.stored_fields
    )
    database.execute(f'CREATE TABLE "{sobject.name}" ({columns})')


def _database() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    teach(database)
    return database


@dataclass
class SmallOrg:
    """Asks queries of the tables and answers as the REST API would."""

    schema: Schema = field(default_factory=Schema)
    database: sqlite3.Connection = field(default_factory=_database)
    now: datetime = NOW
    readable: Callable[[str, str], bool] = lambda sobject, field: True
    include_deleted: bool = False

    def __post_init__(self) -> None:
        self.schema.put_field("Lead", make_field("Interests__c", "multipicklist(4099)", "cunp", "Interests"))
        self.schema.put_field("Lead", make_field("Key__c", "string(40)", "cunpxqs", "Key"))
        self.schema.put_field("Lead", make_field("Sponsor__c", "reference(Account)", "cunp", "Sponsor"))
        for sobject in self.schema:
            create_table(self.database, sobject)

    def insert(self, sobject: str, **values: Any) -> str:
        found = self.schema.find(sobject)
        assert found
        defaults: dict[str, Any] = {each.name: 0 for each in found.stored_fields if each.type == "boolean"}
        stamps = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
        row = defaults | {name: STAMP for name in stamps if found.field(name)} | values
        names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
        self.database.execute(f'INSERT INTO "{sobject}" ({names}) VALUES ({marks})', list(row.values()))
        return str(values["Id"])

    def compile(self, text: str) -> soql.CompiledQuery:
        return soql.compile(
            text,
            self.schema,
            now=self.now,
            user_id=ADMIN,
            include_deleted=self.include_deleted,
            readable=self.readable,
        )

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        query = self.compile(text)
        return self.database.execute(query.sql, query.params).fetchall()

    def records(self, text: str) -> list[dict[str, Any]]:
        query = self.compile(text)
        return query.records(self.database.execute(query.sql, query.params).fetchall())

    def total_size(self, text: str) -> int:
        query = self.compile(text)
        assert query.count_sql
        (total,) = self.database.execute(query.count_sql, query.count_params).fetchone()
        return int(total)

    def flat(self, text: str) -> list[list[str]]:
        query = self.compile(text)
        return [query.header, *query.flat(self.database.execute(query.sql, query.params).fetchall())]

    def names(self, text: str) -> list[Any]:
        """The values of the one field that the query selects, in order."""
        return [next(v for k, v in record.items() if k != "attributes") for record in self.records(text)]


def _id(prefix: str, number: int) -> str:
    return str(record_id(f"{prefix}{number:012d}"))


@pytest.fixture
def empty_org() -> SmallOrg:
    return SmallOrg()


@pytest.fixture
def org() -> SmallOrg:
    """Two campaigns under one parent, four leads, two contacts of one account, five members."""
    org = SmallOrg()
    put = org.insert
    put("User", Id=ADMIN, FirstName="Ada", LastName="Admin", Username="admin@sandbox.example", IsActive=1)
    put("Group", Id=_id("00G", 1), Name="Inbound", Type="Queue")
    put("Account", Id=_id("001", 1), Name="Acme", OwnerId=ADMIN, BillingCity="Bonn", BillingCountry="Germany")
    campaigns = (
        ("Spring", None, "Webinar", "2026-03-01", 1000.0),
        ("Expo", _id("701", 1), "Trade Show", "2026-04-01", 2500.5),
        ("Nameless type", _id("701", 1), None, None, None),
    )
    for number, (name, parent, kind, start, cost) in enumerate(campaigns, start=1):
        put(
            "Campaign",
            Id=_id("701", number),
            Name=name,
            ParentId=parent,
            Type=kind,
            StartDate=start,
            BudgetedCost=cost,
            OwnerId=ADMIN,
        )
    leads = (
        ("Ann", "Ash", "ann@one.example", "Open - Not Contacted", 10, ADMIN),
        (None, "Bo", "bo@two.example", "Working - Contacted", 200, _id("00G", 1)),
        ("Cy", "Cole", None, None, None, ADMIN),
        ("Dee", "O'Hara", "dee@100%.example", "closed - converted", 0, ADMIN),
    )
    for number, (first, last, email, status, staff, owner) in enumerate(leads, start=1):
        put(
            "Lead",
            Id=_id("00Q", number),
            FirstName=first,
            LastName=last,
            Company="Co",
            Email=email,
            Status=status,
            NumberOfEmployees=staff,
            OwnerId=owner,
            IsConverted=int(number == 4),
            SystemModstamp=f"2026-03-{14 + number}T12:00:00.000+0000",
            Key__c=["k", "K", None, None][number - 1],
        )
    put("Contact", Id=_id("003", 1), LastName="Eve", Email="eve@acme.example", AccountId=_id("001", 1))
    put("Contact", Id=_id("003", 2), LastName="Fay", MailingCity="Köln")
    members = (
        (1, _id("00Q", 1), None, "Sent", 0),
        (1, _id("00Q", 2), None, "Responded", 1),
        (1, None, _id("003", 1), "Responded", 1),
        (2, _id("00Q", 4), None, "Responded", 1),
        (2, None, _id("003", 2), None, 0),
    )
    for number, (campaign, lead, contact, status, responded) in enumerate(members, start=1):
        put(
            "CampaignMember",
            Id=_id("00v", number),
            CampaignId=_id("701", campaign),
            LeadId=lead,
            ContactId=contact,
            Status=status,
            HasResponded=responded,
        )
    return org
