"""A story told by aiosalesforce in its own environment: many calls under way at the same time, composite ones among them.

Run by tests/witness; argument: JSON `{url, client_id, client_secret, emails}`; prints what its client returned as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from typing import Any

import httpx
from aiosalesforce import Salesforce
from aiosalesforce.auth import ClientCredentialsFlow
from aiosalesforce.exceptions import SalesforceError


async def main() -> None:
    asked = json.loads(sys.argv[1])
    trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    async with httpx.AsyncClient(verify=trust) as http:
        login = ClientCredentialsFlow(asked["client_id"], asked["client_secret"])
        org = Salesforce(http, base_url=asked["url"], auth=login)
        campaign = await org.sobject.create("Campaign", {"Name": "Spring", "IsActive": True})
        leads = await asyncio.gather(
            *(
                org.sobject.create("Lead", {"LastName": email, "Company": "Co", "Email": email})
                for email in asked["emails"]
            )
        )
        members = await asyncio.gather(
            *(
                org.sobject.create("CampaignMember", {"CampaignId": campaign, "LeadId": lead})
                for lead in leads
            )
        )
        await asyncio.gather(
            *(org.sobject.update("CampaignMember", each, {"Status": "Responded"}) for each in members[:2])
        )
        upserted = await org.sobject.upsert(
            "Lead", asked["emails"][0], "Email", {"LastName": "Renamed", "Company": "Co"}
        )
        both = await joined_in_one_call(org, campaign)
        status, counted = await asked_in_one_call(org, members[0], campaign)
        await org.sobject.delete("CampaignMember", members[-1])
        left = [
            row
            async for row in org.query(
                f"SELECT Lead.LastName, Status FROM CampaignMember WHERE CampaignId = '{campaign}'"
            )
        ]
        told = {
            "campaign": campaign,
            "upserted": [upserted.id, upserted.created],
            "leads": leads,
            "members": members,
            "both": both,
            "status": status,
            "counted": counted,
            "refused": await refused(org, campaign, leads[0]),
            "left": {row["Lead"]["LastName"]: row["Status"] for row in left},
        }
    print(json.dumps(told))


async def joined_in_one_call(org: Salesforce, campaign: str) -> list[str]:
    """A lead and its membership, the second by reference to the first."""
    async with org.composite(all_or_none=True) as together:
        lead = together.sobject.create("Lead", {"LastName": "Late", "Company": "Co"})
        row = {"CampaignId": campaign, "LeadId": str(lead.reference.id), "Status": "Sent"}
        member = together.sobject.create("CampaignMember", row)
    return [lead.id, member.id]


async def asked_in_one_call(org: Salesforce, member: str, campaign: str) -> tuple[str, int]:
    async with org.composite.batch() as together:
        one = together.sobject.get("CampaignMember", member)
        many = together.query(f"SELECT Id FROM CampaignMember WHERE CampaignId = '{campaign}'")
    return one.record["Status"], len(many.records)


async def refused(org: Salesforce, campaign: str, lead: str) -> list[Any]:
    """What the client makes of a membership that is there already."""
    try:
        await org.sobject.create("CampaignMember", {"CampaignId": campaign, "LeadId": lead})
    except SalesforceError as error:
        return [type(error).__name__, str(error)]
    return []


if __name__ == "__main__":
    asyncio.run(main())
