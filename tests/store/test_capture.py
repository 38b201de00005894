"""Every change of a member is noted, whoever makes it and however; nothing noted can be changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import ProgrammingError, connection

from campaign_words import CAMPAIGN_ID, Linked, delta, member
from campaignsync.domain.links import LinkState
from campaignsync.domain.programs import PeriodCost
from campaignsync.store.frames import execute, rows


def test_a_change_by_bulk_sql_stands_in_the_journal_and_marks_the_link(linked: Linked) -> None:
    for email in ("a@example.com", "b@example.com"):
        linked.app.members.set_status("Spring", email, "Invited", who="ada")
    execute("DELETE FROM store_mark")
    execute(
        "UPDATE store_programmember SET status_id = (SELECT id FROM store_progressionstatus"
        " WHERE name = 'Attended' AND channel_id = (SELECT channel_id FROM store_program))"
    )
    latest = linked.journal()[-2:]
    assert {(row["email"], row["old"], row["new"], row["side"]) for row in latest} == {
        ("a@example.com", "Invited", "Attended", "program"),
        ("b@example.com", "Invited", "Attended", "program"),
    }
    assert rows("SELECT link_id FROM store_mark") == [{"link_id": linked.link}]


def test_joining_moving_and_leaving_are_noted_with_who_and_why(linked: Linked) -> None:
    linked.app.members.set_status("Spring", "a@example.com", "Invited", who="ada")
    linked.app.members.set_status("Spring", "a@example.com", "Registered", who="ben")
    linked.app.members.remove("Spring", "a@example.com", who="cora")
    assert [(row["old"], row["new"], row["who"], row["why"]) for row in linked.journal()[1:]] == [
        (None, "Invited", "ada", "set"),
        ("Invited", "Registered", "ben", "set"),
        ("Registered", None, "cora", "removed"),
    ]


def test_what_salesforce_changed_is_noted_under_the_user_who_did_it(linked: Linked) -> None:
    connection_id = linked.connection.connection_id
    linked.app.ledger.mirror(connection_id, delta(member(1, "Invited")))
    linked.app.ledger.mirror(
        connection_id, delta(member(1, "Attended", last_modified_by_id="005000000000007AAA"))
    )
    assert [(row["side"], row["old"], row["new"], row["who"]) for row in linked.journal()][-1] == (
        "campaign",
        "Invited",
        "Attended",
        "005000000000007AAA",
    )


def test_the_first_read_of_an_org_is_noted_as_such(app: Linked, linked: Linked) -> None:
    """M10.3: it fires no triggers later."""
    execute("DELETE FROM store_cursor")
    linked.app.ledger.mirror(linked.connection.connection_id, delta(member(1, "Invited")))
    assert linked.journal()[-1]["why"] == "first read"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE store_journalentry SET who = 'me'",
        "DELETE FROM store_journalentry",
        "TRUNCATE store_journalentry",
    ],
)
def test_the_journal_is_append_only(linked: Linked, statement: str) -> None:
    linked.app.members.set_status("Spring", "a@example.com", "Invited", who="ada")
    with pytest.raises(ProgrammingError, match="append-only"):
        execute(statement)
    assert [row["noun"] for row in linked.journal()] == ["link", "member"]


def test_deleting_a_program_ends_its_link_and_memberships_and_leaves_the_campaign(linked: Linked) -> None:
    """M2.5."""
    linked.app.members.set_status("Spring", "a@example.com", "Invited", who="ada")
    linked.app.ledger.mirror(linked.connection.connection_id, delta(member(1, "Invited")))
    linked.app.registry.delete_program("Spring")
    assert rows("SELECT count(*) AS links FROM store_link") == [{"links": 0}]
    assert [c["id"] for c in linked.app.registry.campaigns(linked.connection.connection_id)] == [CAMPAIGN_ID]
    members = "SELECT old, new FROM store_journalentry WHERE side = 'program' AND noun = 'member' ORDER BY id"
    assert rows(members) == [
        {"old": None, "new": "Invited"},
        {"old": "Invited", "new": None},
    ]


def test_secrets_cannot_be_read_in_the_table(linked: Linked) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM store_connection")
        kept = cursor.fetchone()[0]
    assert "hush-hush" not in kept
    assert linked.app.registry.login(linked.connection.connection_id).fields["password"] == "hush-hush"
    assert "hush-hush" not in repr(linked.app.registry.login(linked.connection.connection_id))


def test_links_their_policy_and_costs_are_in_the_journal_with_who_and_what(linked: Linked) -> None:
    """Whoever makes, changes or ends them; what the engine does to a link's state is none of it."""
    registry = linked.app.registry
    registry.set_policy(linked.link, {"winner": "program"})
    registry.set_policy(linked.link, {"winner": "program"})
    registry.set_cost("Spring", PeriodCost(month=date(2026, 3, 1), amount=Decimal("1200.50")))
    registry.set_cost("Spring", PeriodCost(month=date(2026, 3, 1), amount=Decimal(90), currency="EUR"))
    registry.remove_cost("Spring", date(2026, 3, 1))
    linked.app.ledger.stop(linked.link, LinkState.HALTED, "Look at it.")
    registry.resume(linked.link)
    registry.unlink(linked.link)
    told = rows(
        "SELECT noun, record_id, old, new, who <> '' AS named FROM store_journalentry WHERE noun <> 'member' ORDER BY id"
    )
    policy = [row for row in told if row["noun"] == "policy"]
    assert [(row["old"].split(",")[0], row["new"].split(",")[0]) for row in policy] == [
        ("winner: further", "winner: program")
    ]
    assert [tuple(row.values()) for row in told if row["noun"] != "policy"] == [
        ("link", CAMPAIGN_ID, None, CAMPAIGN_ID, True),
        ("period cost", "2026-03", None, "1200.5 USD", True),
        ("period cost", "2026-03", "1200.5 USD", "90 EUR", True),
        ("period cost", "2026-03", "90 EUR", None, True),
        ("link", CAMPAIGN_ID, CAMPAIGN_ID, None, True),
    ]
