"""A story told by salesforce-bulk in its own environment: a crowd joins a campaign, is read back, and leaves.

Run by tests/witness; argument: JSON `{session, host, campaign, emails}`; prints what its client returned as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import unicodecsv
from salesforce_bulk import CsvDictsAdapter, SalesforceBulk
from salesforce_bulk.salesforce_bulk import BulkBatchFailed
from salesforce_bulk.util import IteratorBytesIO


def main() -> None:
    asked = json.loads(sys.argv[1])
    bulk = SalesforceBulk(sessionId=asked["session"], host=asked["host"])
    people = [{"LastName": email, "Company": "Crowd", "Email": email} for email in asked["emails"]]
    leads = written(bulk, bulk.create_insert_job("Lead", contentType="CSV"), people)
    members = [{"CampaignId": asked["campaign"], "LeadId": each["id"], "Status": "Sent"} for each in leads]
    joined = written(bulk, bulk.create_insert_job("CampaignMember", contentType="CSV"), members)
    again = written(bulk, bulk.create_insert_job("CampaignMember", contentType="CSV"), members[:1])
    soql = f"SELECT Id, Status, Lead.Email FROM CampaignMember WHERE CampaignId = '{asked['campaign']}'"
    rows = read(bulk, "CSV", soql)
    objects = read(bulk, "JSON", soql)
    moved = [{"Id": each["Id"], "Status": "Responded"} for each in rows[:3]]
    updated = written(bulk, bulk.create_update_job("CampaignMember", contentType="CSV"), moved)
    gone = [{"Id": each["Id"]} for each in rows[-2:]]
    deleted = written(bulk, bulk.create_delete_job("CampaignMember", contentType="CSV"), gone)
    told = {
        "leads": leads,
        "joined": joined,
        "again": again,
        "rows": rows,
        "objects": objects,
        "updated": updated,
        "deleted": deleted,
        "refused": refused(bulk),
        "aborted": aborted(bulk),
    }
    print(json.dumps(told))


def written(bulk: SalesforceBulk, job: str, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    batch = bulk.post_batch(job, CsvDictsAdapter(iter(rows)))
    bulk.wait_for_batch(job, batch)
    bulk.close_job(job)
    return [each._asdict() for each in bulk.get_batch_results(batch)]


def read(bulk: SalesforceBulk, kind: str, soql: str) -> list[dict[str, Any]]:
    job = bulk.create_query_job("CampaignMember", contentType=kind)
    batch = bulk.query(job, soql)
    bulk.close_job(job)
    bulk.wait_for_batch(job, batch)
    found: list[dict[str, Any]] = []
    for part in bulk.get_all_results_for_query_batch(batch):
        if kind == "CSV":
            found += unicodecsv.DictReader(part, encoding="utf-8")
        else:
            found += json.load(IteratorBytesIO(part))
    return found


def refused(bulk: SalesforceBulk) -> str:
    """What a query batch says that cannot be carried out."""
    job = bulk.create_query_job("CampaignMember", contentType="CSV")
    batch = bulk.query(job, "SELECT Nonsense FROM CampaignMember")
    try:
        bulk.wait_for_batch(job, batch)
    except BulkBatchFailed as failure:
        return str(failure.state_message)
    return "nothing"


def aborted(bulk: SalesforceBulk) -> str | None:
    """The state of a job that was called off."""
    job = bulk.create_insert_job("Lead", contentType="CSV")
    bulk.abort_job(job)
    state: str | None = bulk.job_state(job)
    return state


if __name__ == "__main__":
    main()
