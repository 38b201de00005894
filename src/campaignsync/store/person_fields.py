"""Compares the fields of people with those of their leads and contacts, and keeps what was changed and agreed on (M7.4, M11).

Called by the ledger inside its transactions. Both sides are brought to text of one form, so that Salesforce's rendition of a
value is no change (S0.7). Only people whose count of changes is not 0 are looked at: triggers count them, on either side.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import polars as pl
from django.db import transaction

from campaignsync.domain.fields import (
    PERSON_CHANGES,
    PERSON_DIFFERENCES,
    Access,
    FieldRule,
    PeopleCompared,
    PersonBatch,
    PersonField,
    ValueKind,
    wanted_text,
)
from campaignsync.domain.people import PersonKind
from campaignsync.domain.problems import RECORD_PROBLEMS, Direction
from campaignsync.store import mirror
from campaignsync.store.acting import alone
from campaignsync.store.frames import execute, query, table, temporary
from campaignsync.store.problems import keep, people_of, solve

_JOINED = (
    "JOIN store_person p ON p.id = i.person_id JOIN store_connection x ON x.id = i.connection_id"
    " JOIN store_salesforceperson m ON m.connection_id = i.connection_id AND m.salesforce_id = i.salesforce_id"
    " AND m.system_modstamp IS NOT NULL AND (m.is_converted OR m.is_deleted) IS NOT TRUE"
)
TAKEN_OVER = "'{}'::jsonb"
"""What is agreed with a record that a person arrived at by a merge in Salesforce: its values are the winner's and count, ours
where it has none (M7.8). Nothing agreed at all (NULL) is two sides that meet."""
_PLACEHOLDERS = {"last_name": "x.default_last_name", "company": "x.default_company"}
"""What new leads got for want of a value (M7.2) counts as none, on either side."""


def compare(connection: int, rules: Iterable[FieldRule], now: datetime) -> PeopleCompared:
    """Whose fields changed, and where the two sides differ; from one snapshot."""
    with transaction.atomic():
        table(
            "due",
            "SELECT i.id, i.person_id, i.changes FROM store_personidentity i WHERE i.connection_id = %s AND NOT i.is_deleted"
            " AND i.changes > 0 UNION SELECT i.id, i.person_id, i.changes FROM store_problem q JOIN store_personidentity i"
            " ON i.connection_id = q.connection_id AND i.person_id = q.person_id WHERE q.connection_id = %s"
            " AND q.noun = 'person' AND q.solved_at IS NULL AND q.retry_at <= %s AND NOT i.is_deleted",
            (connection, connection, now),
        )
        differences = query(
            "SELECT i.person_id, p.email, i.kind, i.salesforce_id, f.name AS field,"
            f" CASE WHEN i.agreed = {TAKEN_OVER} AND f.theirs IS NOT NULL THEN f.ours"
            " ELSE coalesce(i.agreed->>f.name, f.nothing) END AS agreed, f.ours,"
            " f.theirs, f.name = 'email' AND EXISTS (SELECT FROM store_person o WHERE o.email = f.theirs AND o.id <> p.id"
            " AND NOT EXISTS (SELECT FROM store_personidentity r WHERE r.person_id = o.id"
            " AND r.connection_id = i.connection_id)) AS taken,"
            " i.agreed IS NOT NULL AS met FROM due d JOIN store_personidentity i ON i.id = d.id"
            f" {_JOINED} CROSS JOIN LATERAL {_sides(rules)} WHERE f.ours IS DISTINCT FROM f.theirs",
            (),
            PERSON_DIFFERENCES,
        )
        held = query(
            "SELECT person_id, wanted, message FROM store_problem WHERE connection_id = %s AND noun = 'person'"
            " AND solved_at IS NULL AND direction = %s AND (retry_at IS NULL OR retry_at > %s)",
            (connection, Direction.TO_SALESFORCE.value, now),
            {"person_id": pl.Int64, "wanted": pl.String, "message": pl.String},
        )
        compared = query(
            "SELECT person_id, changes FROM due", (), {"person_id": pl.Int64, "changes": pl.Int64}
        )
    return PeopleCompared(compared=compared, differences=differences, held=held)


def change(connection: int, changes: pl.DataFrame, rules: Iterable[FieldRule]) -> None:
    """Our side follows (PERSON_CHANGES): whoever was changed here meanwhile, and whose new address is somebody's by now, is left
    alone. What both sides say then is agreed on."""
    alone("people")
    temporary("changes", changes.select(*PERSON_CHANGES))
    changed = set(changes["field"])
    for field in _fields(rules):
        if field.name not in changed:
            continue
        free = (
            " AND NOT EXISTS (SELECT FROM store_person o WHERE o.email = c.becomes AND o.id <> p.id AND NOT EXISTS"
            " (SELECT FROM store_personidentity r WHERE r.person_id = o.id AND r.connection_id = x.id))"
        )
        execute(
            f"UPDATE store_person p SET {_assignment(field)} FROM changes c, store_connection x WHERE x.id = %s"
            f" AND c.field = %s AND c.person_id = p.id AND {_comparable(field, 'p')} IS NOT DISTINCT FROM c.was"
            + (free if field.name == "email" else ""),
            (connection, field.name),
        )
    execute(
        "UPDATE store_personidentity i SET agreed = coalesce(i.agreed, '{}') || n.values FROM (SELECT i.id,"
        " jsonb_object_agg(f.name, f.ours) AS values FROM changes c JOIN store_personidentity i"
        f" ON i.person_id = c.person_id AND i.connection_id = %s {_JOINED} CROSS JOIN LATERAL {_sides(rules)}"
        " WHERE f.name = c.field AND f.ours IS NOT DISTINCT FROM f.theirs GROUP BY i.id) n WHERE n.id = i.id",
        (connection,),
    )


def record(
    connection: int, writes: pl.DataFrame, batch: PersonBatch, rules: Iterable[FieldRule], now: datetime
) -> None:
    """What was written (PERSON_WRITES) and read back. A value that Salesforce stored in a rendition of its own is a change made
    there, which our side follows; one that it did not store at all is a problem, and never taken for an edit (S0.2)."""
    mirror.merge(connection, mirror.PERSON, batch.people)
    known = batch.outcomes.filter("known")
    taken = known.filter(pl.col("code").is_null())
    written = writes.join(taken.select("person_id"), on="person_id")
    temporary("written", written.select(*PERSON_CHANGES))
    table(
        "found",
        "SELECT i.id, i.person_id, f.name, w.becomes, f.theirs,"
        " f.theirs IS DISTINCT FROM w.becomes AND f.theirs IS NOT DISTINCT FROM w.was AS lost FROM written w"
        f" JOIN store_personidentity i ON i.person_id = w.person_id AND i.connection_id = %s {_JOINED}"
        f" CROSS JOIN LATERAL {_sides(rules)} WHERE f.name = w.field",
        (connection,),
    )
    execute(
        "UPDATE store_personidentity i SET agreed = coalesce(i.agreed, '{}') || n.values FROM (SELECT id, jsonb_object_agg(name,"
        " CASE WHEN lost THEN theirs ELSE becomes END) AS values FROM found GROUP BY id) n WHERE n.id = i.id"
    )
    lost = query(
        "SELECT person_id, name AS field, theirs FROM found WHERE lost",
        (),
        {"person_id": pl.Int64, "field": pl.String, "theirs": pl.String},
    )
    kept_otherwise = writes.join(lost, on=["person_id", "field"])
    refused = writes.join(known.filter(pl.col("code").is_not_null()), on="person_id")
    solve(people_of(connection), sorted(set(taken["person_id"]) - set(lost["person_id"])), now)
    problems = pl.concat([refusals(refused), refusals(not_stored(kept_otherwise))])
    keep(people_of(connection), problems, Direction.TO_SALESFORCE, now)


def not_stored(writes: pl.DataFrame) -> pl.DataFrame:
    """Writes that Salesforce took and did not store, with the words for it."""
    told = pl.format(
        "Salesforce kept '{}' for {} instead of '{}'.",
        pl.col("theirs").fill_null(""),
        "field",
        pl.col("becomes").fill_null(""),
    )
    return writes.with_columns(
        pl.lit("VALUE_NOT_STORED").alias("code"),
        told.str.join(" ").over("person_id").alias("message"),
        pl.lit(value=False).alias("retriable"),
    )


def refusals(writes: pl.DataFrame) -> pl.DataFrame:
    """Writes with code, message and retriable, as problems of their people (RECORD_PROBLEMS)."""
    rows = [
        {
            **part.row(0, named=True),
            "wanted": wanted_text(dict(part.select("field", "becomes").rows())),
        }
        for _, part in writes.group_by("person_id")
    ]
    return pl.DataFrame(rows, schema={**writes.schema, "wanted": pl.String}).select(*RECORD_PROBLEMS)


def settle(connection: int, compared: pl.DataFrame, rules: Iterable[FieldRule]) -> None:
    """These people (person_id, changes) were compared: what is the same on both sides is agreed on. Whoever was changed again
    meanwhile is looked at again."""
    temporary("settled", compared)
    same = (
        "SELECT s.person_id, jsonb_object_agg(f.name, f.ours) AS values FROM settled s JOIN store_personidentity i"
        f" ON i.person_id = s.person_id AND i.connection_id = %(connection)s AND i.changes = s.changes {_JOINED}"
        f" CROSS JOIN LATERAL {_sides(rules)} WHERE f.ours IS NOT DISTINCT FROM f.theirs GROUP BY s.person_id"
    )
    execute(
        "UPDATE store_personidentity i SET changes = 0,"
        " agreed = CASE WHEN n.values IS NULL THEN i.agreed ELSE coalesce(i.agreed, '{}') || n.values END"
        f" FROM settled s LEFT JOIN ({same}) n USING (person_id) WHERE i.connection_id = %(connection)s"
        " AND i.person_id = s.person_id AND i.changes = s.changes"
        " AND (i.changes <> 0 OR NOT coalesce(i.agreed, '{}') @> coalesce(n.values, '{}'))",
        {"connection": connection},
    )


def agreed_as_made(rules: Collection[FieldRule]) -> str:
    """SQL of what is agreed on with record m, in an org x, of a person who is made of it: all that is compared and not empty.
    NULL, which is to be compared, without rules, and where fields of one's own hold something: they are filled in by that."""
    kinds = []
    for kind in PersonKind:
        fields = _fields(rule for rule in rules if rule.kind is kind and rule.access is not Access.NONE)
        pairs = ", ".join(
            f"{_literal(field.name)}, {_comparable(field, 'm')}" for field in fields if not field.is_custom
        )
        kinds.append(f"WHEN m.kind = '{kind.value}' THEN jsonb_strip_nulls(jsonb_build_object({pairs}))")
    owned = "jsonb_strip_nulls(coalesce(m.custom, '{}')) <> '{}'"
    return (
        f"NULLIF(CASE WHEN {owned} THEN NULL {' '.join(kinds)} END, {TAKEN_OVER})" if rules else "NULL::jsonb"
    )


def hold(connection: int, settled: Collection[int], waiting: pl.DataFrame, now: datetime) -> None:
    """Keep what waits for a person (RECORD_PROBLEMS), and solve the problems of whoever was compared and has none any more."""
    keep(people_of(connection), waiting, Direction.FROM_SALESFORCE, now)
    solve(people_of(connection), settled, now)


def _fields(rules: Iterable[FieldRule]) -> list[PersonField]:
    return list({rule.field.name: rule.field for rule in rules}.values())


def _sides(rules: Iterable[FieldRule]) -> str:
    """The fields of one person that can be compared, as rows f (name, ours, theirs, nothing) beside p, m, i and x; `nothing` is
    what the two sides agree on before they ever did: a box that nobody has ticked is no change."""
    rules = list(rules)
    seen = {(rule.field.name, rule.kind) for rule in rules if rule.access is not Access.NONE}
    rows = []
    for field in _fields(rules):
        kinds = [kind.value for kind in PersonKind if (field.name, kind) in seen]
        if kinds:
            ours, theirs = _comparable(field, "p"), _comparable(field, "m")
            nothing = "'false'" if field.kind is ValueKind.BOOLEAN else "NULL::text"
            rows.append(f"({_literal(field.name)}, {ours}, {theirs}, {nothing}, ARRAY{kinds})")
    values = ", ".join(rows) or "(NULL::text, NULL::text, NULL::text, NULL::text, ARRAY[]::text[])"
    return f"(SELECT v.* FROM (VALUES {values}) v(name, ours, theirs, nothing, kinds) WHERE i.kind = ANY(v.kinds)) f"


def _comparable(field: PersonField, row: str) -> str:
    """A field of a person (p) or of a mirrored lead or contact (m) as text that may be compared (S0.7)."""
    raw = f"{row}.custom->>{_literal(field.name)}" if field.is_custom else f'{row}."{field.name}"::text'
    match field.kind:
        case ValueKind.BOOLEAN:
            return f"coalesce({raw}, 'false')"
        case ValueKind.NUMBER:
            number = r"'^[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?$'"
            return (
                f"CASE WHEN {raw} ~ {number} THEN trim_scale(({raw})::numeric)::text ELSE {_plain(raw)} END"
            )
        case ValueKind.TEXT:
            text = f"lower({_plain(raw)})" if field.name == "email" else _plain(raw)
            placeholder = _PLACEHOLDERS.get(field.name)
            return f"NULLIF({text}, {placeholder})" if placeholder else text


def _plain(raw: str) -> str:
    """Without spaces around it, its lines ending one way; nothing at all where nothing is left."""
    return rf"NULLIF(btrim(replace({raw}, E'\r\n', E'\n'), E' \t\r\n'), '')"


def _assignment(field: PersonField) -> str:
    """What sets a field of a person to c.becomes."""
    if not field.is_custom:
        return f'"{field.name}" = ' + {
            "employees": "round(c.becomes::numeric)::bigint",
            "unsubscribed": "c.becomes::boolean",
        }.get(field.name, "c.becomes")
    value = {
        ValueKind.TEXT: "to_jsonb(c.becomes)",
        ValueKind.NUMBER: "to_jsonb(c.becomes::numeric)",
        ValueKind.BOOLEAN: "to_jsonb(c.becomes::boolean)",
    }[field.kind]
    return f"custom = p.custom || jsonb_build_object({_literal(field.name)}, {value})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
