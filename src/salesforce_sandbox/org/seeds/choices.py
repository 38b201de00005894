"""Makes an org what its switches and rows say where no rule asks them: picklists that are restricted, fields that come or hide.

Called whenever switches may have changed: after a seed and by the control endpoint.
"""

from dataclasses import replace

from salesforce_sandbox.org import features
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.org.rules.campaign_member_status import add_labels
from salesforce_sandbox.org.schema import make_field
from salesforce_sandbox.org.schema.derived import COPIES

_PEOPLE = ("Lead", "Contact", "CampaignMember")
_HIDDEN = {("*", person, "HasOptedOutOfEmail", right) for person in _PEOPLE for right in ("read", "edit")}
_COPIES = {("*", "CampaignMember", name, "read") for name in COPIES}
_CODES = (
    ("Lead", "StateCode"),
    ("Lead", "CountryCode"),
    ("Contact", "MailingStateCode"),
    ("Contact", "MailingCountryCode"),
)


def follow_switches(org: Org) -> None:
    _restrict_campaign_type(org, restricted=bool(org.switches["campaign_type_restricted"]))
    if org.switches["member_copies_readable"]:
        org.access.denied_fields.difference_update(_COPIES)
    else:
        org.access.denied_fields.update(_COPIES)
    if org.switches["email_opt_out_visible"]:
        org.access.denied_fields.difference_update(_HIDDEN)
    else:
        # S1.4.2: nobody has been given access to this field in a fresh org.
        org.access.denied_fields.update(_HIDDEN)
    _show_place_codes(org, shown=bool(org.switches["state_country_picklists"]))
    ground, switches = org.ground, org.switches
    features.set_currencies(ground, org.transactions, several=bool(switches["several_currencies"]))
    features.set_account_members(ground, on=bool(switches["accounts_as_members"]))
    features.name_member_statuses(ground, str(switches["member_status_key_prefix"]))
    features.show_member_record_types(ground)
    labels = org.storage.rows('SELECT DISTINCT "Label" FROM "CampaignMemberStatus" WHERE "IsDeleted" = 0')
    add_labels(org.schema, [label for (label,) in labels])


def _restrict_campaign_type(org: Org, *, restricted: bool) -> None:
    """S1.1.4"""
    campaign = org.schema.find("Campaign")
    kind = campaign.field("Type") if campaign else None
    if kind and kind.restricted_picklist != restricted:
        org.schema.put_field("Campaign", replace(kind, restricted_picklist=restricted))


def _show_place_codes(org: Org, *, shown: bool) -> None:
    """S1.4.5: fields that such orgs have beside the texts."""
    for sobject, name in _CODES:
        if shown:
            org.schema.put_field(sobject, make_field(name, "string(10)", "cunp", name))
        else:
            org.schema.take_field(sobject, name)
    org.storage.follow_schema()
