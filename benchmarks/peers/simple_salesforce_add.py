"""simple-salesforce: add people to a campaign by e-mail address: find contacts and leads, make the unknown, insert the members.

`python simple_salesforce_add.py ORG_URL SESSION CAMPAIGN_ID FILE` with one `email,status` a line. Bulk2 query, a
dictionary, bulk2 ingest, as its documentation shows.
"""

import csv
import io
import sys
from pathlib import Path

from simple_salesforce import Salesforce


def rows(sf: Salesforce, of: str, query: str) -> list[dict[str, str]]:
    """The rows of a bulk2 query as dictionaries."""
    return [row for page in getattr(sf.bulk2, of).query(query) for row in csv.DictReader(io.StringIO(page))]


def main() -> None:
    """Contacts first, then leads; converted leads by their contact."""
    url, token, campaign, file = sys.argv[1:]
    sf = Salesforce(instance_url=url, session_id=token, version="62.0")
    wanted = dict(csv.reader(io.StringIO(Path(file).read_text())))
    known: dict[str, tuple[str, str]] = {}
    for row in rows(
        sf, "Lead", "SELECT Id, Email, IsConverted, ConvertedContactId FROM Lead WHERE Email != null"
    ):
        if row["IsConverted"] == "true":
            known[row["Email"].lower()] = ("ContactId", row["ConvertedContactId"])
        else:
            known.setdefault(row["Email"].lower(), ("LeadId", row["Id"]))
    for row in rows(sf, "Contact", "SELECT Id, Email FROM Contact WHERE Email != null"):
        known[row["Email"].lower()] = ("ContactId", row["Id"])
    unknown = [email for email in wanted if email not in known]
    if unknown:
        made = [{"LastName": "Unknown", "Company": "Unknown", "Email": email} for email in unknown]
        for result in sf.bulk2.Lead.insert(records=made):
            text = sf.bulk2.Lead.get_successful_records(result["job_id"])
            for row in csv.DictReader(io.StringIO(text)):
                known[row["Email"].lower()] = ("LeadId", row["sf__Id"])
    members = [
        {"CampaignId": campaign, "LeadId": "", "ContactId": "", "Status": status, **dict([known[email]])}
        for email, status in wanted.items()
        if email in known
    ]
    for result in sf.bulk2.CampaignMember.insert(records=members):
        if int(result["numberRecordsFailed"]):
            print(sf.bulk2.CampaignMember.get_failed_records(result["job_id"])[:500])


main()
