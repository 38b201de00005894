"""Users, their rights in folders, and the keys that act for them; what they write stands in the audit log without secrets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaignsync.bootstrap import Application
from campaignsync.domain.access import Action, Role, Scope
from campaignsync.domain.errors import UsageError
from conftest import Clock

PASSWORD = "a long enough phrase"


@pytest.fixture
def users(app: Application, clock: Clock) -> object:
    from campaignsync.store.users import Users

    return Users(clock)


def test_a_user_may_what_was_granted_in_each_folder(users) -> None:  # type: ignore[no-untyped-def]
    users.add("ada", email="ada@example.com", password=PASSWORD, role=Role.ADMIN)
    users.add("ben", password=PASSWORD)
    assert not users.rights("ben").allows(Action.SEE_PROGRAMS, "EMEA")
    users.grant("ben", Role.VIEWER)
    users.grant("ben", Role.OPERATOR, " EMEA / Webinars ")
    rights = users.rights("ben")
    assert (rights.role, rights.folders) == (Role.VIEWER, {"EMEA/Webinars": Role.OPERATOR})
    assert [(row["user"], row["role"], row["folders"]) for row in users.list()] == [
        ("ada", "admin", {}),
        ("ben", "viewer", {"EMEA/Webinars": "operator"}),
    ]
    users.revoke("ben")
    users.revoke("ben", "EMEA/Webinars")
    assert users.rights("ben").role_in("EMEA/Webinars") is None


def test_the_last_admin_is_not_locked_out(users) -> None:  # type: ignore[no-untyped-def]
    users.add("ada", password=PASSWORD, role=Role.ADMIN)
    for attempt in (
        lambda: users.remove("ada"),
        lambda: users.revoke("ada"),
        lambda: users.grant("ada", Role.VIEWER),
    ):
        with pytest.raises(UsageError, match="nobody who is admin"):
            attempt()
    users.add("ben", password=PASSWORD, role=Role.ADMIN)
    users.remove("ada")
    assert [row["user"] for row in users.list()] == ["ben"]


@pytest.mark.parametrize(
    ("name", "email", "password", "why"),
    [
        ("", "", PASSWORD, "cannot be added"),
        ("a b", "", PASSWORD, "cannot be added"),
        ("ada", "no address", PASSWORD, "cannot be added"),
        ("a" * 151, "", PASSWORD, "1 to 150"),
        ("ada", "", "123", "not taken"),
        ("ada", "", "password", "not taken"),
    ],
)
def test_a_bad_user_is_refused_in_words(users, name: str, email: str, password: str, why: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match=why):
        users.add(name, email=email, password=password)


def test_a_name_is_taken_once_whatever_its_case(users) -> None:  # type: ignore[no-untyped-def]
    users.add("Ada", role=Role.ADMIN)
    with pytest.raises(UsageError, match="already"):
        users.add("ada")


def test_a_key_acts_for_its_user_until_it_expires_or_is_revoked(users, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    users.add("ada", role=Role.ADMIN)
    made = users.create_key("ada", "the warehouse", {Scope.MEMBERS_READ}, lives=timedelta(days=1))
    rights = users.rights_by_key(made.key)
    assert rights is not None
    assert rights.name == f"ada by key {made.prefix}"
    assert rights.allows(Action.SEE_MEMBERS, "EMEA")
    assert not rights.allows(Action.CHANGE_MEMBERS, "EMEA")
    (row,) = users.keys("ada")
    assert (row["prefix"], row["scopes"], row["last_used_at"]) == (made.prefix, ["members:read"], clock.now)
    assert made.key not in repr(users.keys())
    clock.advance(days=1)
    assert users.rights_by_key(made.key) is None
    lasting = users.create_key("ada", "the warehouse", {Scope.MEMBERS_READ})
    users.revoke_key(lasting.prefix)
    assert users.rights_by_key(lasting.key) is None


def test_no_other_text_is_a_key(users) -> None:  # type: ignore[no-untyped-def]
    users.add("ada", role=Role.ADMIN)
    made = users.create_key("ada", "x", {Scope.MEMBERS_READ})
    for wrong in ("", "cs", made.prefix, made.prefix + "_", made.key[:-1], made.key + "x", "\x00", "é" * 80):
        assert users.rights_by_key(wrong) is None


def test_nobody_is_let_in_who_was_shut_out(users) -> None:  # type: ignore[no-untyped-def]
    users.add("ada", role=Role.ADMIN)
    users.add("ben", role=Role.ADMIN)
    key = users.create_key("ben", "x", {Scope.MEMBERS_READ}).key
    users.set_active("ben", active=False)
    assert users.rights_by_key(key) is None
    assert not users.rights("ben").allows(Action.SEE_PROGRAMS)


def test_the_audit_log_tells_who_wrote_what_and_no_secret(app: Application, users) -> None:  # type: ignore[no-untyped-def]
    from django.db import connection, transaction
    from django.db.utils import ProgrammingError

    from campaignsync.store.acting import acting

    with acting(who="ada"):
        app.registry.create_program("Spring", "Webinar", {"Region": "EMEA"})
        app.registry.change_program("Spring", {"folder": "EMEA"})
        users.add("ada", role=Role.ADMIN)
        key = users.create_key("ada", "x", {Scope.MEMBERS_READ})
        hook = app.webhooks.add("https://example.com/hook", ())
    lines = app.listings.audit(who="ada", noun=None, since=None, before=None, limit=50)
    assert [(row["noun"], row["record"], row["action"]) for row in lines] == [
        ("webhook", str(hook["id"]), "insert"),
        ("api key", key.prefix, "insert"),
        ("grant", "ada", "insert"),
        ("program", "Spring", "update"),
        ("tag", "Region", "insert"),
        ("program", "Spring", "insert"),
    ]
    assert (lines[3]["old"]["folder"], lines[3]["new"]["folder"]) == ("", "EMEA")
    kept = repr(app.listings.audit(who=None, noun=None, since=None, before=None, limit=500))
    assert key.key not in kept
    assert hook["secret"] not in kept
    with (
        pytest.raises(ProgrammingError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM store_auditentry")


def test_folders_narrow_lists(app: Application) -> None:
    from campaignsync.store.listings import ProgramFilter

    for name, folder in (("A", ""), ("B", "EMEA"), ("C", "EMEA/Webinars"), ("D", "EMEAT")):
        app.registry.create_program(name, "Webinar", {})
        app.registry.change_program(name, {"folder": folder})
    for folders, seen in (
        (None, "ABCD"),
        ((), ""),
        (("EMEA",), "BC"),
        (("EMEA/Webinars", "EMEAT"), "CD"),
        (("E%",), ""),
    ):
        found = app.listings.programs(ProgramFilter(folders=folders), after=0, limit=10)
        assert "".join(row["name"] for row in found) == seen
