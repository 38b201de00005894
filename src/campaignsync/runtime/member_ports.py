"""What people do to the members of programs and to their custom fields, as protocols (M2, M6.8).

`store` does not import this file; `bootstrap` hands its objects to the commands and the pages, and the type checker proves that
they fit. What the engine needs of its doors stands in `ports`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import polars as pl

from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.member_fields import FieldMapping, MemberField
from campaignsync.domain.registrants import Imported


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
        self, program: str, people: pl.DataFrame, *, who: str, update: bool = False
    ) -> Imported:
        """Bring in the people of a file (REGISTRANTS): found by e-mail before made, empty fields filled, or with `update`
        all fields that the file has (M2.4). Whoever is further already is skipped (M2.3)."""

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
