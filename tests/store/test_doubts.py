"""Who is in doubt on PostgreSQL: whoever changes any of the three sides, by whatever statement, doubts whom that concerns."""

from __future__ import annotations

import random
from unittest import mock

import pytest
from django.db import connection, transaction

from campaign_words import Linked, lead, member
from campaignsync.store.doubts import FEW, MANY, seen, settle
from campaignsync.store.frames import execute, rows
from simulation.contract_words import see

PEOPLE = 8
ADA = "person1@example.com"
_A_PERSON = (
    "(SELECT id FROM store_person WHERE merged_into_id IS NULL ORDER BY md5(id::text || %(dice)s) LIMIT 1)"
)
_A_ROW = "id = (SELECT id FROM {table} ORDER BY md5(id::text || %(dice)s) LIMIT 1)"


def one(table: str) -> str:
    return _A_ROW.format(table=table)


CHANGES = {
    "a status here": "UPDATE store_programmember SET status_id = (SELECT id FROM store_progressionstatus"
    " WHERE channel_id = (SELECT channel_id FROM store_program) ORDER BY md5(id::text || %(dice)s) LIMIT 1) WHERE "
    + one("store_programmember"),
    "leaving here": "DELETE FROM store_programmember WHERE " + one("store_programmember"),
    "coming here": "INSERT INTO store_programmember (program_id, person_id, status_id, member_since, origin)"
    f" SELECT p.id, {_A_PERSON}, (SELECT min(s.id) FROM store_progressionstatus s WHERE s.channel_id = p.channel_id), now(), 'x'"
    " FROM store_program p ON CONFLICT DO NOTHING",
    "another person here": f"UPDATE store_programmember m SET person_id = p.id FROM (SELECT {_A_PERSON} AS id) p WHERE m."
    + one("store_programmember")
    + " AND NOT EXISTS (SELECT FROM store_programmember o WHERE o.person_id = p.id)",
    "a status there": "UPDATE store_campaignmember"
    " SET status = (ARRAY['Registered', 'Attended'])[1 + (%(dice)s)::int %% 2] WHERE "
    + one("store_campaignmember"),
    "leaving there": "DELETE FROM store_campaignmember WHERE " + one("store_campaignmember"),
    "converted there": "UPDATE store_campaignmember SET contact_id = '003' || substr(lead_id, 4) WHERE "
    + one("store_campaignmember"),
    "agreed as something else": "UPDATE store_agreement SET status = 'No Show' WHERE "
    + one("store_agreement"),
    "agreed no more": "DELETE FROM store_agreement WHERE " + one("store_agreement"),
    "agreed anew": f"INSERT INTO store_agreement (link_id, person_id, status) SELECT l.id, {_A_PERSON}, 'Attended'"
    " FROM store_link l ON CONFLICT DO NOTHING",
    "another record": "UPDATE store_personidentity SET salesforce_id = '003' || substr(salesforce_id, 4) WHERE "
    + one("store_personidentity"),
    "another person": f"UPDATE store_personidentity i SET person_id = p.id FROM (SELECT {_A_PERSON} AS id) p WHERE i."
    + one("store_personidentity")
    + " AND NOT EXISTS (SELECT FROM store_personidentity o WHERE o.person_id = p.id)",
    "deleted there": "UPDATE store_personidentity SET is_deleted = NOT is_deleted WHERE "
    + one("store_personidentity"),
    "known no more": "DELETE FROM store_personidentity WHERE " + one("store_personidentity"),
    "a status is called otherwise": "UPDATE store_progressionstatus SET name = name || '!' WHERE name = 'Invited'",
    "a label of the campaign": "UPDATE store_campaignmemberstatus SET label = label || '!' WHERE "
    + one("store_campaignmemberstatus"),
    "a label means something": "INSERT INTO store_linklabel (link_id, label, status, written)"
    " SELECT id, 'Invited', 'Registered', false FROM store_link ON CONFLICT DO NOTHING",
}
"""Whatever a plan is made of, changed in every way in which it can: by name, the statement."""


@pytest.fixture
def equal(linked: Linked) -> Linked:
    """A program and its campaign with the same members, whom nobody doubts."""
    see(linked, *(member(number, "Invited") for number in range(1, PEOPLE + 1)))
    execute(
        "INSERT INTO store_programmember (program_id, person_id, status_id, member_since, origin) SELECT p.id, i.person_id, s.id,"
        " now(), 'x' FROM store_personidentity i, store_program p JOIN store_progressionstatus s ON s.channel_id = p.channel_id"
        " AND s.name = 'Invited'"
    )
    execute(
        "INSERT INTO store_agreement (link_id, person_id, status) SELECT l.id, i.person_id, 'Invited'"
        " FROM store_personidentity i, store_link l"
    )
    execute(
        "INSERT INTO store_person (email, custom, created_at) VALUES ('nowhere@example.com', '{}', now())"
    )
    linked.app.ledger.trees(linked.link)
    assert in_doubt(linked) == set()
    return linked


def overlooked(link: int) -> set[int | str]:
    from campaignsync.store import trees

    return trees.overlooked(link)


def in_doubt(linked: Linked) -> set[object]:
    found = rows("SELECT person_id, who FROM store_doubt WHERE link_id = %s", (linked.link,))
    return {row["person_id"] or row["who"] or "everybody" for row in found}


def change(name: str, dice: int) -> int:
    return execute(CHANGES[name], {"dice": str(dice)})


def test_whatever_changes_doubts_whom_it_concerns(equal: Linked) -> None:
    for name in CHANGES:
        with transaction.atomic():
            assert any(change(name, dice) for dice in range(50)), name
            assert overlooked(equal.link) == set(), name
            assert in_doubt(equal), name
            transaction.set_rollback(True)


@pytest.mark.parametrize("seed", range(3))
def test_after_any_number_of_changes_and_plans_nobody_differs_who_is_not_in_doubt(
    equal: Linked, seed: int
) -> None:
    """So that a plan of those in doubt is the plan of everybody."""
    chosen = random.Random(seed)
    for step in range(40):
        change(chosen.choice(list(CHANGES)), chosen.randrange(1_000))
        assert overlooked(equal.link) == set(), step
        if chosen.random() < 0.3:
            equal.app.ledger.adopt_people(equal.link)
            equal.app.ledger.trees(equal.link)
            assert overlooked(equal.link) == set(), step


def test_a_plan_of_those_in_doubt_is_the_plan_of_everybody(equal: Linked) -> None:
    for dice, name in enumerate(("a status here", "leaving there", "a status there", "agreed no more")):
        change(name, dice)
    of_some = equal.app.ledger.trees(equal.link)
    execute("INSERT INTO store_doubt (link_id) VALUES (%s)", (equal.link,))
    of_all = equal.app.ledger.trees(equal.link)
    for side in ("agreed", "program", "campaign", "people"):
        some, everybody = (getattr(each, side).sort("person_id") for each in (of_some, of_all))
        assert some.equals(everybody), side
    assert of_some.sizes == of_all.sizes


def test_a_change_that_is_committed_behind_the_snapshot_keeps_its_doubt(equal: Linked) -> None:
    """As its mark (docs/adr/0011): the plan has not seen it."""
    change("a status here", 1)

    def meanwhile(*known: object) -> None:
        change("a status there", 5)
        settle(*known)  # type: ignore[arg-type]

    with mock.patch("campaignsync.store.trees.settle", meanwhile):
        planned = equal.app.ledger.trees(equal.link)
    assert planned.people.height == 1
    assert overlooked(equal.link) == set()
    assert equal.app.ledger.trees(equal.link).people.height == 2


def test_an_older_plan_takes_away_no_doubt_that_a_younger_one_kept(equal: Linked) -> None:
    """Two who plan one link at once."""
    execute(
        "INSERT INTO store_doubt (link_id, person_id) SELECT %s, min(id) FROM store_person", (equal.link,)
    )
    older = seen(equal.link)
    execute(
        "UPDATE store_agreement SET status = 'No Show' WHERE person_id = (SELECT min(id) FROM store_person)"
    )
    equal.app.ledger.trees(equal.link)
    settle(equal.link, older, (), ())
    assert overlooked(equal.link) == set()


@pytest.mark.parametrize(
    ("touched", "before", "lines"),
    [(FEW, 1, FEW + 1), (FEW + 1, 1, 2), (FEW + 1, 0, FEW + 1), (MANY + 1, 0, 1)],
)
def test_a_statement_of_very_many_rows_doubts_everybody_in_one_line(
    equal: Linked, touched: int, before: int, lines: int
) -> None:
    """A first load writes no line a member; nor does anything that is large where everybody is in doubt already."""
    execute(
        "INSERT INTO store_person (custom, created_at) SELECT '{}', now() FROM generate_series(1, %s)",
        (touched,),
    )
    if before:
        execute("INSERT INTO store_doubt (link_id) VALUES (%s)", (equal.link,))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO store_agreement (link_id, person_id, status) SELECT %s, id, 'Invited' FROM store_person"
            " ORDER BY id DESC LIMIT %s",
            (equal.link, touched),
        )
    (found,) = rows("SELECT count(*) AS lines FROM store_doubt WHERE link_id = %s", (equal.link,))
    assert found["lines"] == lines


def test_comparing_and_reading_anew_doubt_everybody(equal: Linked) -> None:
    org = equal.connection.connection_id
    for begin in (equal.app.pulses.comparing, equal.app.ledger.read_anew):
        equal.app.ledger.trees(equal.link)
        assert in_doubt(equal) == set()
        begin(org)
        assert in_doubt(equal) == {"everybody"}


def test_sides_are_counted_as_far_as_safety_asks(equal: Linked) -> None:
    """M6.6: a share of 30 % of those who are agreed on may be removed: of two who left, that is met by seven."""
    assert equal.app.ledger.trees(equal.link).sizes == {}
    execute(
        "DELETE FROM store_programmember WHERE person_id IN (SELECT id FROM store_person ORDER BY id LIMIT 2)"
    )
    assert equal.app.ledger.trees(equal.link).sizes == {"agreed": 7, "program": 1, "campaign": 1}
    execute("DELETE FROM store_programmember")
    assert equal.app.ledger.trees(equal.link).sizes == {"agreed": PEOPLE, "program": 0, "campaign": 1}


def test_doubts_that_nobody_looks_into_are_folded(equal: Linked, monkeypatch: pytest.MonkeyPatch) -> None:
    """An org whose sync is switched off goes on being changed here."""
    monkeypatch.setattr("campaignsync.store.doubts.WHOLE_FROM", 2)
    for dice in range(3):
        change("agreed no more", dice)
    equal.app.pulses.tidy()
    assert in_doubt(equal) == {"everybody"}
    assert equal.app.ledger.trees(equal.link).people.height == 3


def test_a_first_read_without_a_link_doubts_nobody(linked: Linked) -> None:
    linked.app.registry.unlink(linked.link)
    see_nobody(linked)
    assert rows("SELECT count(*) AS lines FROM store_doubt")[0]["lines"] == 0


def see_nobody(linked: Linked) -> None:
    from campaign_words import delta

    linked.app.ledger.mirror(linked.connection.connection_id, delta(member(1, "Invited"), people=[lead(1)]))
