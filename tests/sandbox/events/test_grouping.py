"""How changes of transactions become events (S2.7.3, S2.7.5)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from salesforce_sandbox.events.grouping import MOST_MERGED, NO_RECORD, ChangeEvent, events_of
from salesforce_sandbox.org.changes import Change, ChangeType, Commit

AT = datetime(2026, 1, 1, tzinfo=UTC)


def changes(*told: tuple[str, ChangeType, dict[str, Any]], key: str = "k", first: int = 1) -> list[Change]:
    commit = Commit(transaction_key=key, at=AT, user_id="005", origin="")
    return [
        Change(first + i, commit, i + 1, entity, kind, f"id{first + i}", values)
        for i, (entity, kind, values) in enumerate(told)
    ]


def events(told: list[Change], overflow_after: int = 100_000) -> list[ChangeEvent]:
    return list(events_of(told, overflow_after))


def test_alike_changes_merge_within_a_transaction_and_not_across() -> None:
    once = changes(("Lead", "DELETE", {}), ("Contact", "DELETE", {}), ("Lead", "DELETE", {}))
    again = changes(("Lead", "DELETE", {}), key="other", first=4)
    told = events(once + again)
    assert [each.record_ids for each in told] == [("id1", "id3"), ("id2",), ("id4",)]
    assert [each.sequence for each in told] == [1, 2, 1]
    assert [each.commit_number - told[0].commit_number for each in told] == [0, 0, 3]


def test_a_merged_event_takes_no_more_than_so_many_records() -> None:
    told = events(changes(*[("Lead", "DELETE", {})] * (MOST_MERGED + 1)))
    assert [len(each.record_ids) for each in told] == [MOST_MERGED, 1]


def test_beyond_the_threshold_each_entity_gets_one_overflow_event() -> None:
    """Each field of an update counts, of a deletion the record."""
    update = {"Title": "Head", "Phone": "1"}
    told = events(
        changes(
            ("Lead", "UPDATE", update),
            ("Contact", "DELETE", {}),
            ("Contact", "DELETE", {}),
            ("Lead", "DELETE", {}),
            ("Lead", "DELETE", {}),
        ),
        overflow_after=3,
    )
    assert [(each.entity, each.change_type, each.sequence) for each in told] == [
        ("Lead", "UPDATE", 1),
        ("Contact", "DELETE", 2),
        ("Contact", "GAP_OVERFLOW", 3),
        ("Lead", "GAP_OVERFLOW", 4),
    ]
    assert told[2].record_ids == (NO_RECORD,)
    assert not told[2].values


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["UPDATE", "DELETE"]), st.integers(0, 2))))
def test_every_record_is_told_of_exactly_once_in_the_order_of_first_mention(told: list[Any]) -> None:
    made = changes(*[(entity, kind, {"Rating": value}) for entity, kind, value in told])
    found = events(made)
    assert sorted(i for each in found for i in each.record_ids) == sorted(each.record_id for each in made)
    assert [each.sequence for each in found] == list(range(1, len(found) + 1))
