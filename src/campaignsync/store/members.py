"""Members of our programs as people change and read them: one by one, and in bulk from a file (M2).

Called by the command line. Whether a member may move is asked of `domain.membership`; a file of thousands is joined as columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from campaignsync.domain.errors import NOT_THERE, UsageError
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.membership import Origin, ProgramMember, enter, move
from campaignsync.domain.people import comparable_email, looks_like_email
from campaignsync.domain.registrants import Imported
from campaignsync.domain.statuses import ProgressionStatus
from campaignsync.domain.trees import PERSON_FIELDS
from campaignsync.store import models
from campaignsync.store.acting import acting, alone
from campaignsync.store.directory import named, only_one
from campaignsync.store.facts import channel_value
from campaignsync.store.frames import bulk, execute, rows, table, temporary
from campaignsync.store.registry import find_program

_AT_ONCE = 5_000
"""How many people of a file are one commit: others who change people or members of the program wait no longer than that takes."""


class Members:
    """The members of programs."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    def set_status(self, program: str, email: str, label: str, *, who: str, override: bool = False) -> str:
        """Give a person a status, making them a member and a person if need be; the status they had, or `added`. Who has no
        address is named by our id or by an id in Salesforce."""
        with acting(who=who, why="override" if override else "set", now=self._now()):
            row = find_program(program)
            status = channel_value(row.channel).status(label)
            alone("people")
            alone("members", row.pk)
            person = _person(row, email)
            if person is None:
                if not looks_like_email(email):
                    raise UsageError(
                        f"'{email}' is no e-mail address, and no id of somebody we know. Look for people with:"
                        " campaignsync people"
                    )
                person = models.Person.objects.create(email=comparable_email(email), acquisition_program=row)
            member = (
                models.ProgramMember.objects.filter(program=row, person=person)
                .select_related("status")
                .first()
            )
            return _keep(row, person, member, status, now=self._now(), override=override)

    def set_fields(
        self, program: str, email: str, values: Mapping[str, str | None], *, who: str
    ) -> dict[str, str]:
        """Give a member values of member fields, by the fields' names and as canonical text; None clears. All the member has."""
        with acting(who=who, why="set", now=self._now()):
            row = find_program(program)
            alone("members", row.pk)
            found = models.ProgramMember.objects.filter(program=row, person=_person(row, email))
            member = found.first()
            if member is None:
                raise UsageError(
                    f"'{email}' is no member of program '{program}': give a status, too, with --status."
                )
            kept = {name: value for name, value in {**member.custom, **values}.items() if value is not None}
            found.update(custom=kept)
            return kept

    def remove(self, program: str, email: str, *, who: str) -> None:
        """Take a person out of a program."""
        with acting(who=who, why="removed", now=self._now()):
            row = find_program(program)
            person = _person(row, email)
            found = models.ProgramMember.objects.filter(program=row, person=person)
            if person is None or not found.delete()[0]:
                raise UsageError(
                    f"'{email}' is no member of program '{program}'. List them with: campaignsync members \"{program}\"",
                    code=NOT_THERE,
                )

    def import_people(
        self,
        program: str,
        people: pl.DataFrame,
        *,
        who: str,
        update: bool = False,
        tell: Callable[[int, int, int], None] | None = None,
    ) -> Imported:
        """Bring in the people of a file (REGISTRANTS), each once: found by e-mail before made, empty fields filled, or with
        `update` all fields that the file has (M2.4). Whoever is further already is skipped (M2.3). Thousands are brought in by
        portions, each one commit: a file whose import was broken off can be imported again, and what came in stays as it is."""
        row, done = find_program(program), Imported()
        for start in range(0, people.height, _AT_ONCE):
            if tell:
                tell(start, people.height, 0)
            done += self._import(row, people.slice(start, _AT_ONCE), who=who, update=update)
        return done

    def _import(self, row: models.Program, people: pl.DataFrame, *, who: str, update: bool) -> Imported:
        with acting(who=who, why="import", now=self._now()):
            alone("people")
            alone("members", row.pk)
            temporary("file", people)
            known = [name for name in people.columns if name in PERSON_FIELDS]
            created = _add_people(row, known, self._now())
            _fill_people(known, update=update)
            return _join_members(row, created, self._now(), update=update)

    def list(self, program: str, connection: ConnectionId | None = None) -> list[dict[str, Any]]:
        """Who is in a program, with their ids in one org: email, first_name, last_name, status, kind, salesforce_id,
        deleted (there), campaign_member_id, member_since, reached_success, custom."""
        return rows(
            "SELECT p.email, p.first_name, p.last_name, s.name AS status, i.kind, i.salesforce_id, i.is_deleted AS deleted,"
            " c.salesforce_id AS campaign_member_id, m.member_since, m.reached_success_at AS reached_success,"
            " m.custom"
            " FROM store_programmember m JOIN store_person p ON p.id = m.person_id"
            " JOIN store_progressionstatus s ON s.id = m.status_id LEFT JOIN store_link l ON l.program_id = m.program_id"
            " AND l.connection_id = %s"
            " LEFT JOIN store_personidentity i ON i.person_id = p.id AND i.connection_id = l.connection_id"
            " LEFT JOIN store_campaignmember c ON c.connection_id = l.connection_id AND c.campaign_id = l.campaign_id"
            " AND coalesce(c.contact_id, c.lead_id) = i.salesforce_id WHERE m.program_id = %s ORDER BY p.email, p.id",
            (connection, find_program(program).pk),
        )


def _person(program: models.Program, who: str) -> models.Person | None:
    """Somebody by e-mail address, by our id or by an id in Salesforce: not everybody has an address, and two may share one
    (M2.4). Of several, the one who is a member is meant."""
    found = named(who)
    if len(found) > 1:
        members = set(program.members.filter(person__in=found).values_list("person_id", flat=True))
        found = {person: our_id for person, our_id in found.items() if person in members} or found
    return models.Person.objects.get(pk=only_one(who, found)) if found else None


def _keep(
    program: models.Program,
    person: models.Person,
    member: models.ProgramMember | None,
    status: ProgressionStatus,
    *,
    now: datetime,
    override: bool,
) -> str:
    row = program.channel.statuses.get(name=status.name)
    if member is None:
        new = enter(status, at=now, origin=Origin.PERSON)
        models.ProgramMember.objects.create(
            program=program,
            person=person,
            status=row,
            member_since=new.member_since,
            reached_success_at=new.reached_success_at,
            origin=new.origin.value,
        )
        return "added"
    moved = move(_value(member), status, at=now, override=override)
    models.ProgramMember.objects.filter(pk=member.pk).update(
        status=row, reached_success_at=moved.reached_success_at
    )
    return member.status.name


def _value(member: models.ProgramMember) -> ProgramMember:
    status = member.status
    return ProgramMember(
        status=ProgressionStatus(name=status.name, step=status.step, success=status.success),
        member_since=member.member_since,
        origin=Origin(member.origin),
        reached_success_at=member.reached_success_at,
    )


def _add_people(program: models.Program, fields: list[str], now: datetime) -> int:
    names = ", ".join(f'"{name}"' for name in fields)
    values = ", ".join(f'f."{name}"' for name in fields)
    return bulk(
        "store_person",
        f"INSERT INTO store_person ({names}, custom, created_at, acquisition_program_id)"
        f" SELECT {values}, '{{}}'::jsonb, %s, %s FROM file f"
        " WHERE NOT EXISTS (SELECT FROM store_person p WHERE p.email = f.email)",
        (now, program.pk),
    )


def _fill_people(fields: list[str], *, update: bool) -> None:
    others = [name for name in fields if name != "email"]
    order = 'coalesce(f."{0}", p."{0}")' if update else 'coalesce(p."{0}", f."{0}")'
    sets = ", ".join(f'"{name}" = {order.format(name)}' for name in others)
    execute(f"UPDATE store_person p SET {sets} FROM file f WHERE p.email = f.email")


def _join_members(program: models.Program, created: int, now: datetime, *, update: bool) -> Imported:
    """Add and move members by the progression rule (M2.2): to an equal or higher step only. Their own fields are filled, or
    with `update` overwritten, wherever they stand."""
    table(
        "joining",
        "SELECT DISTINCT ON (f.email) p.id AS person_id, s.id AS status_id,"
        " s.step, s.success, coalesce(f.custom::jsonb, '{}') AS custom,"
        " m.id AS member_id, o.id AS old_status_id, o.step AS old_step FROM file f"
        " JOIN store_person p ON p.email = f.email"
        " JOIN store_progressionstatus s ON s.channel_id = %s AND s.name = f.program_status"
        " LEFT JOIN store_programmember m ON m.program_id = %s AND m.person_id = p.id"
        " LEFT JOIN store_progressionstatus o ON o.id = m.status_id ORDER BY f.email, m.id, p.id",
        (program.channel_id, program.pk),
    )
    added = bulk(
        "store_programmember",
        "INSERT INTO store_programmember (program_id, person_id, status_id, member_since, reached_success_at, origin, custom)"
        " SELECT %s, person_id, status_id, %s, CASE WHEN success THEN %s::timestamptz END, %s, custom FROM joining"
        " WHERE member_id IS NULL",
        (program.pk, now, now, Origin.IMPORT.value),
    )
    moved = execute(
        "UPDATE store_programmember m SET status_id = j.status_id, reached_success_at ="
        " CASE WHEN j.success THEN coalesce(m.reached_success_at, %s) ELSE m.reached_success_at END"
        " FROM joining j WHERE m.id = j.member_id AND j.step >= j.old_step AND j.status_id <> j.old_status_id",
        (now,),
    )
    merged = "m.custom || j.custom" if update else "j.custom || m.custom"
    execute(
        f"UPDATE store_programmember m SET custom = {merged} FROM joining j WHERE m.id = j.member_id"
        f" AND j.custom <> '{{}}' AND m.custom <> {merged}"
    )
    back, total = rows(
        "SELECT count(*) FILTER (WHERE step < old_step) AS back, count(*) AS total FROM joining"
    )[0].values()
    return Imported(
        added=added,
        moved=moved,
        unchanged=total - added - moved - back,
        skipped_back=back,
        new_people=created,
    )
