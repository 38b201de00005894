"""A row is the same row whether it came as JSON of the REST API or as CSV of a bulk job (S2.4.5, S0.7)."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from campaignsync.domain.connections import Login
from campaignsync.salesforce import bulk
from campaignsync.salesforce.fields import MEMBER, STANDARD
from campaignsync.salesforce.pages import CsvPage, JsonPage, Page
from campaignsync.salesforce.soql import Query
from campaignsync.salesforce.wire import Wire
from sandbox_org import SandboxOrg

HOSTILE = 'Ada, "the first"\nof Løvelace\u2028 =1+1'


@pytest.fixture
def both(sandbox: SandboxOrg, login: Login, campaign: str) -> Wire:
    """Rows with everything that CSV is bad at: quotes, commas, new lines, numbers, nothing at all."""
    sandbox.add_lead(
        campaign,
        "Ada@Mail.Example",
        "Attended",
        Description=HOSTILE,
        Phone="0912260031",
        AnnualRevenue=912260031.25,
        NumberOfEmployees=12,
    )
    sandbox.add_lead(campaign, "bob@mail.example", "Invited", AnnualRevenue=1200)
    account = sandbox.create("Account", Name=HOSTILE, NumberOfEmployees=3)
    contact = sandbox.create("Contact", LastName="Grace", Email="grace@mail.example", AccountId=account)
    sandbox.create("CampaignMember", CampaignId=campaign, ContactId=contact, Status="Registered")
    sandbox.update("Campaign", campaign, ActualCost=1234, StartDate="2026-03-01")
    return Wire(login)


def pages(wire: Wire, soql: str) -> tuple[Page, Page]:
    (csv,) = bulk.query(wire, soql, deleted_too=False)
    records = wire.get(Query(of="", soql=soql).path)["records"]
    return JsonPage(records=records, layouts=STANDARD), CsvPage.of(csv, STANDARD)


@pytest.mark.parametrize("of", STANDARD)
def test_every_column_is_the_same_both_ways(both: Wire, of: str) -> None:
    visible = [
        path for path in STANDARD[of].paths.values() if path not in {"CurrencyIsoCode", "HasOptedOutOfEmail"}
    ]
    by_page, by_job = pages(both, f"SELECT {', '.join(visible)} FROM {of}")
    key = "salesforce_id" if of in {"Lead", "Contact"} else "id"
    assert_frame_equal(by_page.rows(of).sort(key), by_job.rows(of).sort(key))
    assert by_page.rows(of).height > 0


@pytest.mark.parametrize("kind", ["Lead", "Contact"])
def test_so_are_the_people_that_come_with_members(both: Wire, kind: str) -> None:
    paths = {each: STANDARD[each].paths for each in ("Lead", "Contact")}
    related = [f"{each}.{path}" for each in paths for path in paths[each].values() if "OptedOut" not in path]
    soql = f"SELECT {', '.join([*MEMBER.values(), *related])} FROM CampaignMember"
    by_page, by_job = (page.related(kind).sort("salesforce_id") for page in pages(both, soql))
    assert_frame_equal(by_page, by_job)
    assert by_page.height == {"Lead": 2, "Contact": 1}[kind]


def test_an_empty_result_has_all_columns(both: Wire) -> None:
    by_page, by_job = pages(both, "SELECT Id, Email FROM Lead WHERE LastName = 'Nobody'")
    assert_frame_equal(by_page.rows("Lead"), by_job.rows("Lead"))
    assert isinstance(by_job.rows("Lead"), pl.DataFrame)
