"""Two commands at once: nobody becomes two people, nobody is moved back, and an older look undoes no newer write."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from campaign_words import SEEN_AT, Linked, delta, lead, member
from campaignsync.domain.errors import RetryableError
from campaignsync.domain.membership import StepBackError
from campaignsync.store.frames import rows


def at_once(*acts: Callable[[], object]) -> None:
    """Do these together, each on a database connection of its own; the first error but a refused step back is raised."""
    together, errors = threading.Barrier(len(acts)), []

    def do(act: Callable[[], object]) -> None:
        together.wait()
        try:
            act()
        except StepBackError:
            pass
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_two_runs_that_meet_the_same_leads_make_each_a_person_once(linked: Linked) -> None:
    """M2.4."""
    seen = delta(*(member(number, "Invited") for number in range(1, 500)))
    linked.app.ledger.mirror(linked.connection.connection_id, seen)
    at_once(*[lambda: linked.app.ledger.adopt_people(linked.link)] * 2)
    assert rows("SELECT count(*) AS people FROM store_person") == [{"people": 499}]


def test_a_link_is_run_by_one_at_a_time(linked: Linked) -> None:
    """The second is told to come again; when the first has ended, it may."""
    run = linked.app.ledger.run
    under_way = pytest.raises(RetryableError, match="run of this link is under way")
    with run(linked.link, "first"), under_way, run(linked.link, "second"):
        pass
    with run(linked.link, "third"):
        pass
    assert rows("SELECT why, died FROM store_run ORDER BY id") == [
        {"why": "first", "died": False},
        {"why": "third", "died": False},
    ]


def test_two_who_add_the_same_new_person_make_them_once(linked: Linked) -> None:
    """M2.4."""
    set_status = linked.app.members.set_status
    for number in range(10):
        email = f"new{number}@example.com"
        at_once(
            lambda email=email: set_status("Spring", email, "Invited", who="ada"),
            lambda email=email: set_status("Spring", email, "Attended", who="ben"),
        )
    assert len(linked.app.members.list("Spring")) == 10


def test_two_who_move_the_same_member_never_move_them_back(linked: Linked) -> None:
    """M2.2: whoever comes second is judged by what the first one did."""
    set_status = linked.app.members.set_status
    for number in range(10):
        email = f"moved{number}@example.com"
        set_status("Spring", email, "Invited", who="ada")
        at_once(
            lambda email=email: set_status("Spring", email, "Registered", who="ada"),
            lambda email=email: set_status("Spring", email, "Attended", who="ben"),
        )
    assert set(linked.statuses().values()) == {"Attended"}


def test_an_older_look_does_not_undo_a_newer_one(linked: Linked) -> None:
    """What we wrote and read back meanwhile would look like somebody's edit."""
    ledger, connection_id = linked.app.ledger, linked.connection.connection_id
    ledger.mirror(connection_id, delta(member(1, "Attended", system_modstamp=SEEN_AT + timedelta(seconds=1))))
    ledger.mirror(connection_id, delta(member(1, "Invited")))
    ledger.adopt_people(linked.link)
    assert linked.tree("campaign") == {"person1@example.com": "Attended"}


def test_two_leads_that_became_one_contact_are_no_hindrance(linked: Linked) -> None:
    """S1.3.7: both rows may remain; the contact is the person we know longest."""
    ledger, connection_id = linked.app.ledger, linked.connection.connection_id
    ledger.mirror(connection_id, delta(member(1, "Invited"), member(2, "Invited")))
    ledger.adopt_people(linked.link)
    contact = "003000000000001AAA"
    people = [lead(1), lead(2), lead(1, salesforce_id=contact, kind="contact")]
    members = [member(number, "Invited", contact_id=contact) for number in (1, 2)]
    ledger.mirror(connection_id, delta(*members, people=people))
    ledger.adopt_people(linked.link)
    assert linked.tree("campaign") == {"person1@example.com": "Invited"}
