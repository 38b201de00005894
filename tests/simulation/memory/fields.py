"""Compares the fields of people with those of their leads and contacts, as `store.person_fields` does.

Called by the twin's ledger, which has said who acts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from campaignsync.domain.fields import (
    PERSON_DIFFERENCES,
    Access,
    FieldRule,
    PeopleCompared,
    PersonBatch,
    PersonField,
    ValueKind,
    wanted_text,
)
from campaignsync.domain.problems import Direction, ProblemNoun
from simulation.memory import mirror, problems
from simulation.memory.tables import IdentityRow, PersonRow, Row, Tables

_NUMBER = re.compile(r"[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?")


_COMPARED = {"person_id": pl.Int64, "changes": pl.Int64}
_HELD = {"person_id": pl.Int64, "wanted": pl.String, "message": pl.String}
_NOBODY = PeopleCompared(
    compared=pl.DataFrame(schema=_COMPARED),
    differences=pl.DataFrame(schema=PERSON_DIFFERENCES),
    held=pl.DataFrame(schema=_HELD),
)


def _due(tables: Tables, connection: int) -> list[IdentityRow]:
    now = tables.now()
    retried = {
        each.person
        for each in tables.open_problems(connection=connection, noun=ProblemNoun.PERSON)
        if each.retry_at is not None and each.retry_at <= now
    }
    return [
        each
        for each in tables.identities.values()
        if each.connection == connection
        and not each.is_deleted
        and (each.changes > 0 or each.person in retried)
    ]


def compare(tables: Tables, connection: int, rules: Sequence[FieldRule]) -> PeopleCompared:
    """Whose fields changed, and where the two sides differ."""
    due, now = _due(tables, connection), tables.now()
    differences = [
        {
            "person_id": identity.person,
            "email": tables.people[identity.person].values["email"],
            "kind": identity.kind,
            "salesforce_id": identity.salesforce_id,
            "field": field.name,
            "agreed": _agreed(identity, field, ours, theirs),
            "ours": ours,
            "theirs": theirs,
            "taken": field.name == "email" and _taken(tables, identity, theirs),
            "met": identity.agreed is not None,
        }
        for identity in due
        for field, ours, theirs in sides(tables, identity, rules)
        if ours != theirs
    ]
    held = [
        (each.person, each.wanted, each.message)
        for each in tables.open_problems(
            connection=connection, noun=ProblemNoun.PERSON, direction=Direction.TO_SALESFORCE.value
        )
        if each.retry_at is None or each.retry_at > now
    ]
    if not due and not held:
        return _NOBODY
    return PeopleCompared(
        compared=pl.DataFrame([(each.person, each.changes) for each in due], schema=_COMPARED, orient="row"),
        differences=pl.DataFrame(differences, schema=PERSON_DIFFERENCES)
        if differences
        else _NOBODY.differences,
        held=pl.DataFrame(held, schema=_HELD, orient="row") if held else _NOBODY.held,
    )


def _agreed(identity: IdentityRow, field: PersonField, ours: str | None, theirs: str | None) -> str | None:
    """Of a record that somebody arrived at by a merge, its values count (M7.8)."""
    if identity.agreed == {} and theirs is not None:
        return ours
    return (identity.agreed or {}).get(field.name, _nothing(field))


def _nothing(field: PersonField) -> str | None:
    return "false" if field.kind is ValueKind.BOOLEAN else None


def _taken(tables: Tables, identity: IdentityRow, email: str | None) -> bool:
    """Whether an address is that of another person here, who has no record in the org."""
    return email is not None and any(
        person.values["email"] == email
        and person.number != identity.person
        and (identity.connection, person.number) not in tables.identities
        for person in tables.people.values()
    )


def sides(
    tables: Tables, identity: IdentityRow, rules: Sequence[FieldRule]
) -> Iterator[tuple[PersonField, str | None, str | None]]:
    """The fields of one person that can be compared: (field, ours, theirs); none where the record was not seen or is gone."""
    row = tables.salesforce_people.get((identity.connection, identity.salesforce_id))
    if row is None or row["system_modstamp"] is None or row["is_converted"] or row["is_deleted"]:
        return
    person, leads = tables.people[identity.person], tables.connections[identity.connection].leads
    placeholders = {"last_name": leads.default_last_name, "company": leads.default_company}
    for rule in rules:
        if rule.kind.value == identity.kind and rule.access is not Access.NONE:
            placeholder = placeholders.get(rule.field.name)
            ours = comparable(rule.field, _raw_ours(rule.field, person), placeholder)
            yield rule.field, ours, comparable(rule.field, row.get(rule.field.name), placeholder)


def _raw_ours(field: PersonField, person: PersonRow) -> Any:
    return person.custom.get(field.name) if field.is_custom else person.values.get(field.name)


def comparable(field: PersonField, raw: Any, placeholder: str | None = None) -> str | None:
    """A value as text that may be compared (S0.7)."""
    if field.kind is ValueKind.BOOLEAN:
        return "true" if raw else "false"
    if raw is None:
        return None
    text = str(raw)
    if field.kind is ValueKind.NUMBER and _NUMBER.fullmatch(text):
        plain = f"{Decimal(text):f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    text = text.replace("\r\n", "\n").strip(" \t\r\n")
    text = text.lower() if field.name == "email" else text
    return None if text in ("", placeholder) else text


def change(tables: Tables, connection: int, changes: pl.DataFrame, rules: Sequence[FieldRule]) -> None:
    """Our side follows (PERSON_CHANGES), unless it was changed meanwhile."""
    fields = {rule.field.name: rule.field for rule in rules}
    leads = tables.connections[connection].leads
    placeholders = {"last_name": leads.default_last_name, "company": leads.default_company}
    rows, changed = changes.to_dicts(), dict[int, set[str]]()
    for row in rows:
        changed.setdefault(row["person_id"], set()).add(row["field"])
    for row in sorted(rows, key=lambda each: str(each["field"])):
        person, field = tables.people[row["person_id"]], fields[row["field"]]
        identity = tables.identities.get((connection, person.number))
        was = comparable(field, person.values.get(field.name), placeholders.get(field.name))
        free = field.name != "email" or identity is None or not _taken(tables, identity, row["becomes"])
        if was == row["was"] and free:
            tables.change_person(person, {field.name: _stored(field, row["becomes"])})
    for number, wanted in changed.items():
        _agree(tables, tables.identities.get((connection, number)), rules, wanted)


def _stored(field: PersonField, value: str | None) -> Any:
    if value is None:
        return None
    match field.name:
        case "employees":
            return int(Decimal(value))
        case "unsubscribed":
            return value == "true"
        case _:
            return value


def _agree(
    tables: Tables,
    identity: IdentityRow | None,
    rules: Sequence[FieldRule],
    wanted: Collection[str] | None = None,
) -> None:
    """What both sides say is agreed on."""
    if identity is not None:
        same = {
            field.name: ours
            for field, ours, theirs in sides(tables, identity, rules)
            if ours == theirs and (wanted is None or field.name in wanted)
        }
        if same:
            identity.agreed = {**(identity.agreed or {}), **same}


def record(
    tables: Tables, connection: int, writes: pl.DataFrame, batch: PersonBatch, rules: Sequence[FieldRule]
) -> None:
    """What was written (PERSON_WRITES) and read back."""
    mirror.merge_people(tables, connection, batch.people)
    concern = problems.Concern(ProblemNoun.PERSON, connection)
    by_person: dict[int, list[Row]] = {}
    for row in writes.to_dicts():
        by_person.setdefault(row["person_id"], []).append(row)
    for outcome in batch.outcomes.filter("known").to_dicts():
        person = outcome["person_id"]
        rows = by_person.get(person, [])
        if outcome["code"] is not None:
            _refused(tables, concern, rows, outcome)
            continue
        lost = _written(tables, connection, person, rows, rules)
        if lost:
            words = " ".join(
                f"Salesforce kept '{row['theirs'] or ''}' for {row['field']} instead of '{row['becomes'] or ''}'."
                for row in lost
            )
            _refused(
                tables, concern, lost, {"code": "VALUE_NOT_STORED", "message": words, "retriable": False}
            )
        else:
            problems.solve_people(tables, connection, [person])


def _written(
    tables: Tables, connection: int, person: int, rows: list[Row], rules: Sequence[FieldRule]
) -> list[Row]:
    """Agree on what was written; the writes that Salesforce took and did not store."""
    identity = tables.identities.get((connection, person))
    if identity is None:
        return []
    found = {field.name: theirs for field, _, theirs in sides(tables, identity, rules)}
    lost = []
    for row in rows:
        if row["field"] in found:
            theirs = found[row["field"]]
            is_lost = theirs != row["becomes"] and theirs == row["was"]
            identity.agreed = {
                **(identity.agreed or {}),
                row["field"]: theirs if is_lost else row["becomes"],
            }
            if is_lost:
                lost.append({**row, "theirs": theirs})
    return lost


def _refused(tables: Tables, concern: problems.Concern, rows: list[Row], told: Row) -> None:
    if rows:
        wanted = wanted_text({row["field"]: row["becomes"] for row in rows})
        row = {**told, "person_id": rows[0]["person_id"], "wanted": wanted}
        problems.keep(tables, concern, row, Direction.TO_SALESFORCE)


def settle(tables: Tables, connection: int, compared: pl.DataFrame, rules: Sequence[FieldRule]) -> None:
    """These people (person_id, changes) were compared: what is the same on both sides is agreed on."""
    for person, changes in compared.rows():
        identity = tables.identities.get((connection, person))
        if identity is not None and identity.changes == changes:
            identity.changes = 0
            _agree(tables, identity, rules)


def agree_as_made(tables: Tables, connection: int, made: Collection[int], rules: Sequence[FieldRule]) -> None:
    """What people who were just made of their records have in common with them is agreed on, and nobody compares it."""
    for identity in (tables.identities[connection, person] for person in made):
        row = tables.salesforce_people[connection, identity.salesforce_id]
        owned = any(rule.field.is_custom and row.get(rule.field.name) is not None for rule in rules)
        if not owned and any(ours is not None for _, ours, _ in sides(tables, identity, rules)):
            identity.changes = 0
            _agree(tables, identity, rules)


def hold(tables: Tables, connection: int, settled: Collection[int], waiting: pl.DataFrame) -> None:
    """Keep what waits for a person, and solve the problems of whoever was compared and has none any more."""
    for row in waiting.to_dicts():
        problems.keep(
            tables, problems.Concern(ProblemNoun.PERSON, connection), row, Direction.FROM_SALESFORCE
        )
    problems.solve_people(tables, connection, settled)
