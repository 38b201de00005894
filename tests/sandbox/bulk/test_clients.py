"""simple-salesforce's two bulk clients, as they are (contract, section 3)."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from simple_salesforce.bulk import SFBulkHandler
from simple_salesforce.bulk2 import SFBulk2Handler
from simple_salesforce.exceptions import SalesforceGeneralError, SalesforceOperationError


@pytest.fixture
def bulk2(admin: Any) -> Any:
    token = admin.http.headers["Authorization"].removeprefix("Bearer ")
    return SFBulk2Handler(token, f"{admin.url}/services/data/v59.0/jobs/", session=admin.http)


@pytest.fixture
def bulk1(admin: Any) -> Any:
    token = admin.http.headers["Authorization"].removeprefix("Bearer ")
    return SFBulkHandler(token, f"{admin.url}/services/async/59.0/", session=admin.http)


def test_bulk_2_inserts_updates_upserts_and_deletes(bulk2: Any, admin: Any) -> None:
    rows = [{"LastName": f"L{number}", "Email": f"l{number}@x.example"} for number in range(5)]
    (inserted,) = bulk2.Contact.insert(records=[*rows, {"LastName": "", "Email": "x@x.example"}], wait=0.01)
    assert (inserted["numberRecordsProcessed"], inserted["numberRecordsFailed"]) == (6, 1)
    results = bulk2.Contact.get_all_ingest_records(inserted["job_id"])
    assert [len(results[name]) for name in ("successfulRecords", "failedRecords", "unprocessedRecords")] == [
        5,
        1,
        0,
    ]
    ids = [row["sf__Id"] for row in results["successfulRecords"]]
    bulk2.Contact.update(records=[{"Id": ids[0], "Title": "Dr"}], wait=0.01)
    changes = [{"Email": "l1@x.example", "Title": "Mr"}]
    bulk2.Contact.upsert(records=changes, external_id_field="Email", wait=0.01)
    assert len(admin.query("SELECT Id FROM Contact WHERE Title != null")) == 2
    bulk2.Contact.delete(records=[{"Id": each} for each in ids], wait=0.01)
    assert admin.query("SELECT Id FROM Contact") == []


def test_bulk_2_queries_page_by_page_and_into_files(bulk2: Any, tmp_path: Path) -> None:
    bulk2.Lead.insert(records=[{"LastName": f"L{n}", "Company": "C"} for n in range(25)], wait=0.01)
    pages = list(bulk2.Lead.query("SELECT LastName FROM Lead", max_records=10, wait=0.01))
    assert [len(list(csv.reader(io.StringIO(page)))) - 1 for page in pages] == [10, 10, 5]
    files = bulk2.Lead.download("SELECT LastName FROM Lead", str(tmp_path), max_records=20, wait=0.01)
    assert [file["number_of_records"] for file in files] == [20, 5]


def test_bulk_2_tells_why_a_job_failed(bulk2: Any) -> None:
    with pytest.raises(SalesforceOperationError, match="InvalidBatch : Field name not found : Nickname"):
        bulk2.Lead.insert(records=[{"Nickname": "x"}], wait=0.01)


def test_bulk_1_saves_and_queries_in_json(bulk1: Any, admin: Any) -> None:
    saved = bulk1.Lead.insert([{"LastName": "Ash", "Company": "A"}, {"LastName": "B"}], batch_size=1)
    assert [(row["success"], row["created"]) for row in saved] == [(True, True), (False, False)]
    detailed = bulk1.Lead.upsert(
        [{"Id": saved[0]["id"], "City": "Ghent"}], external_id_field="Id", include_detailed_results=True
    )
    assert (detailed[0]["created"], detailed[0]["City"]) == (False, "Ghent")
    (record,) = bulk1.Lead.query("SELECT LastName, City FROM Lead", wait=0)
    assert (record["LastName"], record["City"], record["attributes"]["type"]) == ("Ash", "Ghent", "Lead")
    assert bulk1.Lead.delete([{"Id": saved[0]["id"]}])[0]["success"]
    assert len(bulk1.Lead.query_all("SELECT Id FROM Lead", wait=0)) == 1


def test_bulk_1_tells_why_a_query_failed(bulk1: Any) -> None:
    with pytest.raises(SalesforceGeneralError) as refused:
        bulk1.Lead.query("SELECT Nickname FROM Lead", wait=0)
    assert "No such column 'Nickname'" in str(refused.value.content)
