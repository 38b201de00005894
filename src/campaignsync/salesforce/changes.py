"""What changed in an org since a cursor, for all links together, in two calls when nothing did (design: what costs what).

Used by `org`. A delta looks back ten minutes behind the look before it, since rows appear behind what was seen (S0.16, section
2.8); the store drops what it has seen already. When that look was is told by the org's own clock, which stamps its rows; else a
large write would come again with every look until something newer happens. Somebody who was a lead for years and joined a
campaign today has no new SystemModstamp, so that the people of changed members are read with them.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from campaignsync.domain.errors import UsageError
from campaignsync.domain.mirror_filter import EVERYTHING, MirrorScope
from campaignsync.domain.observation import CURSOR_OBJECTS, Cursor, Delta, FirstPage, ReadPlace
from campaignsync.domain.trees import COUNTS
from campaignsync.salesforce.beforehand import ACTIVE_RULE, PEOPLE_WITH_EMAILS
from campaignsync.salesforce.fields import PEOPLE, STATUS, frame
from campaignsync.salesforce.pages import Record
from campaignsync.salesforce.reading import Reader, condition
from campaignsync.salesforce.soql import Query, in_address, listed, moment, text
from campaignsync.salesforce.wire import MOST_QUERIES

LOOK_BACK = timedelta(minutes=10)
_MEMBER = "CampaignMember"
_COUNTED = ("CampaignMemberStatus", _MEMBER)
_LONGEST_CONDITION = 8_000
"""Bytes of an address; the fields of a query take under 2,000 (LONGEST_ADDRESS)."""
_GROUPS_A_PAGE = 2000  # Aggregate queries have no further pages (S2.2.5).


def changes_since(
    reader: Reader,
    cursor: Cursor,
    bounds: Sequence[str] = (),
    most: int | None = None,
    scope: MirrorScope = EVERYTHING,
) -> Delta:
    """All rows changed since the cursor less the look-back, and the counts by campaign, parted at `bounds`. Of an object without
    a cursor that has at least `most` rows nothing is read; `first_read` is for those."""
    # All standard fields that the user sees: the currency is among them where an org has several.
    of_campaigns = _delta("Campaign", ["FIELDS(STANDARD)"], cursor, deleted_too=True)
    of_statuses = _delta("CampaignMemberStatus", STATUS.values(), cursor)
    counted = [
        Group(of=of, after=after, up_to=up_to)
        for of in _COUNTED
        for after, up_to in zip(("", *bounds), (*bounds, ""), strict=True)
    ]
    now, later = counted[: MOST_QUERIES - 2], counted[MOST_QUERIES - 2 :]
    # People are looked for by their addresses after a first look, and made; where there is room, that is prepared for.
    asked = reader.beforehand
    asked.forget()
    aside = () if cursor or len(now) == MOST_QUERIES - 2 else (ACTIVE_RULE,)
    # Describes ride in the first call, and say which fields of people the second may ask for.
    firsts = reader.ask([of_campaigns, of_statuses, *(each.query for each in now), *aside], describing=True)
    first = next(firsts)
    looked_at = reader.asked_at
    campaigns = reader.campaigns(of_campaigns, first)
    statuses = reader.rows(of_statuses, next(firsts))
    groups = list(zip(now, itertools.islice(firsts, len(now)), strict=True))
    asked.note(aside, firsts)
    queries = [] if _nobody_there(cursor, groups, later) else _of_members_and_people(reader, cursor, scope)
    counting = PEOPLE_WITH_EMAILS if queries and not cursor and not later else ()
    # Of what is to be read by a bulk job no more is asked for than tells so: an org need not gather a million rows for a page.
    bounded = [each if each.of in cursor else replace(each, limit=most) for each in queries]
    firsts = reader.ask([*bounded, *counting, *(each.query for each in later)])
    pages = dict(zip(queries, itertools.islice(firsts, len(queries)), strict=True))
    asked.note(counting, itertools.islice(firsts, len(counting)))
    unread = [each for each, first in pages.items() if each.of not in cursor and first["totalSize"] == most]
    members, people, latest_people = _members_and_people(
        reader, {each: pages[each] for each in queries if each not in unread}
    )
    groups += zip(later, firsts, strict=True)
    status_counts, member_counts = _counts(reader, groups)
    seen = {"Campaign": campaigns, "CampaignMemberStatus": statuses, "CampaignMember": members}
    latest = {of: rows["system_modstamp"].max() for of, rows in seen.items()} | latest_people
    return Delta(
        campaigns=campaigns,
        statuses=statuses,
        members=members,
        people=people,
        member_counts=member_counts,
        status_counts=status_counts,
        cursor=_moved(cursor, latest, {each.of for each in unread}, looked_at),
        lost_fields=reader.member_field_faults(),
        cost_scale=reader.cost_scale(),
        unread=tuple(each.of for each in unread),
        person_fields=reader.person_field_mapping,
        fields_read=frozenset(each.field.name for each in reader.layouts["CampaignMember"].members.values()),
    )


def _nobody_there(cursor: Cursor, groups: Iterable[tuple[Group, Record]], later: Collection[Group]) -> bool:
    """Whether a first look has seen already that no campaign has a member: then it has no people to read either."""
    members = [first["records"] for group, first in groups if group.of == _MEMBER]
    return not cursor and not later and not any(members)


def _of_members_and_people(reader: Reader, cursor: Cursor, scope: MirrorScope) -> list[Query]:
    """Changed members with their people; and all people who changed or are gone, since whoever left every campaign may still be
    ours, or come back from the bin. The first look reads those who are in campaigns of the filter; later looks read whoever
    changed, since a campaign that leaves and comes back between two calls of a look would hide a change from it."""
    inside = _inside(reader, scope)
    wanted = {kind: reader.person_fields(kind) for kind in PEOPLE}
    # The first look reads all people in campaigns anyhow, and once each.
    of_members = [f"{kind}.{path}" for kind in wanted for path in wanted[kind]] if cursor else []
    return [
        _delta(
            "CampaignMember",
            [*reader.member_columns(), *of_members],
            cursor,
            condition="" if "CampaignMember" in cursor else inside,
        ),
        *(
            _delta(
                kind,
                fields,
                cursor,
                condition="" if kind in cursor else _in_campaigns(kind, inside),
                deleted_too=kind in cursor,
            )
            for kind, fields in wanted.items()
        ),
    ]


def first_read(
    reader: Reader, of: str, place: ReadPlace | None, scope: MirrorScope = EVERYTHING
) -> Iterator[FirstPage]:
    """All rows of an object page by page, from a place on where there is one of the same query. The first page is empty: it only
    tells where the rows will be. A job that Salesforce has forgotten is made anew; rows that come twice do no harm."""
    wanted = next(each for each in _of_members_and_people(reader, {}, scope) if each.of == of)
    if place is None or place.query != wanted.soql:
        job, began = reader.begin(wanted)
        # What is changed after the job has begun may be missing in it: the next look goes on from there.
        place = ReadPlace(object_name=of, query=wanted.soql, job=job, latest=began)
        yield FirstPage(rows=frame(of, []), place=place)
    try:
        yield from _pages_from(reader, place)
    except UsageError as error:
        if error.code not in _FORGOTTEN:
            raise
        yield from first_read(reader, of, None, scope)


_FORGOTTEN = ("NOT_FOUND", "INVALID_QUERY_LOCATOR")


def _pages_from(reader: Reader, place: ReadPlace) -> Iterator[FirstPage]:
    for result in reader.results(place.job, place.locator or ""):
        place = replace(place, locator=result.following, rows=place.rows + result.rows, of=result.of)
        mapped = reader.person_field_mapping if place.object_name in PEOPLE else None
        yield FirstPage(rows=reader.unread(place.object_name, result), place=place, person_fields=mapped)


def _members_and_people(
    reader: Reader, firsts: Mapping[Query, Record]
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, datetime | None]]:
    """Members, and people each once, of the queries above of which the first pages are there; and by object the stamp of the
    latest lead and contact."""
    members = [frame("CampaignMember", [])]
    related: dict[str, list[pl.DataFrame]] = {kind: [frame(kind, [])] for kind in PEOPLE}
    people: dict[str, list[pl.DataFrame]] = {kind: [] for kind in PEOPLE}
    for query, first in firsts.items():
        if query.of != "CampaignMember":
            people[query.of].append(reader.rows(query, first))
            continue
        for page in reader.pages(query, first):
            members.append(page.rows(query.of))
            for kind, found in related.items():
                found.append(page.related(kind))
    latest = {kind: _latest([*related[kind], *people[kind]]) for kind in PEOPLE}
    everybody = _joined([*itertools.chain(*related.values(), *people.values())])
    if everybody["salesforce_id"].n_unique() < everybody.height:
        # People themselves were read last, and that is how things stand.
        everybody = everybody.unique("salesforce_id", keep="last", maintain_order=True)
    return _joined(members), everybody, latest


def _latest(frames: Iterable[pl.DataFrame]) -> datetime | None:
    stamps = (each["system_modstamp"].max() for each in frames)
    return max((at for at in stamps if isinstance(at, datetime)), default=None)


def _joined(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """All rows of frames of the same columns, of which there is at least one."""
    filled = [each for each in frames if not each.is_empty()] or frames[:1]
    return filled[0] if len(filled) == 1 else pl.concat(filled)


def _in_campaigns(kind: str, inside: str) -> str:
    """The condition for leads or contacts to be members of campaigns that are mirrored."""
    of_campaigns = f" AND {inside}" if inside else ""
    return f"Id IN (SELECT {kind}Id FROM CampaignMember WHERE {kind}Id != null{of_campaigns})"


def _inside(reader: Reader, scope: MirrorScope) -> str:
    """The condition for members to belong to campaigns that are mirrored; empty where it would be too long to send: what is read
    in vain then, the store drops."""
    if not scope.chosen.narrows:
        return ""
    fits = condition(scope.chosen, reader.record_types(), "Campaign.")
    besides = f" OR CampaignId IN {listed(scope.besides)}" if scope.besides else ""
    said = f"(({fits}){besides})"
    return said if len(in_address(said)) <= _LONGEST_CONDITION else ""


def _delta(
    of: str, fields: Iterable[str], cursor: Cursor, *, condition: str = "", deleted_too: bool = False
) -> Query:
    conditions = [condition] if condition else []
    if of in cursor:
        conditions.append(f"SystemModstamp >= {moment(cursor[of] - LOOK_BACK)}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    soql = f"SELECT {', '.join(fields)} FROM {of}{where}"
    return Query(of=of, soql=soql, order="SystemModstamp, Id", deleted_too=deleted_too)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The counts of an object of the campaigns behind one id, up to another one; empty: from the first, to the last."""

    of: str
    after: str = ""
    up_to: str = ""

    @property
    def query(self) -> Query:
        beyond = f"CampaignId > {text(self.after)}" if self.after else "CampaignId != null"
        within = f" AND CampaignId <= {text(self.up_to)}" if self.up_to else ""
        return Query(
            of=self.of,
            soql=f"SELECT CampaignId, COUNT(Id) found FROM {self.of} WHERE {beyond}{within}"
            f" GROUP BY CampaignId ORDER BY CampaignId LIMIT {_GROUPS_A_PAGE}",
        )

    def rest(self, page: Sequence[Record]) -> Group | None:
        """What is left behind a page; None when that was not full."""
        return replace(self, after=page[-1]["CampaignId"]) if len(page) == _GROUPS_A_PAGE else None


def _counts(reader: Reader, groups: Iterable[tuple[Group, Record]]) -> tuple[pl.DataFrame, ...]:
    """How many rows of each counted object each campaign has (COUNTS)."""
    found: dict[str, dict[str, int]] = {of: {} for of in _COUNTED}
    parted = True
    for group, first in groups:
        counts = _all_of(reader, group, first["records"])
        # Every campaign has a status (S1.2.4). Where the one at a bound has none, it is gone, or ids are ordered otherwise there.
        parted = parted and (group.of != _COUNTED[0] or not group.up_to or group.up_to in counts)
        found[group.of] |= counts
    if not parted:
        whole = {of: Group(of=of) for of in _COUNTED}
        found = {of: _all_of(reader, each, reader.records(each.query.soql)) for of, each in whole.items()}
    return tuple(pl.DataFrame(list(found[of].items()), schema=COUNTS, orient="row") for of in _COUNTED)


def _all_of(reader: Reader, group: Group, page: Sequence[Record]) -> dict[str, int]:
    """The counts of a group of which the first page is there; a page follows where the last was full."""
    counts = {each["CampaignId"]: each["found"] for each in page}
    while rest := group.rest(page):
        group, page = rest, reader.records(rest.query.soql)
        counts |= {each["CampaignId"]: each["found"] for each in page}
    return counts


def _moved(
    cursor: Cursor, latest: Mapping[str, object], unread: Collection[str], looked_at: datetime | None
) -> Cursor:
    """The cursor of each object at this look or at the latest row, whichever is later, never moved back. An object of which no
    row was ever seen has none: all of it is read when there is one. People have one all the same, since members bring theirs
    along, and a lead who is converted is in no campaign any more when the next look comes (M7.7)."""
    moved = dict(cursor)
    for name in CURSOR_OBJECTS:
        places = [at for at in (latest.get(name), moved.get(name)) if isinstance(at, datetime)]
        if looked_at and (places or name in PEOPLE) and name not in unread:
            places.append(looked_at)
        if places:
            moved[name] = max(places)
    return moved
