"""Bulk API 2.0, queries: jobs, pages, locators and refusals (S2.4.5, S2.4.6)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

ALL = "SELECT LastName FROM Lead ORDER BY LastName"


def make_leads(sandbox: Any, number: int) -> list[str]:
    names = [f"L{each:06d}" for each in range(number)]
    rows = [{"LastName": name, "Company": "C"} for name in names]
    sandbox.org.records.create(sandbox.org.schema.find("Lead"), rows, sandbox.admin)
    return names


def lines(content: str) -> list[str]:
    return [line.strip('"') for line in content.splitlines()[1:]]


def test_a_query_job_says_all_that_is_documented_about_it(clerk: Any, admin: Any) -> None:
    """S2.4.5"""
    answer = admin.call(
        "POST", "/jobs/query", {"operation": "query", "query": "SELECT Id FROM CampaignMember"}
    )
    usual = {
        "operation": "query",
        "object": "CampaignMember",
        "state": "UploadComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 60.0,
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }
    created = answer.json()
    assert {name: created[name] for name in usual} == usual
    later = admin.call("GET", f"/jobs/query/{created['id']}").json()
    counts = {
        "state": "JobComplete",
        "jobType": "V2Query",
        "numberRecordsProcessed": 0,
        "retries": 0,
        "isPkChunkingSupported": True,
    }
    assert {name: later[name] for name in counts} == counts


def test_results_are_csv_with_every_value_in_quotes(clerk: Any, admin: Any) -> None:
    """S2.4.5, S0.7"""
    admin.create("Lead", LastName='A "the" sh', Company="A,B", AnnualRevenue=912260031, HasOptedOutOfFax=None)
    job = clerk.query("SELECT LastName, Company, AnnualRevenue, IsConverted, Owner.Username, City FROM Lead")
    answer = clerk.page(job)
    assert answer.content.decode() == (
        '"LastName","Company","AnnualRevenue","IsConverted","Owner.Username","City"\n'
        '"A ""the"" sh","A,B","9.12260031E8","false","admin@sandbox.example",""\n'
    )
    assert answer.headers["Sforce-Locator"] == "null"
    assert answer.headers["Sforce-NumberOfRecords"] == "1"
    assert answer.headers["Content-Type"].startswith("text/csv")


def test_results_speak_the_dialect_asked_for(clerk: Any, admin: Any) -> None:
    admin.create("Lead", LastName="Ash", Company="A")
    job = clerk.query("SELECT LastName, Company FROM Lead", columnDelimiter="TAB", lineEnding="CRLF")
    assert clerk.page(job).content == b'"LastName"\t"Company"\r\n"Ash"\t"A"\r\n'


def test_datetimes_are_written_in_utc(clerk: Any, admin: Any) -> None:
    admin.create("Lead", LastName="Ash", Company="A")
    (moment,) = lines(clerk.page(clerk.query("SELECT CreatedDate FROM Lead")).text)
    assert (len(moment), moment[-5:]) == (24, ".000Z")


def test_only_query_all_finds_the_deleted(clerk: Any, admin: Any) -> None:
    """S2.4.5"""
    admin.delete("Lead", admin.create("Lead", LastName="Ash", Company="A"))
    assert lines(clerk.page(clerk.query(ALL)).text) == []
    assert lines(clerk.page(clerk.query(ALL, "queryAll")).text) == ["Ash"]


def test_pages_follow_one_another_by_locators(clerk: Any, sandbox: Any) -> None:
    """S2.4.5: the word null ends them."""
    names = make_leads(sandbox, 25)
    job, read, locator = clerk.query(ALL), [], ""
    sizes = []
    while locator != "null":
        answer = clerk.page(job, maxRecords=10, **({"locator": locator} if locator else {}))
        read += lines(answer.text)
        sizes.append(answer.headers["Sforce-NumberOfRecords"])
        locator = answer.headers["Sforce-Locator"]
    assert (read, sizes) == (names, ["10", "10", "5"])


def test_pages_can_be_read_again_and_together_and_stay_what_they_were(
    clerk: Any, admin: Any, sandbox: Any
) -> None:
    """S2.4.5"""
    names = make_leads(sandbox, 5_000)
    job = clerk.query(ALL)
    locators = [""]
    while locators[-1] != "null":
        asked = {"locator": locators[-1]} if locators[-1] else {}
        locators.append(clerk.page(job, maxRecords=700, **asked).headers["Sforce-Locator"])
    admin.create("Lead", LastName="A late one", Company="C")

    def read(locator: str) -> list[str]:
        return lines(clerk.page(job, maxRecords=700, **({"locator": locator} if locator else {})).text)

    with ThreadPoolExecutor(4) as readers:
        pages = list(readers.map(read, locators[:-1]))
    assert [name for page in pages for name in page] == names
    assert read(locators[3]) == pages[3]


def test_result_pages_tell_at_once_where_the_pages_are(
    clerk: Any, admin: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S2.4.5: five at a time, from version 58 on."""
    monkeypatch.setattr("salesforce_sandbox.wire.bulk2_query.PAGE_ROWS", 10)
    names = make_leads(sandbox, 65)
    job = clerk.query(ALL)
    first = admin.call("GET", f"/jobs/query/{job}/resultPages").json()
    rest = admin.call("GET", "/" + first["nextRecordsUrl"]).json()
    assert (len(first["resultPages"]), first["done"]) == (5, False)
    assert (len(rest["resultPages"]), rest["done"], rest["nextRecordsUrl"]) == (2, True, None)
    urls = [page["resultUrl"] for page in first["resultPages"] + rest["resultPages"]]
    assert [name for url in urls for name in lines(admin.call("GET", "/" + url).text)] == names


def test_result_pages_are_not_of_older_versions(admin: Any) -> None:
    base = "//services/data/v57.0/jobs/query"
    job = admin.call("POST", base, {"operation": "query", "query": ALL}).json()["id"]
    assert admin.refused("GET", f"{base}/{job}/resultPages")[0] == 404


def test_results_are_read_with_the_version_the_job_was_made_with(clerk: Any, admin: Any) -> None:
    """S2.4.5"""
    job = clerk.query(ALL)
    assert admin.refused("GET", f"//services/data/v59.0/jobs/query/{job}/results")[0] == 409


@pytest.mark.parametrize("asked", [{"locator": "nonsense"}, {"locator": "MTA"}, {"locator": "%%%"}])
def test_a_locator_that_is_none_is_refused(clerk: Any, admin: Any, asked: dict[str, str]) -> None:
    assert clerk.page(clerk.query(ALL), **asked).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


@pytest.mark.parametrize("most", ["0", "-1", "x"])
def test_a_page_has_at_least_one_row(clerk: Any, most: str) -> None:
    assert clerk.page(clerk.query(ALL), maxRecords=most).status_code == 400


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("SELECT Address FROM Lead", "API_ERROR", "Selecting compound data not supported in Bulk Query"),
        (
            "SELECT Id, (SELECT Id FROM CampaignMembers) FROM Campaign",
            "API_ERROR",
            "Aggregate Relationships not supported in Bulk Query",
        ),
        (
            "SELECT Status, COUNT(Id) FROM Lead GROUP BY Status",
            "API_ERROR",
            "GROUP BY not supported in Bulk Query",
        ),
        ("SELECT COUNT() FROM Lead", "API_ERROR", "not supported in Bulk Query"),
        ("SELECT FIELDS(ALL) FROM CampaignMember LIMIT 9", "API_ERROR", "not supported in Bulk Query"),
        ("SELECT Id FROM Lead LIMIT 5 OFFSET 5", "API_ERROR", "OFFSET not supported in Bulk Query"),
        (
            "SELECT TYPEOF Owner WHEN User THEN Email ELSE Name END FROM Lead",
            "API_ERROR",
            "TYPEOF not supported in Bulk Query",
        ),
        ("SELECT Id FROM LeadStatus", "INVALIDENTITY", "is not supported by the Bulk API"),
        ("SELECT Nickname FROM Lead", "INVALID_FIELD", "No such column 'Nickname'"),
        ("SELECT Id FROM Nobody", "INVALID_TYPE", "sObject type 'Nobody' is not supported"),
        ("SELECT FROM", "MALFORMED_QUERY", ""),
        ("", "API_ERROR", ""),
    ],
)
def test_what_bulk_cannot_query_is_refused_at_once(admin: Any, text: str, code: str, message: str) -> None:
    """S2.4.5"""
    status, told_code, told = admin.refused("POST", "/jobs/query", {"operation": "query", "query": text})
    assert (status, told_code) == (400, code)
    assert message in told


def test_a_complete_job_cannot_be_aborted_but_deleted(clerk: Any, admin: Any) -> None:
    job = clerk.query(ALL)
    refusal = (400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    assert admin.refused("PATCH", f"/jobs/query/{job}", {"state": "Aborted"}) == refusal
    assert admin.refused("PATCH", f"/jobs/query/{job}", {"state": "Open"})[1] == "INVALIDJOBSTATE"
    assert admin.call("DELETE", f"/jobs/query/{job}").status_code == 204
    assert admin.refused("GET", f"/jobs/query/{job}")[:2] == (404, "NOT_FOUND")


def test_an_ingest_job_is_no_query_job(clerk: Any, admin: Any) -> None:
    """S2.4.6"""
    assert admin.refused("GET", f"/jobs/query/{clerk.open('Lead')['id']}")[0] == 404
    assert admin.refused("POST", "/jobs/query", {"operation": "insert", "query": ALL})[1] == "API_ERROR"


def test_queries_cost_jobs_and_space_but_no_batches(clerk: Any, admin: Any, sandbox: Any) -> None:
    """Contract, section 2.3"""
    make_leads(sandbox, 10)
    job = clerk.query(ALL)
    clerk.page(job, maxRecords=5)
    calls = admin.control("GET", "calls")
    assert calls["by_kind"] == {"bulk_query": 2}
    assert (calls["used"]["DailyBulkV2QueryJobs"], calls["used"]["DailyBulkV2QueryFileStorageMB"]) == (1, 1)
    assert "DailyBulkApiBatches" not in calls["used"]


def test_the_query_jobs_of_a_day_have_an_end(admin: Any) -> None:
    """S2.4.5"""
    admin.control("POST", "limits", {"DailyBulkV2QueryJobs": 0})
    refusal = (400, "LIMIT_EXCEEDED", "Max bulk v2 query jobs (0) per 24 hrs has been reached (1)")
    assert admin.refused("POST", "/jobs/query", {"operation": "query", "query": ALL}) == refusal


def test_the_results_of_a_day_have_an_end(admin: Any) -> None:
    """S2.4.5"""
    admin.control("POST", "limits", {"DailyBulkV2QueryFileStorageMB": 0})
    message = "Max bulk v2 query result size stored (1000000000) kb per 24 hrs has been exceeded"
    refusal = (400, "LIMIT_EXCEEDED", message)
    assert admin.refused("POST", "/jobs/query", {"operation": "query", "query": ALL}) == refusal


def test_results_come_compressed(clerk: Any, sandbox: Any) -> None:
    """S2.2.12"""
    make_leads(sandbox, 500)
    assert clerk.page(clerk.query(ALL)).headers["Content-Encoding"] == "gzip"
