"""Bulk API 2.0, ingest: the life of a job and what becomes of its rows (S2.4.1, S2.4.2, S2.4.4, S2.4.6)."""

import gzip
import re
from typing import Any

import pytest
import requests

LEADS = "LastName,Company,Email\nAsh,A & Co,Ann@A.Example\nBirch,B & Co,\n"
USUAL = {
    "operation": "insert",
    "object": "Lead",
    "concurrencyMode": "Parallel",
    "contentType": "CSV",
    "apiVersion": 60.0,
    "lineEnding": "LF",
    "columnDelimiter": "COMMA",
}


def test_a_new_job_is_open_and_says_where_its_file_goes(clerk: Any) -> None:
    """S2.4.1"""
    job = clerk.open("lead")
    told = {name: job[name] for name in USUAL}
    assert (told, job["state"]) == (USUAL, "Open")
    assert job["contentUrl"] == f"services/data/v60.0/jobs/ingest/{job['id']}/batches"
    assert job["id"].startswith("750")


def test_a_job_says_all_that_is_documented_about_it(clerk: Any) -> None:
    """S2.4.1"""
    job = clerk.send("Lead", "insert", LEADS)
    assert job["state"] == "JobComplete"
    counts = {
        "jobType": "V2Ingest",
        "numberRecordsProcessed": 2,
        "numberRecordsFailed": 0,
        "retries": 0,
        "apexProcessingTime": 0,
        "isPkChunkingSupported": False,
    }
    assert {name: job[name] for name in counts} == counts
    assert {"totalProcessingTime", "apiActiveProcessingTime", "createdById", "systemModstamp"} <= set(job)
    assert "contentUrl" not in job


def test_jobs_tell_moments_in_whole_seconds(clerk: Any, admin: Any) -> None:
    """S1.5.1"""
    query = admin.call("GET", f"/jobs/query/{clerk.query('SELECT Id FROM Lead')}").json()
    for job in (clerk.send("Lead", "insert", LEADS), query):
        for moment in (job["createdDate"], job["systemModstamp"]):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", moment)


def test_rows_are_stored_as_any_other_save_stores_them(clerk: Any, admin: Any) -> None:
    """S2.4.2, S0.7"""
    clerk.send("Lead", "insert", LEADS)
    assert admin.query("SELECT LastName, Company, Email FROM Lead ORDER BY LastName") == [
        {"LastName": "Ash", "Company": "A & Co", "Email": "ann@a.example"},
        {"LastName": "Birch", "Company": "B & Co", "Email": None},
    ]


def test_an_empty_cell_says_nothing_and_not_available_empties_the_field(clerk: Any, admin: Any) -> None:
    """S2.4.2"""
    lead = admin.create("Lead", LastName="Ash", Company="A", Email="a@a.example", City="Ghent")
    clerk.send("Lead", "update", f"Id,Email,City\n{lead},,#N/A\n")
    assert admin.one("SELECT Email, City FROM Lead") == {"Email": "a@a.example", "City": None}


def test_upserts_create_and_update_by_a_key(clerk: Any, admin: Any) -> None:
    """S2.4.2"""
    admin.create("Contact", LastName="Ash", Email="ash@a.example")
    content = "Email,LastName\nash@a.example,Ashley\nbirch@b.example,Birch\n"
    job = clerk.send("Contact", "upsert", content, externalIdFieldName="email")
    assert job["externalIdFieldName"] == "Email"
    created = {row["LastName"]: row["sf__Created"] for row in clerk.rows(job["id"], "successfulResults")}
    assert created == {"Ashley": "false", "Birch": "true"}
    assert len(admin.query("SELECT Id FROM Contact")) == 2


def test_deletes_take_ids(clerk: Any, admin: Any, campaign: str) -> None:
    """S2.4.2"""
    lead = admin.create("Lead", LastName="Ash", Company="A")
    job = clerk.send("Lead", "delete", f'ID\n{lead[:15]}\n{campaign}\n""\n00Q000000000zzzAAA\n')
    assert admin.query("SELECT Id FROM Lead") == []
    assert all(row["sf__Id"] == row["ID"] for row in clerk.rows(job["id"], "failedResults"))
    assert clerk.errors(job["id"]) == {
        campaign: "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
        "00Q000000000zzzAAA": "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
    }


@pytest.mark.parametrize("header", ["Id,LastName", "LastName"])
def test_deletes_take_nothing_but_ids(clerk: Any, header: str) -> None:
    """S2.4.2"""
    job = clerk.send("Lead", "delete", f"{header}\n00Q000000000zzzAAA\n")
    assert job["errorMessage"] == "InvalidBatch : The 'delete' batch must contain only ids"


def test_deleting_for_good_is_a_permission_of_its_own(clerk: Any, admin: Any) -> None:
    """S2.4.2"""
    lead = admin.create("Lead", LastName="Ash", Company="A")
    wish = {"object": "Lead", "operation": "hardDelete"}
    message = "hardDelete operation requires special user profile permission, please contact your system administrator"
    assert admin.refused("POST", "/jobs/ingest", wish) == (400, "FEATURENOTENABLED", message)
    clerk.rule(hard_delete=True)
    clerk.send("Lead", "hardDelete", f"Id\n{lead}\n")
    assert admin.query("SELECT Id FROM Lead", resource="queryAll") == []


@pytest.mark.parametrize("column", ["Owner.Email", "User:Owner.Username", "owner.username"])
def test_a_parent_may_be_named_by_its_own_key(clerk: Any, admin: Any, column: str) -> None:
    """S2.4.2"""
    mia = {"Username": "mia@sandbox.example", "Email": "mia@sandbox.example", "LastName": "Mia"}
    admin.control("POST", "seed", {"users": [mia]})
    job = clerk.send(
        "Lead", "insert", f"LastName,Company,{column}\nA,A,Mia@Sandbox.Example\nB,B,nobody@x.example\n"
    )
    assert (
        admin.one("SELECT LastName, Owner.Username FROM Lead")["Owner"]["Username"] == "mia@sandbox.example"
    )
    assert clerk.errors(job["id"])["B"].startswith(
        "INVALID_FIELD:Foreign key external ID: nobody@x.example not found"
    )


def test_members_may_be_named_by_the_address_of_their_person(clerk: Any, admin: Any, campaign: str) -> None:
    """S2.4.2: an address that several people have names none of them."""
    ash, *twins = [
        clerk.rows(
            clerk.send("Lead", "insert", f"LastName,Company,Email\n{name},C,{email}\n")["id"],
            "successfulResults",
        )
        for name, email in [("Ash", "ash@x.example"), ("Bo", "b@x.example"), ("Cy", "b@x.example")]
    ]
    content = f"CampaignId,Lead.Email\n{campaign},Ash@x.example\n{campaign},b@x.example\n"
    job = clerk.send("CampaignMember", "insert", content)
    assert admin.one("SELECT LeadId FROM CampaignMember") == {"LeadId": ash[0]["sf__Id"]}
    listed = ", ".join(rows[0]["sf__Id"] for rows in twins)
    refusal = (
        f"DUPLICATE_EXTERNAL_ID:Email: more than one record found for external id field: [{listed}]:Email --"
    )
    assert clerk.errors(job["id"]) == {campaign: refusal}


@pytest.mark.parametrize(
    ("column", "value", "refusal"),
    [
        ("AnnualRevenue", "much", "Annual Revenue: value not of required type: much:AnnualRevenue --"),
        ("NumberOfEmployees", "250.0", "Employees: value not of required type: 250.0:NumberOfEmployees --"),
        ("HasOptedOutOfFax", "maybe", "Fax Opt Out: value not of required type: maybe:HasOptedOutOfFax --"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_in_the_words_of_files(
    clerk: Any, column: str, value: str, refusal: str
) -> None:
    """S2.4.3"""
    job = clerk.send("Lead", "insert", f"LastName,Company,{column}\nAsh,A,{value}\n")
    assert clerk.errors(job["id"]) == {"Ash": f"INVALID_TYPE_ON_FIELD_IN_RECORD:{refusal}"}


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("Nickname", "Field name not found : Nickname"),
        ("Nobody.Name", "Field name not found : Nobody.Name"),
        ("Campaign.Nickname", "Field name not found : Campaign.Nickname"),
        ("Campaign.Status", "Field name not found : Campaign.Status"),
        ("Campaign:Campaign.Name", "type is not needed for non polymorphic foreign key references: Campaign"),
        ("Campaign:Nobody.Name", "Unable to find relationship: Nobody"),
        ("status", "Duplicate field name found : Status"),
    ],
)
def test_a_header_that_means_nothing_fails_the_job(clerk: Any, column: str, message: str) -> None:
    """S2.4.2: a field without field-level security does not exist either."""
    job = clerk.send("CampaignMember", "insert", f"LeadId,Status,{column}\nx,y,z\n")
    assert (job["state"], job["errorMessage"]) == ("Failed", f"InvalidBatch : {message}")
    assert clerk.file(job["id"], "unprocessedrecords") == f"LeadId,Status,{column}\nx,y,z\n"


def test_updates_need_ids_and_inserts_bear_none(clerk: Any) -> None:
    lacking = clerk.send("Lead", "update", "LastName\nAsh\n")
    assert lacking["errorMessage"] == "InvalidBatch : Field name not found : Id"
    empty = clerk.send("Lead", "update", "LastName,Id\nAsh,\n")
    assert clerk.errors(empty["id"]) == {"Ash": "MISSING_ARGUMENT:Id not specified in an update call:Id --"}
    bearing = clerk.send("Lead", "insert", "LastName,Company,Id\nAsh,A,00Q000000000zzzAAA\n")
    refusal = "INVALID_FIELD_FOR_INSERT_UPDATE:cannot specify Id in an insert call:Id --"
    assert clerk.errors(bearing["id"]) == {"Ash": refusal}
    assert clerk.rows(bearing["id"], "failedResults")[0]["sf__Id"] == ""


@pytest.mark.parametrize(
    ("stated", "code", "message"),
    [
        ({"object": "Nobody"}, "INVALIDJOB", "InvalidJob : Unable to find object: Nobody"),
        ({"object": ""}, "INVALIDJOB", "InvalidJob : Unable to find object: "),
        (
            {"operation": "upsert"},
            "INVALIDJOB",
            "InvalidJob : External ID was blank for Lead. An External ID must be specified for upsert.",
        ),
        (
            {"operation": "upsert", "externalIdFieldName": ""},
            "INVALIDJOB",
            "InvalidJob : Field name provided,  does not match an External ID for Lead",
        ),
        (
            {"operation": "upsert", "externalIdFieldName": "City"},
            "INVALIDJOB",
            "InvalidJob : Field name provided, City does not match an External ID for Lead",
        ),
        ({"operation": ""}, "API_ERROR", "Invalid value: '' supplied for property: 'operation'"),
        ({"operation": "query"}, "API_ERROR", "Invalid value: 'query' supplied for property: 'operation'"),
        (
            {"columnDelimiter": "SPACE"},
            "API_ERROR",
            "Invalid value: 'SPACE' supplied for property: 'columnDelimiter'",
        ),
        ({"lineEnding": "CR"}, "API_ERROR", "Invalid value: 'CR' supplied for property: 'lineEnding'"),
        (
            {"lineEnding": ["LF"]},
            "API_ERROR",
            "Invalid value: '['LF']' supplied for property: 'lineEnding'",
        ),
        (
            {"contentType": "JSON"},
            "API_ERROR",
            "Invalid value: 'JSON' supplied for property: 'contentType'",
        ),
    ],
)
def test_what_no_job_can_do_is_refused_at_once_in_salesforces_words(
    admin: Any, stated: dict[str, Any], code: str, message: str
) -> None:
    """S2.4.1, S2.4.2"""
    wish = {"object": "Lead", "operation": "insert", **stated}
    assert admin.refused("POST", "/jobs/ingest", wish) == (400, code, message)


def test_a_job_names_an_assignment_rule_that_is_there(admin: Any) -> None:
    """S2.4.1: what the rule would do is not built; see docs/sandbox_coverage.md."""
    wish = {"object": "Lead", "operation": "insert", "assignmentRuleId": "01Q000000000001AAA"}
    assert admin.refused("POST", "/jobs/ingest", wish)[:2] == (400, "INVALIDJOB")
    admin.control("POST", "seed", {"assignment_rules": [{"Name": "By country"}]})
    (rule,) = admin.query("SELECT Id, Active FROM AssignmentRule WHERE SobjectType = 'Lead'")
    assert rule["Active"] is True
    job = admin.call("POST", "/jobs/ingest", {**wish, "assignmentRuleId": rule["Id"]}).json()
    assert job["state"] == "Open"


def test_a_file_is_put_once(clerk: Any) -> None:
    """S2.4.1"""
    job = clerk.open("Lead")["id"]
    first, second = clerk.upload(job, LEADS), clerk.upload(job, LEADS)
    assert (first.status_code, first.content, second.status_code) == (201, b"", 400)
    (refusal,) = second.json()
    assert refusal["errorCode"] == "BULK_API_ERROR"
    assert refusal["message"].startswith(f"Found multiple contents for job: <{job[:15]}>")
    clerk.close(job)
    assert clerk.upload(job, LEADS).json()[0]["errorCode"] == "INVALIDJOBSTATE"


def test_a_file_may_be_only_so_large(clerk: Any) -> None:
    """S2.4.2"""
    clerk.rule(largest_upload_bytes=10)
    answer = clerk.upload(clerk.open("Lead")["id"], LEADS)
    message = f"Failed to read request. Exceeded max size limit of 10 with request size {len(LEADS)}"
    assert (answer.status_code, answer.json()) == (
        400,
        [{"errorCode": "CLIENTINPUTERROR", "message": message}],
    )


def test_a_small_file_may_come_with_the_job(clerk: Any, admin: Any) -> None:
    """S2.4.1"""
    parts = {
        "job": (None, '{"object": "Lead", "operation": "insert", "lineEnding": "CRLF"}', "application/json"),
        "content": ("leads.csv", LEADS.replace("\n", "\r\n"), "text/csv"),
    }
    answer = admin.http.post(f"{admin.url}/services/data/v60.0/jobs/ingest", files=parts)
    assert (answer.status_code, answer.json()["state"]) == (200, "UploadComplete")
    assert clerk.look(answer.json()["id"])["numberRecordsProcessed"] == 2


@pytest.mark.parametrize(
    "parts",
    [
        {"job": (None, "no JSON", "application/json"), "content": ("x.csv", LEADS, "text/csv")},
        {"job": (None, "{}", "application/json")},
        {
            "job": (None, '{"object": "Lead", "operation": "insert"}', "application/json"),
            "content": ("x.csv", "x" * 100_001, "text/csv"),
        },
    ],
)
def test_parts_that_are_none_or_too_long_are_refused(admin: Any, parts: Any) -> None:
    answer = admin.http.post(f"{admin.url}/services/data/v60.0/jobs/ingest", files=parts)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] in ("JSON_PARSER_ERROR", "INVALIDJOB")


def test_a_closed_job_cannot_be_closed_or_aborted_again(clerk: Any, admin: Any) -> None:
    job = clerk.begin("Lead", "insert", LEADS)
    for state, code, message in [
        ("UploadComplete", "INVALIDJOBSTATE", "Closing already Completed Job not allowed"),
        ("Aborted", "INVALIDJOBSTATE", "Aborting already Completed Job not allowed"),
        ("InProgress", "INVALIDJOBSTATE", "Invalid job state: InProgress"),
        ("Done", "API_ERROR", "Invalid value: 'Done' supplied for property: 'state'"),
    ]:
        refusal = admin.refused("PATCH", f"/jobs/ingest/{job}", {"state": state})
        assert refusal == (400, code, message)


def test_a_job_can_be_deleted_once_it_is_not_open(clerk: Any, admin: Any) -> None:
    """S2.4.1, S2.4.6"""
    job = clerk.open("Lead")["id"]
    message = (
        "To be deleted, a job must have a state of UploadComplete, JobComplete, Failed, Aborted, not Open"
    )
    assert admin.refused("DELETE", f"/jobs/ingest/{job}") == (400, "INVALIDJOBSTATE", message)
    admin.call("PATCH", f"/jobs/ingest/{job}", {"state": "Aborted"})
    answer = admin.call("DELETE", f"/jobs/ingest/{job}")
    assert (answer.status_code, answer.content) == (204, b"")
    gone = (404, "NOT_FOUND", "The requested resource does not exist")
    assert admin.refused("GET", f"/jobs/ingest/{job}") == gone


def test_a_job_without_rows_fails(clerk: Any) -> None:
    job = clerk.send("Lead", "insert", "LastName,Company\n")
    assert (job["state"], job["errorMessage"]) == ("Failed", "InvalidBatch : Records not found")


def test_jobs_are_listed_with_those_of_bulk_1(clerk: Any, admin: Any) -> None:
    """S2.4.1: in pages of a thousand."""
    ingest, query = clerk.open("Lead")["id"], clerk.query("SELECT Id FROM Lead")
    classic = admin.call(
        "POST", "//services/async/60.0/job", {"object": "Lead", "operation": "insert"}
    ).json()["id"]

    def listed(path: str) -> list[tuple[str, str]]:
        answer = admin.call("GET", path).json()
        assert (answer["done"], answer["nextRecordsUrl"]) == (True, None)
        return [(job["id"], job["jobType"]) for job in answer["records"]]

    assert listed("/jobs/ingest") == [(ingest, "V2Ingest"), (classic, "Classic")]
    assert listed("/jobs/query") == [(query, "V2Query"), (classic, "Classic")]
    assert listed("/jobs/ingest?jobType=V2Ingest") == [(ingest, "V2Ingest")]
    assert listed("/jobs/query?jobType=V2Ingest") == [(ingest, "V2Ingest")]
    assert listed("/jobs/query?jobType=Classic&concurrencyMode=serial") == []
    assert listed("/jobs/ingest?isPkChunkingEnabled=true") == []
    refusal = (400, "API_ERROR", "Invalid value: 'V3' supplied for property: 'jobType'")
    assert admin.refused("GET", "/jobs/ingest?jobType=V3") == refusal


def test_long_lists_of_jobs_come_in_pages(clerk: Any, admin: Any, sandbox: Any) -> None:
    order = sandbox.org.jobs.order("insert", "Lead", "", sandbox.admin)
    job = clerk.open("Lead")["id"]
    opened = sandbox.org.jobs.find(job, type(next(iter(sandbox.org.jobs))))
    clerk.query("SELECT Id FROM Lead")
    for _ in range(1_000):
        sandbox.org.jobs.open_ingest(order, opened.dialect, 60.0)
    first = admin.call("GET", "/jobs/query?jobType=V2Ingest").json()
    assert "jobType=V2Ingest" in first["nextRecordsUrl"]
    rest = admin.call("GET", "/" + first["nextRecordsUrl"]).json()
    assert (len(first["records"]), first["done"], len(rest["records"]), rest["done"]) == (
        1_000,
        False,
        1,
        True,
    )


def test_jobs_are_kept_seven_days_and_stay_open_for_one(clerk: Any, admin: Any) -> None:
    """S2.4.1"""
    left_open, done = clerk.open("Lead")["id"], clerk.begin("Lead", "insert", LEADS)
    day = 24 * 3_600
    admin.control("POST", "clock", {"advance_s": day})
    admin.log_in()
    assert [clerk.look(job)["state"] for job in (left_open, done)] == ["Aborted", "JobComplete"]
    admin.control("POST", "clock", {"advance_s": 6 * day})
    admin.log_in()
    assert admin.call("GET", f"/jobs/ingest/{done}").status_code == 404


def test_each_request_is_one_call_and_each_ten_thousand_rows_one_batch(clerk: Any, admin: Any) -> None:
    """Contract, section 2.3"""
    clerk.rule(batch_rows=1)
    clerk.send("Lead", "insert", LEADS)
    calls = admin.control("GET", "calls")
    assert calls["by_kind"] == {"bulk_ingest": 4}
    assert calls["used"]["DailyBulkApiBatches"] == 2


def test_a_job_fails_when_the_batches_of_the_day_are_used_up(clerk: Any, admin: Any) -> None:
    admin.control("POST", "limits", {"DailyBulkApiBatches": 0})
    job = clerk.send("Lead", "insert", LEADS)
    assert job["errorMessage"] == "ExceededQuota : ApiBatchItems Limit exceeded."


def test_files_may_come_compressed(clerk: Any, admin: Any) -> None:
    """S2.2.12"""
    job = clerk.open("Lead")["id"]
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    url = f"{admin.url}/services/data/v60.0/jobs/ingest/{job}/batches"
    assert admin.http.put(url, data=gzip.compress(LEADS.encode()), headers=headers).status_code == 201
    clerk.close(job)
    assert clerk.look(job)["numberRecordsProcessed"] == 2


def test_bulk_needs_a_session(clerk: Any) -> None:
    """S2.1.2"""
    job = clerk.open("Lead")["id"]
    clerk.person.control("DELETE", "sessions")
    assert clerk.upload(job, LEADS).json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]
    assert requests.get(f"{clerk.person.url}/services/data/v60.0/jobs/query", timeout=9).status_code == 401
