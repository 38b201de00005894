"""Which rules govern which object; objects that are not here have none beyond what holds for all (`checks`)."""

from collections.abc import Mapping
from types import MappingProxyType

from salesforce_sandbox.org.drafts import Rules
from salesforce_sandbox.org.rules.campaign import CampaignRules
from salesforce_sandbox.org.rules.campaign_member import CampaignMemberRules
from salesforce_sandbox.org.rules.campaign_member_status import CampaignMemberStatusRules
from salesforce_sandbox.org.rules.people import ContactRules, LeadRules, UserRules
from salesforce_sandbox.org.rules.settings import CurrencyTypeRules, RecordTypeRules

NO_RULES = Rules()
RULES: Mapping[str, Rules] = MappingProxyType(
    {
        "Campaign": CampaignRules(),
        "CampaignMember": CampaignMemberRules(),
        "CampaignMemberStatus": CampaignMemberStatusRules(),
        "Contact": ContactRules(),
        "CurrencyType": CurrencyTypeRules(),
        "Lead": LeadRules(),
        "RecordType": RecordTypeRules(),
        "User": UserRules(),
    }
)


# What of each object's semantics is kept, for the coverage page: (object, rules of the contract, state, note).
COVERAGE: tuple[tuple[str, str, str, str], ...] = (
    ("Campaign", "S0.6 S1.1.1-S1.1.10", "done", "Five levels of hierarchy, by switch."),
    ("CampaignMemberStatus", "S1.2.1-S1.2.10", "done", "The editor's limit of 50 by switch."),
    ("CampaignMember", "S0.1-S0.5 S1.3.1-S1.3.10", "done", "Accounts as members by switch."),
    (
        "Lead",
        "S0.8 S1.4.1-S1.4.9",
        "done",
        "Conversion and merge through SOAP; assignment rules are not built.",
    ),
    ("Contact", "S1.4.2-S1.4.9", "done", "Person accounts are not built."),
    (
        "Duplicate rules",
        "S1.4.9",
        "done",
        "Fields are equal or spellings of one name; addresses and companies are not matched loosely.",
    ),
    ("Validation rules", "", "partly", "Conditions are SOQL, not formulas."),
    ("Access", "S1.5.3 S0.6", "partly", "What is not denied is allowed; no sharing, no profiles to edit."),
    (
        "User, Account, Opportunity, Group, RecordType",
        "",
        "partly",
        "Stored and queried; few rules of their own.",
    ),
    ("Several currencies", "S1.1.2", "done", "By switch; convertCurrency(), rollups; no dated rates."),
    ("History of Account, Campaign, Contact and Lead", "S1.1.11", "done", "Of what a seed tracks."),
    ("Person accounts, feeds, flows, triggers", "", "not", ""),
)
