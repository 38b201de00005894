"""The twin of `store.doubts`: who of a link may differ, and what a plan sees of the three sides."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from simulation.memory.tables import LinkRow, Tables, who_is

Side = list[tuple[Any, ...]]


def people(tables: Tables, link: LinkRow, also: Collection[int] = ()) -> set[int] | None:
    """The people whom the doubts of a link name, and these; None: everybody."""
    if link.doubts is None:
        return None
    joined = (
        each if isinstance(each, int) else tables.person_of(link.connection, each) for each in link.doubts
    )
    return {each for each in joined if each is not None}.union(also)


def sides(tables: Tables, link: LinkRow, among: set[int] | None) -> tuple[Side, Side, Side]:
    """Agreed, program and campaign of these people, or of everybody; whoever was deleted in the org is on none."""
    gone = {p for (of, p), each in tables.identities.items() if of == link.connection and each.is_deleted}

    def stands(person: int) -> bool:
        return person not in gone and (among is None or person in among)

    return (
        [(p, status) for p, status in link.agreed.items() if stands(p)],
        [(p, each.status) for p, each in link.program.members.items() if stands(p)],
        [
            (p, each["status"] or "", each["id"])
            for p, members in tables.members_of_people(link).items()
            if stands(p)
            for each in members
        ],
    )


def unlike(tables: Tables, link: LinkRow, among: set[int] | None) -> set[int]:
    """Who of these, or of everybody, is not the same on all three sides, or is a member of the campaign twice."""
    agreed, program, campaign = sides(tables, link, among)
    meant = link.vocabulary.spelling({status for _, status, _ in campaign})
    found = [dict(agreed), dict(program), {person: meant[status] for person, status, _ in campaign}]
    everybody = set().union(*found)
    twice = len(campaign) - len(found[2])
    rows = [person for person, _, _ in campaign] if twice else []
    return {p for p in everybody if len({side.get(p) for side in found}) > 1 or rows.count(p) > 1}


def nobodys(tables: Tables, link: LinkRow) -> set[str]:
    """The leads and contacts in the campaign who are no person of ours yet."""
    records = (who_is(row) for row in tables.of_campaign(link.connection, link.campaign_id))
    return {each for each in records if each and tables.joined(link.connection, each) is None}


def settle(tables: Tables, link: LinkRow) -> None:
    """Whoever was looked at and is the same on all sides is in doubt no more."""
    strangers = nobodys(tables, link)
    if link.doubts is not None:
        strangers &= {each for each in link.doubts if isinstance(each, str)}
    link.doubts = {*unlike(tables, link, people(tables, link)), *strangers}


def overlooked(tables: Tables, link: LinkRow) -> set[int | str]:
    """Who would have to be in doubt and is not: nobody, at all times."""
    if link.doubts is None:
        return set()
    named = people(tables, link) or set()
    return (unlike(tables, link, None) - named) | {
        each for each in nobodys(tables, link) if each not in link.doubts
    }
