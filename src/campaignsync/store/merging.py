"""Makes one person of several, many pairs at once: whoever Salesforce says is one, or an admin (M7.7, M7.8).

Called by `following` inside a transaction of `acting` that holds the lock `people`, with the pairs in the temporary table
`merged` (loser, winner). Nothing of a loser is lost: the row stays, empty, and points at the winner, so that the journal keeps
its ids. The winner's values count, a loser's where the winner has none; memberships join with the further status, the earliest
date and the success that was reached.
"""

from __future__ import annotations

from datetime import datetime

from campaignsync.domain.trees import PERSON_FIELDS
from campaignsync.store.acting import alone
from campaignsync.store.frames import execute, rows, table

_ALL = "SELECT loser AS person_id, winner FROM merged UNION SELECT winner, winner FROM merged"
"""Everybody concerned, with the person they become."""


def merge_people(now: datetime) -> None:
    """Merge the losers of `merged` into their winners."""
    table("becoming", _ALL)
    for program in rows(
        "SELECT DISTINCT m.program_id FROM store_programmember m JOIN merged g ON g.loser = m.person_id ORDER BY 1"
    ):
        alone("members", program["program_id"])
    _join_identities()
    _join_memberships()
    _join_agreements()
    _join_intents()
    _fill_values()
    execute(
        "UPDATE store_problem q SET solved_at = %s FROM merged g WHERE q.person_id = g.loser AND q.solved_at IS NULL",
        (now,),
    )
    execute(
        "UPDATE store_person p SET merged_into_id = g.winner FROM merged g WHERE p.merged_into_id = g.loser"
    )
    emptied = ", ".join(f'"{name}" = NULL' for name in PERSON_FIELDS)
    execute(
        f"UPDATE store_person p SET {emptied}, custom = '{{}}', acquisition_program_id = NULL, merged_into_id = g.winner"
        " FROM merged g WHERE p.id = g.loser"
    )


def _join_identities() -> None:
    """In each org the winner keeps the own record; a loser's is taken over where the winner has none that stands."""
    table(
        "kept",
        "SELECT DISTINCT ON (b.winner, i.connection_id) i.id, b.winner FROM becoming b"
        " JOIN store_personidentity i ON i.person_id = b.person_id"
        " ORDER BY b.winner, i.connection_id, i.is_deleted, b.person_id <> b.winner, b.person_id",
    )
    # A membership that went to the bin with one of them was removed by nobody, and says nothing of the record that stands (M7.9).
    execute(
        "DELETE FROM store_agreement a USING store_link l, store_personidentity i, becoming b, kept k, store_personidentity s"
        " WHERE l.id = a.link_id AND i.connection_id = l.connection_id AND i.person_id = a.person_id AND i.is_deleted"
        " AND b.person_id = a.person_id AND k.winner = b.winner AND s.id = k.id AND s.connection_id = i.connection_id"
        " AND NOT s.is_deleted"
    )
    execute(
        "DELETE FROM store_personidentity i USING becoming b WHERE b.person_id = i.person_id"
        " AND NOT EXISTS (SELECT FROM kept k WHERE k.id = i.id)"
    )
    execute(
        "UPDATE store_personidentity i SET person_id = k.winner FROM kept k WHERE k.id = i.id AND i.person_id <> k.winner"
    )


def _join_memberships() -> None:
    table(
        "joining",
        "SELECT m.id, m.program_id, b.winner, m.status_id, s.step, m.member_since, m.reached_success_at, m.origin, m.custom,"
        " row_number() OVER (PARTITION BY m.program_id, b.winner ORDER BY b.person_id <> b.winner, m.member_since, m.id)"
        " AS place FROM becoming b JOIN store_programmember m ON m.person_id = b.person_id"
        " JOIN store_progressionstatus s ON s.id = m.status_id",
    )
    execute("DELETE FROM store_programmember m USING joining j WHERE j.id = m.id AND j.place > 1")
    execute(
        "UPDATE store_programmember m SET person_id = j.winner, status_id = j.further, member_since = j.since,"
        " reached_success_at = j.success, origin = j.first_origin FROM (SELECT program_id, winner,"
        " (array_agg(id ORDER BY place))[1] AS id, (array_agg(status_id ORDER BY step DESC, place))[1] AS further,"
        " min(member_since) AS since, min(reached_success_at) AS success,"
        " (array_agg(origin ORDER BY member_since, place))[1] AS first_origin FROM joining GROUP BY program_id, winner) j"
        " WHERE j.id = m.id"
    )
    execute(
        "UPDATE store_programmember m SET custom = f.custom || m.custom FROM (SELECT j.program_id, j.winner,"
        " jsonb_object_agg(e.key, e.value ORDER BY j.place DESC) AS custom FROM joining j, jsonb_each(j.custom) e"
        " WHERE j.place > 1 GROUP BY j.program_id, j.winner) f WHERE m.program_id = f.program_id AND m.person_id = f.winner"
    )


def _join_agreements() -> None:
    """What is agreed is what the campaign holds, where one of them agreed on that: then only the program has changed, and its
    further status goes to the campaign. Salesforce leaves one of two members, no matter which (S1.3.8)."""
    table(
        "agreeing",
        "SELECT DISTINCT ON (a.link_id, b.winner) a.link_id, b.winner, a.status, a.custom FROM becoming b"
        " JOIN store_agreement a ON a.person_id = b.person_id JOIN store_link l ON l.id = a.link_id"
        " LEFT JOIN store_personidentity i ON i.connection_id = l.connection_id AND i.person_id = b.winner"
        " LEFT JOIN store_campaignmember m ON m.connection_id = l.connection_id AND m.campaign_id = l.campaign_id"
        " AND coalesce(m.contact_id, m.lead_id) = i.salesforce_id"
        " ORDER BY a.link_id, b.winner, lower(trim(m.status)) IS DISTINCT FROM lower(trim(a.status)),"
        " b.person_id <> b.winner, b.person_id",
    )
    execute("DELETE FROM store_agreement a USING becoming b WHERE b.person_id = a.person_id")
    execute(
        "INSERT INTO store_agreement (link_id, person_id, status, custom) SELECT link_id, winner, status, custom FROM agreeing"
    )


def _join_intents() -> None:
    """What we were about to write for one of them, the winner's own first."""
    for name, key in (("store_intent", "link_id"), ("store_leadintent", "connection_id")):
        table(
            "intending",
            f"SELECT DISTINCT ON (t.{key}, b.winner) t.id, b.winner FROM becoming b JOIN {name} t ON t.person_id = b.person_id"
            f" ORDER BY t.{key}, b.winner, b.person_id <> b.winner, t.at",
        )
        execute(
            f"DELETE FROM {name} t USING becoming b WHERE b.person_id = t.person_id"
            " AND NOT EXISTS (SELECT FROM intending n WHERE n.id = t.id)"
        )
        execute(f"UPDATE {name} t SET person_id = n.winner FROM intending n WHERE n.id = t.id")


def _fill_values() -> None:
    """A loser's values where the winner has none, the longest known first; the acquisition program of who was known first."""
    first = ", ".join(
        f'(array_agg(p."{name}" ORDER BY p.id) FILTER (WHERE p."{name}" IS NOT NULL))[1] AS "{name}"'
        for name in PERSON_FIELDS
    )
    table(
        "filling",
        f"SELECT g.winner, {first} FROM merged g JOIN store_person p ON p.id = g.loser GROUP BY g.winner",
    )
    sets = ", ".join(f'"{name}" = coalesce(p."{name}", f."{name}")' for name in PERSON_FIELDS)
    execute(f"UPDATE store_person p SET {sets} FROM filling f WHERE f.winner = p.id")
    execute(
        "UPDATE store_person p SET custom = f.custom || jsonb_strip_nulls(p.custom) FROM"
        " (SELECT g.winner, jsonb_object_agg(e.key, e.value ORDER BY o.id DESC) AS custom FROM merged g"
        "  JOIN store_person o ON o.id = g.loser, jsonb_each(jsonb_strip_nulls(o.custom)) e GROUP BY g.winner) f"
        " WHERE f.winner = p.id"
    )
    execute(
        "UPDATE store_person p SET created_at = f.created_at, acquisition_program_id = f.program FROM"
        " (SELECT b.winner, min(o.created_at) AS created_at, (array_agg(o.acquisition_program_id ORDER BY o.created_at, o.id)"
        "  FILTER (WHERE o.acquisition_program_id IS NOT NULL))[1] AS program FROM becoming b"
        "  JOIN store_person o ON o.id = b.person_id GROUP BY b.winner) f WHERE f.winner = p.id"
    )
