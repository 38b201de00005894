"""What people do to the members of programs, to their custom fields, and to people one by one, as protocols (M2, M6.8).

`store` does not import this file; `bootstrap` hands its objects to the commands and the pages, and the type checker proves that
they fit. What the engine needs of its doors stands in `ports`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import polars as pl

from campaignsync.domain.fields import FieldValue, PersonField
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.member_fields import FieldMapping, MemberField
from campaignsync.domain.registrants import Imported
from campaignsync.runtime.progress import Tell


class Members(Protocol):
    """The members of programs, as people change and read them."""

    def set_status(self, program: str, email: str, label: str, *, who: str, override: bool = False) -> str:
        """Give a person a status, making them a member and a person if need be; the status they had, or `added`."""

    def set_fields(
        self, program: str, email: str, values: Mapping[str, str | None], *, who: str
    ) -> dict[str, str]:
        """Give a member values of member fields, by the fields' names and as canonical text; None clears. All the member has."""

    def remove(self, program: str, email: str, *, who: str) -> None:
        """Take a person out of a program."""

    def import_people(
        self,
        program: str,
        people: pl.DataFrame,
        *,
        who: str,
        update: bool = False,
        tell: Tell | None = None,
    ) -> Imported:
        """Bring in the people of a file (REGISTRANTS), each once: found by e-mail before made, empty fields filled, or with
        `update` all fields that the file has (M2.4). Whoever is further already is skipped (M2.3). `tell` hears how far it is."""

    def list(self, program: str, connection: ConnectionId | None = None) -> list[dict[str, Any]]:
        """Who is in a program, with their ids in one org: email, first_name, last_name, status, kind, salesforce_id,
        campaign_member_id, member_since, reached_success, custom."""


class MemberFields(Protocol):
    """The custom fields of members, and how they are mapped in each org (M6.8). UsageError for what does not exist."""

    def add(self, field: MemberField) -> None:
        """Keep a new field; UsageError when there is one of that name."""

    def list(self) -> list[MemberField]:
        """All fields in the order in which they were made."""

    def remove(self, name: str, *, who: str) -> None:
        """Forget a field and all values of it; UsageError while it is mapped anywhere."""

    def mappings(self, connection: ConnectionId) -> tuple[FieldMapping, ...]:
        """How fields are mapped in an org, those that no longer are (`off`) too."""

    def map(self, connection: ConnectionId, mapping: FieldMapping, *, who: str) -> None:
        """Keep a field the same with one of the org's: all members are read anew, and what was agreed on is forgotten."""

    def unmap(self, connection: ConnectionId, name: str, *, who: str) -> None:
        """Keep a field the same no more; values stay as they are on both sides."""


class Directory(Protocol):
    """The people we know, as somebody looks at them one by one."""

    def find(self, who: str) -> int:
        """A person by e-mail address, by our id or by an id in Salesforce; UsageError when there is none, or more than one."""

    def list(
        self, *, search: str | None, connection: ConnectionId | None, deleted: bool, after: int, limit: int
    ) -> list[dict[str, Any]]:
        """People in the order in which we came to know them, behind number `after`: number, our_id, email, first_name,
        last_name, company, programs, records (connection, kind, salesforce_id, deleted). `search` is beginnings of words
        of names, companies and addresses; `connection` and `deleted` keep those who have a record there, or one that was
        deleted."""

    def show(self, person: int) -> dict[str, Any]:
        """All we know of somebody: number, our_id, fields, custom, acquisition_program, known_since, records, programs
        (program, status, member_since, reached_success, campaigns), problems (connection, code, message)."""

    def members_to_remove(self, person: int, connection: ConnectionId) -> Sequence[str]:
        """The campaign members to remove in an org for somebody to leave all programs: all but those of links that keep in the
        campaign whoever is removed in the program (M6.4)."""

    def change(self, person: int, values: Mapping[PersonField, FieldValue], *, who: str) -> None:
        """Change fields of somebody. UsageError for the address of somebody else (M2.4)."""

    def records(self, person: int) -> Mapping[ConnectionId, str]:
        """The ids of the leads and contacts that somebody is, by connection; deleted ones left out."""

    def let_go(self, person: int, connection: ConnectionId, *, who: str) -> None:
        """Forget a record that was deleted in an org, and what was agreed on there, so that the person may be found or made anew
        (M7.9)."""

    def merge(self, loser: int, winner: int, *, who: str) -> None:
        """Make one person of two: the winner's values, the loser's where the winner has none; memberships join with the further
        status (M7.8). UsageError where both have a record in one org: those are merged there, and we follow."""

    def delete(self, person: int, *, who: str) -> None:
        """Delete somebody, memberships and all; the journal keeps the number."""
