"""What an org can be extended by as a whole: several currencies, accounts as campaign members, record types of members.

Called by seeds and the control endpoint when switches may have changed, and by the rules of the objects concerned. Each may be
switched on and off while the org runs: fields come and go, what was stored in them stays. Rests on S1.1.2, S1.1.10, S1.3.1 and
the Object Reference, "CurrencyType".
"""

# ruff: noqa: S608 - what is put into statements are names of the schema.

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.ground import Ground
from salesforce_sandbox.org.schema import CURRENCY_TYPE, PicklistValue, make_field
from salesforce_sandbox.org.schema.derived import MEMBER_RECORD_TYPE, campaign_rollups, member_copies
from salesforce_sandbox.org.transaction import Transactions

CORPORATE = "USD"
# The rates to begin with: how much of each one unit of the org's own currency is worth, and its decimals.
_RATES = (("USD", 1.0, 2), ("EUR", 0.9, 2), ("GBP", 0.75, 2), ("JPY", 150.0, 0))
_IN_CURRENCIES = ("Account", "Campaign", "CampaignMember", "Contact", "Lead", "Opportunity", "User")


def set_currencies(ground: Ground, transactions: Transactions, *, several: bool) -> None:
    """S1.1.2: every record has a currency, and amounts can be compared across them; or there is one currency."""
    schema = ground.schema
    if several == (schema.find(CURRENCY_TYPE.name) is not None):
        return
    if several:
        schema.put(CURRENCY_TYPE)
        ground.storage.follow_schema()
        _plant_rates(ground, transactions)
        offer_currencies(ground)
        for name in _IN_CURRENCIES:
            ground.storage.rows(
                f'UPDATE "{name}" SET "CurrencyIsoCode" = ? WHERE "CurrencyIsoCode" IS NULL', CORPORATE
            )
    else:
        schema.take(CURRENCY_TYPE.name)
        for name in _IN_CURRENCIES:
            schema.take_field(name, "CurrencyIsoCode")
        schema.take_field("User", "DefaultCurrencyIsoCode")
    _derive(ground, "Campaign", campaign_rollups(currencies=several))


def offer_currencies(ground: Ground) -> None:
    """Makes the active currencies the entries of the picklists that choose one."""
    rows = ground.storage.rows(
        f'SELECT "IsoCode", "IsCorporate" FROM "{CURRENCY_TYPE.name}" WHERE "IsActive" = 1 ORDER BY "IsoCode"'
    )
    values = [PicklistValue(value=code, label=code, default=bool(corporate)) for code, corporate in rows]
    for name in _IN_CURRENCIES:
        field = make_field("CurrencyIsoCode", "picklist(3)", "cudr", "Currency ISO Code", {}, values)
        ground.schema.put_field(name, field)
    offered = [replace(value, default=False) for value in values]
    default = make_field(
        "DefaultCurrencyIsoCode", "picklist(3)", "cunr", "Default Currency ISO Code", {}, offered
    )
    ground.schema.put_field("User", default)
    ground.storage.follow_schema()


def set_account_members(ground: Ground, *, on: bool) -> None:
    """S1.3.1: whether accounts can be members of campaigns."""
    schema = ground.schema
    member = schema.find("CampaignMember")
    if member is None or on == (member.field("AccountId") is not None):
        return
    if on:
        words = {"as": "Account", "children": "CampaignMembers", "ondelete": "cascade"}
        schema.put_field(
            "CampaignMember", make_field("AccountId", "reference(Account)", "cn", "Account ID", words)
        )
    else:
        schema.take_field("CampaignMember", "AccountId")
    ground.storage.follow_schema()
    _derive(ground, "CampaignMember", member_copies(accounts=on))


def show_member_record_types(ground: Ground) -> None:
    """S1.1.10: members show their record type, which is their campaign's choice, once there are any."""
    found = ground.storage.rows('SELECT 1 FROM "RecordType" WHERE "SobjectType" = \'CampaignMember\' LIMIT 1')
    member = ground.schema.find("CampaignMember")
    if found and member and not member.field("RecordTypeId"):
        field = make_field(
            "RecordTypeId", "reference(RecordType)", "n", "Record Type ID", {"as": "RecordType"}
        )
        ground.schema.put_field("CampaignMember", replace(field, derived=MEMBER_RECORD_TYPE))
        ground.storage.follow_schema()


def name_member_statuses(ground: Ground, key_prefix: str) -> None:
    """S1.2: gives member statuses, those that are there too, ids that begin with `key_prefix`."""
    name, schema, ids = "CampaignMemberStatus", ground.schema, ground.ids
    status = schema.find(name)
    if status is None:
        return
    if status.key_prefix != key_prefix:
        schema.put(replace(status, key_prefix=key_prefix))
    old = ground.storage.rows(
        f'SELECT "Id" FROM "{name}" WHERE substr("Id", 1, 3) != ? ORDER BY "Id"', key_prefix
    )
    for (record_id,) in old:
        given = ids.take(key_prefix)
        ground.storage.rows(f'UPDATE "{name}" SET "Id" = ? WHERE "Id" = ?', given, record_id)
        ground.storage.rows('UPDATE "_Deletion" SET "Id" = ? WHERE "Id" = ?', given, record_id)


def _derive(ground: Ground, name: str, derived: Mapping[str, str]) -> None:
    """Puts other expressions behind an object's fields."""
    sobject = ground.schema.find(name)
    for field in sobject.fields if sobject else ():
        if field.name in derived:
            ground.schema.put_field(name, replace(field, derived=derived[field.name]))


def _plant_rates(ground: Ground, transactions: Transactions) -> None:
    if ground.storage.rows(f'SELECT 1 FROM "{CURRENCY_TYPE.name}"'):
        return
    with transactions.begin(Caller(user_id="")) as transaction:
        rows = [transaction.new_row(CURRENCY_TYPE) | _rate(*each) for each in _RATES]
        transaction.insert(CURRENCY_TYPE, rows)


def _rate(code: str, rate: float, decimals: int) -> dict[str, Any]:
    return {
        "IsoCode": code,
        "ConversionRate": rate,
        "DecimalPlaces": decimals,
        "IsActive": 1,
        "IsCorporate": int(code == CORPORATE),
    }
