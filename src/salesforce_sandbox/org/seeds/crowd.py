"""A crowd: as many leads, contacts and members as a benchmark wants, poured into the tables past the save pipeline.

For the part `crowd` of a seed document: `{"campaigns": 1, "leads": 1000000, "contacts": 0}`. Every person is a member
of each campaign. Nothing of it reaches the change log: it is meant to have been there all along. `seconds_apart` says how much
older each row is than the one behind it, since a crowd of one moment is a tie of a million rows.
"""

# ruff: noqa: S608 - what is put into statements are names of the schema and the expressions below.

from collections.abc import Mapping, Sequence

import orjson

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.transaction import Transaction

_AT_ONCE = 50_000
# Each row is poured from `k`: k.value is [its id, and for a member its person's id], k.key counts from 0 in each lot.
_PERSON = {
    "FirstName": "'Kim'",
    "LastName": "'Crowd ' || (k.key + :start)",
}
_LEAD = {**_PERSON, "Email": "'lead' || (k.key + :start) || '@crowd.example'", "Company": "'Crowd'"}
_CONTACT = {**_PERSON, "Email": "'contact' || (k.key + :start) || '@crowd.example'"}
_AGED = (
    "strftime('%Y-%m-%dT%H:%M:%S.000+0000', substr(:SystemModstamp, 1, 19),"
    " '-' || CAST((:lots - :start - k.key) * :apart AS INTEGER) || ' seconds')"
)
_MOMENTS = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), _AGED)
_MEMBER = {
    "Status": "iif(k.key % 2, 'Responded', 'Sent')",
    "HasResponded": "k.key % 2",
    "FirstRespondedDate": "iif(k.key % 2, :today, NULL)",
}


def plant_crowd(org: Org, stated: Mapping[str, int], caller: Caller) -> None:
    """Makes the crowd; statuses alternate between Sent and Responded."""
    rows = [{"Name": f"Crowd {number}"} for number in range(1, stated.get("campaigns", 1) + 1)]
    campaigns = [str(outcome.id) for outcome in org.records.create(_find(org, "Campaign"), rows, caller)]
    apart = stated.get("seconds_apart", 0)
    with org.transactions.begin(caller) as transaction:
        leads = _pour(
            transaction, _find(org, "Lead"), {**_LEAD, **_aged(apart)}, [""] * stated.get("leads", 0)
        )
        contacts = _pour(
            transaction,
            _find(org, "Contact"),
            {**_CONTACT, **_aged(apart)},
            [""] * stated.get("contacts", 0),
        )
        member = _find(org, "CampaignMember")
        for campaign in campaigns:
            for person, ids in (("LeadId", leads), ("ContactId", contacts)):
                varying = {**_MEMBER, **_aged(apart), "CampaignId": f"'{campaign}'", person: "k.value ->> 1"}
                _pour(transaction, member, varying, ids)
        transaction.pending.clear()


def _aged(apart: float) -> dict[str, str]:
    """The moments of a row, so many seconds before those of the row behind it."""
    return (
        {name: made_of.replace(":apart", str(float(apart))) for name, made_of in _MOMENTS.items()}
        if apart
        else {}
    )


def _pour(
    transaction: Transaction, sobject: SObject, varying: Mapping[str, str], people: Sequence[str]
) -> list[str]:
    """Inserts one row for each of `people`, constant but for the expressions in `varying`; returns the new ids."""
    storage, ids = transaction.ground.storage, transaction.ground.ids
    row = transaction.new_row(sobject)
    columns = ", ".join(f'"{column}"' for column in row)
    made_of = {**{column: f":{column}" for column in row}, **varying, "Id": "k.value ->> 0"}
    statement = f'INSERT INTO "{sobject.name}" ({columns}) SELECT {", ".join(made_of.values())} FROM json_each(:lot) k'
    poured: list[str] = []
    for start in range(0, len(people), _AT_ONCE):
        lot = [(ids.take(sobject.key_prefix), person) for person in people[start : start + _AT_ONCE]]
        further = {
            "lot": orjson.dumps(lot).decode(),
            "start": start + 1,
            "lots": len(people),
            "today": transaction.today,
        }
        storage.database.execute(statement, {**row, **further})
        poured += [record_id for record_id, _ in lot]
    return poured


def _find(org: Org, name: str) -> SObject:
    found = org.schema.find(name)
    assert found is not None  # noqa: S101 - a fact of the schema
    return found
