"""What a plain delta would miss (docs/delta.md): late commits, ties over page edges, a removal behind an addition."""

from __future__ import annotations

import pytest

from campaignsync.domain.errors import RetryableError
from campaignsync.runtime.comparing import compare
from campaignsync.runtime.cycle import look
from campaignsync.salesforce import wire
from campaignsync.store.frames import rows
from desk import Desk


@pytest.fixture
def known(desk: Desk) -> Desk:
    """A campaign of a crowd that has been seen, and a day later."""
    desk.org.control("POST", "/sandbox/seed", {"crowd": {"campaigns": 1, "leads": 4_100, "seconds_apart": 1}})
    desk.campaign = desk.org.query("SELECT Id FROM Campaign")[0]["Id"]
    observe(desk)
    desk.org.control("POST", "/sandbox/clock", {"advance_s": 86_400})
    desk.org.forget_token()
    return desk


def observe(desk: Desk) -> None:
    look(desk.app.door(desk.connection), desk.app.ledger, desk.connection.connection_id)


def mirror_is_the_org(desk: Desk) -> bool:
    here = rows("SELECT salesforce_id AS id, status FROM store_campaignmember")
    there = desk.org.query("SELECT Id, Status FROM CampaignMember")
    return {row["id"]: row["status"] for row in here} == {row["Id"]: row["Status"] for row in there}


def members(desk: Desk, number: int) -> list[str]:
    return [row["Id"] for row in desk.org.query(f"SELECT Id FROM CampaignMember ORDER BY Id LIMIT {number}")]


def set_all(desk: Desk, ids: list[str], status: str) -> None:
    for start in range(0, len(ids), 200):
        records = [
            {"attributes": {"type": "CampaignMember"}, "Id": each, "Status": status}
            for each in ids[start : start + 200]
        ]
        desk.org.call("PATCH", "/services/data/v62.0/composite/sobjects", {"records": records})


def test_a_row_that_is_committed_late_is_seen_behind_the_cursor(known: Desk) -> None:
    """S0.16: it bears the stamp of its transaction's beginning, older than rows that were seen already."""
    late, early = members(known, 2)
    set_all(known, [early], "Responded")
    observe(known)
    known.org.control("POST", "/sandbox/faults", {"rules": [], "commit_lag_s": 300})
    set_all(known, [late], "Responded")
    known.org.control("DELETE", "/sandbox/faults")
    observe(known)
    assert mirror_is_the_org(known)


def test_a_row_that_is_committed_late_is_seen_behind_a_look_at_nothing(known: Desk) -> None:
    """S0.16: the cursor has moved on with the org's clock, though no row had come (docs/delta.md)."""
    (late,) = members(known, 1)
    observe(known)
    known.org.control("POST", "/sandbox/faults", {"rules": [], "commit_lag_s": 300})
    set_all(known, [late], "Responded")
    known.org.control("DELETE", "/sandbox/faults")
    observe(known)
    assert mirror_is_the_org(known)


def test_ties_of_one_second_over_the_edges_of_pages_are_all_seen(known: Desk) -> None:
    """S0.16, S2.2.5: 4,100 rows of one stamp are three pages; a second look at the same stamp misses and doubles nothing."""
    known.org.control("POST", "/sandbox/seed", {"crowd": {"campaigns": 1, "leads": 4_100}})
    for _ in range(2):
        observe(known)
        assert mirror_is_the_org(known)
    twice = "SELECT salesforce_id FROM store_campaignmember GROUP BY salesforce_id HAVING count(*) > 1"
    assert rows(twice) == []


def test_a_removal_behind_an_addition_in_the_same_campaign_is_seen_at_once(known: Desk) -> None:
    """S0.1: the number of members is what it was."""
    known.org.delete("CampaignMember", members(known, 1)[0])
    known.org.add_lead(known.campaign, "new@example.com", "Sent")
    observe(known)
    assert mirror_is_the_org(known)


def test_a_big_campaign_that_shrank_is_listed_by_ids_and_whom_nobody_saw_is_read(
    known: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S0.1: ids prove who is gone as well as rows do. A row behind all cursors is found by its id alone."""
    monkeypatch.setattr("campaignsync.store.mirror.LIST_IDS_FROM_ROWS", 4_000)
    gone = members(known, 3)
    for each in gone:
        known.org.delete("CampaignMember", each)
    known.org.control("POST", "/sandbox/faults", {"rules": [], "commit_lag_s": 90_000})
    known.org.add_lead(known.campaign, "unseen@example.com", "Sent")
    known.org.control("DELETE", "/sandbox/faults")
    door = known.app.door(known.connection)
    look(door, known.app.ledger, known.connection.connection_id)
    assert mirror_is_the_org(known)
    told = rows("SELECT DISTINCT record_id FROM store_journalentry WHERE why = 'observed' AND new IS NULL")
    assert {row["record_id"] for row in told} == set(gone)
    assert door.calls_by_kind["POST jobs/query"] == 1


def test_a_look_that_breaks_in_the_middle_leaves_mirror_cursor_and_journal_as_they_were(
    known: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S0.1: the first call went well and told of a campaign; the second never came. Half of what there is proves nothing."""
    org, ledger = known.connection.connection_id, known.app.ledger
    gone, changed = members(known, 2)
    known.org.delete("CampaignMember", gone)
    set_all(known, [changed], "Responded")

    def all_of_it() -> list[object]:
        stored = "SELECT (SELECT count(*) FROM store_campaignmember) AS m, (SELECT count(*) FROM store_journalentry) AS j"
        return [rows(stored), ledger.cursor(org)]

    before = all_of_it()
    monkeypatch.setattr(wire, "_READ_PAUSES_S", ())
    rule = {"match": {"path": r"/composite$", "nth": 2}, "action": {"status": 503, "body": "html"}}
    known.org.control("POST", "/sandbox/faults", {"rules": [rule]})
    with pytest.raises(RetryableError):
        observe(known)
    assert all_of_it() == before
    known.org.control("DELETE", "/sandbox/faults")
    observe(known)
    assert mirror_is_the_org(known)


def test_a_row_that_comes_later_than_the_look_back_and_leaves_every_count_is_found_by_the_comparison(
    known: Desk,
) -> None:
    """S0.16: an hour behind its stamp. What no look can tell, the daily comparison and a reading of everything anew do."""
    ledger, pulses = known.app.ledger, known.app.pulses
    for late, found_by in zip(members(known, 2), ("comparison", "read anew"), strict=True):
        known.org.control("POST", "/sandbox/faults", {"rules": [], "commit_lag_s": 3_600})
        set_all(known, [late], "Attended" if found_by == "comparison" else "Responded")
        known.org.control("DELETE", "/sandbox/faults")
        observe(known)
        if found_by == "comparison":
            compare(known.app.door(known.connection), ledger, pulses, known.connection)
        else:
            ledger.read_anew(known.connection.connection_id)
            observe(known)
        assert mirror_is_the_org(known)


def test_two_edits_between_two_looks_are_one(known: Desk) -> None:
    """States are compared, not histories: the journal has where it began and where it ended, and nothing of an edit undone."""
    twice, undone = members(known, 2)
    was = {row["Id"]: row["Status"] for row in known.org.query("SELECT Id, Status FROM CampaignMember")}
    other = {"Sent": "Responded", "Responded": "Sent"}
    for each in (twice, undone):
        set_all(known, [each], "Attended")
    set_all(known, [twice], other[was[twice]])
    set_all(known, [undone], was[undone])
    observe(known)
    told = rows(
        "SELECT record_id, old, new FROM store_journalentry WHERE old IS NOT NULL AND noun = 'member'"
    )
    assert told == [{"record_id": twice, "old": was[twice], "new": other[was[twice]]}]
