"""The people we know, as somebody looks at them one by one: found, listed, shown, changed, deleted (runtime.member_ports).

Called by the command line. What is done to many people at once stands elsewhere in this folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from campaignsync.domain.errors import NOT_THERE, UsageError
from campaignsync.domain.fields import FieldValue, PersonField
from campaignsync.domain.ids import ConnectionId, salesforce_id
from campaignsync.domain.links import Removal
from campaignsync.domain.people import comparable_email
from campaignsync.domain.trees import PERSON_FIELDS
from campaignsync.store import models
from campaignsync.store.acting import acting, alone
from campaignsync.store.frames import execute, rows, table
from campaignsync.store.merging import merge_people
from campaignsync.store.searching import beginnings, matches

_FIELDS = ", ".join(f'p."{name}"' for name in PERSON_FIELDS)


def named(who: str) -> dict[int, str]:
    """The people who have this e-mail address, this id of ours or this id in Salesforce: their number → our id."""
    found = rows(
        "SELECT p.id, p.our_id::text AS our_id FROM store_person p WHERE p.merged_into_id IS NULL AND (p.email = %s"
        " OR p.our_id = %s OR p.id IN (SELECT person_id FROM store_personidentity WHERE salesforce_id = %s)) ORDER BY p.id",
        (comparable_email(who), _read(who, UUID), _read(who, salesforce_id)),
    )
    return {row["id"]: row["our_id"] for row in found}


def only_one(who: str, found: Mapping[int, str]) -> int:
    """The one person who was meant; UsageError when that may be several."""
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} people have the address '{who}'. Say which by our id: {', '.join(found.values())}."
        )
    return next(iter(found))


class Directory:
    """The people we know."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    def find(self, who: str) -> int:
        """A person by e-mail address, by our id or by an id in Salesforce; UsageError when there is none, or more than one."""
        found = named(who)
        if not found:
            raise UsageError(
                f"We know nobody as '{who}': give an e-mail address, our id or an id in Salesforce."
                " List people with: campaignsync people",
                code=NOT_THERE,
            )
        return only_one(who, found)

    def list(
        self, *, search: str | None, connection: ConnectionId | None, deleted: bool, after: int, limit: int
    ) -> list[dict[str, Any]]:
        """People in the order in which we came to know them, behind number `after`: number, our_id, email, first_name,
        last_name, company, programs, records (connection, kind, salesforce_id, deleted). `search` is beginnings of words
        of names, companies and addresses; `connection` and `deleted` keep those who have a record there, or one that was
        deleted."""
        return rows(
            "SELECT p.id AS number, p.our_id::text AS our_id, p.email, p.first_name, p.last_name, p.company,"
            " (SELECT count(*) FROM store_programmember m WHERE m.person_id = p.id) AS programs,"
            f" {_RECORDS} AS records FROM store_person p WHERE p.merged_into_id IS NULL AND p.id > %(after)s"
            f" AND (%(words)s = '' OR {matches('p')})"
            " AND ((%(connection)s::bigint IS NULL AND NOT %(deleted)s) OR EXISTS (SELECT FROM store_personidentity i"
            "  WHERE i.person_id = p.id AND (%(connection)s::bigint IS NULL OR i.connection_id = %(connection)s)"
            "  AND (i.is_deleted OR NOT %(deleted)s))) ORDER BY p.id LIMIT %(limit)s",
            {
                "words": beginnings(search or ""),
                "connection": connection,
                "deleted": deleted,
                "after": after,
                "limit": limit,
            },
        )

    def show(self, person: int) -> dict[str, Any]:
        """All we know of somebody: number, our_id, fields, custom, acquisition_program, known_since, records, programs
        (program, status, member_since, reached_success, campaigns), problems (connection, code, message)."""
        (row,) = rows(
            f"SELECT p.id AS number, p.our_id::text AS our_id, {_FIELDS}, p.custom, a.name AS acquisition_program,"
            f" p.created_at AS known_since, {_RECORDS} AS records FROM store_person p"
            " LEFT JOIN store_program a ON a.id = p.acquisition_program_id WHERE p.id = %s",
            (person,),
        )
        programs = rows(
            "SELECT g.name AS program, s.name AS status, m.member_since, m.reached_success_at AS reached_success,"
            " coalesce((SELECT jsonb_agg(jsonb_build_object('connection', x.name, 'campaign_id', l.campaign_id,"
            "  'campaign_member_id', c.salesforce_id, 'status', c.status) ORDER BY x.name) FROM store_link l"
            "  JOIN store_connection x ON x.id = l.connection_id LEFT JOIN store_personidentity i"
            "  ON i.connection_id = l.connection_id AND i.person_id = m.person_id LEFT JOIN store_campaignmember c"
            "  ON c.connection_id = l.connection_id AND c.campaign_id = l.campaign_id"
            "  AND coalesce(c.contact_id, c.lead_id) = i.salesforce_id WHERE l.program_id = g.id), '[]') AS campaigns"
            " FROM store_programmember m JOIN store_program g ON g.id = m.program_id"
            " JOIN store_progressionstatus s ON s.id = m.status_id WHERE m.person_id = %s ORDER BY g.name",
            (person,),
        )
        problems = rows(
            "SELECT x.name AS connection, q.code, q.message FROM store_problem q JOIN store_connection x"
            " ON x.id = q.connection_id WHERE q.person_id = %s AND q.solved_at IS NULL ORDER BY x.name, q.code",
            (person,),
        )
        return {**row, "programs": programs, "problems": problems}

    def members_to_remove(self, person: int, connection: ConnectionId) -> Sequence[str]:
        """The campaign members to remove in an org for somebody to leave all programs: all but those of links that keep in the
        campaign whoever is removed in the program (M6.4)."""
        found = rows(
            "SELECT c.salesforce_id FROM store_personidentity i JOIN store_campaignmember c"
            " ON c.connection_id = i.connection_id AND coalesce(c.contact_id, c.lead_id) = i.salesforce_id"
            " JOIN store_link l ON l.connection_id = i.connection_id AND l.campaign_id = c.campaign_id"
            " WHERE i.person_id = %s AND i.connection_id = %s AND l.removed_in_program = %s ORDER BY 1",
            (person, connection, Removal.REMOVE.value),
        )
        return [row["salesforce_id"] for row in found]

    def change(self, person: int, values: Mapping[PersonField, FieldValue], *, who: str) -> None:
        """Change fields of somebody. UsageError for the address of somebody else (M2.4)."""
        columns = {
            field.name: _stored(field, value) for field, value in values.items() if not field.is_custom
        }
        custom = {field.name: value for field, value in values.items() if field.is_custom}
        with acting(who=who, why="set", now=self._now()):
            alone("people")
            row = models.Person.objects.get(pk=person)
            email = columns.get("email")
            if email and models.Person.objects.filter(email=email).exclude(pk=person).exists():
                raise UsageError(f"'{email}' is the address of another person here.")
            models.Person.objects.filter(pk=person).update(**columns, custom={**row.custom, **custom})

    def records(self, person: int) -> Mapping[ConnectionId, str]:
        """The ids of the leads and contacts that somebody is, by connection; deleted ones left out."""
        identities = models.PersonIdentity.objects.filter(person_id=person, is_deleted=False)
        return {ConnectionId(each.connection_id): each.salesforce_id for each in identities}

    def let_go(self, person: int, connection: ConnectionId, *, who: str) -> None:
        """Forget a record that was deleted in an org, and what was agreed on there, so that the person may be found or made anew
        (M7.9)."""
        with acting(who=who, why="to be synced anew", now=self._now()):
            alone("people")
            gone = models.PersonIdentity.objects.filter(
                person_id=person, connection_id=connection, is_deleted=True
            )
            if gone.delete()[0]:
                models.Agreement.objects.filter(person_id=person, link__connection_id=connection).delete()
            execute(
                "INSERT INTO store_mark (link_id, why, noted_at) SELECT l.id, 'person', %s FROM store_link l"
                " JOIN store_programmember m ON m.program_id = l.program_id AND m.person_id = %s WHERE l.connection_id = %s"
                " ON CONFLICT (link_id) DO UPDATE SET noted_at = excluded.noted_at",
                (self._now(), person, connection),
            )

    def merge(self, loser: int, winner: int, *, who: str) -> None:
        """Make one person of two: the winner's values, the loser's where the winner has none; memberships join with the further
        status (M7.8). UsageError where both have a record in one org: those are merged there, and we follow."""
        with acting(who=who, why="merged here", now=self._now()):
            alone("people")
            known = models.Person.objects.filter(pk__in=(loser, winner), merged_into=None)
            if loser == winner or known.count() != 2:
                raise UsageError(
                    "Two people are needed to be merged, and both must be there.", code=NOT_THERE
                )
            records = self.records(loser).keys() & self.records(winner).keys()
            if records:
                org = models.Connection.objects.get(pk=min(records))
                raise UsageError(
                    f"Both have a record in '{org.name}': merge those two in Salesforce, and the next look makes them one here."
                )
            table("merged", "SELECT %s::bigint AS loser, %s::bigint AS winner", (loser, winner))
            merge_people(self._now())

    def delete(self, person: int, *, who: str) -> None:
        """Delete somebody, memberships and all; the journal keeps the number."""
        with acting(who=who, why="person deleted", now=self._now()):
            alone("people")
            models.Person.objects.filter(pk=person).delete()


_RECORDS = (
    "coalesce((SELECT jsonb_agg(jsonb_build_object('connection', x.name, 'kind', i.kind, 'salesforce_id', i.salesforce_id,"
    " 'deleted', i.is_deleted) ORDER BY x.name) FROM store_personidentity i JOIN store_connection x"
    " ON x.id = i.connection_id WHERE i.person_id = p.id), '[]')"
)


def _stored(field: PersonField, value: FieldValue) -> FieldValue:
    """Money is text here, in its shortest digits."""
    return f"{value:.15g}" if field.name == "annual_revenue" and isinstance(value, float) else value


def _read(text: str, kind: Callable[[str], object]) -> object | None:
    """A text as an id of a kind; None when it is none."""
    try:
        return kind(text.strip())
    except (ValueError, UsageError):
        return None
