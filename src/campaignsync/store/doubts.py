"""Who of a link may differ: whoever changes one of its three sides casts a doubt, and a plan joins those in doubt alone.

A doubt names a person, or a lead or contact (`who`), or nobody: then everybody of the link is in doubt. Triggers cast it in
the transaction of the change (`casting`, used by `triggers` and `marking`). `trees` reads the doubts in the snapshot that it
reads the sides from, and `settle` takes away those that it saw, by their ids, but for whom the sides differ: a change that was
committed later has cast a doubt of its own, which no older snapshot can take away. So it holds at all times that whoever is in
doubt nowhere is the same on all three sides, and that every member who is nobody's record yet is in doubt.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from campaignsync.store.frames import execute, query, rows

FEW = 1_000
"""Rows of one statement of which each is named, whatever stands there already."""
MANY = 20_000
"""A statement of more rows names nobody and puts everybody in doubt: a first load writes no row a member."""
WHOLE_FROM = 50_000
"""From so many doubts on all members are joined, which is no dearer then."""
_SEEN_AT_MOST = 4 * WHOLE_FROM
_EVERYBODY = "d.person_id IS NULL AND d.who IS NULL"


def casting(*, counted: str, links: str, named: str) -> str:
    """PL/pgSQL behind a statement: doubt whom it touched (`named`: link_id, person_id, who), or all of the `links` when its rows
    (in `counted`) are very many, or many and those links are in doubt as a whole anyway."""
    return f"""
    DECLARE
        touched bigint := (SELECT count(*) FROM (SELECT FROM {counted} LIMIT {MANY + 1}) c);
        everybody boolean := touched > {MANY};
    BEGIN
        IF touched > 0 AND EXISTS (SELECT FROM store_link) THEN
            IF touched > {FEW} AND NOT everybody THEN
                EXECUTE $doubt$ SELECT EXISTS (SELECT FROM store_doubt d WHERE {_EVERYBODY}
                AND d.link_id IN ({links})) $doubt$ INTO everybody;
            END IF;
            IF everybody THEN
                EXECUTE $doubt$ INSERT INTO store_doubt (link_id) {links} $doubt$;
            ELSE
                EXECUTE $doubt$ INSERT INTO store_doubt (link_id, person_id, who) {named} $doubt$;
            END IF;
        END IF;
    END;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """The doubts of a link as a snapshot shows them: people by number, leads and contacts by their Salesforce ids."""

    ids: frozenset[int]
    people: frozenset[int]
    records: frozenset[str]
    everybody: bool

    @property
    def records_or_all(self) -> frozenset[str] | None:
        """Among whom all strangers of the campaign are; None: it may be any of its members."""
        return None if self.everybody else self.records

    def are(self, people: Collection[int], records: Collection[str]) -> bool:
        """Whether these and nobody else are in doubt, each once."""
        return (
            not self.everybody
            and (self.people, self.records) == (frozenset(people), frozenset(records))
            and len(self.ids) == len(self.people) + len(self.records)
        )


def seen(link: int) -> Doubts:
    """The doubts of a link; of far too many some, which are everybody all the same."""
    found = query(
        "SELECT id, person_id, who FROM store_doubt WHERE link_id = %s ORDER BY id LIMIT %s",
        (link, _SEEN_AT_MOST),
        {"id": pl.Int64, "person_id": pl.Int64, "who": pl.String},
    )
    nameless = found.filter(pl.col("person_id").is_null() & pl.col("who").is_null())
    return Doubts(
        ids=frozenset(found["id"]),
        people=frozenset(found["person_id"].drop_nulls()),
        records=frozenset(found["who"].drop_nulls()),
        everybody=not nameless.is_empty() or found.height > WHOLE_FROM,
    )


def settle(link: int, doubts: Doubts, people: Collection[int], records: Collection[str]) -> None:
    """Of the doubts that a snapshot showed, those of these people and records stand; the caller's transaction holds it together.
    They are cast anew: a plan that was made of an older snapshot cannot take them away."""
    if doubts.are(people, records):
        return
    execute("DELETE FROM store_doubt WHERE id = ANY(%s)", (list(doubts.ids),))
    if len(people) + len(records) > WHOLE_FROM:
        execute("INSERT INTO store_doubt (link_id) VALUES (%s)", (link,))
        return
    execute(
        "INSERT INTO store_doubt (link_id, person_id, who) SELECT %s, p, NULL FROM unnest(%s::bigint[]) p"
        " UNION ALL SELECT %s, NULL, w FROM unnest(%s::text[]) w",
        (link, sorted(people), link, sorted(records)),
    )


def fold_long() -> None:
    """Where far too many were cast, since no round has looked at a link for long, everybody is in doubt in one line."""
    for row in rows("SELECT link_id FROM store_doubt GROUP BY link_id HAVING count(*) > %s", (WHOLE_FROM,)):
        execute(
            "WITH gone AS (DELETE FROM store_doubt WHERE link_id = %s) INSERT INTO store_doubt (link_id) VALUES (%s)",
            (row["link_id"], row["link_id"]),
        )


def doubt_everybody(connection: int) -> None:
    """All members of all links of an org: what is read or listed anew is compared anew."""
    execute(
        "INSERT INTO store_doubt (link_id) SELECT id FROM store_link WHERE connection_id = %s", (connection,)
    )
