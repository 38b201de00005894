"""Mirrors what was observed, as `store.mirror` does: unchanged rows untouched, older ones dropped, absence from whole lists.

Called by the twin's ledger, which has said who acts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal

import polars as pl

from campaignsync.domain.links import LinkState
from campaignsync.domain.observation import Delta, WholeLists
from campaignsync.domain.trees import (
    CAMPAIGN_MEMBERS,
    CAMPAIGN_STATUSES,
    CAMPAIGNS,
    SALESFORCE_PEOPLE,
)
from simulation.memory import scope
from simulation.memory.people import kind_of, unseen_row
from simulation.memory.tables import Key, Row, Tables, who_is

_DELETED = "The campaign was deleted in Salesforce. Undelete it there, or unlink."
_INACTIVE = "The campaign was set inactive in Salesforce. Make it active there again, or unlink."
_HIDDEN = (
    "The campaign cannot be seen any more. Give the sync user access to it again in Salesforce, or unlink."
)


def look(tables: Tables, connection: int, delta: Delta) -> None:
    """Everything that changed since the cursor, and the cursor."""
    first, org = not tables.cursors.get(connection), tables.connections[connection]
    if delta.cost_scale is not None and delta.cost_scale != org.cost_scale:
        org.cost_scale = delta.cost_scale
        tables.mark(link for link in tables.links.values() if link.connection == connection)
    _link_states(tables, connection, delta.campaigns)
    scope.note_returning(tables, connection, delta.campaigns)
    merge_campaigns(tables, connection, delta.campaigns)
    scope.judge(tables, connection)
    scope.enter_empty(tables, connection, delta)
    merge_statuses(tables, connection, delta.statuses)
    merge_members(tables, connection, _inside(tables, connection, delta.members))
    merge_people(tables, connection, delta.people, only=None if first else lambda who: ours(tables, who))
    _suspend_unseen(tables, connection, set(delta.status_counts["campaign_id"]))
    tables.cursors.setdefault(connection, {}).update(delta.cursor)


def _inside(tables: Tables, connection: int, members: pl.DataFrame) -> pl.DataFrame:
    """Those of members whose campaigns the filter lets in (M3.4)."""
    if not tables.scopes and not tables.connections[connection].mirror_filter.narrows:
        return members
    return members.filter([scope.is_inside(tables, connection, each) for each in members["campaign_id"]])


def merge(
    table: dict[Key, Row], connection: int, frame: pl.DataFrame, schema: Collection[str], key: str
) -> list[tuple[Row | None, Row]]:
    """Insert new rows and update those that differ and are no older; (before, after) of each that was."""
    if frame.is_empty():
        return []
    seen = {row[key]: row for row in (frame if frame.width == len(schema) else frame[[*schema]]).to_dicts()}
    changed = []
    for number, row in seen.items():
        before = table.get((connection, number))
        if before is None:
            table[connection, number] = row
            changed.append((None, row))
        elif before != row and _no_older(before, row):
            table[connection, number] = row
            changed.append((before, row))
    return changed


def _no_older(before: Row, row: Row) -> bool:
    old, new = before["system_modstamp"], row["system_modstamp"]
    return old is None or new is None or new >= old


def merge_campaigns(tables: Tables, connection: int, frame: pl.DataFrame) -> None:
    for before, row in merge(tables.campaigns, connection, frame, CAMPAIGNS, "id"):
        cost = row["actual_cost"]
        row["actual_cost"] = None if cost is None else Decimal(cost)
        if _differ(before, row, _STAMPS):
            tables.mark(tables.links_of_campaign(connection, row["id"]), [])


_STAMPS = ("system_modstamp", "last_modified_by_id")
_GONE_ON = ("is_deleted", "is_converted", "converted_contact_id", "master_record_id")


def _differ(before: Row | None, row: Row, moot: Collection[str]) -> bool:
    return before is None or any(before[name] != row[name] for name in row if name not in moot)


def merge_statuses(tables: Tables, connection: int, frame: pl.DataFrame) -> None:
    for before, row in merge(tables.statuses, connection, frame, CAMPAIGN_STATUSES, "id"):
        if _differ(before, row, _STAMPS):
            tables.mark(tables.links_of_campaign(connection, row["campaign_id"]))


def merge_members(tables: Tables, connection: int, frame: pl.DataFrame) -> None:
    for before, row in merge(tables.members, connection, frame, CAMPAIGN_MEMBERS, "id"):
        if before is not None and (before["lead_id"], before["contact_id"]) != (
            row["lead_id"],
            row["contact_id"],
        ):
            tables.doubt_member(connection, row["campaign_id"], who_is(before), who_is(row))
        tables.campaign_changed(connection, row, before["status"] if before else None, row["status"])


def merge_people(
    tables: Tables, connection: int, frame: pl.DataFrame, *, only: Callable[[Key], bool] | None = None
) -> None:
    wanted = frame
    if only is not None and not frame.is_empty():
        wanted = frame.filter([only((connection, each)) for each in frame["salesforce_id"]])
    for before, row in merge(
        tables.salesforce_people, connection, wanted, SALESFORCE_PEOPLE, "salesforce_id"
    ):
        if before is not None:
            tables.salesforce_person_changed(connection, before, row)
        if ((before is None or before["system_modstamp"] is None) and row["system_modstamp"] is not None) or (
            before is not None and any(before[name] != row[name] for name in _GONE_ON)
        ):
            tables.mark_record(connection, row["salesforce_id"])


def ours(tables: Tables, who: Key) -> bool:
    """Whether a lead or contact concerns us: mirrored already, joined to a person, or a campaign's member."""
    connection, number = who
    return (
        who in tables.salesforce_people
        or tables.joined(connection, number) is not None
        or any(of == connection and who_is(row) == number for (of, _), row in tables.members.items())
    )


def _link_states(tables: Tables, connection: int, campaigns: pl.DataFrame) -> None:
    told = (campaigns[name].to_list() for name in ("id", "is_active", "is_deleted"))
    seen = {number: (active, deleted) for number, active, deleted in zip(*told, strict=True)}
    links = [
        link for link in tables.links.values() if link.connection == connection and link.campaign_id in seen
    ]
    for link in links:
        (active, deleted), known = (
            seen[link.campaign_id],
            tables.campaigns.get((connection, link.campaign_id)),
        )
        if deleted:
            tables.set_state(link, LinkState.BROKEN, _DELETED)
        elif not active:
            if known and (known["is_active"] or known["is_deleted"]):
                tables.set_state(link, LinkState.PAUSED, _INACTIVE)
        elif link.state in (LinkState.PAUSED, LinkState.BROKEN):
            tables.set_state(link, LinkState.ACTIVE, None)


def _suspend_unseen(tables: Tables, connection: int, visible: set[str]) -> None:
    for link in tables.links.values():
        if link.connection != connection:
            continue
        if link.campaign_id not in visible and link.state is not LinkState.BROKEN:
            tables.set_state(link, LinkState.SUSPENDED, _HIDDEN)
        elif link.campaign_id in visible and link.state is LinkState.SUSPENDED:
            tables.set_state(link, LinkState.ACTIVE, None)


def to_list(
    tables: Tables, connection: int, table: dict[Key, Row], counts: pl.DataFrame, visible: pl.DataFrame
) -> frozenset[str]:
    """Campaigns that hold another number of rows than the mirror; deleted and hidden ones left aside."""
    counted = dict(counts.rows())
    mirrored: dict[str, int] = {}
    for (of, _), row in table.items():
        if of == connection:
            mirrored[row["campaign_id"]] = mirrored.get(row["campaign_id"], 0) + 1
    seen = set(visible["campaign_id"])
    of_members = table is tables.members
    coming = scope.entering(tables, connection) if of_members else frozenset()
    returning = scope.returning(tables, connection) if of_members else frozenset()
    return coming | frozenset(
        campaign
        for campaign in counted.keys() | mirrored.keys()
        if (counted.get(campaign, 0) != mirrored.get(campaign, 0) or campaign in returning)
        and campaign in seen
        and (not of_members or scope.is_inside(tables, connection, campaign))
        and not tables.campaigns.get((connection, campaign), {}).get("is_deleted")
    )


def mirror_lists(tables: Tables, connection: int, lists: WholeLists, *, silently: bool = False) -> None:
    """What whole lists hold is mirrored, what they do not hold is gone; of a campaign that comes in, without a word."""
    merge_statuses(tables, connection, lists.statuses)
    merge_members(tables, connection, lists.members)
    for member in lists.members.to_dicts():
        if who := who_is(member):
            tables.salesforce_people.setdefault((connection, who), unseen_row(who, kind_of(who)))
    listed = set(lists.statuses["id"])
    for key in [key for key, row in tables.statuses.items() if key[0] == connection]:
        campaign = tables.statuses[key]["campaign_id"]
        if campaign in lists.statuses_of and key[1] not in listed:
            del tables.statuses[key]
            tables.mark(tables.links_of_campaign(connection, campaign))
    unlisted = [(key, _went_with(tables, connection, key)) for key in _unlisted(tables, connection, lists)]
    for went in ("person", "campaign", None):
        for key in [key for key, with_what in unlisted if with_what == went]:
            _forget_member(tables, key, went, silently=silently)
    scope.entered(tables, connection, scope.returning(tables, connection) & lists.members_of)


def _forget_member(tables: Tables, key: Key, went: str | None, *, silently: bool) -> None:
    """Somebody is in no list any more. Of whoever went with the campaign nothing is agreed from now on."""
    row = tables.members[key]
    if silently:
        del tables.members[key]
        return
    with tables.because(f"went with the {went} in Salesforce" if went else tables.acting.why):
        tables.remove_member(key)
    person = tables.person_of(key[0], who_is(row))
    still = any(who_is(each) == who_is(row) for each in tables.of_campaign(key[0], row["campaign_id"]))
    if went == "campaign" and person is not None and not still:
        for link in tables.links_of_campaign(key[0], row["campaign_id"]):
            link.agreed.pop(person, None)


def _went_with(tables: Tables, connection: int, key: Key) -> str | None:
    """Why somebody is in no list any more, unless somebody removed them."""
    member = tables.members[key]
    if _person_is_gone(tables, connection, member):
        return "person"
    return "campaign" if member["campaign_id"] in scope.returning(tables, connection) else None


def _unlisted(tables: Tables, connection: int, lists: WholeLists) -> list[Key]:
    listed = set(lists.members["id"])
    return [
        key
        for key, row in tables.members.items()
        if key[0] == connection
        and row["campaign_id"] in lists.members_of
        and (key[1] not in listed if lists.gone is None else key[1] in lists.gone)
    ]


def _person_is_gone(tables: Tables, connection: int, member: Row) -> bool:
    people = (tables.salesforce_people.get((connection, member[name])) for name in ("lead_id", "contact_id"))
    return any(person and (person["is_deleted"] or person["is_converted"]) for person in people)


def vanished(tables: Tables, connection: int, lists: WholeLists) -> list[str]:
    """The leads and contacts whose members are not in whole lists any more."""
    people = (who_is(tables.members[key]) for key in _unlisted(tables, connection, lists))
    return list(dict.fromkeys(who for who in people if who))


def mirror_people(tables: Tables, connection: int, people: pl.DataFrame, asked: Collection[str]) -> None:
    """People who were looked up; whoever was asked for by id and is not there is gone for good."""
    merge_people(tables, connection, people)
    for number in sorted(set(asked) - set(people["salesforce_id"])):
        row = tables.salesforce_people.get((connection, number))
        if row is not None:
            tables.salesforce_people[connection, number] = {**row, "is_deleted": True}
            if row["is_deleted"] is not True:
                tables.mark_record(connection, number)
