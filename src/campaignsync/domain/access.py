"""Who may do what: roles, rights in program folders, scopes of API keys, and the one table that says what an action needs.

Pages, the REST API and the command line ask the same `Rights`; none of them decides by a role of its own. What stands in no row
of RULES may be done by nobody. A key never may more than the user it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from campaignsync.domain.errors import UsageError

NOT_ALLOWED = "NOT_ALLOWED"
"""The code of the error of whoever may not do what they asked for."""
LONGEST_FOLDER = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Role(StrEnum):
    """What somebody is trusted with; each includes those before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        return list(Role).index(self)


class Scope(StrEnum):
    """What an API key is for. A key without the scope of an action is refused, whoever it belongs to."""

    PROGRAMS_READ = "programs:read"
    PROGRAMS_WRITE = "programs:write"
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    LINKS_READ = "links:read"
    LINKS_WRITE = "links:write"
    SYNC_RUN = "sync:run"
    PROBLEMS_READ = "problems:read"
    PROBLEMS_WRITE = "problems:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    AUTOMATION_READ = "automation:read"
    AUTOMATION_WRITE = "automation:write"
    REPORTS_READ = "reports:read"
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    ACCESS_READ = "access:read"
    ACCESS_WRITE = "access:write"


class Reach(StrEnum):
    """Where the role must be held for an action."""

    FOLDER = "folder"  # in the folder of the program that it is about
    SOMEWHERE = "somewhere"  # in any folder: what is shown is the same for all
    EVERYWHERE = "everywhere"  # for the whole installation: it is about no program alone


class Action(StrEnum):
    """Everything that pages and the API can be asked for, as it is named in refusals."""

    SEE_PROGRAMS = "see programs"
    CHANGE_PROGRAMS = "change programs and their costs"
    DELETE_PROGRAMS = "delete programs"
    SEE_MEMBERS = "see members"
    CHANGE_MEMBERS = "change members"
    SEE_LINKS = "see links"
    CHANGE_LINKS = "change links"
    PLAN = "plan a sync"
    APPROVE = "approve plans"
    SYNC = "sync a program"
    SYNC_ALL = "sync all programs of a connection"
    UNDO = "take back a run"
    SEE_RUNS = "see runs"
    SEE_PROBLEMS = "see problems"
    SETTLE_PROBLEMS = "retry problems and settle conflicts"
    SEE_PEOPLE = "see people"
    CHANGE_PEOPLE = "change people"
    DELETE_PEOPLE = "delete people"
    SEE_AUTOMATION = "see smart campaigns"
    CHANGE_AUTOMATION = "change and run smart campaigns"
    SEE_REPORTS = "see reports"
    SEE_HISTORY = "see the journal"
    SEE_SETTINGS = "see channels, connections and fields"
    CHECK_CONNECTIONS = "examine connections"
    CHANGE_SETTINGS = "change channels, connections and fields"
    CONFIGURE = "read and apply the whole configuration"
    SEE_AUDIT = "see the audit log"
    MANAGE_OWN_KEYS = "manage one's own API keys"
    MANAGE_USERS = "manage users and their rights"
    MANAGE_WEBHOOKS = "manage webhooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an action needs: a role, where it must be held, and the scope of a key that asks."""

    role: Role
    scope: Scope
    reach: Reach


def _rule(role: Role, scope: Scope, reach: Reach = Reach.FOLDER) -> Rule:
    return Rule(role=role, scope=scope, reach=reach)


RULES: Mapping[Action, Rule] = {
    Action.SEE_PROGRAMS: _rule(Role.VIEWER, Scope.PROGRAMS_READ),
    Action.CHANGE_PROGRAMS: _rule(Role.OPERATOR, Scope.PROGRAMS_WRITE),
    Action.DELETE_PROGRAMS: _rule(Role.OPERATOR, Scope.PROGRAMS_WRITE),
    Action.SEE_MEMBERS: _rule(Role.VIEWER, Scope.MEMBERS_READ),
    Action.CHANGE_MEMBERS: _rule(Role.OPERATOR, Scope.MEMBERS_WRITE),
    Action.SEE_LINKS: _rule(Role.VIEWER, Scope.LINKS_READ),
    Action.CHANGE_LINKS: _rule(Role.OPERATOR, Scope.LINKS_WRITE),
    Action.PLAN: _rule(Role.OPERATOR, Scope.SYNC_RUN),
    Action.APPROVE: _rule(Role.OPERATOR, Scope.SYNC_RUN),
    Action.SYNC: _rule(Role.OPERATOR, Scope.SYNC_RUN),
    Action.SYNC_ALL: _rule(Role.OPERATOR, Scope.SYNC_RUN, Reach.EVERYWHERE),
    Action.UNDO: _rule(Role.OPERATOR, Scope.SYNC_RUN),
    Action.SEE_RUNS: _rule(Role.VIEWER, Scope.LINKS_READ),
    Action.SEE_PROBLEMS: _rule(Role.VIEWER, Scope.PROBLEMS_READ),
    Action.SETTLE_PROBLEMS: _rule(Role.OPERATOR, Scope.PROBLEMS_WRITE),
    Action.SEE_PEOPLE: _rule(Role.VIEWER, Scope.PEOPLE_READ, Reach.EVERYWHERE),
    Action.CHANGE_PEOPLE: _rule(Role.OPERATOR, Scope.PEOPLE_WRITE, Reach.EVERYWHERE),
    Action.DELETE_PEOPLE: _rule(Role.ADMIN, Scope.PEOPLE_WRITE, Reach.EVERYWHERE),
    Action.SEE_AUTOMATION: _rule(Role.VIEWER, Scope.AUTOMATION_READ, Reach.EVERYWHERE),
    Action.CHANGE_AUTOMATION: _rule(Role.OPERATOR, Scope.AUTOMATION_WRITE, Reach.EVERYWHERE),
    Action.SEE_REPORTS: _rule(Role.VIEWER, Scope.REPORTS_READ),
    Action.SEE_HISTORY: _rule(Role.VIEWER, Scope.REPORTS_READ),
    Action.SEE_SETTINGS: _rule(Role.VIEWER, Scope.SETTINGS_READ, Reach.SOMEWHERE),
    Action.CHECK_CONNECTIONS: _rule(Role.OPERATOR, Scope.SETTINGS_READ, Reach.EVERYWHERE),
    Action.CHANGE_SETTINGS: _rule(Role.ADMIN, Scope.SETTINGS_WRITE, Reach.EVERYWHERE),
    Action.CONFIGURE: _rule(Role.ADMIN, Scope.SETTINGS_WRITE, Reach.EVERYWHERE),
    Action.SEE_AUDIT: _rule(Role.ADMIN, Scope.ACCESS_READ, Reach.EVERYWHERE),
    Action.MANAGE_OWN_KEYS: _rule(Role.VIEWER, Scope.ACCESS_WRITE, Reach.SOMEWHERE),
    Action.MANAGE_USERS: _rule(Role.ADMIN, Scope.ACCESS_WRITE, Reach.EVERYWHERE),
    Action.MANAGE_WEBHOOKS: _rule(Role.ADMIN, Scope.ACCESS_WRITE, Reach.EVERYWHERE),
}
"""The one table. A page or a route names an action and asks `Rights`; a new action needs a row here before anybody may do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What one user may do, or one key of theirs."""

    who: str
    """The user's name."""
    role: Role | None = None
    """Held for the whole installation; None: in the folders alone."""
    folders: Mapping[str, Role] = field(default_factory=dict)
    """Roles in folders of programs, and in all folders below them."""
    scopes: frozenset[Scope] | None = None
    """Of the API key that asks; None: a person asks, with all their rights."""
    key: str = ""
    """What lists show of that key."""

    @property
    def name(self) -> str:
        """Who it was, for the journal."""
        return f"{self.who} by key {self.key}" if self.key else self.who

    def role_in(self, folder: str) -> Role | None:
        """The role for programs of a folder: the highest of those held there, above it and everywhere."""
        held = [self.role, *(role for path, role in self.folders.items() if lies_in(folder, path))]
        return max((role for role in held if role), key=lambda role: role.rank, default=None)

    def allows(self, action: Action, folder: str | None = None) -> bool:
        """Whether somebody may do this; `folder` is that of the program concerned. Without one, an action that is about a
        program is allowed to whom it is allowed everywhere."""
        rule = RULES.get(action)
        if rule is None or (self.scopes is not None and rule.scope not in self.scopes):
            return False
        if rule.reach is Reach.FOLDER and folder is not None:
            held = [self.role_in(folder)]
        elif rule.reach is Reach.SOMEWHERE:
            held = [self.role, *self.folders.values()]
        else:
            held = [self.role]
        return any(role is not None and role.rank >= rule.role.rank for role in held)

    def require(self, action: Action, folder: str | None = None) -> None:
        """UsageError of code NOT_ALLOWED that says what is missing and who gives it."""
        if not self.allows(action, folder):
            raise UsageError(self._refusal(action, folder), code=NOT_ALLOWED)

    def folders_of(self, action: Action) -> tuple[str, ...] | None:
        """The folders, with all below them, in whose programs an action is allowed; None: in all of them."""
        if self.allows(action):
            return None
        return tuple(sorted(path for path in self.folders if self.allows(action, path)))

    def _refusal(self, action: Action, folder: str | None) -> str:
        rule = RULES.get(action)
        if rule is not None and self.scopes is not None and rule.scope not in self.scopes:
            return (
                f"This API key may not {action}: it lacks the scope {rule.scope}. Make one that has it with:"
                f" campaignsync api-key create {self.who} --scope {rule.scope}"
            )
        wanted = rule.role if rule else "no role"
        where = f" in folder '{folder}'" if folder else ""
        held = (self.role if folder is None else self.role_in(folder)) or "no role"
        return (
            f"'{self.who}' may not {action}{where}: that wants the role {wanted}, and they have {held}."
            f" An admin gives it with: campaignsync user grant {self.who} ROLE"
        )


def lies_in(folder: str, above: str) -> bool:
    """Whether a folder is another one or lies below it; everything lies in the root, which is the empty path."""
    return above in ("", folder) or folder.startswith(f"{above}/")


def folder_path(text: str) -> str:
    """A folder as it is kept: names divided by slashes, without empty ones; the empty path is the root."""
    names = [name.strip() for name in text.split("/")]
    path = "/".join(name for name in names if name)
    if len(path) > LONGEST_FOLDER or _CONTROL.search(path) or any(name in (".", "..") for name in names):
        raise UsageError(
            f"'{text[:40]}' is no folder: write names divided by slashes, such as EMEA/Webinars,"
            f" {LONGEST_FOLDER} characters at the most."
        )
    return path


def scopes_named(texts: Iterable[str]) -> frozenset[Scope]:
    """Scopes by their names; `all` stands for every one of them. UsageError for what is none."""
    texts = list(texts)
    known = {scope.value: scope for scope in Scope}
    unknown = sorted(set(texts) - {*known, "all"})
    if unknown or not texts:
        what = f"There is no scope '{unknown[0]}'." if unknown else "A key needs a scope."
        raise UsageError(f"{what} There are: all, {', '.join(known)}.")
    return frozenset(Scope) if "all" in texts else frozenset(known[text] for text in texts)
