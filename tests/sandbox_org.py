"""A sandbox org as a process of its own, spoken to over HTTP as any tool would: the other side of every story."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
DATA = "/services/data/v62.0"


class SandboxOrg:
    """A running sandbox."""

    def __init__(self, *arguments: str) -> None:
        program = Path(sys.executable).with_name("salesforce-sandbox")
        self.process = subprocess.Popen(
            [str(program), "--port", "0", *arguments], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first.startswith("ready "), first
        self.url = first.split()[1].rstrip("/")
        self._session = requests.Session()
        self._token = ""
        self._login = {"grant_type": "client_credentials"}

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=10)

    def reset(self) -> None:
        """Everything as it was at start."""
        self.control("POST", "/sandbox/reset")
        self._token = ""

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = self._session.request(method, self.url + path, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def forget_token(self) -> None:
        """Log in anew at the next call."""
        self._token = ""

    def act_as(self, username: str) -> None:
        """Whatever is done from now on is done by a user of their own, as by sales in the org's pages, and not by whom the sync
        logs in as."""
        user = {"Username": username, "LastName": "Sales", "UserPermissionsMarketingUser": True}
        self.control("POST", "/sandbox/seed", {"users": [user]})
        self._login = {"grant_type": "password", "username": username, "password": "sandbox"}
        self.forget_token()

    def calls(self) -> int:
        """How many API calls the org has counted."""
        counted = self.control("GET", "/sandbox/calls")
        return sum(number for number in counted.values() if isinstance(number, int))

    def call(self, method: str, path: str, body: object = None) -> Any:
        if not self._token:
            form = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **self._login}
            self._token = requests.post(f"{self.url}/services/oauth2/token", data=form, timeout=30).json()[
                "access_token"
            ]
        answer = self._session.request(
            method, self.url + path, json=body, headers={"Authorization": f"Bearer {self._token}"}, timeout=30
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def query(self, soql: str) -> list[dict[str, Any]]:
        page = self.call("GET", f"{DATA}/query?q={requests.utils.quote(soql)}")
        records = list(page["records"])
        while not page["done"]:
            page = self.call("GET", page["nextRecordsUrl"])
            records += page["records"]
        return records

    def create(self, object_name: str, **fields: object) -> str:
        return str(self.call("POST", f"{DATA}/sobjects/{object_name}", fields)["id"])

    def update(self, object_name: str, record_id: str, **fields: object) -> None:
        self.call("PATCH", f"{DATA}/sobjects/{object_name}/{record_id}", fields)

    def delete(self, object_name: str, record_id: str) -> None:
        self.call("DELETE", f"{DATA}/sobjects/{object_name}/{record_id}")

    def soap(self, operation: str, arguments: str) -> str:
        """What only SOAP can do (S1.4.6, S1.4.7)."""
        self.query("SELECT Id FROM Organization")  # Somebody must have logged in.
        body = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="urn:partner.soap.sforce.com">'
            f"<s:Header><u:SessionHeader><u:sessionId>{self._token}</u:sessionId></u:SessionHeader></s:Header>"
            f"<s:Body><u:{operation}>{arguments}</u:{operation}></s:Body></s:Envelope>"
        )
        answer = self._session.post(
            f"{self.url}/services/Soap/u/62.0",
            data=body.encode(),
            headers={"Content-Type": "text/xml", "SOAPAction": operation},
            timeout=30,
        )
        assert "<success>true</success>" in answer.text, answer.text
        return answer.text

    def convert(self, lead: str, contact: str | None = None) -> str:
        """Convert a lead, into a contact that is there already or a new one; the contact's id."""
        asked = {"convertedStatus": "Closed - Converted", "leadId": lead}
        if contact:
            account = self.query(f"SELECT AccountId FROM Contact WHERE Id = '{contact}'")[0]["AccountId"]
            asked |= {"contactId": contact, "accountId": account}
        inner = "".join(f"<u:{name}>{value}</u:{name}>" for name, value in asked.items() if value)
        text = self.soap("convertLead", f"<u:leadConverts>{inner}</u:leadConverts>")
        return re.findall("<contactId>([^<]*)</", text)[0]

    def merge(self, kind: str, winner: str, *losers: str) -> None:
        """Merge leads or contacts into one of them."""
        master = f"<u:masterRecord><type>{kind}</type><Id>{winner}</Id></u:masterRecord>"
        others = "".join(f"<u:recordToMergeIds>{each}</u:recordToMergeIds>" for each in losers)
        self.soap("merge", f"<u:request>{master}{others}</u:request>")

    def undelete(self, record_id: str) -> None:
        self.soap("undelete", f"<u:ids>{record_id}</u:ids>")

    def switch(self, **answers: object) -> None:
        """Choose answers to what nobody outside Salesforce has verified."""
        self.control("POST", "/sandbox/switches", answers)

    def members(self, campaign_id: str) -> dict[str, str]:
        """A campaign's members: e-mail → status; fails when somebody is in it twice."""
        rows = self.query(
            f"SELECT Status, Lead.Email, Contact.Email FROM CampaignMember WHERE CampaignId = '{campaign_id}'"
        )
        found = [((row["Contact"] or row["Lead"])["Email"], row["Status"]) for row in rows]
        assert len(found) == len(dict(found)), "somebody is in the campaign twice"
        return dict(found)

    def member_id(self, campaign_id: str, email: str) -> str:
        rows = self.query(
            f"SELECT Id FROM CampaignMember WHERE CampaignId = '{campaign_id}'"
            f" AND (Lead.Email = '{email}' OR Contact.Email = '{email}')"
        )
        return str(rows[0]["Id"])

    def webinar(self, *statuses: str) -> str:
        """A campaign whose members may be Invited, Registered, No Show, Attended."""
        campaign = self.create("Campaign", Name="Spring", IsActive=True)
        wanted = statuses or ("Invited", "Registered", "No Show", "Attended")
        for place, label in enumerate(wanted, start=3):
            self.create(
                "CampaignMemberStatus",
                CampaignId=campaign,
                Label=label,
                SortOrder=place,
                IsDefault=label == wanted[0],
                HasResponded=label == wanted[-1],
            )
        for row in self.query(f"SELECT Id, Label FROM CampaignMemberStatus WHERE CampaignId = '{campaign}'"):
            if row["Label"] not in wanted:
                self.delete("CampaignMemberStatus", row["Id"])
        return campaign

    def add_lead(self, campaign_id: str, email: str, status: str, **fields: object) -> str:
        """A new lead in a campaign; the lead's id."""
        lead = self.create(
            "Lead", **{"LastName": "Somebody", "Company": "Some Company", "Email": email, **fields}
        )
        self.create("CampaignMember", CampaignId=campaign_id, LeadId=lead, Status=status)
        return lead
