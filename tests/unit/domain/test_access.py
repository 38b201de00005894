"""Who may do what is one table: every action by every role, in every folder, by every scope of a key."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.access import (
    RULES,
    Action,
    Reach,
    Rights,
    Role,
    Scope,
    folder_path,
    lies_in,
    scopes_named,
)
from campaignsync.domain.errors import UsageError

V, O, A = Role.VIEWER, Role.OPERATOR, Role.ADMIN  # noqa: E741 - one letter a column.
FOLDERS = ("", "EMEA", "EMEA/Webinars", "EMEAT")

TABLE = {
    Action.SEE_PROGRAMS: V,
    Action.CHANGE_PROGRAMS: O,
    Action.DELETE_PROGRAMS: O,
    Action.SEE_MEMBERS: V,
    Action.CHANGE_MEMBERS: O,
    Action.SEE_LINKS: V,
    Action.CHANGE_LINKS: O,
    Action.PLAN: O,
    Action.SYNC: O,
    Action.SYNC_ALL: O,
    Action.APPROVE: O,
    Action.UNDO: O,
    Action.SEE_RUNS: V,
    Action.SEE_PROBLEMS: V,
    Action.SETTLE_PROBLEMS: O,
    Action.SEE_PEOPLE: V,
    Action.CHANGE_PEOPLE: O,
    Action.DELETE_PEOPLE: A,
    Action.SEE_AUTOMATION: V,
    Action.CHANGE_AUTOMATION: O,
    Action.SEE_REPORTS: V,
    Action.SEE_HISTORY: V,
    Action.SEE_SETTINGS: V,
    Action.CHECK_CONNECTIONS: O,
    Action.CHANGE_SETTINGS: A,
    Action.CONFIGURE: A,
    Action.SEE_AUDIT: A,
    Action.MANAGE_OWN_KEYS: V,
    Action.MANAGE_USERS: A,
    Action.MANAGE_WEBHOOKS: A,
}
"""Written a second time on purpose: a role that is loosened by a slip of the pen is seen here."""


@pytest.mark.parametrize("action", Action)
def test_every_action_needs_the_role_that_was_agreed_on(action: Action) -> None:
    for role in Role:
        assert Rights(who="ada", role=role).allows(action) == (role.rank >= TABLE[action].rank)
    assert not Rights(who="nobody").allows(action)
    assert not Rights(who="nobody").allows(action, "EMEA")


@pytest.mark.parametrize("action", Action)
def test_a_key_may_what_its_scope_is_for_and_nothing_else(action: Action) -> None:
    for scope in Scope:
        key = Rights(who="ada", role=A, scopes=frozenset({scope}))
        assert key.allows(action) == (scope is RULES[action].scope)
    assert not Rights(who="ada", role=A, scopes=frozenset()).allows(action)


@pytest.mark.parametrize(("action", "given_in", "asked_in"), list(product(Action, FOLDERS, FOLDERS)))
def test_a_role_in_a_folder_counts_there_and_below(action: Action, given_in: str, asked_in: str) -> None:
    rights = Rights(who="ada", folders={given_in: A})
    below = given_in == "" or asked_in == given_in or asked_in.startswith(given_in + "/")
    expected = {Reach.FOLDER: below, Reach.SOMEWHERE: True, Reach.EVERYWHERE: False}[RULES[action].reach]
    assert rights.allows(action, asked_in) == expected


@given(
    st.none() | st.sampled_from(Role),
    st.dictionaries(st.sampled_from(FOLDERS), st.sampled_from(Role)),
    st.none() | st.frozensets(st.sampled_from(Scope)),
    st.sampled_from(Action),
    st.sampled_from(FOLDERS),
)
def test_a_key_never_may_more_than_its_user_and_more_rights_never_allow_less(
    role: Role | None, folders: dict[str, Role], scopes: frozenset[Scope] | None, action: Action, folder: str
) -> None:
    person = Rights(who="ada", role=role, folders=folders)
    key = Rights(who="ada", role=role, folders=folders, scopes=scopes)
    assert person.allows(action, folder) >= key.allows(action, folder)
    assert Rights(who="ada", role=A, folders=folders).allows(action, folder) >= person.allows(action, folder)


@given(
    st.dictionaries(st.sampled_from(FOLDERS), st.sampled_from(Role)),
    st.none() | st.sampled_from(Role),
    st.sampled_from([action for action in Action if RULES[action].reach is Reach.FOLDER]),
    st.sampled_from(FOLDERS),
)
def test_lists_are_narrowed_to_the_folders_in_which_the_action_is_allowed(
    folders: dict[str, Role], role: Role | None, action: Action, folder: str
) -> None:
    rights = Rights(who="ada", role=role, folders=folders)
    within = rights.folders_of(action)
    listed = within is None or any(lies_in(folder, path) for path in within)
    assert listed == rights.allows(action, folder)


def test_a_refusal_says_what_is_missing_and_how_to_get_it() -> None:
    with pytest.raises(UsageError, match=r"lacks the scope sync:run.*api-key create ada --scope sync:run"):
        Rights(who="ada", role=A, scopes=frozenset({Scope.LINKS_READ})).require(Action.SYNC, "EMEA")
    with pytest.raises(UsageError, match=r"in folder 'APAC'.*the role operator, and they have viewer") as why:
        Rights(who="ada", role=V, folders={"EMEA": A}).require(Action.SYNC, "APAC")
    assert why.value.code == "NOT_ALLOWED"


def test_what_stands_in_no_row_may_be_done_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaignsync.domain.access.RULES", {})
    assert not Rights(who="ada", role=A).allows(Action.SEE_PROGRAMS)
    with pytest.raises(UsageError, match="no role"):
        Rights(who="ada", role=A).require(Action.SEE_PROGRAMS)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("", ""), ("/", ""), (" EMEA / Webinars/ ", "EMEA/Webinars"), ("//a//b", "a/b"), ("Ä/ü", "Ä/ü")],
)
def test_a_folder_is_names_divided_by_slashes(typed: str, kept: str) -> None:
    assert folder_path(typed) == kept


@pytest.mark.parametrize("typed", ["a" * 201, "a\nb", "../a", "a/./b", "a\x00"])
def test_what_could_be_taken_for_something_else_is_no_folder(typed: str) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        folder_path(typed)


def test_scopes_are_named_or_all() -> None:
    assert scopes_named(["members:read", "sync:run"]) == {Scope.MEMBERS_READ, Scope.SYNC_RUN}
    assert scopes_named(["all"]) == frozenset(Scope)
    for wrong in ([], ["members"], ["all", "none"]):
        with pytest.raises(UsageError, match="There are: all, programs:read"):
            scopes_named(wrong)
