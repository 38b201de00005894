"""Which rules govern which object; objects that are not here have none beyond what holds for all (`checks`)."""

from collections.abc import Mapping
from types import MappingProxyType

from salesforce_sandbox.org.drafts import Rules
from salesforce_sandbox.org.rules.campaign import CampaignRules
from salesforce_sandbox.org.rules.campaign_member import CampaignMemberRules
from salesforce_sandbox.org.rules.campaign_member_status import CampaignMemberStatusRules
from salesforce_sandbox.org.rules.people import ContactRules, LeadRules, UserRules

NO_RULES = Rules()
RULES: Mapping[str, Rules] = MappingProxyType(
    {
        "Campaign": CampaignRules(),
        "CampaignMember": CampaignMemberRules(),
        "CampaignMemberStatus": CampaignMemberStatusRules(),
        "Contact": ContactRules(),
        "Lead": LeadRules(),
        "User": UserRules(),
    }
)
