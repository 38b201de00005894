"""The three result files of an ingest job, to the byte (S2.4.3, S0.7, S0.20)."""

from typing import Any

import pytest

LEADS = 'LastName,Company,AnnualRevenue\nAsh,"A, ""the"" Co",912260031\nBirch,,10\n'


def test_saved_rows_are_told_their_id_and_whether_they_are_new(clerk: Any, admin: Any) -> None:
    """S2.4.3, S0.7"""
    job = clerk.send("Lead", "insert", LEADS)["id"]
    lead = admin.one("SELECT Id FROM Lead")["Id"]
    assert clerk.file(job, "successfulResults") == (
        '"sf__Id","sf__Created",LastName,Company,AnnualRevenue\n'
        f'"{lead}","true","Ash","A, ""the"" Co","9.12260031E8"\n'
    )


def test_refused_rows_are_told_why(clerk: Any) -> None:
    """S2.4.3"""
    job = clerk.send("Lead", "insert", LEADS)["id"]
    assert clerk.file(job, "failedResults") == (
        '"sf__Id","sf__Error",LastName,Company,AnnualRevenue\n'
        '"","REQUIRED_FIELD_MISSING:Required fields are missing: [Company]:Company --","Birch","","10.0"\n'
    )
    assert clerk.file(job, "unprocessedrecords") == "LastName,Company,AnnualRevenue\n"


def test_a_file_of_which_no_row_was_tried_comes_back_as_it_was_sent(clerk: Any, admin: Any) -> None:
    """S2.4.3: neither a line separator nor a form feed nor a line break in quotes ends a row."""
    content = 'LastName,Company\r\n"A\nsh",A\u2028B\r\n"Bi""rch","x\x0cy"\r\n'
    job = clerk.open("Lead", lineEnding="CRLF")["id"]
    clerk.upload(job, content)
    admin.call("PATCH", f"/jobs/ingest/{job}", {"state": "Aborted"})
    assert clerk.file(job, "unprocessedrecords") == content


def test_refused_changes_name_their_record(clerk: Any, admin: Any) -> None:
    """S2.4.3"""
    lead = admin.create("Lead", LastName="Ash", Company="A")
    job = clerk.send("Lead", "update", f"Id,Email\n{lead},no address\n")["id"]
    (row,) = clerk.rows(job, "failedResults")
    assert row["sf__Id"] == lead
    assert row["sf__Error"] == "INVALID_EMAIL_ADDRESS:Email: invalid email address: no address:Email --"


def test_before_version_53_refused_rows_had_no_id(clerk: Any, admin: Any) -> None:
    """S2.4.3"""
    base = "//services/data/v52.0/jobs/ingest"
    job = admin.call("POST", base, {"object": "Lead", "operation": "insert"}).json()["id"]
    clerk.upload(job, LEADS)
    clerk.close(job)
    content = admin.call("GET", f"{base}/{job}/failedResults").text
    assert content.startswith('"sf__Error",LastName,Company,AnnualRevenue\n"REQUIRED_FIELD_MISSING:')


def test_files_keep_the_dialect_of_the_job_and_the_header_as_it_was_sent(clerk: Any) -> None:
    """S2.4.3: names in capitals come back so."""
    content = '"LASTNAME"|Company\r\n"Ash"|A\r\n'
    job = clerk.send("Lead", "insert", content, columnDelimiter="PIPE", lineEnding="CRLF")["id"]
    head, row, end = clerk.file(job, "successfulResults").split("\r\n")
    assert (head, row[20:], end) == ('"sf__Id"|"sf__Created"|"LASTNAME"|Company', '|"true"|"Ash"|"A"', "")


def test_a_row_that_cannot_be_read_is_refused_alone(clerk: Any) -> None:
    """S2.4.2: a space next to a quote is an error of its row."""
    job = clerk.send("Lead", "insert", 'LastName,Company\nAsh, "A"\nBirch,B\n')
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 1)
    assert "Found unescaped quote" in clerk.errors(job["id"])["Ash"]


def test_rows_do_not_come_in_the_order_they_were_sent(clerk: Any) -> None:
    """S0.20: but in the same one each time."""
    names = [f"L{number:03d}" for number in range(300)]
    job = clerk.send("Lead", "insert", "LastName,Company\n" + "".join(f"{name},C\n" for name in names))["id"]
    told = [row["LastName"] for row in clerk.rows(job, "successfulResults")]
    assert told != names
    assert sorted(told) == names
    assert told == [row["LastName"] for row in clerk.rows(job, "successfulResults")]


def test_a_member_that_is_one_already_is_refused_in_salesforces_words(
    clerk: Any, admin: Any, campaign: str
) -> None:
    """S0.4"""
    lead = admin.create("Lead", LastName="Ash", Company="A")
    job = clerk.send("CampaignMember", "insert", f"CampaignId,LeadId\n{campaign},{lead}\n{campaign},{lead}\n")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (2, 1)
    assert clerk.errors(job["id"])[campaign].startswith("DUPLICATE_VALUE:Already a campaign member.:")


@pytest.mark.parametrize("name", ["successfulResults", "failedResults", "unprocessedRecords"])
def test_there_are_no_results_before_a_job_is_over(clerk: Any, admin: Any, name: str) -> None:
    job = clerk.open("Lead")["id"]
    assert admin.refused("GET", f"/jobs/ingest/{job}/{name}")[:2] == (400, "INVALIDJOBSTATE")


def test_letters_of_every_script_survive(clerk: Any, admin: Any) -> None:
    clerk.send("Lead", "insert", "LastName,Company\nŁukasz Żółć,株式会社\n")
    assert admin.one("SELECT LastName, Company FROM Lead") == {
        "LastName": "Łukasz Żółć",
        "Company": "株式会社",
    }
