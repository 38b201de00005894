"""Lead conversion: a lead becomes an account, a contact and perhaps an opportunity (S1.4.6), and its memberships follow.

Called by SOAP's convertLead and by seeds. One transaction; its changes come in the order account, contact, opportunity,
lead. What becomes of the lead's campaign memberships is an open question with switches (S1.3.7).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.transaction import Transaction

_PLACE = ("Street", "City", "State", "PostalCode", "Country")
_TO_ACCOUNT = {
    "Company": "Name",
    "Phone": "Phone",
    "Fax": "Fax",
    "Website": "Website",
    "Industry": "Industry",
    "NumberOfEmployees": "NumberOfEmployees",
    "AnnualRevenue": "AnnualRevenue",
    "Rating": "Rating",
    **{part: f"Billing{part}" for part in _PLACE},
}
_TO_CONTACT = {
    **{
        name: name
        for name in (
            "Salutation",
            "FirstName",
            "LastName",
            "Title",
            "Email",
            "Phone",
            "MobilePhone",
            "Fax",
            "LeadSource",
            "Description",
            "DoNotCall",
            "HasOptedOutOfEmail",
            "HasOptedOutOfFax",
        )
    },
    **{part: f"Mailing{part}" for part in _PLACE},
}
_DAYS_TO_CLOSE = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What convertLead is asked for."""

    lead_id: str
    converted_status: str
    account_id: str | None = None
    contact_id: str | None = None
    opportunity_name: str | None = None
    create_opportunity: bool = True
    owner_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    lead_id: str
    account_id: str
    contact_id: str
    opportunity_id: str | None


def convert(transaction: Transaction, asked: Conversion) -> Converted:
    """Converts one lead; SalesforceError when it cannot be."""
    lead = _lead(transaction, asked)
    owner = {"OwnerId": asked.owner_id or lead["OwnerId"]}
    # S1.1.2: what becomes of a lead is in the lead's currency.
    currency = {name: lead[name] for name in ("CurrencyIsoCode",) if name in lead}
    account_id = asked.account_id or _make(
        transaction, "Account", _mapped(lead, _TO_ACCOUNT) | owner | currency
    )
    if asked.contact_id:
        _fill_gaps(transaction, asked.contact_id, _mapped(lead, _TO_CONTACT))
        contact_id = asked.contact_id
    else:
        values = _mapped(lead, _TO_CONTACT) | owner | currency | {"AccountId": account_id}
        contact_id = _make(transaction, "Contact", values)
    opportunity_id = _opportunity(transaction, asked, lead, account_id) if asked.create_opportunity else None
    changes = {
        "Status": asked.converted_status,
        "IsConverted": 1,
        "ConvertedDate": transaction.today,
        "ConvertedAccountId": account_id,
        "ConvertedContactId": contact_id,
        "ConvertedOpportunityId": opportunity_id,
        **owner,
    }
    transaction.update(_object(transaction, "Lead"), {asked.lead_id: changes})
    _move_memberships(transaction, asked.lead_id, contact_id)
    return Converted(
        lead_id=asked.lead_id, account_id=account_id, contact_id=contact_id, opportunity_id=opportunity_id
    )


def _lead(transaction: Transaction, asked: Conversion) -> dict[str, Any]:
    storage = transaction.ground.storage
    lead = storage.records("Lead", [asked.lead_id]).get(asked.lead_id)
    if lead is None or lead["IsDeleted"]:
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", f"invalid lead id: {asked.lead_id}")
    if lead["IsConverted"]:
        raise SalesforceError(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    converting = storage.rows(
        'SELECT 1 FROM "LeadStatus" WHERE "MasterLabel" = ? AND "IsConverted" = 1', asked.converted_status
    )
    if not converting:
        raise SalesforceError(400, "INVALID_STATUS", f"invalid convertedStatus: {asked.converted_status}")
    if lead["OwnerId"].startswith("00G") and not asked.owner_id:
        message = (
            "Converted objects can only be owned by users. If the lead is owned by a queue, specify an owner."
        )
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", message)
    for name, record_id in (("Account", asked.account_id), ("Contact", asked.contact_id)):
        if record_id and record_id not in storage.records(name, [record_id]):
            raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", f"invalid {name} id: {record_id}")
    return lead


def _mapped(lead: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {target: lead[source] for source, target in names.items() if lead[source] is not None}


def _make(transaction: Transaction, name: str, values: Mapping[str, Any]) -> str:
    sobject = _object(transaction, name)
    row = {**transaction.new_row(sobject), **values}
    transaction.insert(sobject, [row])
    return str(row["Id"])


def _fill_gaps(transaction: Transaction, contact_id: str, values: Mapping[str, Any]) -> None:
    """An existing contact keeps what it has; only what is empty is taken from the lead."""
    contact = transaction.ground.storage.records("Contact", [contact_id])[contact_id]
    gaps = {name: value for name, value in values.items() if contact[name] is None}
    transaction.update(_object(transaction, "Contact"), {contact_id: gaps})


def _opportunity(
    transaction: Transaction, asked: Conversion, lead: Mapping[str, Any], account_id: str
) -> str:
    closing = date.fromisoformat(transaction.today) + timedelta(days=_DAYS_TO_CLOSE)
    values = {
        "Name": asked.opportunity_name or f"{lead['Company']}-",
        "AccountId": account_id,
        "StageName": "Prospecting",
        "CloseDate": closing.isoformat(),
    }
    currency = {name: lead[name] for name in ("CurrencyIsoCode",) if name in lead}
    return _make(transaction, "Opportunity", values | currency)


def _move_memberships(transaction: Transaction, lead_id: str, contact_id: str) -> None:
    """S1.3.7: the lead's members become the contact's, under the same ids."""
    ground, member = transaction.ground, _object(transaction, "CampaignMember")
    rows = ground.storage.rows(
        'SELECT m."Id", EXISTS (SELECT 1 FROM "CampaignMember" o WHERE o."CampaignId" = m."CampaignId"'
        ' AND o."ContactId" = ? AND o."IsDeleted" = 0)'
        ' FROM "CampaignMember" m WHERE m."LeadId" = ? AND m."IsDeleted" = 0',
        contact_id,
        lead_id,
    )
    becomes: dict[str, Any] = {"ContactId": contact_id}
    if not ground.switches["conversion_keeps_lead_id"]:
        becomes["LeadId"] = None
    moved = [member_id for member_id, doubled in rows if not doubled]
    transaction.update(member, dict.fromkeys(moved, becomes), by_user=False)
    doubled = [member_id for member_id, is_doubled in rows if is_doubled]
    if doubled and ground.switches["conversion_of_two_members"] == "the lead's row vanishes":
        transaction.delete(member, {member_id: member_id for member_id in doubled}, hard=True)


def _object(transaction: Transaction, name: str) -> SObject:
    found = transaction.ground.schema.find(name)
    assert found is not None  # noqa: S101 - a fact of the schema
    return found
