"""Follows what became of people in Salesforce: converted, merged, deleted, undeleted (M7.7–M7.9, S1.3.6–S1.3.8).

Called by the ledger at the end of each look, inside a transaction of `acting`. It compares whom people are joined to with what
the mirror says of those records, so that a look that died in between is made good by the next. Nobody is lost and nobody becomes
two: a person follows the record to where it went, and where two people arrive at one record they are one person.
"""

from __future__ import annotations

from datetime import datetime

from campaignsync.domain.problems import RECORD_PROBLEMS, Direction
from campaignsync.store.acting import alone
from campaignsync.store.frames import execute, query, rows, table
from campaignsync.store.journal import note
from campaignsync.store.merging import merge_people
from campaignsync.store.person_fields import TAKEN_OVER
from campaignsync.store.problems import keep, people_of

_GONE_ON = "(p.is_converted OR p.master_record_id IS NOT NULL)"
_SUCCESSOR = "coalesce(p.master_record_id, p.converted_contact_id)"
_JOINED = (
    "store_personidentity i JOIN store_salesforceperson p ON p.connection_id = i.connection_id"
    " AND p.salesforce_id = i.salesforce_id WHERE i.connection_id = %s"
)


def follow(connection: int, now: datetime) -> list[str]:
    """Bring people to where their records went; ids of records that nobody has seen yet and that are to be looked up."""
    alone("people")
    landing = table(
        "landing",
        "WITH RECURSIVE way AS (SELECT i.person_id, i.salesforce_id AS old_id, i.salesforce_id AS new_id, 0 AS steps, '' AS how"
        f" FROM {_JOINED} AND {_GONE_ON} UNION ALL SELECT w.person_id, w.old_id, {_SUCCESSOR}, w.steps + 1,"
        " CASE WHEN p.master_record_id IS NULL THEN 'converted' ELSE 'merged' END FROM way w JOIN store_salesforceperson p"
        f" ON p.connection_id = %s AND p.salesforce_id = w.new_id AND {_GONE_ON} AND {_SUCCESSOR} IS NOT NULL"
        " WHERE w.steps < 20) SELECT DISTINCT ON (person_id) person_id, old_id, new_id, how FROM way WHERE steps > 0"
        " ORDER BY person_id, steps DESC",
        (connection, connection),
    )
    if landing:
        land(connection, now)
    _fill_contacts(connection)
    _flag_deleted(connection)
    return _unseen(connection)


def land(connection: int, now: datetime) -> None:
    """Move the people of the temporary table `landing` (person_id, old_id, new_id, how) to their new records; where several
    arrive, or somebody is there already, they become one person: whoever has the record, else whom we know longest."""
    table(
        "merged",
        "SELECT person_id AS loser, winner FROM (SELECT l.person_id, coalesce(i.person_id,"
        " min(l.person_id) OVER (PARTITION BY l.new_id)) AS winner FROM landing l LEFT JOIN store_personidentity i"
        " ON i.connection_id = %s AND i.salesforce_id = l.new_id) arriving WHERE person_id <> winner",
        (connection,),
    )
    _keep_apart(connection, now)
    note(
        "SELECT 'campaign' AS side, %s AS connection_id, person_id, 'person' AS noun, new_id AS record_id, old_id AS old,"
        " new_id AS new, how || ' in Salesforce' AS why FROM landing",
        (connection,),
    )
    _forget_unless_members(
        connection,
        "SELECT l.person_id, l.new_id AS salesforce_id FROM landing l JOIN store_personidentity i"
        " ON i.connection_id = %s AND i.person_id = l.person_id AND i.is_deleted",
        (connection,),
    )
    execute(
        "UPDATE store_personidentity i SET salesforce_id = l.new_id, is_deleted = false, changes = i.changes + 1,"
        f" agreed = CASE WHEN l.how = 'merged' THEN {TAKEN_OVER} ELSE i.agreed END,"
        " kind = CASE WHEN l.new_id LIKE '003%%' THEN 'contact' ELSE 'lead' END FROM landing l WHERE i.connection_id = %s"
        " AND i.person_id = l.person_id AND NOT EXISTS (SELECT FROM merged g WHERE g.loser = l.person_id)",
        (connection,),
    )
    execute(
        "DELETE FROM store_personidentity i USING merged g WHERE i.connection_id = %s AND i.person_id = g.loser",
        (connection,),
    )
    execute(
        "INSERT INTO store_salesforceperson (connection_id, salesforce_id, kind) SELECT DISTINCT %s::bigint, new_id,"
        " CASE WHEN new_id LIKE '003%%' THEN 'contact' ELSE 'lead' END FROM landing ON CONFLICT DO NOTHING",
        (connection,),
    )
    if rows("SELECT 1 FROM merged LIMIT 1"):
        merge_people(now)


def _keep_apart(connection: int, now: datetime) -> None:
    """Whom another org knows as two different records stay two, until they are merged there as well (M2.4)."""
    apart = query(
        "SELECT DISTINCT l.person_id, 'PEOPLE_APART' AS code, format('%%s was %%s into %%s in Salesforce, but in connection %%s"
        " the two are different records: make them one there as well.', l.old_id, l.how, l.new_id, t.name) AS message,"
        " l.new_id AS wanted, false AS retriable FROM (SELECT i.connection_id, g.loser, row_number() OVER"
        " (PARTITION BY i.connection_id, coalesce(g.winner, i.person_id) ORDER BY g.loser NULLS FIRST) AS place"
        " FROM store_personidentity i LEFT JOIN merged g ON g.loser = i.person_id WHERE i.connection_id <> %s"
        " AND NOT i.is_deleted AND (g.loser IS NOT NULL OR i.person_id IN (SELECT winner FROM merged))) s"
        " JOIN landing l ON l.person_id = s.loser JOIN store_connection t ON t.id = s.connection_id WHERE s.place > 1",
        (connection,),
        RECORD_PROBLEMS,
    )
    if not apart.is_empty():
        keep(people_of(connection), apart, Direction.FROM_SALESFORCE, now)
        people = apart["person_id"].to_list()
        execute("DELETE FROM merged WHERE loser = ANY(%s)", (people,))
        execute("DELETE FROM landing WHERE person_id = ANY(%s)", (people,))


def _fill_contacts(connection: int) -> None:
    """Should a converted lead's member name no contact, it is the contact's all the same, unless that has a row (S1.3.7)."""
    execute(
        "UPDATE store_campaignmember m SET contact_id = p.converted_contact_id FROM store_salesforceperson p"
        " WHERE p.connection_id = %s AND p.is_converted AND p.converted_contact_id IS NOT NULL"
        " AND m.connection_id = p.connection_id AND coalesce(m.contact_id, m.lead_id) = p.salesforce_id"
        " AND NOT EXISTS (SELECT FROM store_campaignmember o WHERE o.connection_id = m.connection_id"
        " AND o.campaign_id = m.campaign_id AND coalesce(o.contact_id, o.lead_id) = p.converted_contact_id)",
        (connection,),
    )


def _flag_deleted(connection: int) -> None:
    """Note who was deleted, and who is back."""
    _turn(connection, "p.is_deleted AND NOT i.is_deleted", "deleted in Salesforce")
    _turn(connection, "i.is_deleted AND NOT coalesce(p.is_deleted, true)", "undeleted in Salesforce")
    _forget_unless_members(connection, "SELECT person_id, salesforce_id FROM turned")


def _forget_unless_members(connection: int, back: str, parameters: tuple[int, ...] = ()) -> None:
    """A membership that did not come back with its person is to be made anew: what was agreed on it is forgotten, so that
    nobody takes it for removed (M7.9). `back` selects who is back, and under which record: person_id, salesforce_id."""
    execute(
        f"DELETE FROM store_agreement a USING ({back}) t, store_link l WHERE a.person_id = t.person_id AND l.id = a.link_id"
        " AND l.connection_id = %s AND NOT EXISTS (SELECT FROM store_campaignmember m WHERE m.connection_id = l.connection_id"
        " AND m.campaign_id = l.campaign_id AND coalesce(m.contact_id, m.lead_id) = t.salesforce_id)",
        (*parameters, connection),
    )


def _turn(connection: int, condition: str, why: str) -> None:
    """Turn the flag of those of whom the mirror says otherwise; they are in the temporary table `turned` then."""
    if not table(
        "turned", f"SELECT i.id, i.person_id, i.salesforce_id FROM {_JOINED} AND {condition}", (connection,)
    ):
        return
    execute("UPDATE store_personidentity i SET is_deleted = NOT i.is_deleted FROM turned t WHERE t.id = i.id")
    note(
        "SELECT 'campaign' AS side, %s AS connection_id, person_id, 'person' AS noun, salesforce_id AS record_id, NULL AS old,"
        " NULL AS new, %s AS why FROM turned",
        (connection, why),
    )


def _unseen(connection: int) -> list[str]:
    found = rows(
        "SELECT salesforce_id FROM store_salesforceperson WHERE connection_id = %s AND system_modstamp IS NULL"
        " AND is_deleted IS NULL",
        (connection,),
    )
    return [row["salesforce_id"] for row in found]
