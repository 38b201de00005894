"""The floor of a full reconcile: the same bytes downloaded, parsed, joined and written, with Polars and COPY and nothing else.

`python floor.py ORG_URL SESSION DATABASE_URL`.
"""

from __future__ import annotations

import io
import sys
import time

import polars as pl
import psycopg
import requests

MEMBER = "Id,CampaignId,LeadId,ContactId,Status,HasResponded,FirstRespondedDate,CreatedDate,SystemModstamp,LastModifiedById"
LEAD = (
    "Id,IsDeleted,MasterRecordId,CreatedDate,SystemModstamp,IsConverted,ConvertedContactId,Email,FirstName,LastName,Salutation,"
    "Title,Company,Phone,MobilePhone,Fax,Street,City,State,PostalCode,Country,Industry,AnnualRevenue,NumberOfEmployees,Website,"
    "Rating,LeadSource,Status,Description"
)


def pages(org: str, token: str, query: str) -> pl.DataFrame:
    """All rows of a bulk query."""
    http = requests.Session()
    http.headers["Authorization"] = f"Bearer {token}"
    jobs = f"{org}/services/data/v62.0/jobs/query"
    job = http.post(jobs, json={"operation": "query", "query": query}, timeout=600).json()["id"]
    while http.get(f"{jobs}/{job}", timeout=600).json()["state"] != "JobComplete":
        time.sleep(0.1)
    locator, found = "", []
    while locator != "null":
        place = f"&locator={locator}" if locator else ""
        page = http.get(f"{jobs}/{job}/results?maxRecords=100000{place}", timeout=600)
        found.append(pl.read_csv(page.content, infer_schema=False))
        locator = page.headers["Sforce-Locator"]
    return pl.concat(found)


def main() -> None:
    """Members joined with their leads, and all of it written."""
    org, token, database = sys.argv[1:]
    members = pages(org, token, f"SELECT {MEMBER} FROM CampaignMember")
    leads = pages(org, token, f"SELECT {LEAD} FROM Lead WHERE Id IN (SELECT LeadId FROM CampaignMember)")
    members.join(leads, left_on="LeadId", right_on="Id", how="full").height  # noqa: B018 - the join itself is the work.
    with psycopg.connect(database) as session:
        for name, frame in (("members", members), ("leads", leads)):
            columns = ", ".join(f'"{column}" text' for column in frame.columns)
            session.execute(f"CREATE TABLE {name} ({columns})")
            with session.cursor().copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy:
                for part in frame.iter_slices(100_000):
                    csv = io.BytesIO()
                    part.write_csv(csv, include_header=False)
                    copy.write(csv.getbuffer())
        session.commit()


main()
