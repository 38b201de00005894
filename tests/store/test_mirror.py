"""What is observed is mirrored, once and no more; only a whole list proves that somebody is gone."""

from __future__ import annotations

import polars as pl
import pytest

from campaign_words import CAMPAIGN_ID, SYNC_USER, Linked, campaigns, counts, delta, lead, member, whole_list
from campaignsync.domain.labels import LabelMapping
from campaignsync.domain.runs import MemberBatch
from campaignsync.domain.trees import CAMPAIGN_MEMBERS, MEMBER_OUTCOMES, MEMBER_WRITES
from campaignsync.store.frames import execute, rows


def observe(linked: Linked, *members: dict[str, object], **more: object) -> None:
    seen = delta(*members, **more)  # type: ignore[arg-type]
    linked.app.ledger.mirror(linked.connection.connection_id, seen)
    linked.app.ledger.follow_people(linked.connection.connection_id)
    linked.app.ledger.adopt_people(linked.link)


def test_rows_that_the_look_back_brings_again_change_nothing(linked: Linked) -> None:
    observe(linked, member(1, "Invited"), member(2, "Attended"))
    noted = len(linked.journal())
    observe(linked, member(1, "Invited"), member(2, "Attended"))
    assert len(linked.journal()) == noted
    assert linked.tree("campaign") == {"person1@example.com": "Invited", "person2@example.com": "Attended"}


def test_a_campaign_that_holds_fewer_members_than_the_mirror_is_to_be_listed_whole(linked: Linked) -> None:
    """S0.1: a removal leaves no trace but a smaller count."""
    ledger, connection = linked.app.ledger, linked.connection.connection_id
    observe(linked, member(1, "Invited"), member(2, "Attended"))
    same = delta(member_counts=counts(2))
    assert ledger.campaigns_to_list(connection, same) == (frozenset(), frozenset())
    fewer = delta(member_counts=counts(1))
    assert ledger.campaigns_to_list(connection, fewer) == (frozenset({CAMPAIGN_ID}), frozenset())
    none = delta(member_counts=counts(0))
    assert ledger.campaigns_to_list(connection, none) == (frozenset({CAMPAIGN_ID}), frozenset())


def test_who_is_not_in_a_whole_list_is_gone_and_the_journal_says_so(linked: Linked) -> None:
    observe(linked, member(1, "Invited"), member(2, "Attended"))
    linked.app.ledger.mirror_whole(linked.connection.connection_id, whole_list(member(2, "Attended")))
    assert linked.tree("campaign") == {"person2@example.com": "Attended"}
    assert [(row["email"], row["old"], row["new"]) for row in linked.journal()][-1] == (
        "person1@example.com",
        "Invited",
        None,
    )


def test_a_deleted_campaign_breaks_the_link_and_removes_nobody(linked: Linked) -> None:
    """M6.9."""
    observe(linked, member(1, "Invited"))
    gone = delta(campaigns=campaigns(is_deleted=True), member_counts=counts(0))
    linked.app.ledger.mirror(linked.connection.connection_id, gone)
    assert linked.app.ledger.link(linked.link).state == "broken"
    assert linked.app.ledger.campaigns_to_list(linked.connection.connection_id, gone)[0] == frozenset()
    assert linked.tree("campaign") == {"person1@example.com": "Invited"}


def test_a_campaign_set_inactive_pauses_the_link_until_it_is_active_again(linked: Linked) -> None:
    """M6.9; one that was inactive all along does not."""
    connection = linked.connection.connection_id
    linked.app.ledger.mirror(connection, delta(campaigns=campaigns(is_active=False)))
    assert linked.app.ledger.link(linked.link).state == "paused"
    linked.app.ledger.mirror(connection, delta(campaigns=campaigns(is_active=True)))
    assert linked.app.ledger.link(linked.link).state == "active"


@pytest.mark.parametrize("known", ["person1@example.com", "PERSON1@Example.com "])
def test_a_lead_in_the_campaign_is_the_person_of_that_address(linked: Linked, known: str) -> None:
    """M2.4, M7.3."""
    linked.app.members.set_status("Spring", known, "Invited", who="ada")
    observe(linked, member(1, "Registered"))
    assert linked.tree("program") == {"person1@example.com": "Invited"}
    assert linked.tree("campaign") == {"person1@example.com": "Registered"}


def test_two_records_of_one_address_are_two_people(linked: Linked) -> None:
    """M2.4: one person an address, unless Salesforce gives them different ids."""
    people = [lead(1, email="same@example.com"), lead(2, email="same@example.com")]
    observe(linked, member(1, "Invited"), member(2, "Attended"), people=people)
    assert linked.app.ledger.trees(linked.link).campaign["person_id"].n_unique() == 2


def test_a_lead_that_became_a_contact_stays_the_same_person(linked: Linked) -> None:
    """M7.7, S1.3.7."""
    observe(linked, member(1, "Invited"))
    before = linked.app.ledger.trees(linked.link).campaign["person_id"].to_list()
    contact = "003000000000001AAA"
    people = [lead(1), lead(1, salesforce_id=contact, kind="contact")]
    observe(linked, member(1, "Invited", contact_id=contact), people=people)
    assert linked.app.ledger.trees(linked.link).campaign["person_id"].to_list() == before


def written(linked: Linked, status: str) -> int:
    """Commit that somebody is about to be written with a status; their number."""
    person = int(linked.app.ledger.trees(linked.link).campaign["person_id"][0])
    writes = pl.DataFrame(
        [
            {
                "person_id": person,
                "campaign_member_id": None,
                "salesforce_id": None,
                "kind": None,
                "status": status,
            }
        ],
        schema=MEMBER_WRITES,
    )
    with linked.app.ledger.run(linked.link, "test") as run:
        linked.app.ledger.intend_members(run, writes)
    return person


def test_our_own_failed_write_is_never_taken_for_an_edit(linked: Linked) -> None:
    """S0.2: a run died after a write that Salesforce turned into the default status."""
    observe(linked, member(1, "Registered"))
    written(linked, "Attended")
    observe(linked, member(1, "Invited", last_modified_by_id=SYNC_USER.user_id))
    linked.app.ledger.settle_intents(linked.link, SYNC_USER.user_id)
    assert linked.tree("agreed") == {"person1@example.com": "Invited"}


def test_a_label_that_means_what_was_wanted_is_no_failed_write(linked: Linked) -> None:
    """S0.2, M4.4: a run died after a write, and the row says the same in another word. It is our write, and agreed on:
    otherwise an edit made here meanwhile would meet it as if somebody there had made it."""
    linked.app.registry.set_labels(linked.link, [LabelMapping(label="Attended Live", status="Attended")])
    observe(linked, member(1, "Registered"))
    written(linked, "Attended")
    observe(linked, member(1, "ATTENDED LIVE", last_modified_by_id=SYNC_USER.user_id))
    linked.app.ledger.settle_intents(linked.link, SYNC_USER.user_id)
    assert linked.tree("agreed") == {"person1@example.com": "Attended"}


def test_a_row_that_says_what_was_wanted_took_our_write_whoever_touched_it_since(linked: Linked) -> None:
    """S1.2.7: whoever flips what counts as responded touches each member. An edit made here since would meet it as an edit."""
    observe(linked, member(1, "Registered"))
    written(linked, "Attended")
    observe(linked, member(1, "attended"))
    linked.app.ledger.settle_intents(linked.link, SYNC_USER.user_id)
    assert linked.tree("agreed") == {"person1@example.com": "Attended"}


def test_what_somebody_does_behind_the_first_look_is_theirs_though_it_is_what_was_wanted(
    linked: Linked,
) -> None:
    """Another look had shown that the write was not done, or had been written over."""
    observe(linked, member(1, "Registered"))
    written(linked, "Attended")
    observe(linked, member(1, "No Show"))
    linked.app.ledger.settle_intents(linked.link, SYNC_USER.user_id)
    observe(linked, member(1, "Attended"))
    linked.app.ledger.settle_intents(linked.link, SYNC_USER.user_id)
    assert linked.tree("agreed") == {}
    observe(linked, member(1, "Attended", last_modified_by_id=SYNC_USER.user_id))
    linked.app.ledger.settle_intents(linked.link, SYNC_USER.user_id)
    assert linked.tree("agreed") == {"person1@example.com": "Attended"}


def test_a_write_that_was_not_seen_done_in_a_quarter_of_an_hour_was_not_done(linked: Linked) -> None:
    """What somebody does there later is theirs alone, and the link is not due for it any more."""
    observe(linked, member(1, "Registered"))
    written(linked, "Attended")
    linked.app.ledger.settle_intents(linked.link, SYNC_USER.user_id)
    assert rows("SELECT wanted FROM store_intent") == [{"wanted": "Attended"}]
    execute("UPDATE store_intent SET at = at - interval '16 minutes'")
    linked.app.ledger.settle_intents(linked.link, SYNC_USER.user_id)
    assert rows("SELECT wanted FROM store_intent") == []
    observe(linked, member(1, "Attended"))
    linked.app.ledger.settle_intents(linked.link, SYNC_USER.user_id)
    assert linked.tree("agreed") == {}


def test_somebody_elses_edit_stays_an_edit_while_a_write_is_unheard_of(linked: Linked) -> None:
    observe(linked, member(1, "Registered"))
    written(linked, "Attended")
    observe(linked, member(1, "No Show"))
    linked.app.ledger.settle_intents(linked.link, SYNC_USER.user_id)
    assert linked.tree("agreed") == {}


def outcome(linked: Linked, **fields: object) -> None:
    person = int(linked.app.ledger.trees(linked.link).campaign["person_id"][0])
    row = {"person_id": person, "wanted": "Attended", "known": True, "retriable": False, **fields}
    batch = MemberBatch(
        outcomes=pl.DataFrame([row], schema=MEMBER_OUTCOMES), members=pl.DataFrame(schema=CAMPAIGN_MEMBERS)
    )
    with linked.app.ledger.run(linked.link, "test") as run:
        linked.app.ledger.record_members(run, batch)


def test_the_agreed_state_becomes_what_was_read_back(linked: Linked) -> None:
    observe(linked, member(1, "Registered"))
    outcome(linked, found="Attended")
    assert linked.tree("agreed") == {"person1@example.com": "Attended"}
    assert linked.app.views.problems("Spring") == []


def test_a_status_that_salesforce_turned_into_another_is_a_problem_and_the_agreed_state(
    linked: Linked,
) -> None:
    """S0.2."""
    observe(linked, member(1, "Registered"))
    outcome(linked, found="Invited")
    assert linked.tree("agreed") == {"person1@example.com": "Invited"}
    assert [row["message"] for row in linked.app.views.problems("Spring")] == [
        "Salesforce stored 'Invited' instead of 'Attended'."
    ]


def test_a_refusal_moves_nothing_and_waits_in_salesforces_words(linked: Linked) -> None:
    observe(linked, member(1, "Registered"))
    outcome(linked, found="Registered", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="Not on Sundays.")
    assert linked.tree("agreed") == {}
    assert [(row["code"], row["message"], row["wanted"]) for row in linked.app.views.problems("Spring")] == [
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Not on Sundays.", "Attended")
    ]
    assert linked.app.ledger.trees(linked.link).held["wanted"].to_list() == ["Attended"]
    linked.app.views.retry_problems("Spring")
    assert linked.app.ledger.trees(linked.link).held.is_empty()


def test_an_unheard_of_write_records_nothing(linked: Linked) -> None:
    observe(linked, member(1, "Registered"))
    written(linked, "Attended")
    outcome(linked, found=None, known=False, message="sent, and no answer came")
    assert linked.tree("agreed") == {}
    assert rows("SELECT wanted FROM store_intent") == [{"wanted": "Attended"}]


def test_members_that_only_a_whole_list_shows_bring_people_whom_nobody_has_seen(linked: Linked) -> None:
    """A campaign that is shared with the sync user only now: its members did not change, nor did the leads they are."""
    connection = linked.connection.connection_id
    observe(linked)
    linked.app.ledger.mirror_whole(connection, whole_list(member(7, "Attended")))
    assert linked.app.ledger.follow_people(connection) == [lead(7)["salesforce_id"]]
