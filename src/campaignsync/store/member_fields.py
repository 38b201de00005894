"""Keeps which custom fields members have, and with which fields of Salesforce they are kept the same in each org (M6.8).

`MemberFields` is called by the commands (runtime.ports.MemberFields), the functions by the other modules of the store. A field
that is mapped anew is read anew of all members, and whatever was agreed on before is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.member_fields import FieldKind, FieldMapping, MemberField, field_named
from campaignsync.domain.observation import Delta
from campaignsync.domain.problems import MEMBER_FIELD_LOST, ProblemNoun
from campaignsync.store import models
from campaignsync.store.acting import acting
from campaignsync.store.frames import execute
from campaignsync.store.problems import Concern, keep_one


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

    def mappings(self, connection: ConnectionId) -> tuple[FieldMapping, ...]:
        """How fields are mapped in an org, those that no longer are (`off`) too."""
        return mappings(models.Connection.objects.get(pk=connection))

    def map(self, connection: ConnectionId, mapping: FieldMapping, *, who: str) -> None:
        """Keep a field the same with one of the org's: all members are read anew, and what was agreed on is forgotten."""
        name = mapping.field.name
        with acting(who=who, why="member field mapped", now=self._now()):
            row = models.Connection.objects.select_for_update().get(pk=connection)
            before = {each.field.name: each for each in mappings(row)}
            _keep(row, {**before, name: mapping}, self._now())
            _forget(connection, [name])
            models.Cursor.objects.filter(connection_id=connection, object_name="CampaignMember").delete()
            _note(row, name, before.get(name), mapping, who=who, at=self._now())

    def unmap(self, connection: ConnectionId, name: str, *, who: str) -> None:
        """Keep a field the same no more; values stay as they are on both sides. UsageError when it is not mapped."""
        with acting(who=who, why="member field unmapped", now=self._now()):
            row = models.Connection.objects.select_for_update().get(pk=connection)
            before = {each.field.name: each for each in mappings(row)}
            field = next((each for each in before if each.casefold() == name.strip().casefold()), None)
            if field is None:
                known = ", ".join(before) or "none"
                raise UsageError(f"'{name}' is not mapped in connection '{row.name}' (mapped are: {known}).")
            _keep(row, {key: each for key, each in before.items() if key != field}, self._now())
            _forget(connection, [field])
            _note(row, field, before[field], None, who=who, at=self._now())


def note_read(connection: int, delta: Delta, now: datetime) -> bool:
    """Keep what a look told of the org's fields; whether every field that is mapped was read. A field that does not fit any more
    loses its mapping, and says so; one that was mapped while the look was under way is read by the next."""
    row = models.Connection.objects.get(pk=connection)  # Whoever maps waits for our turn with the org.
    if delta.cost_scale is not None and delta.cost_scale != row.cost_scale:
        models.Connection.objects.filter(pk=connection).update(cost_scale=delta.cost_scale)
    known = {each.field.name: each for each in mappings(row)}
    lost = {
        name: replace(known[name], off=why)
        for name, why in delta.lost_fields.items()
        if name in known and known[name].off is None
    }
    if lost:
        _keep(row, {**known, **lost}, now)
        _forget(connection, lost)
    return {name for name, each in (known | lost).items() if each.off is None} <= delta.fields_read


def _keep(row: models.Connection, wanted: Mapping[str, FieldMapping], now: datetime) -> None:
    row.member_fields = [
        {
            "name": each.field.name,
            "kind": each.field.kind.value,
            "salesforce_field": each.salesforce_field,
            "off": each.off,
        }
        for each in wanted.values()
    ]
    row.save(update_fields=["member_fields"])
    off = [each for each in wanted.values() if each.off]
    told = "; ".join(f"'{each.field.name}' is kept the same no more: {each.off}" for each in off)
    way_out = (
        f". Map it anew with: campaignsync member-field map NAME FIELD --connection {row.name}, or unmap it."
    )
    orgs = Concern(noun=ProblemNoun.JOB, connection=row.pk)
    if off:
        keep_one(orgs, MEMBER_FIELD_LOST, told + way_out, None, now)
    else:
        row.problems.filter(code=MEMBER_FIELD_LOST, solved_at=None).update(solved_at=now)


def _forget(connection: int, names: Iterable[str]) -> None:
    """What was read and agreed on of these fields."""
    names = list(names)
    execute(
        "UPDATE store_agreement a SET custom = a.custom - %s::text[] FROM store_link l WHERE l.id = a.link_id"
        " AND l.connection_id = %s AND a.custom ?| %s",
        (names, connection, names),
    )
    execute(
        "UPDATE store_campaignmember SET custom = NULLIF(custom - %s::text[], '{}') WHERE connection_id = %s AND custom ?| %s",
        (names, connection, names),
    )


def _note(
    row: models.Connection,
    name: str,
    old: FieldMapping | None,
    new: FieldMapping | None,
    *,
    who: str,
    at: datetime,
) -> None:
    models.JournalEntry.objects.create(
        at=at,
        who=who,
        why="mapped" if new else "unmapped",
        side="program",
        connection_id=row.pk,
        campaign_id="",
        noun="member field",
        record_id=name,
        old=old.salesforce_field if old else None,
        new=new.salesforce_field if new else None,
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
