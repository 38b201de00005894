"""What people set up, and what the database refuses whoever asks: one program, one campaign, one link."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from campaign_words import CAMPAIGN_ID, Linked
from campaignsync.bootstrap import Application
from campaignsync.domain.errors import UsageError
from campaignsync.domain.membership import Origin, StepBackError, enter, move
from campaignsync.domain.programs import PeriodCost
from campaignsync.domain.registrants import read_registrants
from campaignsync.domain.statuses import DEFAULT_CHANNELS

WEBINAR = next(channel for channel in DEFAULT_CHANNELS if channel.name == "Webinar")


def import_people(app: Application, text: str, status: str) -> object:
    read = read_registrants(text.encode(), channel=WEBINAR, status=status)
    return app.members.import_people("Spring", read.people, who="ada")


def test_a_second_link_to_a_campaign_is_refused_naming_the_program(linked: Linked) -> None:
    """M4.1."""
    linked.app.registry.create_program("Autumn", "Webinar", {})
    with pytest.raises(UsageError, match="linked with program 'Spring' already"):
        linked.app.registry.create_link("Autumn", linked.connection.connection_id, CAMPAIGN_ID)


def test_a_second_link_of_a_program_is_refused_naming_the_campaign(linked: Linked) -> None:
    """M4.1."""
    with pytest.raises(UsageError, match=f"linked with campaign {CAMPAIGN_ID} already"):
        linked.app.registry.create_link("Spring", linked.connection.connection_id, "701000000000002AAA")


def test_two_admins_at_once_make_one_link(linked: Linked) -> None:
    """M4.1: one-to-one is the database's business."""
    linked.app.registry.unlink(linked.link)
    linked.app.registry.create_program("Autumn", "Webinar", {})
    together, ends = threading.Barrier(2), []

    def link(program: str) -> None:
        together.wait()
        try:
            linked.app.registry.create_link(program, linked.connection.connection_id, CAMPAIGN_ID)
            ends.append("linked")
        except UsageError:
            ends.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=link, args=(program,)) for program in ("Spring", "Autumn")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["linked", "refused"]


def test_the_channels_of_a_new_installation_are_there_and_adding_them_again_adds_none(
    app: Application,
) -> None:
    """M1.8."""
    assert {channel.name for channel in app.registry.channels()} == {
        channel.name for channel in DEFAULT_CHANNELS
    }
    assert app.registry.channel("webinar") == WEBINAR
    assert app.registry.add_channels(DEFAULT_CHANNELS) == []


def test_a_program_and_a_status_that_are_not_there_are_named_with_the_choices(app: Application) -> None:
    app.registry.create_program("Spring", "Webinar", {})
    with pytest.raises(UsageError, match="Did you mean 'Spring'"):
        app.registry.program("Sprin")
    with pytest.raises(UsageError, match="Invited, Registered, No Show, Attended"):
        app.members.set_status("Spring", "a@example.com", "Napping", who="ada")
    with pytest.raises(UsageError, match="no channel 'Fax'"):
        app.registry.create_program("Autumn", "Fax", {})


def test_a_month_has_one_cost_and_a_program_remembers_that_it_had_some(app: Application) -> None:
    """M1.6, M5.2."""
    app.registry.create_program("Spring", "Webinar", {"Region": "EMEA"})
    march = date(2026, 3, 1)
    for amount in ("1200.00", "1500.50"):
        app.registry.set_cost("Spring", PeriodCost(month=march, amount=Decimal(amount), currency="EUR"))
    assert [(c.month, c.amount, c.currency) for c in app.registry.costs("Spring")] == [
        (march, Decimal("1500.50"), "EUR")
    ]
    app.registry.remove_cost("Spring", march)
    assert app.registry.costs("Spring") == []
    with pytest.raises(UsageError, match="no period cost for 2026-03"):
        app.registry.remove_cost("Spring", march)


def test_an_import_finds_people_before_it_makes_them_and_fills_only_what_is_empty(app: Application) -> None:
    """M2.4."""
    app.registry.create_program("Spring", "Webinar", {})
    import_people(app, "Email,Last Name\nada@example.com,Lindqvist\n", "Invited")
    import_people(app, "Email,Last Name,Company\nADA@example.com,Other,Northwind\n", "Registered")
    people = app.members.list("Spring")
    assert [(row["email"], row["last_name"], row["status"]) for row in people] == [
        ("ada@example.com", "Lindqvist", "Registered")
    ]


@pytest.mark.parametrize(("before", "wanted"), list(product(WEBINAR.names, WEBINAR.names)))
def test_a_bulk_import_moves_members_as_the_progression_rule_says(
    app: Application, before: str, wanted: str
) -> None:
    """M1.4, M2.2, M2.3: the set-based SQL and `domain.membership` are one rule."""
    app.registry.create_program("Spring", "Webinar", {})
    import_people(app, "Email\nada@example.com\n", before)
    entered = enter(WEBINAR.status(before), at=datetime(2026, 3, 1, tzinfo=UTC), origin=Origin.IMPORT)
    import_people(app, "Email\nada@example.com\n", wanted)
    row = app.members.list("Spring")[0]
    try:
        expected = move(entered, WEBINAR.status(wanted), at=datetime(2026, 3, 2, tzinfo=UTC))
    except StepBackError:
        expected = entered
    assert (row["status"], row["reached_success"] is not None) == (
        expected.status.name,
        expected.reached_success,
    )


def test_a_step_back_needs_an_override_that_the_journal_names(linked: Linked) -> None:
    """M2.3."""
    linked.app.members.set_status("Spring", "ada@example.com", "Attended", who="ada")
    with pytest.raises(StepBackError):
        linked.app.members.set_status("Spring", "ada@example.com", "Invited", who="ada")
    linked.app.members.set_status("Spring", "ada@example.com", "Invited", who="ada", override=True)
    assert (linked.statuses(), linked.journal()[-1]["why"]) == ({"ada@example.com": "Invited"}, "override")
    assert linked.app.members.list("Spring")[0]["reached_success"] is not None


def test_leaving_and_coming_back_starts_over(linked: Linked) -> None:
    """M2.6."""
    linked.app.members.set_status("Spring", "ada@example.com", "Attended", who="ada")
    first = linked.app.members.list("Spring")[0]
    linked.app.members.remove("Spring", "ada@example.com", who="ada")
    linked.app.members.set_status("Spring", "ada@example.com", "Invited", who="ada")
    again = linked.app.members.list("Spring")[0]
    assert again["member_since"] > first["member_since"]
    assert again["reached_success"] is None


@given(
    st.text(
        st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), min_size=1, max_size=40
    ).map(str.strip)
)
def test_whatever_a_program_is_called_it_is_found_again(installation: Application, name: str) -> None:
    if not name:
        return
    if all(row["name"].lower() != name.lower() for row in installation.registry.programs()):
        installation.registry.add_channels(DEFAULT_CHANNELS)
        installation.registry.create_program(name, "Webinar", {})
        assert installation.registry.program(name)["name"] == name
        installation.registry.delete_program(name)


def test_the_migrations_say_what_the_models_say(installation: Application) -> None:
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
