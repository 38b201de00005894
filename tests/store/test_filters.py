"""Filters as SQL find whom they say, by table over a handful of people; any logic means what its words mean (M10.2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from campaign_words import CAMPAIGN_ID, Linked, delta, lead, member
from campaignsync.automation.catalogue import FILTERS
from campaignsync.store.filtering import FILTERS_WITH_SQL
from conftest import Clock
from flow_words import Marketer

TITLE = "100% Chief_Officer"
BENS = {"pet": "Dog", "shoe_size": 44, "met": "2026-02-27"}
ADDED = datetime(2026, 2, 20, 12, tzinfo=UTC)


@pytest.fixture
def marketer(linked: Linked, clock: Clock) -> Marketer:
    """Ann, Ben and Cid: two leads in a campaign of Salesforce, and somebody whom only we know. It is 1 March 2026, noon."""
    from campaignsync.store import models

    there = [
        member(1, "Registered", created_date=ADDED, has_responded=False),
        member(2, "Attended", created_date=datetime(2026, 1, 5, tzinfo=UTC), has_responded=True),
    ]
    linked.app.ledger.mirror(
        linked.connection.connection_id,
        delta(*there, people=[lead(1, email="ann@example.com"), lead(2, email="ben@example.com")]),
    )
    linked.app.ledger.adopt_people(linked.link)
    changed = [
        (
            "ann@example.com",
            {
                "country": "Germany",
                "employees": 50,
                "annual_revenue": "1500000.5",
                "title": TITLE,
            },
        ),
        (
            "ben@example.com",
            {
                "country": "austria ",
                "unsubscribed": True,
                "custom": {"pet": "Dog", "shoe_size": 44, "met": "2026-02-27"},
            },
        ),
    ]
    for email, fields in changed:
        models.Person.objects.filter(email=email).update(**fields)
    models.Person.objects.create(email="cid@example.com", annual_revenue="much", custom={"pet": "cat"})
    models.Person.objects.update(created_at=datetime(2026, 2, 1, tzinfo=UTC))
    for name, kind in (("pet", "text"), ("shoe_size", "number"), ("met", "text")):
        models.MappedField.objects.create(
            connection_id=linked.connection.connection_id,
            name=name,
            kind=kind,
            direction="off",
            winner="default",
        )
    linked.app.members.set_status("Spring", "ben@example.com", "Attended", who="ada")
    found = Marketer(app=linked.app, clock=clock)
    found.smart.shelf.make_list("Press")
    found.smart.shelf.put_on_list("Press", ["CID@example.com"])
    return found


def found_by(marketer: Marketer, *filters: dict[str, Any], logic: str | None = None) -> str:
    """The first letters of whom the filters find."""
    counted = marketer.smart.count(filters, logic)
    names = sorted(row["email"][0] for row in counted["sample"])
    assert counted["people"] == len(names)
    return "".join(names)


def field(name: str, value: Any) -> dict[str, Any]:
    return {"filter": "Person Field", "field": name, "value": value}


IN_CAMPAIGN = {"filter": "Member of SFDC Campaign"}
CASES: list[tuple[dict[str, Any], str]] = [
    (field("country", "germany"), "a"),
    (field("country", ["Germany", "Austria"]), "ab"),
    (field("country", {"is not": "Germany"}), "bc"),
    (field("country", {"is empty": True}), "c"),
    (field("country", {"is not empty": True}), "ab"),
    (field("country", {"contains": "MAN"}), "a"),
    (field("country", {"does not contain": "man"}), "bc"),
    (field("country", {"starts with": "aus"}), "b"),
    (field("country", {"does not start with": "aus"}), "ac"),
    (field("title", {"contains": "0% c"}), "a"),
    (field("title", {"contains": "_"}), "a"),
    (field("title", {"contains": "%'; DROP TABLE store_person; --"}), ""),
    (field("employees", {"at least": 50}), "a"),
    (field("employees", {"more than": 50}), ""),
    (field("employees", {"is empty": True}), "bc"),
    (field("annual_revenue", {"between": [1000000, 2000000]}), "a"),
    (field("annual_revenue", {"less than": 2e9}), "a"),
    (field("annual_revenue", {"is": 1500000.5}), "a"),
    (field("unsubscribed", True), "b"),
    (field("unsubscribed", False), "ac"),
    (field("pet", ["dog", "cat"]), "bc"),
    (field("shoe_size", {"more than": 43}), "b"),
    (field("met", {"in past": "3 days"}), "b"),
    (field("met", {"in past": "1 days"}), ""),
    (field("met", {"not in past": "1 days"}), "abc"),
    (field("met", {"before": "2026-03-01"}), "b"),
    (field("met", {"on": "2026-02-27"}), "b"),
    (field("created", {"in past": "60 days"}), "abc"),
    (field("created", {"after": "2026-02-01"}), ""),
    (field("created", {"between": ["2026-02-01", "2026-02-02"]}), "abc"),
    (IN_CAMPAIGN, "ab"),
    ({"filter": "Not Member of SFDC Campaign"}, "c"),
    ({**IN_CAMPAIGN, "campaign": "spring"}, "ab"),
    ({**IN_CAMPAIGN, "campaign": CAMPAIGN_ID, "status": "attended"}, "b"),
    ({**IN_CAMPAIGN, "campaign": {"is not": "Spring"}}, ""),
    ({**IN_CAMPAIGN, "campaign": "Nowhere"}, ""),
    ({"filter": "Not Member of SFDC Campaign", "campaign": "Nowhere"}, "abc"),
    ({**IN_CAMPAIGN, "status": {"is not": "Attended"}}, "a"),
    ({**IN_CAMPAIGN, "responded": True}, "b"),
    ({**IN_CAMPAIGN, "date added": {"in past": "10 days"}}, "a"),
    ({**IN_CAMPAIGN, "type": {"is empty": True}}, "ab"),
    ({"filter": "Member of Program", "program": "Spring"}, "b"),
    ({"filter": "Not Member of Program"}, "ac"),
    (
        {
            "filter": "Member of Program",
            "channel": "webinar",
            "status": {"is not": "Invited"},
            "success": True,
        },
        "b",
    ),
    ({"filter": "Program Status", "program": "Spring", "status": "Invited"}, ""),
    ({"filter": "Member of List", "list": "press"}, "c"),
    ({"filter": "Known to Salesforce", "kind": "lead"}, "ab"),
    ({"filter": "Not Known to Salesforce"}, "c"),
]


def test_each_filter_finds_whom_it_says(marketer: Marketer) -> None:
    found = [(condition, found_by(marketer, condition)) for condition, _ in CASES]
    assert found == CASES


def test_history_is_read_from_the_journal(linked: Linked, marketer: Marketer) -> None:
    """M10.2: ours were first seen behind the first look, so that their coming is in the journal."""
    campaign = linked.connection.connection_id
    later = [member(1, "Attended", created_date=ADDED)]
    linked.app.ledger.mirror(campaign, delta(*later, people=[]))
    marketer.clock.now = datetime.now(UTC)  # The ledger tells the time by itself.
    was = {"filter": "Status Was Changed in SFDC Campaign", "campaign": "Spring"}
    assert found_by(marketer, was) == "a"
    assert found_by(marketer, {**was, "new status": "Attended", "previous status": "Registered"}) == "a"
    assert found_by(marketer, {**was, "new status": "Invited"}) == ""
    assert found_by(marketer, {**was, "when": {"in past": "1 hour"}}) == "a"
    assert found_by(marketer, {"filter": "Not Was Removed from SFDC Campaign"}) == "abc"


@pytest.mark.parametrize(
    ("logic", "whom"),
    [
        (None, ""),
        ("any", "abc"),
        ("1 and (2 or 3)", "ab"),
        ("1 or 3", "abc"),
        ("not 1", None),
        ("not 1 and 3 and not 2", "c"),
    ],
)
def test_filters_are_joined_by_any_logic(marketer: Marketer, logic: str | None, whom: str | None) -> None:
    filters = [
        IN_CAMPAIGN,
        field("country", ["Germany", "Austria"]),
        {"filter": "Member of List", "list": "Press"},
    ]
    if whom is None:
        filters = filters[:1]
        whom = "c"
    if logic == "1 or 3":
        filters = [filters[0], filters[2]]
        logic = "1 or 2"
    assert found_by(marketer, *filters, logic=logic) == whom


def test_no_filter_finds_everybody(marketer: Marketer) -> None:
    assert found_by(marketer) == "abc"


def test_every_filter_of_the_catalogue_is_sql() -> None:
    assert {entry.name for entry in FILTERS} == FILTERS_WITH_SQL


def test_a_filter_is_one_statement_however_many_people(marketer: Marketer) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        found_by(marketer, IN_CAMPAIGN, field("country", "Germany"), {"filter": "Member of Program"})
    assert len([each for each in asked.captured_queries if "store_person p" in each["sql"]]) == 1


def test_a_stranger_in_a_linked_campaign_fires_once_the_link_has_made_them_a_person(
    linked: Linked, marketer: Marketer
) -> None:
    """M10.3: also where flows run between the look at the org and the run of the link."""
    org = linked.connection.connection_id
    marketer.smart.shelf.make_list("New")
    added = {"trigger": "Added to SFDC Campaign", "campaign": "Spring"}
    marketer.activate("Welcome", triggers=[added], flow=[{"action": "Add to List", "list": "New"}])
    linked.app.ledger.mirror(org, delta(member(7, "Registered")))
    marketer.run()
    assert marketer.on_list("New") == []
    linked.app.ledger.adopt_people(linked.link)
    marketer.run()
    marketer.run()
    assert marketer.results("Welcome") == [("person7", 1, "done", "")]
