"""Bulk API 1.0: jobs and batches in XML, JSON and CSV (S2.5.1, S2.5.2, S2.1.2)."""

import io
import re
import zipfile
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

JOBS = "/services/async/60.0/job"
NAMESPACE = "{http://www.force.com/2009/06/asyncapi/dataload}"
XML = {"Content-Type": "application/xml; charset=UTF-8"}
JSON = {"Content-Type": "application/json"}
CSV = {"Content-Type": "text/csv"}
LEADS = "LastName,Company\nAsh,A\nBirch,\n"


class Classic:
    """Somebody who speaks Bulk 1.0."""

    def __init__(self, admin: Any) -> None:
        self.http, self.url = admin.http, admin.url + JOBS
        token = self.http.headers.pop("Authorization").removeprefix("Bearer ")
        self.http.headers["X-SFDC-Session"] = token

    def call(self, method: str, path: str, body: str | None = None, **headers: str) -> Any:
        data = None if body is None else body.encode()
        return self.http.request(method, self.url + path, data=data, headers=headers)

    def open(self, operation: str, content_type: str = "CSV", sobject: str = "Lead", **headers: str) -> str:
        body = (
            f'<jobInfo xmlns="{NAMESPACE[1:-1]}"><operation>{operation}</operation><object>{sobject}</object>'
            f"<contentType>{content_type}</contentType></jobInfo>"
        )
        answer = self.call("POST", "", body, **XML, **headers)
        assert answer.status_code == 201, answer.text
        return str(values(answer.content)["id"])

    def add(self, job: str, body: str, **headers: str) -> Any:
        answer = self.call("POST", f"/{job}/batch", body, **(headers or CSV))
        assert answer.status_code == 201, answer.text
        return answer


def values(content: bytes) -> dict[str, str | None]:
    return {child.tag.removeprefix(NAMESPACE): child.text for child in fromstring(content)}


def element(content: bytes) -> Element:
    found: Element = fromstring(content)
    return found


@pytest.fixture
def classic(admin: Any) -> Classic:
    return Classic(admin)


def test_a_job_in_xml_reads_as_recorded_ones_do(classic: Classic) -> None:
    """S2.5.1"""
    job = classic.open("insert")
    content = classic.call("GET", f"/{job}", **XML).text
    constant = re.sub(r"(createdById|createdDate|systemModstamp)>[^<\s]*<", r"\1><", content)
    assert constant == (
        '<?xml version="1.0" encoding="UTF-8"?><jobInfo\n   xmlns="http://www.force.com/2009/06/asyncapi/dataload">\n'
        f" <id>{job}</id>\n <operation>insert</operation>\n <object>Lead</object>\n <createdById></createdById>\n"
        " <createdDate></createdDate>\n <systemModstamp></systemModstamp>\n <state>Open</state>\n"
        " <concurrencyMode>Parallel</concurrencyMode>\n <contentType>CSV</contentType>\n"
        " <numberBatchesQueued>0</numberBatchesQueued>\n <numberBatchesInProgress>0</numberBatchesInProgress>\n"
        " <numberBatchesCompleted>0</numberBatchesCompleted>\n <numberBatchesFailed>0</numberBatchesFailed>\n"
        " <numberBatchesTotal>0</numberBatchesTotal>\n <numberRecordsProcessed>0</numberRecordsProcessed>\n"
        " <numberRetries>0</numberRetries>\n <apiVersion>60.0</apiVersion>\n"
        " <numberRecordsFailed>0</numberRecordsFailed>\n <totalProcessingTime>0</totalProcessingTime>\n"
        " <apiActiveProcessingTime>0</apiActiveProcessingTime>\n <apexProcessingTime>0</apexProcessingTime>\n</jobInfo>"
    )


def test_batches_of_csv_keep_the_order_of_their_rows(classic: Classic, sandbox: Any) -> None:
    """S2.5.1"""
    job = classic.open("insert")
    batch = values(classic.add(job, LEADS.replace("\n", "\r\n")).content)
    assert (batch["jobId"], batch["state"]) == (job, "Queued")
    answer = classic.call("GET", f"/{job}/batch/{batch['id']}/result")
    (lead,) = sandbox.org.storage.rows('SELECT "Id" FROM "Lead"')[0]
    assert answer.text == (
        '"Id","Success","Created","Error"\n'
        f'"{lead}","true","true",""\n'
        '"","false","false","REQUIRED_FIELD_MISSING:Required fields are missing: [Company]:Company --"\n'
    )
    assert answer.headers["Content-Type"] == "text/csv"


def test_a_job_counts_its_batches_and_rows(classic: Classic) -> None:
    """S2.5.1"""
    job = classic.open("insert")
    classic.add(job, LEADS)
    classic.add(job, "Nickname\nx\n")
    closed = values(
        classic.call("POST", f"/{job}", "<jobInfo><state>Closed</state></jobInfo>", **XML).content
    )
    counts = {
        "state": "Closed",
        "numberBatchesCompleted": "1",
        "numberBatchesFailed": "1",
        "numberBatchesTotal": "2",
        "numberRecordsProcessed": "2",
        "numberRecordsFailed": "1",
    }
    assert {name: closed[name] for name in counts} == counts


def test_a_batch_that_is_wrong_as_a_whole_says_so(classic: Classic) -> None:
    """S2.5.1"""
    job = classic.open("insert")
    batch = values(classic.add(job, "Nickname\nx\n").content)["id"]
    listed = element(classic.call("GET", f"/{job}/batch").content)
    (state,) = (each.text for each in listed.iter(f"{NAMESPACE}state"))
    (message,) = (each.text for each in listed.iter(f"{NAMESPACE}stateMessage"))
    assert (state, message) == ("Failed", "InvalidBatch : Field name not found : Nickname")
    refusal = classic.call("GET", f"/{job}/batch/{batch}/result")
    assert refusal.status_code == 400
    assert values(refusal.content) == {
        "exceptionCode": "InvalidBatch",
        "exceptionMessage": "Records not processed",
    }


def test_json_jobs_are_json_throughout(classic: Classic, admin: Any) -> None:
    """S2.5.1"""
    opened = classic.call(
        "POST", "", '{"operation":"insert","object":"Lead","contentType":"JSON","concurrencyMode":1}', **JSON
    )
    job = opened.json()
    assert (opened.status_code, job["concurrencyMode"], job["apiVersion"]) == (201, "Serial", 60.0)
    assert (job["assignmentRuleId"], job["fastPathEnabled"], job["externalIdFieldName"]) == (
        None,
        False,
        None,
    )
    rows = '[{"LastName":"Ash","Company":"A","Owner":{"Email":"admin@sandbox.example"},"City":null},{"LastName":"B"}]'
    batch = classic.add(job["id"], rows, **JSON).json()
    assert (batch["state"], batch["stateMessage"]) == ("Queued", None)
    answer = classic.call("GET", f"/{job['id']}/batch/{batch['id']}/result", **JSON)
    assert answer.headers["Content-Type"] == "application/json"
    saved, refused = answer.json()
    assert saved == {"success": True, "created": True, "id": saved["id"], "errors": []}
    message = "Required fields are missing: [Company]"
    error = {
        "extendedErrorDetails": None,
        "fields": ["Company"],
        "message": message,
        "statusCode": "REQUIRED_FIELD_MISSING",
    }
    assert refused == {"success": False, "created": False, "id": None, "errors": [error]}
    assert classic.call("GET", f"/{job['id']}/batch/{batch['id']}/request").text == rows
    assert len(classic.call("GET", f"/{job['id']}/batch", **JSON).json()["batchInfo"]) == 1


def test_a_job_told_in_json_may_have_batches_of_csv_which_speak_xml(classic: Classic) -> None:
    """S2.5.1: as taps do it."""
    job = classic.call(
        "POST", "", '{"operation":"queryAll","object":"Lead","contentType":"CSV"}', **JSON
    ).json()
    batch = values(classic.add(job["id"], "SELECT Id FROM Lead").content)
    later = values(classic.call("GET", f"/{job['id']}/batch/{batch['id']}", **JSON).content)
    assert (batch["state"], later["state"]) == ("Queued", "Completed")
    assert classic.call("POST", f"/{job['id']}", '{"state":"Closed"}', **JSON).json()["state"] == "Closed"
    missing = classic.call("GET", "/750000000000000", **JSON)
    assert (missing.status_code, missing.headers["Content-Type"]) == (400, "application/json")
    assert missing.json()["exceptionCode"] == "InvalidJob"


def test_chunks_beyond_the_batches_of_the_day_fail_their_query(classic: Classic, sandbox: Any) -> None:
    """S2.5.2"""
    sandbox.org.accounting.limits["DailyBulkApiBatches"] = 1
    job = classic.open("query", **{"Sforce-Enable-PKChunking": "true"})
    batch = values(classic.add(job, "SELECT Id FROM Lead").content)["id"]
    about = values(classic.call("GET", f"/{job}/batch/{batch}").content)
    assert (about["state"], "ApiBatchItems Limit exceeded." in str(about["stateMessage"])) == ("Failed", True)


def test_xml_jobs_take_and_give_sobjects(classic: Classic, sandbox: Any) -> None:
    """S2.5.1"""
    job = classic.open("insert", "XML")
    rows = (
        f'<sObjects xmlns="{NAMESPACE[1:-1]}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        "<sObject><LastName>Ash &amp; Oak</LastName><Company>A</Company>"
        "<Owner><sObject><type>User</type><Email>admin@sandbox.example</Email></sObject></Owner>"
        '<City xsi:nil="true"/></sObject><sObject><LastName>B</LastName></sObject></sObjects>'
    )
    batch = values(classic.add(job, rows, **XML).content)["id"]
    saved, refused = element(classic.call("GET", f"/{job}/batch/{batch}/result").content)
    assert [child.tag.removeprefix(NAMESPACE) for child in saved] == ["id", "success", "created"]
    assert [child.text for child in refused[0]] == [
        "Company",
        "Required fields are missing: [Company]",
        "REQUIRED_FIELD_MISSING",
    ]
    query = classic.open("query", "XML")
    asked = values(classic.add(query, "SELECT Id, LastName, City, Owner.Username FROM Lead", **XML).content)[
        "id"
    ]
    (result,) = element(classic.call("GET", f"/{query}/batch/{asked}/result").content)
    content = classic.call("GET", f"/{query}/batch/{asked}/result/{result.text}").text
    (lead,) = sandbox.org.storage.rows('SELECT "Id" FROM "Lead"')[0]
    assert (
        f'<records xsi:type="sObject"><type>Lead</type><Id>{lead}</Id><Id>{lead}</Id>'
        '<LastName>Ash &amp; Oak</LastName><City xsi:nil="true"/><Owner xsi:type="sObject">'
    ) in content


def test_queries_have_result_files(classic: Classic) -> None:
    """S2.5.1"""
    classic.add(classic.open("insert"), LEADS)
    job = classic.open("query")
    batch = values(classic.add(job, "SELECT LastName, IsConverted FROM Lead").content)["id"]
    listed = element(classic.call("GET", f"/{job}/batch/{batch}/result").content)
    assert listed.tag == f"{NAMESPACE}result-list"
    answer = classic.call("GET", f"/{job}/batch/{batch}/result/{listed[0].text}")
    assert (answer.text, answer.headers["Content-Type"]) == (
        '"LastName","IsConverted"\n"Ash","false"\n',
        "text/csv",
    )
    assert classic.call("GET", f"/{job}/batch/{batch}/result/752000000000000").status_code == 400


def test_a_query_that_finds_nothing_says_so_in_words(classic: Classic) -> None:
    job = classic.open("query")
    batch = values(classic.add(job, "SELECT Id FROM Lead").content)["id"]
    (result,) = element(classic.call("GET", f"/{job}/batch/{batch}/result").content)
    content = classic.call("GET", f"/{job}/batch/{batch}/result/{result.text}").text
    assert content == "Records not found for this query\n"


def test_json_results_have_datetimes_as_milliseconds(classic: Classic, sandbox: Any) -> None:
    """S2.5.1"""
    classic.add(classic.open("insert", sobject="Contact"), "LastName\nAsh\n")
    job = classic.open("query", "JSON", "Contact")
    batch = classic.add(
        job, "SELECT CreatedDate, Owner.CreatedDate, Account.CreatedDate FROM Contact", **JSON
    ).json()["id"]
    (result,) = classic.call("GET", f"/{job}/batch/{batch}/result", **JSON).json()
    (record,) = classic.call("GET", f"/{job}/batch/{batch}/result/{result}", **JSON).json()
    assert abs(record["CreatedDate"] / 1000 - sandbox.org.clock.now().timestamp()) < 60
    assert isinstance(record["Owner"]["CreatedDate"], int)
    assert record["Account"] is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "SELECT Address FROM Lead",
            "FUNCTIONALITY_NOT_ENABLED: Selecting compound data not supported in Bulk Query",
        ),
        ("SELECT Nickname FROM Lead", "INVALID_FIELD: "),
        ("SELECT", "MALFORMED_QUERY: "),
    ],
)
def test_what_cannot_be_queried_fails_its_batch(classic: Classic, text: str, message: str) -> None:
    job = classic.open("query")
    batch = values(classic.add(job, text).content)["id"]
    about = values(classic.call("GET", f"/{job}/batch/{batch}").content)
    assert about["state"] == "Failed"
    assert str(about["stateMessage"]).startswith(f"InvalidBatch : Failed to process query: {message}")


def test_primary_keys_may_split_a_query(classic: Classic, sandbox: Any) -> None:
    """S2.5.2: the first batch is then not processed, and each chunk is a batch of the day's."""
    rows = [{"LastName": f"L{number}", "Company": "C"} for number in range(5)]
    sandbox.org.records.create(sandbox.org.schema.find("Lead"), rows, sandbox.admin)
    header = {"Sforce-Enable-PKChunking": "chunkSize=2; parent=Account"}
    job = classic.open("query", **header)
    classic.add(job, "SELECT Id FROM Lead")
    listed = element(classic.call("GET", f"/{job}/batch").content)
    states = [each.text for each in listed.iter(f"{NAMESPACE}state")]
    assert states == ["NotProcessed", "Completed", "Completed", "Completed"]
    assert sandbox.org.accounting.used("DailyBulkApiBatches") == 4


def test_an_aborted_job_leaves_its_waiting_batches(classic: Classic, sandbox: Any) -> None:
    sandbox.org.jobs.rules.reads_per_step = 1
    job = classic.open("insert")
    batch = values(classic.add(job, LEADS).content)["id"]
    classic.call("POST", f"/{job}", '{"state":"Aborted"}', **JSON)
    assert values(classic.call("GET", f"/{job}/batch/{batch}").content)["state"] == "NotProcessed"
    refusal = classic.call("POST", f"/{job}", "<jobInfo><state>Closed</state></jobInfo>", **XML)
    assert values(refusal.content)["exceptionMessage"] == "Closing already Aborted Job not allowed"
    assert classic.call("POST", f"/{job}/batch", LEADS, **CSV).status_code == 400


def test_slow_batches_are_queued_and_in_progress_before_they_are_complete(
    classic: Classic, sandbox: Any
) -> None:
    sandbox.org.jobs.rules.reads_per_step = 1
    job = classic.open("insert")
    batch = values(classic.add(job, LEADS).content)["id"]
    early = classic.call("GET", f"/{job}/batch/{batch}/result")
    assert values(early.content)["exceptionMessage"] == "Batch not completed"
    states = [values(classic.call("GET", f"/{job}/batch/{batch}").content)["state"] for _ in range(2)]
    assert states == ["InProgress", "Completed"]


def test_the_batches_of_a_serial_job_go_one_after_the_other(classic: Classic, sandbox: Any) -> None:
    """S2.5.1"""
    sandbox.org.jobs.rules.reads_per_step = 1
    wish = '{"operation":"insert","object":"Lead","contentType":"CSV","concurrencyMode":"Serial"}'
    job = classic.call("POST", "", wish, **JSON).json()["id"]
    first, second = (values(classic.add(job, LEADS).content)["id"] for _ in range(2))
    seen = []
    for _ in range(4):
        classic.call("GET", f"/{job}")
        batches = {batch.id: batch.state for batch in next(iter(sandbox.org.jobs)).batches}
        seen.append((batches[first], batches[second]))
    assert seen == [
        ("InProgress", "Queued"),
        ("Completed", "Queued"),
        ("Completed", "InProgress"),
        ("Completed", "Completed"),
    ]


@pytest.mark.parametrize("status", [400, 401])
def test_a_session_that_is_gone_is_refused_in_the_format_of_the_request(
    classic: Classic, sandbox: Any, status: int
) -> None:
    """S2.1.2"""
    sandbox.org.switches.set({"bulk1_session_status": status})
    classic.http.headers["X-SFDC-Session"] = "gone"
    gone = {"exceptionCode": "InvalidSessionId", "exceptionMessage": "Invalid session id"}
    in_xml, in_json = classic.call("GET", "/750"), classic.call("GET", "/750", **JSON)
    assert (in_xml.status_code, values(in_xml.content)) == (status, gone)
    assert (in_json.status_code, in_json.json()) == (status, gone)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (
            "<jobInfo><operation>insert</operation><object>Nobody</object></jobInfo>",
            "InvalidJob: Unable to find object: Nobody",
        ),
        (
            "<jobInfo><operation>merge</operation><object>Lead</object></jobInfo>",
            "InvalidJob: Unable to parse Job",
        ),
        ("<jobInfo>", "InvalidXML: Failed to parse XML"),
        ('<!DOCTYPE x [<!ENTITY e "x">]><jobInfo>&e;</jobInfo>', "InvalidXML: Failed to parse XML"),
    ],
)
def test_what_no_job_can_do_is_refused(classic: Classic, body: str, refusal: str) -> None:
    """S2.5.1"""
    answer = classic.call("POST", "", body, **XML)
    told = values(answer.content)
    assert (answer.status_code, set(told)) == (400, {"exceptionCode", "exceptionMessage"})
    assert f"{told['exceptionCode']}: {told['exceptionMessage']}".startswith(refusal)


def test_jobs_and_batches_tell_moments_in_whole_seconds(classic: Classic) -> None:
    """S1.5.1, S2.5.1"""
    job = classic.open("insert")
    told = values(classic.add(job, LEADS).content), values(classic.call("GET", f"/{job}", **XML).content)
    assert all(str(each["createdDate"]).endswith(".000Z") for each in told)


def test_jobs_batches_and_bodies_that_are_none_are_refused(classic: Classic) -> None:
    job = classic.open("insert")
    told = [
        values(answer.content)["exceptionCode"]
        for answer in (
            classic.call("GET", "/750000000000000"),
            classic.call("GET", f"/{job}/batch/751000000000000"),
            classic.call("POST", f"/{job}/batch", "", **CSV),
            classic.call("POST", f"/{job}/batch", "x" * 10_000_001, **CSV),
        )
    ]
    assert told == ["InvalidJob", "InvalidBatch", "ClientInputError", "ClientInputError"]


def test_a_content_type_that_is_none_is_refused(classic: Classic) -> None:
    body = "<jobInfo><operation>insert</operation><object>Lead</object><contentType>ZIP_TSV</contentType></jobInfo>"
    answer = classic.call("POST", "", body, **XML)
    assert (answer.status_code, values(answer.content)["exceptionCode"]) == (400, "InvalidJob")


def test_each_request_is_one_call_and_each_batch_one_of_the_days(classic: Classic, sandbox: Any) -> None:
    """Contract, section 2.3"""
    classic.add(classic.open("insert"), LEADS)
    assert sandbox.org.accounting.by_kind == {"bulk1": 2}
    assert sandbox.org.accounting.used("DailyBulkApiBatches") == 1


def zipped(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


ZIPPED_ROWS = {
    "CSV": "LastName,Company\nAsh,C\n",
    "JSON": '[{"LastName": "Ash", "Company": "C"}]',
    "XML": "<sObjects><sObject><LastName>Ash</LastName><Company>C</Company></sObject></sObjects>",
}


@pytest.mark.parametrize("kind", ZIPPED_ROWS)
def test_batches_may_come_as_archives(admin: Any, kind: str) -> None:
    """S2.5.1: the rows are in request.txt, results are plain."""
    jobs = f"{admin.url}/services/async/60.0/job"
    about = {"operation": "insert", "object": "Lead", "contentType": f"ZIP_{kind}"}
    job = admin.http.post(jobs, json=about).json()["id"]
    for body in (zipped(request_txt=ZIPPED_ROWS[kind]), zipped(other_txt=""), b"no archive"):
        admin.http.post(f"{jobs}/{job}/batch", data=body, headers={"Content-Type": f"zip/{kind.lower()}"})
    listed = admin.http.get(f"{jobs}/{job}/batch").text
    assert (listed.count("Completed"), listed.count("Failed to read the archive")) == (1, 2)
    assert admin.query("SELECT LastName FROM Lead") == [{"LastName": "Ash"}]
