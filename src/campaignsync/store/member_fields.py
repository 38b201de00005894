"""Keeps which custom fields members have, and with which fields of Salesforce they are kept the same in each org (M6.8).

`MemberFields` is called by the commands (runtime.ports.MemberFields), the functions by the other modules of the store. A field
that is mapped anew is read anew of all members, and whatever was agreed on before is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from campaignsync.domain.errors import UsageError
from campaignsync.domain.member_fields import FieldKind, FieldMapping, MemberField, field_named
from campaignsync.store import models
from campaignsync.store.acting import acting
from campaignsync.store.frames import execute


class MemberFields:
    """Definitions and mappings."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    def add(self, field: MemberField) -> None:
        """Keep a new field; UsageError when there is one of that name."""
        with transaction.atomic():
            if models.MemberField.objects.filter(name__iexact=field.name).exists():
                raise UsageError(f"There is a member field '{field.name}' already.")
            models.MemberField.objects.create(name=field.name, kind=field.kind.value)

    def list(self) -> list[MemberField]:
        """All fields in the order in which they were made."""
        return defined_fields()

    def remove(self, name: str, *, who: str) -> None:
        """Forget a field and all values of it; UsageError while it is mapped anywhere."""
        with acting(who=who, why="member field removed", now=self._now()):
            field = field_named(name, defined_fields())
            for row in models.Connection.objects.select_for_update().order_by("pk"):
                if any(each.field == field for each in mappings(row)):
                    raise UsageError(
                        f"'{field.name}' is mapped in connection '{row.name}': end that first with:"
                        f' campaignsync member-field unmap "{field.name}" --connection {row.name}'
                    )
            models.MemberField.objects.filter(name=field.name).delete()
            execute(
                "UPDATE store_programmember SET custom = custom - %s WHERE custom ? %s", (field.name,) * 2
            )


def defined_fields() -> list[MemberField]:
    """All fields in the order in which they were made."""
    return [_field(row.name, row.kind) for row in models.MemberField.objects.all()]


def mappings(connection: models.Connection) -> tuple[FieldMapping, ...]:
    """How fields are mapped in an org, those that no longer are (`off`) too."""
    return tuple(
        FieldMapping(
            field=_field(each["name"], each["kind"]),
            salesforce_field=each["salesforce_field"],
            off=each["off"],
        )
        for each in connection.member_fields
    )


def _field(name: str, kind: str) -> MemberField:
    return MemberField(name=name, kind=FieldKind(kind))
