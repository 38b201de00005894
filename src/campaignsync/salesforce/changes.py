"""What changed in an org since a cursor, for all links together, in two calls when nothing did (design: what costs what).

Used by `org`. A delta looks back ten minutes behind the latest SystemModstamp seen, since rows appear behind it (S0.16, section
2.8); the store drops what it has seen already. Somebody who was a lead for years and joined a campaign today has no new
SystemModstamp, so that the people of changed members are read with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import polars as pl

from campaignsync.domain.observation import CURSOR_OBJECTS, Cursor, Delta
from campaignsync.domain.trees import COUNTS
from campaignsync.salesforce.fields import PEOPLE, STATUS
from campaignsync.salesforce.pages import Record
from campaignsync.salesforce.reading import Query, Reader
from campaignsync.salesforce.soql import moment, text

LOOK_BACK = timedelta(minutes=10)
_GROUPS_A_PAGE = 2000  # Aggregate queries have no further pages (S2.2.5).


def changes_since(reader: Reader, cursor: Cursor) -> Delta:
    """All rows changed since the cursor less the look-back, and the counts by campaign."""
    # All standard fields that the user sees: the currency is among them where an org has several.
    of_campaigns = _delta("Campaign", ["FIELDS(STANDARD)"], cursor, deleted_too=True)
    of_statuses = _delta("CampaignMemberStatus", STATUS.values(), cursor)
    counted = [_counted("CampaignMemberStatus"), _counted("CampaignMember")]
    firsts = reader.ask([of_campaigns, of_statuses, *counted], describing=True)
    campaigns = reader.rows(of_campaigns, next(firsts))
    statuses = reader.rows(of_statuses, next(firsts))
    status_counts = _counts(reader, "CampaignMemberStatus", next(firsts))
    member_counts = _counts(reader, "CampaignMember", next(firsts))
    members, people = _members_and_people(reader, cursor)
    seen = {"Campaign": campaigns, "CampaignMemberStatus": statuses, "CampaignMember": members}
    seen |= {kind: people.filter(kind=kind.lower()) for kind in PEOPLE}
    return Delta(
        campaigns=campaigns,
        statuses=statuses,
        members=members,
        people=people,
        member_counts=member_counts,
        status_counts=status_counts,
        cursor=_moved(cursor, seen),
        lost_fields=reader.member_field_faults(),
        cost_scale=reader.cost_scale(),
        fields_read=frozenset(each.field.name for each in reader.layouts["CampaignMember"].members.values()),
    )


def _members_and_people(reader: Reader, cursor: Cursor) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Changed members; the people of changed members; and all people who changed or are gone, since whoever left every campaign
    may still be ours, or come back from the bin. The first look reads those who are in campaigns."""
    wanted = {kind: reader.person_fields(kind) for kind in PEOPLE}
    # The first look reads all people in campaigns anyhow, and once each.
    of_members = [f"{kind}.{path}" for kind in wanted for path in wanted[kind]] if cursor else []
    queries = [
        _delta("CampaignMember", [*reader.member_columns(), *of_members], cursor),
        *(
            _delta(
                kind,
                fields,
                cursor,
                condition="" if kind in cursor else _IN_CAMPAIGNS[kind],
                deleted_too=kind in cursor,
            )
            for kind, fields in wanted.items()
        ),
    ]
    firsts = reader.ask(queries)
    pages = reader.pages(queries[0], next(firsts))
    members = [(page.rows("CampaignMember"), *map(page.related, PEOPLE)) for page in pages]
    people = [reader.rows(query, first) for query, first in zip(queries[1:], firsts, strict=True)]
    everybody = pl.concat([*(each for _, *related in members for each in related), *people])
    return (
        pl.concat([each for each, *_ in members]),
        # People themselves were read last, and that is how things stand.
        everybody.unique("salesforce_id", keep="last", maintain_order=True),
    )


_IN_CAMPAIGNS = {
    kind: f"Id IN (SELECT {kind}Id FROM CampaignMember WHERE {kind}Id != null)" for kind in PEOPLE
}


def _delta(
    of: str, fields: Iterable[str], cursor: Cursor, *, condition: str = "", deleted_too: bool = False
) -> Query:
    conditions = [condition] if condition else []
    if of in cursor:
        conditions.append(f"SystemModstamp >= {moment(cursor[of] - LOOK_BACK)}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    soql = f"SELECT {', '.join(fields)} FROM {of}{where}"
    return Query(of=of, soql=soql, order="SystemModstamp, Id", deleted_too=deleted_too)


def _counted(of: str, *, after: str = "") -> Query:
    beyond = f"CampaignId > {text(after)}" if after else "CampaignId != null"
    return Query(
        of=of,
        soql=f"SELECT CampaignId, COUNT(Id) found FROM {of} WHERE {beyond}"
        f" GROUP BY CampaignId ORDER BY CampaignId LIMIT {_GROUPS_A_PAGE}",
    )


def _counts(reader: Reader, of: str, first: Record) -> pl.DataFrame:
    """How many rows of an object each campaign has (COUNTS); a page follows where the last was full."""
    groups = page = list(first["records"])
    while len(page) == _GROUPS_A_PAGE:
        page = reader.records(_counted(of, after=page[-1]["CampaignId"]).soql)
        groups = groups + page
    return pl.DataFrame(
        [(group["CampaignId"], group["found"]) for group in groups], schema=COUNTS, orient="row"
    )


def _moved(cursor: Cursor, seen: dict[str, pl.DataFrame]) -> Cursor:
    """The cursor at the latest row of each object, never moved back."""
    moved = dict(cursor)
    for name in CURSOR_OBJECTS:
        latest = seen[name]["system_modstamp"].max()
        if isinstance(latest, datetime):
            moved[name] = max(latest, moved.get(name, latest))
    return moved
