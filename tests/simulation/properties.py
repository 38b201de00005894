"""What must be true, whatever happened: checked behind each round, behind each quiet round, and at the end.

Each property gives sentences for what is not as it must be; an empty list is well. They look at what the two sides and the store
hold and at the journal, and never at what the engine believes it did.
"""

from __future__ import annotations

from collections.abc import Iterator

from campaignsync.domain.errors import DUPLICATE_VALUE
from campaignsync.domain.links import FieldEdit
from campaignsync.planner.decide import Verdict, decide
from simulation.expected import WEBINAR, spelled
from simulation.stores import Dump
from simulation.world import World

STEPS = {status.name: status.step for status in WEBINAR.statuses}
ENGINE = "campaign sync"
QUIET_CALLS = 2
"""What a look takes, however many links there are (design: what costs what)."""
_FIELDS = {"title": "Title", "phone": "Phone", "first_name": "FirstName", "notes": "Description"}


def after_round(world: World) -> list[str]:
    """Whatever became of it."""
    dump = world.dump()
    found = [*nobody_twice(world), *journal_is_whole(world, dump), *never_back(world, dump)]
    found += [f"{each} differs and is not in doubt" for each in world.overlooked()]
    if not world.spoilt:
        trim(world, dump)
    return found


def wrote_nothing(world: World, version: int, change: int) -> list[str]:
    """The second quiet round and those behind it have nothing to do."""
    found = []
    if world.org.changes.last != change:
        number = world.org.changes.last - change
        found.append(f"a quiet round wrote {number} record(s) in Salesforce: {world.universe.trace[-1]}")
    if world.store.version() != version:
        lines = world.dump().journal[version:]
        found.append(f"a quiet round changed something here: {lines}")
    return found


def at_the_end(world: World) -> list[str]:
    """Behind the last quiet round."""
    dump = world.dump()
    return [
        *nobody_twice(world),
        *journal_is_whole(world, dump),
        *never_back(world, dump),
        *equal_or_told(world, dump),
        *no_edit_lost(world, dump),
        *costs_and_types(world, dump),
        *fields_are_equal(world, dump),
        *mirrored_as_filtered(world, dump),
    ]


def all_was_called_for(world: World) -> Iterator[str]:
    """Without anybody asking and without a schedule: events, marks, back-offs and takeovers called for all that is needed."""
    if world.unheard:
        return
    dump = world.dump()
    # A link whose own run failed says so, and waits for the schedule.
    failed = {each["program"] for each in dump.problems if each["noun"] == "job"}
    for program in sorted(world.links.keys() - failed):
        yield from _members_equal(world, dump, program)
    yield from no_edit_lost(world, dump)
    yield from fields_are_equal(world, dump)
    compared_at = world.compared_at
    if world.missed_at and (compared_at is None or compared_at < world.missed_at):
        yield f"the org could not tell what changed at {world.missed_at}, and nothing was compared since {compared_at}"


def calls_within_bounds(world: World, *, spent: bool, quiet: bool) -> Iterator[str]:
    """A quiet round takes two calls, a busy one no more than what it has to do needs (docs/delta.md), and no round begins whose
    budget is spent (docs/adr/0008)."""
    for _, asked in world.asked:
        yield from asked.beyond(wrongs=world.wrongs, looks=world.looks_a_step)
    if quiet and world.calls_of_round > QUIET_CALLS:
        yield f"a quiet round took {world.calls_of_round} calls"
    if spent and world.calls_of_round:
        yield f"a round took {world.calls_of_round} calls though the budget was spent"


def numbers(world: World, dump: Dump) -> dict[str, int]:
    """Our number of each person by name, of those we know and who are themselves still."""
    found: dict[str, int] = {}
    for number, row in sorted(dump.people.items()):
        if row["merged_into"] is None:
            name = str(row.get("email", "")).partition("@")[0] or str(row.get("last_name", "")).lower()
            found.setdefault(name, number)
    return found


def trim(world: World, dump: Dump) -> None:
    """A clean round is over: where all three trees are the same, that is what is true."""
    known = numbers(world, dump)
    for program in world.links:
        if dump.links[program]["state"] != "active":
            continue
        for person in world.given.people:
            number = known.get(person.name)
            here = dump.members[program].get(number or 0)
            there = spelled(world.there(program, person.name))
            agreed = dump.agreed[program].get(number or 0)
            if here == there == agreed and (agreed, here, there) in world.expected.possible(
                program, person.name
            ):
                world.expected.happened(program, person.name, (agreed, here, there))


def nobody_twice(world: World) -> Iterator[str]:
    """No person made twice by us, and no member (M7.11)."""
    made = world.sales.rows(
        'SELECT coalesce("Email", "LastName"), count(*) FROM "Lead" WHERE "CreatedById" = ?'
        ' AND "MasterRecordId" IS NULL GROUP BY 1 HAVING count(*) > 1',
        world.sync_user_id,
    )
    for who, number in made:
        # Whom people entered somewhere by the name of one of ours is somebody else, if nothing but the name tells (M7.3).
        if number > 1 + world.universe.entered[who]:
            yield f"{who} was made a lead {number} times"
    rows = world.sales.rows(
        'SELECT "CampaignId", coalesce("ContactId", "LeadId"), count(*) FROM "CampaignMember" WHERE "IsDeleted" = 0'
        " GROUP BY 1, 2 HAVING count(*) > 1"
    )
    if not world.given.switches.get("conversion_keeps_lead_id"):
        yield from (f"{who} is in {campaign} {number} times" for campaign, who, number in rows)
    rows = world.sales.rows(
        'SELECT m."CampaignId", coalesce(c."Email", l."Email") AS who, count(*), max(m."CreatedById" = ?)'
        ' FROM "CampaignMember" m LEFT JOIN "Lead" l ON l."Id" = m."LeadId" LEFT JOIN "Contact" c ON c."Id" = m."ContactId"'
        ' WHERE m."IsDeleted" = 0 AND who IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1',
        world.sync_user_id,
    )
    for campaign, who, number, by_us in rows:
        if by_us and who.partition("@")[0] not in world.expected.unsure:
            yield f"{who} was added to {campaign} a second time: {number} rows"


def journal_is_whole(world: World, dump: Dump) -> Iterator[str]:
    """Every change of a member is told once and in order: played from the start, the journal ends in what is there."""
    played: dict[tuple[str, int], str | None] = {}
    merged = {number: row["merged_into"] for number, row in dump.people.items() if row["merged_into"]}
    # Whoever became somebody else takes the memberships along: that is told of the person, not of each membership.
    joined = {*merged, *merged.values()}
    for line in dump.journal:
        if line["noun"] != "member" or line["side"] != "program" or line["person"] in joined:
            continue
        key = (line["program"], line["person"])
        if played.get(key) != line["old"]:
            yield f"the journal tells {key} went from {line['old']} to {line['new']}, but it was {played.get(key)}"
        if line["old"] == line["new"]:
            yield f"the journal tells a change of {key} that is none: {line['old']}"
        played[key] = line["new"]
    there = {key: status for key, status in played.items() if status is not None}
    held = {
        (program, person): status
        for program, members in dump.members.items()
        for person, status in members.items()
        if person not in joined
    }
    if there != held:
        odd = {key: (there.get(key), held.get(key)) for key in there.keys() | held.keys()}
        yield f"the journal does not end in the members there are: {[x for x in odd.items() if x[1][0] != x[1][1]]}"
    yield from _campaign_journal(world, dump)


def _campaign_journal(world: World, dump: Dump) -> Iterator[str]:
    org = world.connection.connection_id
    # Who leaves the mirror since the filter changed leaves without a word, and comes back by a first read (M3.4).
    always = {world.campaigns[each] for each in world.links.keys() - world.ever_unlinked}
    outside: set[str] = set()
    played: dict[str, str | None] = {}
    for line in dump.journal:
        if line["noun"] == "member" and line["side"] == "campaign" and line["connection"] == org:
            before = played.get(line["record_id"])
            if world.given.unlinked and line["campaign_id"] not in always:
                outside.add(line["record_id"])
                before = None if line["why"] == "first read" else before
            if before != line["old"]:
                yield f"the journal tells member {line['record_id']} was {line['old']}, but it was {before}"
            played[line["record_id"]] = line["new"]
    there = {record: status for record, status in played.items() if status is not None}
    held = {record: row["status"] for record, row in dump.mirrored.items() if row["status"] is not None}
    there = {record: each for record, each in there.items() if record in held or record not in outside}
    if there != held:
        yield f"the journal does not end in the campaign members that are mirrored: {there} / {held}"


def never_back(world: World, dump: Dump) -> Iterator[str]:
    """The engine never moves a member of a program to a lower step, unless an admin chose to accept that (M2.2, M6.2)."""
    for line in dump.journal:
        told = line["noun"] == "member" and line["side"] == "program" and line["who"] == ENGINE
        if not told or None in (line["old"], line["new"]) or line["why"] == "merged in Salesforce":
            continue
        if STEPS[line["new"]] < STEPS[line["old"]] and line["program"] not in world.accepted_back:
            yield f"the engine moved {line['person']} of {line['program']} back from {line['old']} to {line['new']}"


def equal_or_told(world: World, dump: Dump) -> Iterator[str]:
    """Both sides and the agreement are equal, or something names the record and says why not. That somebody is in the campaign
    already is no reason: it says that we had not looked (S0.4)."""
    for program in world.links:
        link = dump.links[program]
        if link["state"] != "active":
            if not any(each["code"] == f"LINK_{link['state'].upper()}" for each in dump.problems):
                yield f"the link of {program} is {link['state']} and nothing says so"
            continue
        yield from _members_equal(world, dump, program)


def _members_equal(world: World, dump: Dump, program: str) -> Iterator[str]:
    told = {
        each["person"]
        for each in dump.problems
        if each["person"] is not None
        and each["program"] in (program, None)
        and each["code"] != DUPLICATE_VALUE
    }
    gone = {number for number, row in dump.identities.items() if row["is_deleted"]}
    campaign = world.campaigns[program]
    there: dict[int, str] = {}
    for row in dump.mirrored.values():
        if row["campaign_id"] == campaign and row["person"] is not None:
            label = spelled(row["status"]) or ""
            known = there.get(row["person"])
            if known is None or STEPS.get(label, -1) > STEPS.get(known, -1):
                there[row["person"]] = label
    rules = world.expected.rules(program)
    for number in {*there, *dump.members[program], *dump.agreed[program]}:
        state = (
            dump.agreed[program].get(number),
            dump.members[program].get(number),
            there.get(number),
        )
        if len(set(state)) == 1 or number in gone | told:
            continue
        if decide(*state, rules).verdict is not Verdict.NOTHING:
            yield f"{_name(dump, number)} of {program} is apart and nothing says why: agreed, program, campaign are {state}"
    yield from _mirror_is_true(world, dump, program)


def _mirror_is_true(world: World, dump: Dump, program: str) -> Iterator[str]:
    """What we believe of the campaign is what it holds."""
    campaign = world.campaigns[program]
    rows = world.sales.rows(
        'SELECT "Id", "Status" FROM "CampaignMember" WHERE "CampaignId" = ? AND "IsDeleted" = 0', campaign
    )
    believed = {
        record: row["status"] for record, row in dump.mirrored.items() if row["campaign_id"] == campaign
    }
    if dict(rows) != believed:
        yield f"the mirror of {program} says {believed} and the campaign holds {dict(rows)}"


def mirrored_as_filtered(world: World, dump: Dump) -> Iterator[str]:
    """Of campaigns that nobody links, those that the filter lets in are mirrored as they are, and nobody of the others (M3.4)."""
    chosen = world.mirror_filter
    for name in {*world.given.unlinked, *(world.campaigns.keys() & world.ever_unlinked)} - world.links.keys():
        campaign = world.campaigns[name]
        ((active, kind, made, gone),) = world.sales.rows(
            'SELECT "IsActive", "Type", "CreatedDate", "IsDeleted" FROM "Campaign" WHERE "Id" = ?', campaign
        )
        types = [each.lower() for each in chosen.get("types", ())]
        inside = (
            (active or not chosen.get("active_only"))
            and (not types or (kind or "").lower() in types)
            and made[:10] >= chosen.get("created_since", "")
        )
        if inside and not gone:
            yield from _mirror_is_true(world, dump, name)
        elif not gone:
            held = [record for record, row in dump.mirrored.items() if row["campaign_id"] == campaign]
            if held:
                yield f"{len(held)} members of {name} are mirrored, which the filter {dict(chosen)} leaves out"


def _name(dump: Dump, number: int) -> str:
    row = dump.people.get(number, {})
    return str(row.get("email") or row.get("last_name") or number)


def no_edit_lost(world: World, dump: Dump) -> Iterator[str]:
    """What a member is in the end is what some order of syncs between the edits makes of them."""
    known, expected = numbers(world, dump), world.expected
    gone = {number for number, row in dump.identities.items() if row["is_deleted"]}
    for program in world.links:
        if dump.links[program]["state"] != "active":
            continue
        for person in world.given.people:
            name, number = person.name, known.get(person.name, 0)
            if name in expected.whole.merged_away:
                continue
            here, there = dump.members[program].get(number), spelled(world.there(program, name))
            agreed = dump.agreed[program].get(number)
            possible = expected.possible(program, name)
            if name in expected.unsure or number in gone:
                ever = any(line["person"] == number and line["program"] == program for line in dump.journal)
                if here is None and ever and (program, name) not in expected.whole.removed:
                    yield f"{name} left {program} and nobody removed them ({expected.unsure.get(name)})"
            elif (here, there) not in {(h, t) for _, h, t in possible}:
                yield (
                    f"an edit of {name} in {program} was lost: they are {here} here and {there} there (agreed {agreed});"
                    f" by the edits that were made it could be {sorted(possible, key=str)}"
                )


def fields_are_equal(world: World, dump: Dump) -> Iterator[str]:
    """Fields of people are the same on both sides and what somebody set, or a problem says why not (M7.4)."""
    told = {each["person"] for each in dump.problems if each["noun"] == "person"}
    for number, identity in dump.identities.items():
        row = dump.people.get(number, {})
        name = str(row.get("email", "")).partition("@")[0]
        if identity["is_deleted"] or number in told or name in world.expected.unsure or not name:
            continue
        columns = ", ".join(f'"{column}"' for column in _FIELDS.values())
        found = world.sales.rows(
            f'SELECT {columns} FROM "{identity["kind"].capitalize()}" WHERE "Id" = ? AND "IsDeleted" = 0',
            identity["salesforce_id"],
        )
        for values in found:
            for field, theirs in zip(_FIELDS, values, strict=True):
                ours = row.get(field) or ""
                if ours != (theirs or ""):
                    yield f"{field} of {name} is '{ours}' here and '{theirs}' there"
                if ours and ours not in world.expected.whole.fields.get((name, field), {ours}):
                    yield f"{field} of {name} is '{ours}', which nobody set"


def costs_and_types(world: World, dump: Dump) -> Iterator[str]:
    """Type and cost are ours, one way, or something says why not (M5)."""
    for program, link in world.links.items():
        if dump.links[program]["state"] != "active":
            continue
        facts = world.store.ledger.link(link)
        told = {
            each["code"] for each in dump.problems if each["program"] == program and each["noun"] == "field"
        }
        ((kind, cost),) = world.sales.rows(
            'SELECT "Type", "ActualCost" FROM "Campaign" WHERE "Id" = ?', world.campaigns[program]
        )
        kept = facts.policy.field_edit is FieldEdit.KEEP or program in world.kept_edits
        if kind != "Webinar" and "FIELD_TYPE" not in told and not kept:
            yield f"the type of {program}'s campaign is {kind}"
        yield from _cost_is_right(world, program, cost, told=told, kept=kept)


def _cost_is_right(
    world: World, program: str, cost: float | None, *, told: set[str], kept: bool
) -> Iterator[str]:
    costs = world.store.registry.costs(program)
    euro = world.store.registry.rates(world.connection.connection_id).get("EUR")
    foreign = any(each.currency == "EUR" for each in costs)
    if kept or "FIELD_ACTUALCOST" in told:
        return
    if foreign and euro is None:
        yield f"{program} has costs in EUR, there is no rate, and nothing says so"
        return
    total = sum((each.amount * (euro if each.currency == "EUR" else 1) for each in costs), 0 * (euro or 1))
    if costs and abs(float(total) - (cost or 0)) > 0.51:
        yield f"the campaign of {program} cost {cost}, and its months sum up to {total}"
