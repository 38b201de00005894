"""Mirrors what was observed in Salesforce: rows as columns in, one merge each, unchanged rows untouched.

Called through `Ledger`. A row that the look-back brings again and that is the same writes nothing, so that the journal holds
changes only; a row that is older than the mirrored one was looked at before our own write and is dropped. Absence is recorded
from whole lists alone (S0.1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from campaignsync.domain.links import LinkState
from campaignsync.domain.observation import LIST_IDS_FROM_ROWS, Cells, Delta, WholeLists
from campaignsync.domain.people import PersonKind
from campaignsync.domain.trees import (
    CAMPAIGN_MEMBERS,
    CAMPAIGN_STATUSES,
    CAMPAIGNS,
    COUNTS,
    SALESFORCE_PEOPLE,
    Schema,
)
from campaignsync.store import cells, scope
from campaignsync.store.acting import because
from campaignsync.store.frames import bulk, execute, query, rows, table, temporary


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A mirrored table, its key among the frame's columns, and columns that need another type."""

    name: str
    schema: Schema
    key: str
    casts: tuple[tuple[str, str], ...] = ()
    kept: frozenset[str] = frozenset()
    """Columns that are not always asked for: where nothing was read, what was seen before stays."""
    counted_as: str = ""
    """The object under which its rows are counted by campaign, if they are."""


CAMPAIGN = _Table(name="store_campaign", schema=CAMPAIGNS, key="id", casts=(("actual_cost", "numeric"),))
STATUS = _Table(
    name="store_campaignmemberstatus", schema=CAMPAIGN_STATUSES, key="id", counted_as="CampaignMemberStatus"
)
MEMBER = _Table(
    name="store_campaignmember",
    schema=CAMPAIGN_MEMBERS,
    key="id",
    casts=(("custom", "jsonb"),),
    kept=frozenset({"custom"}),
    counted_as="CampaignMember",
)
PERSON = _Table(
    name="store_salesforceperson", schema=SALESFORCE_PEOPLE, key="salesforce_id", casts=(("custom", "jsonb"),)
)


def merge(connection: int, table: _Table, rows_seen: pl.DataFrame | Cells, *, only: str = "true") -> None:
    """Insert new rows, those that meet the condition `only`, and update those that differ and are no older."""
    if isinstance(rows_seen, Cells):
        _merge(connection, table, cells.read(rows_seen, table.schema, table.key), only)
        return
    if rows_seen.is_empty():
        return
    chosen = rows_seen.select(*table.schema)
    if chosen[table.key].n_unique() < chosen.height:
        chosen = chosen.unique(table.key, keep="last")
    temporary("seen", chosen)
    _merge(connection, table, "seen", only)


def _merge(connection: int, table: _Table, seen_in: str, only: str) -> None:
    """The same of rows that are there already, each key once: what to select them from."""
    casts = dict(table.casts)
    columns = [(("salesforce_id" if name == table.key else name), name) for name in table.schema]
    names = ", ".join(f'"{column}"' for column, _ in columns)
    values = ", ".join(
        f'seen."{name}"' + (f"::{casts[name]}" if name in casts else "") for _, name in columns
    )
    changing = [column for column, _ in columns if column != "salesforce_id"]
    seen = {column: f'excluded."{column}"' for column in changing}
    seen |= {column: f'coalesce(excluded."{column}", t."{column}")' for column in table.kept}
    excluded = ", ".join(seen[column] for column in changing)
    current = ", ".join(f't."{column}"' for column in changing)
    updates = ", ".join(f'"{column}" = {seen[column]}' for column in changing)
    mirrored = ", ".join(f'o."{column}"' for column in changing)
    told = ", ".join(_told(table, column) for column in changing)
    bulk(
        table.name,
        # A row that is as it was is not even touched: to find a conflict is to lock the row, which is a write.
        f"INSERT INTO {table.name} AS t (connection_id, {names}) SELECT %s, {values} FROM {seen_in} seen LEFT JOIN {table.name} o"
        f' ON o.connection_id = %s AND o.salesforce_id = seen."{table.key}" WHERE ({only})'
        f" AND (o.id IS NULL OR ({mirrored}) IS DISTINCT FROM ({told}))"
        f" ON CONFLICT (connection_id, salesforce_id) DO UPDATE SET {updates}"
        f" WHERE ({current}) IS DISTINCT FROM ({excluded})"
        " AND coalesce(excluded.system_modstamp >= t.system_modstamp, true)",
        (connection, connection),
    )


def _told(table: _Table, column: str) -> str:
    """What a column of a mirrored row (o) would become by what was seen."""
    casts = dict(table.casts)
    value = f'seen."{column}"::{casts[column]}' if column in casts else f'seen."{column}"'
    return f'coalesce({value}, o."{column}")' if column in table.kept else value


_OURS = " OR ".join(
    f"EXISTS (SELECT FROM {name} o WHERE o.connection_id = {{connection}} AND {column} = seen.salesforce_id)"
    for name, column in (
        ("store_salesforceperson", "o.salesforce_id"),
        ("store_personidentity", "o.salesforce_id"),
        ("store_campaignmember", "coalesce(o.contact_id, o.lead_id)"),
    )
)
"""Of the people who changed in an org, those who concern us: mirrored already, joined to a person, or a campaign's member."""


def mirror_delta(connection: int, delta: Delta, *, first: Collection[str]) -> None:
    """Everything that changed since the cursor, and the cursor; the caller's transaction holds it together. Of the kinds of
    people that are looked at for the first time all are members of campaigns."""
    _change_link_states(connection, delta.campaigns)
    scope.note_returning(connection, delta.campaigns)
    merge(connection, CAMPAIGN, delta.campaigns)
    scope.judge(connection)
    scope.enter_empty(connection, delta)
    merge(connection, STATUS, delta.statuses)
    merge(connection, MEMBER, delta.members, only=scope.of_members_inside(connection))
    ours = _OURS.format(connection=int(connection))
    for kind in PersonKind:
        of_kind = delta.people.filter(pl.col("kind") == kind)
        merge(connection, PERSON, of_kind, only="true" if kind in first else ours)
    _suspend_unseen(connection, delta.status_counts)
    for object_name, modstamp in delta.cursor.items():
        move_cursor(connection, object_name, modstamp)


def move_cursor(connection: int, object_name: str, modstamp: datetime) -> None:
    """The next look at an object goes on from here."""
    execute(
        "INSERT INTO store_cursor (connection_id, object_name, modstamp) VALUES (%s, %s, %s)"
        " ON CONFLICT (connection_id, object_name) DO UPDATE SET modstamp = excluded.modstamp",
        (connection, object_name, modstamp),
    )


def _change_link_states(connection: int, campaigns: pl.DataFrame) -> None:
    """A linked campaign that was deleted breaks its link, one that was set inactive pauses it (M6.9), and back again."""
    if campaigns.is_empty():
        return
    temporary("seen", campaigns.select("id", "is_active", "is_deleted"))
    for condition, state, reason in (
        (
            "s.is_deleted",
            LinkState.BROKEN,
            "The campaign was deleted in Salesforce. Undelete it there, or unlink.",
        ),
        (
            "NOT s.is_deleted AND NOT s.is_active AND (c.is_active OR c.is_deleted)",
            LinkState.PAUSED,
            "The campaign was set inactive in Salesforce. Make it active there again, or unlink.",
        ),
        ("NOT s.is_deleted AND s.is_active AND l.state IN ('paused', 'broken')", LinkState.ACTIVE, None),
    ):
        execute(
            "UPDATE store_link l SET state = %s, reason = %s FROM seen s"
            " LEFT JOIN store_campaign c ON c.connection_id = %s AND c.salesforce_id = s.id"
            f" WHERE l.connection_id = %s AND l.campaign_id = s.id AND {condition}",
            (state.value, reason, connection, connection),
        )


def _suspend_unseen(connection: int, status_counts: pl.DataFrame) -> None:
    """A linked campaign that cannot be seen any more suspends its link until it is seen again (M6.9).

    Every campaign has a status at all times (S1.2.4), so one that shows none is not empty but hidden from us.
    """
    temporary("visible", status_counts.select("campaign_id"))
    execute(
        "UPDATE store_link l SET state = %s, reason = %s WHERE l.connection_id = %s AND l.state <> 'broken'"
        " AND NOT EXISTS (SELECT FROM visible v WHERE v.campaign_id = l.campaign_id)",
        (
            LinkState.SUSPENDED.value,
            "The campaign cannot be seen any more. Give the sync user access to it again in Salesforce, or unlink.",
            connection,
        ),
    )
    execute(
        "UPDATE store_link l SET state = %s, reason = NULL WHERE l.connection_id = %s AND l.state = 'suspended'"
        " AND EXISTS (SELECT FROM visible v WHERE v.campaign_id = l.campaign_id)",
        (LinkState.ACTIVE.value, connection),
    )


def to_list(
    connection: int, table: _Table, counts: pl.DataFrame, status_counts: pl.DataFrame
) -> frozenset[str]:
    """Campaigns that hold another number of rows than the mirror; deleted and hidden ones left aside (M6.9). Of members, those
    that are coming into the filter or back from the bin, too, and those outside of the filter not (M3.4, M6.9)."""
    returning = "false" if table is STATUS else "o.scope = 'returning'"
    wanted = "true" if table is STATUS else scope.to_be_counted(connection)
    temporary("counted", counts.cast(COUNTS))  # type: ignore[arg-type]
    temporary("visible", status_counts.select("campaign_id"))
    found = rows(
        "SELECT coalesce(c.campaign_id, m.campaign_id) AS campaign_id FROM counted c FULL JOIN"
        " (SELECT campaign_id, rows FROM store_mirrorcount WHERE connection_id = %s AND object = %s) m"
        " ON m.campaign_id = c.campaign_id LEFT JOIN store_campaign o ON o.connection_id = %s"
        " AND o.salesforce_id = coalesce(c.campaign_id, m.campaign_id) WHERE (coalesce(c.rows, 0) <> coalesce(m.rows, 0)"
        f" OR {returning}) AND {wanted} AND o.is_deleted IS NOT TRUE"
        " AND EXISTS (SELECT FROM visible v WHERE v.campaign_id = coalesce(c.campaign_id, m.campaign_id))",
        (connection, table.counted_as, connection),
    )
    return frozenset(row["campaign_id"] for row in found) | (
        scope.entering(connection) if table is MEMBER else frozenset()
    )


def mirror_lists(connection: int, lists: WholeLists) -> None:
    """Whole lists: what they hold is mirrored, what they do not hold is gone. A member who went along with the person or with
    the campaign is no removal, and the journal does not call it one (M6.9, M7.9, S1.3.6, S1.3.8)."""
    merge(connection, STATUS, lists.statuses)
    merge(connection, MEMBER, lists.members)
    for name, campaigns in ((STATUS.name, lists.statuses_of), (MEMBER.name, lists.members_of)):
        absent = _absent_members(lists) if name == MEMBER.name else _not_among(lists.statuses["id"])
        went = _WENT_WITH if name == MEMBER.name else "NULL"
        found = table(
            "gone",
            f"SELECT t.id, {went} AS went FROM {name} t WHERE connection_id = %s AND campaign_id = ANY(%s) AND {absent}",
            (connection, sorted(campaigns)),
        )
        if found:
            _forget_whoever_is_gone(name)
    if lists.members_of:
        scope.returned(connection, lists.members_of)
    ask_for_people(connection, lists.members["id"])


def _forget_whoever_is_gone(name: str) -> None:
    """Take the rows of the temporary table `gone` out of a mirrored table. What was agreed on whoever went with the campaign is
    forgotten: who is still in the program is made a member again, and who was removed there meanwhile is not brought back."""
    table(
        "astray",
        "SELECT l.id AS link_id, i.person_id, i.connection_id, m.campaign_id, i.salesforce_id FROM gone g"
        " JOIN store_campaignmember m ON m.id = g.id JOIN store_personidentity i ON i.connection_id = m.connection_id"
        " AND i.salesforce_id = coalesce(m.contact_id, m.lead_id) JOIN store_link l ON l.connection_id = m.connection_id"
        " AND l.campaign_id = m.campaign_id WHERE g.went = 'campaign'",
    )
    for what in ("person", "campaign"):
        with because(f"went with the {what} in Salesforce"):
            execute(f"DELETE FROM {name} t USING gone WHERE gone.id = t.id AND gone.went = %s", (what,))
    execute(f"DELETE FROM {name} t USING gone WHERE gone.id = t.id")
    execute(
        "DELETE FROM store_agreement a USING astray s WHERE a.link_id = s.link_id AND a.person_id = s.person_id"
        " AND NOT EXISTS (SELECT FROM store_campaignmember m WHERE m.connection_id = s.connection_id"
        " AND m.campaign_id = s.campaign_id AND coalesce(m.contact_id, m.lead_id) = s.salesforce_id)"
    )


def _not_among(ids: pl.Series) -> str:
    """A condition on mirrored rows (t): they are not among these, which are made a temporary table."""
    temporary("listed", ids.to_frame("id"))
    return "NOT EXISTS (SELECT FROM listed WHERE listed.id = t.salesforce_id)"


def _absent_members(lists: WholeLists) -> str:
    """The same: they are in no list; where that was looked up already, they are among those."""
    if lists.gone is None:
        return _not_among(lists.members["id"])
    temporary("absent", pl.DataFrame({"id": lists.gone}, schema={"id": pl.String}))
    return "t.salesforce_id IN (SELECT id FROM absent)"


_WENT_WITH = (
    "CASE WHEN EXISTS (SELECT FROM store_salesforceperson p WHERE p.connection_id = t.connection_id"
    " AND p.salesforce_id IN (t.lead_id, t.contact_id) AND (p.is_deleted OR p.is_converted)) THEN 'person'"
    " WHEN EXISTS (SELECT FROM store_campaign c WHERE c.connection_id = t.connection_id AND c.salesforce_id = t.campaign_id"
    " AND c.scope = 'returning') THEN 'campaign' END"
)


_OF_KINDS = {
    frozenset(PersonKind): "true",
    frozenset({PersonKind.LEAD}): "m.contact_id IS NULL",
    frozenset({PersonKind.CONTACT}): "m.contact_id IS NOT NULL",
    frozenset[PersonKind](): "false",
}


def ask_for_people(
    connection: int, members: pl.Series | None = None, kinds: Collection[PersonKind] = tuple(PersonKind)
) -> None:
    """Whoever of these kinds is one of these members, or any, and was never seen is looked up one by one: people are read when
    they change, and somebody may have been a lead for years."""
    these = "true"
    if members is not None:
        temporary("asking", members.to_frame("id"))
        these = "m.salesforce_id IN (SELECT id FROM asking)"
    execute(
        "INSERT INTO store_salesforceperson (connection_id, salesforce_id, kind) SELECT DISTINCT m.connection_id, w.id, w.kind"
        " FROM store_campaignmember m CROSS JOIN LATERAL (SELECT coalesce(m.contact_id, m.lead_id) AS id,"
        " CASE WHEN m.contact_id IS NULL THEN 'lead' ELSE 'contact' END AS kind) w"
        # A kind is told by a column whose nulls the planner has counted: of a CASE it would believe that one in 200 fits.
        f" WHERE m.connection_id = %s AND w.id IS NOT NULL AND ({_OF_KINDS[frozenset(kinds)]}) AND {these}"
        " AND NOT EXISTS (SELECT FROM store_salesforceperson p WHERE p.connection_id = m.connection_id"
        " AND p.salesforce_id = w.id)",
        (connection,),
    )


def vanished(connection: int, lists: WholeLists) -> list[str]:
    """The leads and contacts whose members are not in whole lists any more."""
    found = query(
        "SELECT DISTINCT coalesce(t.contact_id, t.lead_id) AS salesforce_id FROM store_campaignmember t"
        f" WHERE t.connection_id = %s AND t.campaign_id = ANY(%s) AND {_absent_members(lists)}"
        " AND coalesce(t.contact_id, t.lead_id) IS NOT NULL",
        (connection, sorted(lists.members_of)),
        {"salesforce_id": pl.String},
    )
    return found["salesforce_id"].to_list()


def big_campaigns(connection: int, campaigns: Collection[str]) -> frozenset[str]:
    """Of these campaigns, those of which very many members are mirrored."""
    found = rows(
        "SELECT campaign_id FROM store_mirrorcount WHERE connection_id = %s AND object = %s AND campaign_id = ANY(%s)"
        " AND rows >= %s",
        (connection, MEMBER.counted_as, sorted(campaigns), LIST_IDS_FROM_ROWS),
    )
    return frozenset(row["campaign_id"] for row in found)


def compare_members(connection: int, campaign: str, ids: Iterable[Cells]) -> tuple[list[str], list[str]]:
    """Of these members of a campaign those that are not mirrored, and the mirrored ones that are not among them."""
    cells.listed(ids, "listed")
    found = query(
        "SELECT listed.id, t.salesforce_id FROM listed FULL JOIN (SELECT salesforce_id FROM store_campaignmember"
        " WHERE connection_id = %s AND campaign_id = %s) t ON t.salesforce_id = listed.id"
        " WHERE listed.id IS NULL OR t.salesforce_id IS NULL",
        (connection, campaign),
        {"id": pl.String, "salesforce_id": pl.String},
    )
    return found["id"].drop_nulls().to_list(), found["salesforce_id"].drop_nulls().to_list()


def mirror_people(connection: int, people: pl.DataFrame, asked: Collection[str]) -> None:
    """People who were looked up; whoever was asked for by id and is not there is gone for good."""
    merge(connection, PERSON, people)
    gone = sorted(set(asked) - set(people["salesforce_id"]))
    execute(
        "UPDATE store_salesforceperson SET is_deleted = true WHERE connection_id = %s AND salesforce_id = ANY(%s)",
        (connection, gone),
    )


def known_people(connection: int, ids: list[str]) -> frozenset[str]:
    """Of these leads and contacts, those that a person of ours is joined to."""
    schema = {"salesforce_id": pl.String}
    found = query(
        "SELECT salesforce_id FROM store_personidentity WHERE connection_id = %s AND salesforce_id = ANY(%s)",
        (connection, ids),
        schema,
    )
    return frozenset(found["salesforce_id"])
