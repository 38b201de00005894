"""Keeps what a first read has brought, page by page, and how far it has come; a page and its place are one commit.

Called through `Ledger`. Killed at any point, a first read goes on behind the last page that was kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from campaignsync.domain.observation import FirstPage, ReadPlace
from campaignsync.domain.people import PersonKind
from campaignsync.store import mirror, models, scope
from campaignsync.store.facts import mapping_held

_TABLES = {"CampaignMember": mirror.MEMBER, "Lead": mirror.PERSON, "Contact": mirror.PERSON}
_KINDS = {"Lead": PersonKind.LEAD, "Contact": PersonKind.CONTACT}


def places(connection: int) -> Mapping[str, ReadPlace]:
    """How far the first reads under way have come, by object."""
    columns = list(ReadPlace.__dataclass_fields__)
    found = models.FirstRead.objects.filter(connection_id=connection).values(*columns)
    return {row["object_name"]: ReadPlace(**row) for row in found}


def keep(connection: int, page: FirstPage) -> None:
    """Mirror a page, and keep the place behind it; behind the last one stands the object's cursor."""
    place = page.place
    if page.person_fields not in (None, mapping_held(connection)):
        # They were mapped otherwise meanwhile: the next look begins anew.
        models.FirstRead.objects.filter(connection_id=connection, object_name=place.object_name).delete()
        return
    inside = scope.of_members_inside(connection) if place.object_name == "CampaignMember" else "true"
    mirror.merge(connection, _TABLES[place.object_name], page.rows, only=inside)
    reads = models.FirstRead.objects.filter(connection_id=connection, object_name=place.object_name)
    if place.locator is not None:
        models.FirstRead.objects.update_or_create(
            connection_id=connection, object_name=place.object_name, defaults=asdict(place)
        )
        return
    reads.delete()
    if place.latest:
        mirror.move_cursor(connection, place.object_name, place.latest)
    _ask_for_people(connection)


def begin_anew(connection: int) -> None:
    """Forget the cursors of an org, and how far first reads have come."""
    for each in (models.Cursor, models.FirstRead):
        each.objects.filter(connection_id=connection).delete()


def _ask_for_people(connection: int) -> None:
    """When members and a kind of people were read whole, whoever of that kind is a member and came along with neither is looked
    up one by one. Before that nobody is: a kind that is to be read brings its people by itself, and writes their rows once."""
    read = models.Cursor.objects.filter(connection_id=connection).values_list("object_name", flat=True)
    if mirror.MEMBER.counted_as in read:
        mirror.ask_for_people(connection, kinds=[kind for name, kind in _KINDS.items() if name in read])
