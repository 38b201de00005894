"""A crowd: as many leads, contacts and members as a benchmark wants, written in one go past the save pipeline.

For the part `crowd` of a seed document: `{"campaigns": 1, "leads": 1000000, "contacts": 0}`. Every person is a member
of each campaign. Nothing of it reaches the change log: it is meant to have been there all along.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.transaction import Transaction

_AT_ONCE = 20_000


def plant_crowd(org: Org, stated: Mapping[str, int], caller: Caller) -> None:
    """Makes the crowd; statuses alternate between Sent and Responded."""
    campaign = _find(org, "Campaign")
    rows = [{"Name": f"Crowd {number}"} for number in range(1, stated.get("campaigns", 1) + 1)]
    campaigns = [str(outcome.id) for outcome in org.records.create(campaign, rows, caller)]
    with org.transactions.begin(caller) as transaction:
        people = [
            *(("LeadId", each) for each in _people(transaction, "Lead", stated.get("leads", 0))),
            *(("ContactId", each) for each in _people(transaction, "Contact", stated.get("contacts", 0))),
        ]
        for each in campaigns:
            _write(transaction, _find(org, "CampaignMember"), _members(each, people, transaction.today))
        transaction.pending.clear()


def _people(transaction: Transaction, name: str, number: int) -> list[str]:
    sobject = transaction.ground.schema.find(name)
    assert sobject is not None  # noqa: S101 - a fact of the schema
    company = {"Company": "Crowd", "Status": "Open - Not Contacted"} if name == "Lead" else {}
    owner = transaction.caller.user_id
    return _write(
        transaction,
        sobject,
        (
            {
                "FirstName": "Kim",
                "LastName": f"Crowd {index}",
                "Email": f"{name.lower()}{index}@crowd.example",
                "OwnerId": owner,
                **company,
            }
            for index in range(1, number + 1)
        ),
    )


def _members(campaign: str, people: list[tuple[str, str]], today: str) -> Iterator[dict[str, Any]]:
    for index, (kind, person) in enumerate(people):
        responded = index % 2
        yield {
            "CampaignId": campaign,
            kind: person,
            "Status": "Responded" if responded else "Sent",
            "HasResponded": responded,
            "FirstRespondedDate": today if responded else None,
        }


def _write(transaction: Transaction, sobject: SObject, rows: Iterator[dict[str, Any]]) -> list[str]:
    """Inserts rows in lots and forgets them; returns their ids."""
    base = transaction.new_row(sobject)
    ids: list[str] = []
    while lot := [base | row for row in islice(rows, _AT_ONCE)]:
        transaction.insert(sobject, lot)
        transaction.pending.clear()
        ids += [row["Id"] for row in lot]
    return ids


def _find(org: Org, name: str) -> SObject:
    found = org.schema.find(name)
    assert found is not None  # noqa: S101 - a fact of the schema
    return found
