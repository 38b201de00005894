"""Whoever reads the journal passes over no entry and reads none too early, however the commits of its writers fall."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignsync.bootstrap import Application
from campaignsync.store.frames import execute, rows
from campaignsync.store.journal import committed_until

_ENTRY = (
    "INSERT INTO store_journalentry (at, who, why, side, campaign_id, noun, record_id)"
    " VALUES (now(), %s, '', 'program', '', 'x', '') RETURNING id"
)


class Writer:
    """A session of its own that writes entries, and commits or not."""

    def __init__(self, stack: ExitStack) -> None:
        self.session: Any = connection.copy()
        stack.callback(self.session.close)
        self.open: list[int] = []

    def write(self) -> None:
        with self.session.cursor() as cursor:
            if not self.open:
                cursor.execute("BEGIN")
            cursor.execute(_ENTRY, ("w",))
            self.open.append(cursor.fetchone()[0])

    def end(self, word: str) -> list[int]:
        ended, self.open = self.open, []
        if ended:
            with self.session.cursor() as cursor:
                cursor.execute(word)
        return ended if word == "COMMIT" else []


@contextmanager
def writers(number: int) -> Iterator[list[Writer]]:
    with ExitStack() as stack:
        found = [Writer(stack) for _ in range(number)]
        yield found
        for each in found:
            each.end("ROLLBACK")


def read(after: int) -> tuple[list[int], int]:
    until = committed_until()
    found = rows("SELECT id FROM store_journalentry WHERE id > %s AND id <= %s ORDER BY id", (after, until))
    return [row["id"] for row in found], max(after, until)


def test_an_entry_that_is_committed_behind_a_later_one_is_not_passed_over(app: Application) -> None:
    with writers(2) as (slow, quick):
        slow.write()
        quick.write()
        assert quick.end("COMMIT") == [2]
        assert read(0) == ([], 0)
        assert slow.end("COMMIT") == [1]
        assert read(0)[0] == [1, 2]


def test_a_writer_that_gives_up_holds_nobody_up(app: Application) -> None:
    with writers(2) as (slow, quick):
        slow.write()
        quick.write()
        quick.end("COMMIT")
        slow.end("ROLLBACK")
        assert read(0)[0] == [2]


def test_a_writer_that_dies_holds_nobody_up(app: Application) -> None:
    with writers(2) as (slow, quick):
        slow.write()
        quick.write()
        quick.end("COMMIT")
        slow.session.close()
        slow.open = []
        while read(0)[0] != [2]:  # The server notices by itself, a moment later.
            pass


@pytest.fixture
def emptied(app: Application) -> None:
    """Entries cannot be deleted; each example begins where the one before it ended."""


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["write", "write", "COMMIT", "ROLLBACK", "read"])),
        max_size=40,
    )
)
@settings(max_examples=40)
@pytest.mark.usefixtures("emptied")
def test_every_entry_is_read_once_and_in_order_whatever_its_writers_do(steps: list[tuple[int, str]]) -> None:
    (begun,) = rows("SELECT coalesce(max(id), 0) AS id FROM store_journalentry")
    reached, seen, committed = begun["id"], list[int](), list[int]()
    with writers(4) as found:
        for number, word in steps:
            if word == "write":
                found[number].write()
            elif word == "read":
                new, reached = read(reached)
                seen += new
            else:
                committed += found[number].end(word)
        for each in found:
            committed += each.end("COMMIT")
        new, reached = read(reached)
        seen += new
    assert seen == sorted(committed)


def test_a_part_of_a_transaction_that_is_taken_back_leaves_the_rest_of_it_waited_for(
    app: Application,
) -> None:
    with ExitStack() as stack:
        writer = Writer(stack)
        with writer.session.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SAVEPOINT part")
            cursor.execute(_ENTRY, ("w",))
            cursor.execute("ROLLBACK TO SAVEPOINT part")
            cursor.execute(_ENTRY, ("w",))
            execute(_ENTRY, ("quick",))
            assert read(0)[0] == []
            cursor.execute("COMMIT")
        assert read(0)[0] == [2, 3]
