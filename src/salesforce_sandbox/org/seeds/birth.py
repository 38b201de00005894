"""What every org has from birth: itself, a profile, its administrator, the values of lead statuses, one connected app.

Called once for each fresh org, before any seed. The names and secrets are public on purpose: this is a sandbox.
"""

from typing import Any

from salesforce_sandbox.org.access import Caller, ConnectedApp
from salesforce_sandbox.org.ground import DuplicateRule
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.org.transaction import Transaction

ADMIN = "admin@sandbox.example"
PASSWORD = "sandbox"  # noqa: S105 - known to everybody
CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - known to everybody
REFRESH_TOKEN = "sandbox-refresh-token"  # noqa: S105 - known to everybody
ADMIN_ID = "0055g000000001AAAQ"
PROFILE_ID = "00e5g000000001AAAQ"


def give_birth(org: Org) -> Caller:
    """Fills a new org with what it cannot be without; returns its administrator."""
    admin = Caller(user_id=ADMIN_ID)
    with org.transactions.begin(admin) as transaction:
        _insert(transaction, "Organization", Id=org.id, **_ORGANIZATION)
        _insert(transaction, "Profile", Id=PROFILE_ID, Name="System Administrator", UserType="Standard")
        _insert(transaction, "User", Id=ADMIN_ID, Username=ADMIN, ProfileId=PROFILE_ID, **_ADMINISTRATOR)
        for order, (label, converted) in enumerate(_LEAD_STATUSES, start=1):
            _insert(
                transaction,
                "LeadStatus",
                MasterLabel=label,
                ApiName=label,
                SortOrder=order,
                IsDefault=int(order == 1),
                IsConverted=int(converted),
            )
        # What is there from birth is no change that anybody could have missed.
        transaction.pending.clear()
    org.access.passwords[ADMIN_ID] = PASSWORD
    org.access.refresh_tokens[REFRESH_TOKEN] = ADMIN_ID
    org.access.apps[CLIENT_ID] = ConnectedApp(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, run_as=ADMIN)
    org.admin.duplicates.extend(
        DuplicateRule(
            name=f"Standard_{person}_Duplicate_Rule",
            sobject=person,
            same=("Email",),
            alike=("LastName", "FirstName"),
        )
        for person in ("Lead", "Contact")
    )
    return admin


def _insert(transaction: Transaction, name: str, **values: Any) -> None:
    sobject = transaction.ground.schema.find(name)
    assert sobject is not None  # noqa: S101 - a fact of the schema
    transaction.insert(sobject, [transaction.new_row(sobject) | values])


_LEAD_STATUSES = (
    ("Open - Not Contacted", False),
    ("Working - Contacted", False),
    ("Closed - Converted", True),
    ("Closed - Not Converted", False),
)
_ORGANIZATION = {
    "Name": "Sandbox",
    "OrganizationType": "Developer Edition",
    "InstanceName": "SBX1",
    "IsSandbox": 0,
    "LanguageLocaleKey": "en_US",
    "DefaultLocaleSidKey": "en_US",
    "TimeZoneSidKey": "GMT",
    "FiscalYearStartMonth": 1,
    "Country": "US",
}
_ADMINISTRATOR = {
    "FirstName": "Ada",
    "LastName": "Admin",
    "Email": ADMIN,
    "Alias": "admin",
    "CommunityNickname": "admin",
    "IsActive": 1,
    "UserType": "Standard",
    "TimeZoneSidKey": "GMT",
    "LocaleSidKey": "en_US",
    "LanguageLocaleKey": "en_US",
    "EmailEncodingKey": "UTF-8",
    "UserPermissionsMarketingUser": 1,
}
