"""simple-salesforce: pull one campaign's members and the leads in them into PostgreSQL tables, by its bulk2 query.

`python simple_salesforce_pull.py ORG_URL SESSION DATABASE_URL CAMPAIGN_ID`. Its documentation:
`sf.bulk2.Object.query(soql)` yields pages of CSV text; psycopg's: COPY takes rows one by one.
"""

import csv
import io
import sys

import psycopg
from simple_salesforce import Salesforce

MEMBER = "Id CampaignId LeadId ContactId Status HasResponded FirstRespondedDate CreatedDate SystemModstamp LastModifiedById"
LEAD = (
    "Id IsDeleted MasterRecordId CreatedDate SystemModstamp IsConverted ConvertedContactId Email FirstName LastName Salutation"
    " Title Company Phone MobilePhone Fax Street City State PostalCode Country Industry AnnualRevenue NumberOfEmployees"
    " Website Rating LeadSource Status Description"
)


def pull(sf: Salesforce, session: psycopg.Connection, table: str, query: str, fields: list[str]) -> None:
    """One object's rows into one table, keyed by id."""
    columns = ", ".join(f'"{name}" text' for name in fields)
    session.execute(f'CREATE TABLE "{table}" ({columns}, PRIMARY KEY ("Id"))')
    with session.cursor().copy(f'COPY "{table}" FROM STDIN') as copy:
        for page in getattr(sf.bulk2, table).query(query):
            for row in csv.DictReader(io.StringIO(page)):
                copy.write_row([row[name] or None for name in fields])
    session.commit()


def main() -> None:
    """Both objects, one after the other."""
    url, token, database, campaign = sys.argv[1:]
    sf = Salesforce(instance_url=url, session_id=token, version="62.0")
    with psycopg.connect(database) as session:
        members = f"SELECT {', '.join(MEMBER.split())} FROM CampaignMember WHERE CampaignId = '{campaign}'"
        pull(sf, session, "CampaignMember", members, MEMBER.split())
        leads = (
            f"SELECT {', '.join(LEAD.split())} FROM Lead WHERE Id IN"
            f" (SELECT LeadId FROM CampaignMember WHERE CampaignId = '{campaign}')"
        )
        pull(sf, session, "Lead", leads, LEAD.split())


main()
