"""The first read of a big org: page by page, each kept with its place, and taken up again where it was (section 2.4, 2.8)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaignsync.domain.errors import RetryableError
from campaignsync.domain.mirror_filter import EVERYTHING, MirrorScope
from campaignsync.domain.observation import FirstPage, ReadPlace
from campaignsync.runtime import cycle
from campaignsync.runtime.cycle import look
from campaignsync.salesforce import bulk
from campaignsync.salesforce.org import SalesforceOrg
from campaignsync.store.frames import rows
from desk import Desk, login

ROWS, ROWS_A_PAGE = 60, 25


@pytest.fixture
def big(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An org with more members and leads than one look takes, in pages of a few."""
    monkeypatch.setattr(cycle, "FIRST_READ_FROM_ROWS", ROWS)
    monkeypatch.setattr(bulk, "ROWS_A_PAGE", ROWS_A_PAGE)
    desk.org.control("POST", "/sandbox/seed", {"crowd": {"campaigns": 1, "leads": ROWS, "seconds_apart": 60}})
    return desk


class DiesBehind(SalesforceOrg):
    """A door whose process dies when so many pages have been kept."""

    pages_left = 0

    def first_read(
        self, object_name: str, place: ReadPlace | None, scope: MirrorScope = EVERYTHING
    ) -> Iterator[FirstPage]:
        for page in super().first_read(object_name, place, scope):
            if not self.pages_left:
                raise RetryableError("killed", retry_after_s=1)
            self.pages_left -= 1
            yield page


def die_behind(big: Desk, pages: int) -> None:
    """A first read that is killed when so many pages have been kept."""
    doomed = DiesBehind(login(big.org))
    doomed.pages_left = pages
    with pytest.raises(RetryableError, match="killed"):
        look(doomed, big.app.ledger, big.connection.connection_id)


def mirrored() -> tuple[int, int]:
    ((members, people),) = (
        tuple(row.values())
        for row in rows(
            "SELECT (SELECT count(*) FROM store_campaignmember) AS m,"
            " (SELECT count(*) FROM store_salesforceperson WHERE system_modstamp IS NOT NULL) AS p"
        )
    )
    return members, people


def result_pages(door: SalesforceOrg) -> int:
    """How many pages of results a door has read: all calls on query jobs, less those that make and watch them."""
    return sum(calls for kind, calls in door.calls_by_kind.items() if kind == "GET jobs/query")


def test_what_is_read_page_by_page_is_what_the_org_holds(big: Desk) -> None:
    door = SalesforceOrg(login(big.org))
    look(door, big.app.ledger, big.connection.connection_id)
    assert mirrored() == (ROWS, ROWS)
    assert set(big.app.ledger.cursor(big.connection.connection_id)) >= {"CampaignMember", "Lead"}
    assert not big.app.ledger.places(big.connection.connection_id)
    before = door.api_calls
    look(door, big.app.ledger, big.connection.connection_id)
    assert door.api_calls - before == 2


def test_what_the_org_told_of_its_calls_is_kept_though_the_last_ones_are_charged_page_by_page(
    big: Desk,
) -> None:
    org, ledger = big.connection.connection_id, big.app.ledger
    look(SalesforceOrg(login(big.org)), ledger, org)
    usage = ledger.budget(org).usage
    assert usage is not None
    assert usage.used == big.org.calls()


@pytest.mark.parametrize("pages", range(9))
def test_killed_at_any_page_it_goes_on_behind_the_last_one_that_was_kept(big: Desk, pages: int) -> None:
    """Two objects of three pages, each begun by a page that only keeps the place."""
    org, ledger = big.connection.connection_id, big.app.ledger
    whole = SalesforceOrg(login(big.org))
    look(whole, ledger, org)
    ledger.read_anew(org)
    doomed = DiesBehind(login(big.org))
    doomed.pages_left = pages
    try:
        look(doomed, ledger, org)
    except RetryableError as error:
        assert str(error) == "killed"  # noqa: PT017 - it lives through it only when there is no page left to die behind.
    second = SalesforceOrg(login(big.org))
    look(second, ledger, org)
    assert mirrored() == (ROWS, ROWS)
    kept = sum(1 for page in range(pages) if page % 4)
    looks_at_jobs = 2 - (pages >= 4) - (pages >= 8)
    assert result_pages(second) - looks_at_jobs <= 6 - kept, "no page that was kept is read again"


def test_nobody_is_looked_up_whom_a_page_to_come_will_bring(big: Desk) -> None:
    """Their rows are written once. Whoever is gone before their page comes is looked up behind the last one (S1.3.6)."""
    org, ledger = big.connection.connection_id, big.app.ledger
    die_behind(big, 4)
    assert rows("SELECT count(*) AS people FROM store_salesforceperson") == [{"people": 0}]
    lead = big.org.query("SELECT Id FROM Lead LIMIT 1")[0]["Id"]
    big.org.delete("Lead", lead)
    look(SalesforceOrg(login(big.org)), ledger, org)
    assert mirrored() == (ROWS - 1, ROWS)
    gone = rows("SELECT salesforce_id FROM store_salesforceperson WHERE is_deleted")
    assert gone == [{"salesforce_id": lead}]


def test_a_job_that_salesforce_has_forgotten_is_made_anew(big: Desk) -> None:
    """Results are kept for a week (S2.4.1)."""
    org, ledger = big.connection.connection_id, big.app.ledger
    die_behind(big, 2)
    place = ledger.places(org)["CampaignMember"]
    assert place.rows == ROWS_A_PAGE
    big.org.call("DELETE", f"/services/data/v62.0/jobs/query/{place.job}")
    look(SalesforceOrg(login(big.org)), ledger, org)
    assert mirrored() == (ROWS, ROWS)


def test_who_changes_while_a_first_read_lies_idle_is_seen_by_the_next_look(big: Desk) -> None:
    """S0.1, S0.16: what was kept may be old by then; the cursor stands where the rows that were read stand."""
    org, ledger = big.connection.connection_id, big.app.ledger
    die_behind(big, 4)
    big.org.control("POST", "/sandbox/clock", {"advance_s": 86_400})
    first, second = big.org.query("SELECT Id FROM CampaignMember ORDER BY Id LIMIT 2")
    big.org.update("CampaignMember", first["Id"], Status="Responded")
    big.org.delete("CampaignMember", second["Id"])
    for _ in range(2):
        look(SalesforceOrg(login(big.org)), ledger, org)
    told = {
        row["salesforce_id"]: row["status"]
        for row in rows("SELECT salesforce_id, status FROM store_campaignmember")
    }
    assert told == {
        row["Id"]: row["Status"] for row in big.org.query("SELECT Id, Status FROM CampaignMember")
    }


def test_members_read_anew_bring_people_whom_nobody_has_seen(big: Desk) -> None:
    """Only members are read anew when one of their fields is mapped; a lead of long ago may have joined meanwhile."""
    org, ledger = big.connection.connection_id, big.app.ledger
    look(SalesforceOrg(login(big.org)), ledger, org)
    (campaign,) = big.org.query("SELECT Id FROM Campaign")
    big.org.add_lead(campaign["Id"], "late@example.com", "Sent")
    rows_of_members = "DELETE FROM store_cursor WHERE object_name = 'CampaignMember'"
    from campaignsync.store.frames import execute

    execute(rows_of_members)
    execute("UPDATE store_cursor SET modstamp = modstamp + interval '1 day'")
    look(SalesforceOrg(login(big.org)), ledger, org)
    assert mirrored() == (ROWS + 1, ROWS + 1)
