"""What must be true of smart campaigns in the end, whatever happened: judged by the journal, and by what flows say they did.

Every committed change fires once, in order per person; no step is done twice and none is left out; whoever goes in a circle is
stopped; and what is said to have been done stands in the journal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from simulation.flow_stores import FlowDump
from simulation.flowing import FOLLOW_UP, NURTURE, Flowing, Smart
from simulation.stores import Dump

_NOT_CHANGES = ("first read", "went with the person in Salesforce", "merged in Salesforce")
_ROUNDS = 3
"""So often may a person come back by what a smart campaign did itself."""


def at_the_end(flowing: Flowing, dump: Dump) -> list[str]:
    """Behind the last quiet round and the flows that follow it."""
    held = flowing.store.dump()
    return [
        *fired_once_in_order(flowing, held, dump),
        *steps_once_in_order(flowing, held),
        *nobody_waits_in_vain(held),
        *done_as_told(flowing, held, dump),
        *loops_are_stopped(flowing, held),
    ]


def _firing(flowing: Flowing, each: Smart, held: FlowDump) -> dict[int, int | None]:
    """The entries that fire a smart campaign, and whom they are about, where the journal says it."""
    since, linked = held.smart[each.name]["since_entry"], flowing.world.campaigns["Spring"]
    return {
        number: line["person"]
        for number, line in held.entries.items()
        if number > since and line["why"] not in _NOT_CHANGES and each.fires(line, linked)
    }


def fired_once_in_order(flowing: Flowing, held: FlowDump, dump: Dump) -> Iterator[str]:
    """Each change that is meant fires once, in order per person; what nobody meant fires nothing."""
    joined = {n for n, row in dump.people.items() if row["merged_into"]}
    joined |= {row["merged_into"] for row in dump.people.values() if row["merged_into"]}
    for each in flowing.smart:
        firing = _firing(flowing, each, held)
        journeys = [row for row in held.journeys if row["name"] == each.name]
        entries = [row["entry"] for row in journeys]
        for entry, number in Counter(entries).items():
            if number > 1:
                yield f"{each.name} fired {number} times for the change {held.entries[entry]}"
        yield from (
            f"{each.name} fired for {held.entries[entry]}" for entry in entries if entry not in firing
        )
        by_person: dict[int, list[int]] = defaultdict(list)
        for entry in entries:
            if entry in firing and firing[entry] is not None:
                by_person[firing[entry] or 0].append(entry)
        yield from (
            f"{each.name} fired out of order for {person}: {those}"
            for person, those in by_person.items()
            if those != sorted(those)
        )
        if held.smart[each.name]["state"] == "active":
            yield from _none_missing(each, held, firing, entries, joined)


def _none_missing(
    each: Smart, held: FlowDump, firing: dict[int, int | None], entries: list[int], joined: set[int]
) -> Iterator[str]:
    """A person whom Salesforce alone knew when it happened may have been nobody of ours."""
    must = {entry: person for entry, person in firing.items() if person is not None}
    if each.once:
        # Two who became one may have gone through once between them.
        first: dict[int, int] = {}
        for entry, person in must.items():
            if person not in joined:
                first.setdefault(person, entry)
        been = {row["person"] for row in held.journeys if row["name"] == each.name}
        must = {entry: person for person, entry in first.items() if person not in been}
    for entry in sorted(must.keys() - set(entries)):
        yield f"{each.name} did not fire for the change {held.entries[entry]}"


def steps_once_in_order(flowing: Flowing, held: FlowDump) -> Iterator[str]:
    """Nobody does a step twice, leaves one out, or does them in another order."""
    steps: dict[int, list[int]] = defaultdict(list)
    for row in held.results:
        steps[row["journey"]].append(row["step"])
    length = {each.name: len(each.definition("", "")["flow"]) for each in flowing.smart}
    for row in held.journeys:
        done, wanted = steps[row["number"]], row["position"]
        if done != list(range(wanted)):
            yield f"{row['person']} did the steps {done} of {row['name']} and is at step {wanted}"
        if row["state"] == "done" and wanted != length[row["name"]]:
            yield f"{row['person']} is said to be through {row['name']} after {wanted} steps"


def nobody_waits_in_vain(held: FlowDump) -> Iterator[str]:
    """In the end everybody is through, waits for a month, or is held by a smart campaign that was halted."""
    for row in held.journeys:
        waits = row["state"] == "waiting" and row["name"] == "Moved"
        if row["state"] != "done" and not waits and held.smart[row["name"]]["state"] == "active":
            yield f"{row['person']} got stuck in {row['name']} at step {row['position']}: {row['state']}"
    if held.commands and all(row["state"] == "active" for row in held.smart.values()):
        yield f"{held.commands} commands are left over"


def done_as_told(flowing: Flowing, held: FlowDump, dump: Dump) -> Iterator[str]:
    """What flows say they did is what the journal says was done: not more, not less."""
    joined = {n for n, row in dump.people.items() if row["merged_into"]}
    joined |= {row["merged_into"] for row in dump.people.values() if row["merged_into"]}

    def told(*actions: str) -> Counter[int]:
        return Counter(
            row["person"]
            for row in held.results
            if row["action"] in actions and row["outcome"] == "done" and row["person"] not in joined
        )

    ours = [line for line in held.entries.values() if line["why"].startswith("smart campaign '")]
    for what, noun, action in (
        ("member", "a status of Nurture", "Change Program Status"),
        ("fax", "a fax number", "Change Data Value"),
        ("request", "a request", "Request Campaign"),
    ):
        noted = Counter(
            line["person"] for line in ours if line["noun"] == what and line["person"] not in joined
        )
        if noted != told(action):
            yield f"flows gave {noun} {dict(told(action))} times, and the journal says {dict(noted)}"
    if NURTURE in {line["program"] for line in ours if line["side"] == "campaign"}:
        yield "a flow's change of a program is told as one of a campaign"
    yield from _there_as_told(flowing, held, told, joined, dump)


_WRITES = ("Add to SFDC Campaign", "Change Status in SFDC Campaign")


def _there_as_told(
    flowing: Flowing, held: FlowDump, told: object, joined: set[int], dump: Dump
) -> Iterator[str]:
    """Nobody was written to the other campaign more often than flows say, and whoever they say was, was: by us."""
    campaign, user = flowing.world.campaigns[FOLLOW_UP], flowing.world.sync_user_id
    noted = Counter(
        line["person"]
        for line in held.entries.values()
        if line["side"] == "campaign"
        and line["noun"] == "member"
        and line["campaign_id"] == campaign
        and line["who"] == user
        and line["new"] is not None
    )
    # Of whom nobody knew who they are when it was noted, the mirror tells by now.
    known = {record: row["person"] for record, row in dump.mirrored.items()}
    seen = {
        (line["person"] or known.get(line["record_id"]), str(line["new"]).lower())
        for line in held.entries.values()
        if line["side"] == "campaign"
        and line["noun"] == "member"
        and line["campaign_id"] == campaign
        and line["who"] == user
    }
    for row in held.results:
        there = row["action"] in _WRITES and row["outcome"] == "done" and row["person"] not in joined
        if there and (row["person"], str(row["value"]).lower()) not in seen:
            yield f"{row['name']} says that {row['person']} was made {row['value']} in {FOLLOW_UP}, and they never were by us"
    done = told(*_WRITES)  # type: ignore[operator]
    for person, number in noted.items():
        if person in done and number > done[person]:
            yield f"{person} was written to {FOLLOW_UP} {number} times, and flows say {done[person]}"


def loops_are_stopped(flowing: Flowing, held: FlowDump) -> Iterator[str]:
    """By its own doing, and that of others, nobody comes into a smart campaign for ever."""
    for (name, person), number in Counter((row["name"], row["person"]) for row in held.journeys).items():
        lines = sum(
            line["person"] in (person, None) and not _ours(flowing, line) for line in held.entries.values()
        )
        if number > (_ROUNDS + 1) * max(lines, 1):
            yield f"{person} went through {name} {number} times after {lines} changes of others"


def _ours(flowing: Flowing, line: dict[str, object]) -> bool:
    return str(line["who"]).startswith("smart campaign") or line["who"] == flowing.world.sync_user_id
