"""Joins people to leads and contacts and follows those, as `store.people`, `store.following` and `store.merging` do.

Called by the twin's ledger, which has said who acts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import polars as pl

from campaignsync.domain.problems import Direction, ProblemNoun
from campaignsync.domain.trees import LEAD_WRITES, PERSON_FIELDS
from simulation.memory import problems
from simulation.memory.tables import (
    IdentityRow,
    Key,
    LinkRow,
    PersonRow,
    Row,
    Tables,
    folded,
    nothing,
    who_is,
)


@dataclass(frozen=True)
class Landing:
    """Where a person arrives."""

    person: int
    old_id: str
    new_id: str
    how: str


def unseen_row(salesforce_id: str, kind: str) -> Row:
    """A lead or contact that we know of and have not seen yet."""
    nothing = dict.fromkeys(
        (
            *PERSON_FIELDS,
            "is_deleted",
            "is_converted",
            "converted_contact_id",
            "master_record_id",
            "created_date",
            "system_modstamp",
            "custom",
        )
    )
    return {"salesforce_id": salesforce_id, "kind": kind, **nothing}


def adopt(tables: Tables, link: LinkRow) -> list[int]:
    """Make every lead and contact in a campaign a person of ours, found by e-mail address before made; who was made."""
    connection = link.connection
    landing: dict[int, Landing] = {}
    for row in sorted(
        tables.of_campaign(connection, link.campaign_id), key=lambda row: str(row["contact_id"])
    ):
        if row["contact_id"] and (identity := tables.joined(connection, row["lead_id"])):
            landing.setdefault(
                identity.person, Landing(identity.person, row["lead_id"], row["contact_id"], "converted")
            )
    land(tables, connection, [landing[person] for person in sorted(landing)])
    found = strangers(tables, link)
    taken: dict[str | None, list[int]] = {}
    made: list[int] = []
    for stranger in found:
        email = folded(stranger["email"]) or None
        free = [
            person.number
            for person in tables.people.values()
            if email is not None
            and person.values["email"] == email
            and (connection, person.number) not in tables.identities
            and person.number not in taken.get(email, [])
        ]
        person = free[0] if free else None
        if person is not None:
            taken.setdefault(email, []).append(person)
        stranger["person"] = person
    for stranger in sorted(found, key=lambda row: row["salesforce_id"]):
        if stranger["person"] is None:
            values = {**stranger, "email": folded(stranger["email"]) or None}
            stranger["person"] = tables.add_person(values).number
            made.append(stranger["person"])
    for stranger in found:
        tables.join(connection, stranger["person"], stranger["salesforce_id"], stranger["kind"])
    return made


def recognise(tables: Tables, entries: Collection[int]) -> int:
    """Join members of campaigns that nobody is linked with to people whom we know by their address; how many."""
    found: dict[Key, Row] = {}
    for entry in (tables.journal[number - 1] for number in entries):
        connection = entry.connection or 0
        member = tables.members.get((connection, entry.record_id))
        row = tables.salesforce_people.get((connection, who_is(member) or "")) if member else None
        if next(tables.links_of_campaign(connection, entry.campaign_id), None) or not _stands(row):
            continue
        if row and tables.joined(connection, row["salesforce_id"]) is None and folded(row["email"]):
            found[connection, row["salesforce_id"]] = row
    best = sorted(found.items(), key=lambda each: each[1]["salesforce_id"])
    best.sort(key=lambda each: each[1]["system_modstamp"], reverse=True)
    best.sort(key=lambda each: str(each[1]["kind"]))
    joined = 0
    for person in tables.people.values():
        for (connection, number), row in best:
            same = person.merged_into is None and person.values["email"] == folded(row["email"])
            if same and (connection, person.number) not in tables.identities:
                joined += 1
                tables.join(connection, person.number, number, row["kind"])
                best.remove(((connection, number), row))
                break
    return joined


def _stands(row: Row | None) -> bool:
    seen = row is not None and row["system_modstamp"] is not None
    return seen and not (row is None or row["is_converted"] or row["is_deleted"])


def strangers(tables: Tables, link: LinkRow) -> list[Row]:
    """Leads and contacts of a campaign whom nobody is joined to: contacts first, then the latest changed, then the lowest id."""
    found: dict[str, Row] = {}
    for member in tables.of_campaign(link.connection, link.campaign_id):
        if link.doubts is not None and who_is(member) not in link.doubts:
            continue
        row = tables.salesforce_people.get((link.connection, who_is(member) or ""))
        if row is None or row["system_modstamp"] is None or row["is_converted"] or row["is_deleted"]:
            continue
        if tables.joined(link.connection, row["salesforce_id"]) is None:
            found[row["salesforce_id"]] = dict(row)
    ordered = sorted(found.values(), key=lambda row: row["salesforce_id"])
    ordered.sort(key=lambda row: row["system_modstamp"], reverse=True)
    ordered.sort(key=lambda row: row["kind"])
    return ordered


def unmatched(tables: Tables, connection: int, people: Collection[int]) -> pl.DataFrame:
    """Of these people, those without a record in the org (LEAD_WRITES)."""
    rows = [
        {
            "person_id": person.number,
            "our_id": person.our_id,
            **person.values,
            "custom": orjson.dumps(person.custom).decode(),
        }
        for person in _known(tables, people)
        if (connection, person.number) not in tables.identities
    ]
    return pl.DataFrame(rows, schema=LEAD_WRITES) if rows else nothing(tuple(LEAD_WRITES.items()))


def _known(tables: Tables, people: Iterable[int]) -> list[PersonRow]:
    return [tables.people[each] for each in sorted(set(people)) if each in tables.people]


def join_matches(tables: Tables, connection: int, matches: pl.DataFrame) -> None:
    """Join people to the records they were found or made to be (MATCHES)."""
    for match in matches.to_dicts():
        person, record = match["person_id"], match["salesforce_id"]
        if person in tables.people:
            tables.join(connection, person, record, match["kind"])
        tables.salesforce_people.setdefault((connection, record), unseen_row(record, match["kind"]))
        if match["several"] > 1:
            why = f"{match['several']} leads and contacts have the e-mail address: this one was chosen"
            tables.note(
                "campaign",
                "person",
                None,
                match["kind"],
                why=why,
                connection=connection,
                person=person,
                record_id=record,
            )
        heard_of(tables, connection, [person])
        problems.solve_people(tables, connection, [person])


def heard_of(tables: Tables, connection: int, people: Iterable[int]) -> None:
    for person in people:
        tables.lead_intents.pop((connection, person), None)


def wanted_values(person: PersonRow) -> str:
    """What a person's fields hold, as one text."""
    whole = {**person.values, **person.custom}
    return orjson.dumps({name: value for name, value in sorted(whole.items()) if value is not None}).decode()


def refuse(tables: Tables, connection: int, refused: pl.DataFrame) -> None:
    """Keep that Salesforce took these people as no leads (LEAD_OUTCOMES), and in which words."""
    for row in refused.to_dicts():
        person = tables.people.get(row["person_id"])
        if person is None:
            continue
        problems.keep(
            tables,
            problems.Concern(ProblemNoun.PERSON, connection),
            {**row, "wanted": wanted_values(person)},
            Direction.TO_SALESFORCE,
        )
    heard_of(tables, connection, refused["person_id"].to_list())


def solve_unwanted(tables: Tables, connection: int) -> None:
    """Nobody need be made a lead any more who is in no linked program."""
    linked = {
        person
        for link in tables.links.values()
        if link.connection == connection
        for person in link.program.members
    }
    tables.solve(
        problem
        for problem in tables.open_problems(connection=connection, noun=ProblemNoun.PERSON)
        if (connection, problem.person) not in tables.identities and problem.person not in linked
    )


# Following.


def follow(tables: Tables, connection: int) -> list[str]:
    """Bring people to where their records went; ids of records that nobody has seen yet."""
    landing = []
    for identity in _of(tables, connection):
        arrived = _way(tables, connection, identity.salesforce_id)
        if arrived:
            landing.append(Landing(identity.person, identity.salesforce_id, *arrived))
    land(tables, connection, sorted(landing, key=lambda each: each.person))
    _fill_contacts(tables, connection)
    _flag_deleted(tables, connection)
    return [
        number
        for (of, number), row in sorted(tables.salesforce_people.items())
        if of == connection and row["system_modstamp"] is None and row["is_deleted"] is None
    ]


def _of(tables: Tables, connection: int) -> list[IdentityRow]:
    return [each for each in tables.identities.values() if each.connection == connection]


def _way(tables: Tables, connection: int, start: str) -> tuple[str, str] | None:
    """Where a record went, and how; None when it stands."""
    at, how = start, ""
    for _ in range(20):
        row = tables.salesforce_people.get((connection, at))
        if row is None or not (row["is_converted"] or row["master_record_id"] is not None):
            break
        successor = row["master_record_id"] or row["converted_contact_id"]
        if successor is None:
            break
        at, how = successor, "converted" if row["master_record_id"] is None else "merged"
    return (at, how) if at != start else None


def kind_of(salesforce_id: str) -> str:
    return "contact" if salesforce_id.startswith("003") else "lead"


def land(tables: Tables, connection: int, landing: list[Landing]) -> None:
    """Move people to their new records; where several arrive, or somebody is there already, they become one person."""
    merged: dict[int, int] = {}
    for each in landing:
        there = tables.person_of(connection, each.new_id)
        first = min(other.person for other in landing if other.new_id == each.new_id)
        winner = first if there is None else there
        if winner != each.person:
            merged[each.person] = winner
    for person in _keep_apart(tables, connection, landing, merged):
        merged.pop(person, None)
        landing = [each for each in landing if each.person != person]
    for each in landing:
        tables.note(
            "campaign",
            "person",
            each.old_id,
            each.new_id,
            why=f"{each.how} in Salesforce",
            connection=connection,
            person=each.person,
            record_id=each.new_id,
        )
        identity = tables.identities[connection, each.person]
        if identity.is_deleted:
            _forget_agreed(tables, connection, each.person, unless=each.new_id)
        if each.person not in merged:
            tables.mark_identity(identity)
            identity.salesforce_id, identity.kind = each.new_id, kind_of(each.new_id)
            identity.is_deleted, identity.changes = False, identity.changes + 1
            identity.agreed = {} if each.how == "merged" else identity.agreed
            tables.mark_identity(identity)
    for loser in merged:
        if gone := tables.identities.pop((connection, loser), None):
            tables.mark_identity(gone)
    for each in landing:
        tables.salesforce_people.setdefault(
            (connection, each.new_id), unseen_row(each.new_id, kind_of(each.new_id))
        )
    if merged:
        merge_people(tables, merged)


def _keep_apart(
    tables: Tables, connection: int, landing: list[Landing], merged: dict[int, int]
) -> Iterator[int]:
    """Whom another org knows as two different records stay two, until they are merged there as well."""
    apart: dict[int, str] = {}
    for org in sorted(tables.connections.keys() - {connection}):
        known = [each.person for each in _of(tables, org) if not each.is_deleted]
        winners = [person for person in known if person not in merged and person in merged.values()]
        for person in sorted(person for person in known if person in merged):
            if merged[person] in winners:
                apart.setdefault(person, tables.connections[org].name)
            winners.append(merged[person])
    for each in [each for each in landing if each.person in apart]:
        message = (
            f"{each.old_id} was {each.how} into {each.new_id} in Salesforce, but in connection {apart[each.person]}"
            " the two are different records: make them one there as well."
        )
        row = {"person_id": each.person, "code": "PEOPLE_APART", "message": message, "wanted": each.new_id}
        concern = problems.Concern(ProblemNoun.PERSON, connection)
        problems.keep(tables, concern, {**row, "retriable": False}, Direction.FROM_SALESFORCE)
        yield each.person


def _fill_contacts(tables: Tables, connection: int) -> None:
    """Should a converted lead's member name no contact, it is the contact's all the same, unless that has a row."""
    for (of, _), row in list(tables.members.items()):
        person = tables.salesforce_people.get((connection, who_is(row) or "")) if of == connection else None
        if not (person and person["is_converted"] and person["converted_contact_id"]):
            continue
        contact = person["converted_contact_id"]
        if not any(who_is(o) == contact for o in tables.of_campaign(connection, row["campaign_id"])):
            tables.doubt_member(connection, row["campaign_id"], who_is(row), contact)
            row["contact_id"] = contact


def _flag_deleted(tables: Tables, connection: int) -> None:
    """Note who was deleted, and who is back."""
    _turn(tables, connection, deleted=True)
    for identity in _turn(tables, connection, deleted=False):
        _forget_agreed(tables, connection, identity.person, unless=identity.salesforce_id)


def _forget_agreed(tables: Tables, connection: int, person: int, *, unless: str = "") -> None:
    """A membership that did not come back with its person, under the record `unless`, is to be made anew."""
    for link in tables.links.values():
        if link.connection == connection and not any(
            who_is(row) == unless for row in tables.of_campaign(connection, link.campaign_id)
        ):
            link.agreed.pop(person, None)


def _turn(tables: Tables, connection: int, *, deleted: bool) -> list[IdentityRow]:
    turned = []
    for identity in _of(tables, connection):
        row = tables.salesforce_people.get((connection, identity.salesforce_id))
        if row is None or identity.is_deleted is deleted:
            continue
        if (row["is_deleted"] is True) if deleted else (row["is_deleted"] is False):
            identity.is_deleted = deleted
            tables.mark_identity(identity)
            turned.append(identity)
            tables.note(
                "campaign",
                "person",
                None,
                None,
                why=f"{'' if deleted else 'un'}deleted in Salesforce",
                connection=connection,
                person=identity.person,
                record_id=identity.salesforce_id,
            )
    return turned


# Merging.


def merge_people(tables: Tables, merged: dict[int, int]) -> None:
    """Merge losers into winners."""
    groups: dict[int, list[int]] = {}
    for loser, winner in sorted(merged.items()):
        groups.setdefault(winner, [winner]).append(loser)
    for winner, people in groups.items():
        _join_identities(tables, winner, people)
        _join_memberships(tables, winner, people)
        _join_links(tables, winner, people)
        _fill_values(tables, winner, people)
    tables.solve(each for each in tables.open_problems() if each.person in merged)
    for person in tables.people.values():
        if person.merged_into in merged:
            person.merged_into = merged[person.merged_into]
    for loser, winner in merged.items():
        row = tables.people[loser]
        row.merged_into = winner
        row.values, row.custom, row.acquisition = dict.fromkeys(PERSON_FIELDS), {}, None


def _join_identities(tables: Tables, winner: int, people: list[int]) -> None:
    for connection in tables.connections:
        found = [
            tables.identities.pop((connection, person))
            for person in people
            if (connection, person) in tables.identities
        ]
        kept = min(
            found, key=lambda each: (each.is_deleted, each.person != winner, each.person), default=None
        )
        for each in found:
            if each.is_deleted and kept and not kept.is_deleted:
                _forget_agreed(tables, connection, each.person)
            # A record that stays the winner's changes nothing.
            if each is not kept or each.person != winner:
                tables.mark_identity(each)
        if kept:
            tables.identities[connection, winner] = kept
            if kept.person != winner:
                kept.person = winner
                tables.mark_identity(kept)


def _join_memberships(tables: Tables, winner: int, people: list[int]) -> None:
    for program in tables.programs.values():
        ordered = sorted(
            (person for person in people if person in program.members),
            key=lambda person: (person != winner, program.members[person].member_since, person),
        )
        if not ordered:
            continue
        rows = [program.members[person] for person in ordered]
        steps = {status.name: status.step for status in program.channel.statuses}
        further = max(rows, key=lambda row: steps[row.status]).status
        for person in ordered[1:]:
            row = program.members.pop(person)
            tables.program_changed(program, person, row.status, None)
        kept = rows[0]
        before, keeper = kept.status, ordered[0]
        kept.origin = min(rows, key=lambda row: row.member_since).origin
        kept.member_since = min(row.member_since for row in rows)
        kept.reached_success_at = min(
            (row.reached_success_at for row in rows if row.reached_success_at), default=None
        )
        kept.status = further
        for link in tables.links.values():
            if link.program is program:
                link.doubt(*people)
        if keeper != winner:
            program.members[winner] = program.members.pop(keeper)
        tables.program_changed(program, winner, before, further)


def _join_links(tables: Tables, winner: int, people: list[int]) -> None:
    """What is agreed is what the campaign holds, where one of them agreed on that."""
    for link in tables.links.values():
        identity = tables.identities.get((link.connection, winner))
        held = [
            row["status"]
            for row in tables.of_campaign(link.connection, link.campaign_id)
            if identity and who_is(row) == identity.salesforce_id
        ]
        agreed = [(person, link.agreed.pop(person)) for person in people if person in link.agreed]
        if agreed:
            link.agreed[winner] = min(
                agreed,
                key=lambda each: (folded(each[1]) not in map(folded, held), each[0] != winner, each[0]),
            )[1]
        _join_intents(link.intents, winner, people)
    for connection in tables.connections:
        of_org = {p: at for (of, p), at in tables.lead_intents.items() if of == connection}
        _join_intents(of_org, winner, people)
        for person in people:
            tables.lead_intents.pop((connection, person), None)
        if winner in of_org:
            tables.lead_intents[connection, winner] = of_org[winner]


def _join_intents(intents: dict[int, Any], winner: int, people: list[int]) -> None:
    found = [(person, intents.pop(person)) for person in people if person in intents]
    if found:
        intents[winner] = min(found, key=lambda each: (each[0] != winner, _at(each[1])))[1]


def _at(intent: Any) -> datetime:
    return intent[1] if isinstance(intent, tuple) else intent


def _fill_values(tables: Tables, winner: int, people: list[int]) -> None:
    row, losers = tables.people[winner], [tables.people[each] for each in sorted(people) if each != winner]
    filled = {
        name: next((loser.values[name] for loser in losers if loser.values[name] is not None), None)
        for name in PERSON_FIELDS
    }
    tables.change_person(row, {name: value for name, value in filled.items() if row.values[name] is None})
    row.created_at = min(each.created_at for each in (row, *losers))
