"""What people do on either side, by name. Each returns whether there was anything to do; what is refused changes nothing.

Called by `play` between any two calls and commits. An edit tells `world.expected` what it did, and nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from campaignsync.domain.errors import CampaignsyncError
from campaignsync.domain.fields import STANDARD_FIELDS
from campaignsync.domain.links import Winner
from campaignsync.domain.programs import PeriodCost
from campaignsync.runtime.conflicts import resolve
from simulation.history import STATUSES
from simulation.org import RefusedThereError
from simulation.world import World

MARKETING = "marketing"
_FIELDS = {
    "title": "Title",
    "phone": "Phone",
    "first_name": "FirstName",
    "notes": "Description",
    "city": {"Lead": "City", "Contact": "MailingCity"},
}


def act(world: World, what: str, args: Mapping[str, Any]) -> bool:
    """Do it; whether anything was done."""
    if world.lag_s and what.startswith("there") and "who" in args and "into" not in args:
        world.org.admin.commit_lag_s = world.lag_of(args["who"])
    try:
        return bool(ACTS[what](world, **args))
    except (RefusedThereError, CampaignsyncError) as refused:
        world.tell(f"refused: {str(refused)[:160]}")
        return False
    finally:
        world.org.admin.commit_lag_s = 0


def _set_status(world: World, who: str, program: str, status: str, override: bool = False) -> bool:
    if world.person(who).nameless:
        return False
    with world.editing_here(program, [who]):
        world.store.members.set_status(program, world.email(who), status, who=MARKETING, override=override)
    return True


def _correct_status(world: World, who: str, program: str, status: str) -> bool:
    return _set_status(world, who, program, status, override=True)


def _remove(world: World, who: str, program: str) -> bool:
    if world.person(who).nameless or world.here(program, who) is None:
        return False
    world.store.members.remove(program, world.email(who), who=MARKETING)
    world.expected.edited_here(program, who, None)
    return True


def _import(world: World, program: str, people: Mapping[str, str]) -> bool:
    named = {each: status for each, status in people.items() if not world.person(each).nameless}
    if named:
        world.bring_in(program, named)
    return bool(named)


def _set_field(world: World, who: str, field: str, value: str) -> bool:
    if world.person(who).nameless:
        return False
    number = world.store.directory.find(world.email(who))
    chosen = next(each for each in STANDARD_FIELDS if each.name == field)
    world.store.directory.change(number, {chosen: value.strip() or None}, who=MARKETING)
    world.expected.field_set(who, field, value)
    return True


def _set_cost(world: World, program: str, month: int, amount: str, currency: str) -> bool:
    cost = PeriodCost(month=date(2026, month, 1), amount=Decimal(amount), currency=currency)
    world.store.registry.set_cost(program, cost)
    return True


def _remove_cost(world: World, program: str, month: int) -> bool:
    world.store.registry.remove_cost(program, date(2026, month, 1))
    return True


def _set_rate(world: World, rate: str) -> bool:
    worth = {"EUR": Decimal(rate) if rate else None}
    world.store.registry.set_currency(world.connection.connection_id, None, worth)
    return True


def _set_policy(world: World, program: str, choice: Mapping[str, str]) -> bool:
    if program not in world.links:
        return False
    world.choose(program, choice)
    return True


def _set_filter(world: World, chosen: Mapping[str, Any]) -> bool:
    """An admin says which campaigns are mirrored (M3.4)."""
    changed = dict(chosen) != dict(world.mirror_filter)
    world.narrow(chosen)
    return changed


def _unlink(world: World, program: str) -> bool:
    """Whoever ends a link waits for a round that is under way."""
    if program not in world.links:
        return False

    def unlink() -> None:
        if program in world.links:
            world.store.registry.unlink(world.links.pop(program))
            world.ever_unlinked.add(program)
            world.expected.unlinked(program)

    _in_turn(world, unlink)
    return True


def _in_turn(world: World, act: Callable[[], None]) -> None:
    """Now, or once the round that is under way is over."""
    if world.expected.whole.under_way:
        world.later.append(act)
    else:
        act()


def _link(world: World, program: str) -> bool:
    """An admin's look waits its turn."""
    if program in world.links:
        return False
    _in_turn(world, lambda: world.link(program, new=False))
    return True


def _let_go_on(world: World, program: str) -> bool:
    if program not in world.links:
        return False
    world.store.registry.resume(world.links[program])
    return True


def _retry(world: World) -> bool:
    world.store.views.retry_problems(None)
    return True


def _decide(world: World, program: str, winner: str) -> bool:
    if program not in world.links:
        return False

    def decide() -> None:
        if program not in world.links:
            return
        decided = resolve(
            world.store.ledger, world.links[program], Winner(winner), who=MARKETING, people=None
        )
        if decided.height:
            for name in [person.name for person in world.given.people]:
                world.expected.decided(program, name, winner)

    _in_turn(world, decide)
    return True


# In Salesforce.


def _set_status_there(world: World, who: str, program: str, status: str) -> bool:
    return world.add_there(program, who, status)


def _remove_there(world: World, who: str, program: str) -> bool:
    rows = world.rows_there(program, who)
    for row, _ in rows:
        world.sales.delete("CampaignMember", row)
    if rows:
        world.expected.edited_there(program, who, None)
    return bool(rows)


def _set_many_there(world: World, program: str, people: Mapping[str, str]) -> bool:
    """A list view edited at once."""
    rows = {name: world.rows_there(program, name) for name in people}
    records = [
        {"attributes": {"type": "CampaignMember"}, "Id": found[0][0], "Status": people[name]}
        for name, found in rows.items()
        if found
    ]
    if not records:
        return False
    body = {"allOrNone": False, "records": records}
    world.sales.call("PATCH", "/services/data/v62.0/composite/sobjects", body)
    for name, found in rows.items():
        if found:
            world.expected.edited_there(program, name, world.there(program, name))
    return True


def _set_field_there(world: World, who: str, field: str, value: str) -> bool:
    records = world.records(who)
    if not records:
        return False
    kind, record = records[0]
    name = _FIELDS[field]
    world.sales.update(
        kind, record, **{name[kind] if isinstance(name, dict) else name: value.strip() or None}
    )
    world.expected.field_set(who, field, value)
    return True


def _set_campaign_field(world: World, program: str, **fields: Any) -> bool:
    world.sales.update("Campaign", world.campaigns[program], **fields)
    return True


def _status_row(world: World, program: str, label: str) -> tuple[str, int, int] | None:
    rows = world.sales.rows(
        'SELECT "Id", "HasResponded", "IsDefault" FROM "CampaignMemberStatus" WHERE "CampaignId" = ?'
        ' AND "Label" = ? AND "IsDeleted" = 0',
        world.campaigns[program],
        label,
    )
    return rows[0] if rows else None  # type: ignore[return-value]


def _labels_changed(world: World, program: str) -> None:
    """Whoever carries a label that was renamed has another status now, and what is on its way may become the default."""
    for person in world.given.people:
        world.expected.edited_there(program, person.name, world.there(program, person.name))
    default = world.sales.rows(
        'SELECT "Label" FROM "CampaignMemberStatus" WHERE "CampaignId" = ? AND "IsDefault" = 1 AND "IsDeleted" = 0',
        world.campaigns[program],
    )
    if default:
        world.expected.turned_into(program, default[0][0])


def _rename_status(world: World, program: str, label: str, to: str) -> bool:
    row = _status_row(world, program, label)
    if row is None:
        return False
    world.sales.update("CampaignMemberStatus", row[0], Label=to)
    _labels_changed(world, program)
    return True


def _remove_status(world: World, program: str, label: str) -> bool:
    row = _status_row(world, program, label)
    if row is None:
        return False
    world.sales.delete("CampaignMemberStatus", row[0])
    _labels_changed(world, program)
    return True


def _add_status(world: World, program: str, label: str) -> bool:
    if _status_row(world, program, label):
        return False
    world.sales.create("CampaignMemberStatus", CampaignId=world.campaigns[program], Label=label)
    _labels_changed(world, program)
    return True


def _flip_responded(world: World, program: str, label: str) -> bool:
    row = _status_row(world, program, label)
    if row is None:
        return False
    world.sales.update("CampaignMemberStatus", row[0], HasResponded=not row[1])
    return True


def _convert(world: World, who: str) -> bool:
    leads = [record for kind, record in world.records(who) if kind == "Lead"]
    contacts = [record for kind, record in world.records(who) if kind == "Contact"]
    if not leads:
        return False
    into = contacts[0] if contacts and world.has_account(contacts[0]) else None
    if len(leads) + len(contacts) > 1:
        world.expected.unsure[who] = "converted beside another record"
    world.sales.convert(leads[0], into)
    return True


def _merge(world: World, who: str, into: str) -> bool:
    """Two people turn out to be one: all values are the second one's from then on."""
    loser, winner = world.records(who), world.records(into)
    if not loser or not winner or loser[0][0] != winner[0][0]:
        return False
    world.sales.merge(winner[0][0], winner[0][1], loser[0][1])
    world.expected.whole.joined(who, into)
    return True


def _delete_person(world: World, who: str) -> bool:
    records = world.records(who)
    if not records:
        return False
    world.expected.unsure[who] = "deleted in Salesforce"
    world.binned[records[0][1]] = {program for program in world.campaigns if world.rows_there(program, who)}
    world.sales.delete(*records[0])
    return True


def _undelete_person(world: World, who: str) -> bool:
    records = world.records(who, deleted=True)
    if not records:
        return False
    if not world.org.switches["person_undelete_restores_members"] and not _seen_deleted(world, records[0][1]):
        # Somebody was in the bin between two looks and lost their memberships: nothing that we read tells why they did.
        lost = world.binned.get(records[0][1], set())
        world.expected.whole.removed |= {(program, who) for program in lost & world.links.keys()}
    world.sales.undelete(records[0][1])
    return True


def _seen_deleted(world: World, record: str) -> bool:
    """Whether a look has found this record in the bin."""
    known = world.dump().identities.values()
    return any(row["salesforce_id"] == record and row["is_deleted"] for row in known)


def _set_active(world: World, program: str, active: bool) -> bool:
    world.sales.update("Campaign", world.campaigns[program], IsActive=active)
    return True


def _delete_campaign(world: World, program: str) -> bool:
    world.sales.delete("Campaign", world.campaigns[program])
    for person in world.given.people:
        world.expected.unsure[person.name] = "their campaign was deleted"
    return True


def _undelete_campaign(world: World, program: str) -> bool:
    gone = world.sales.rows(
        'SELECT 1 FROM "Campaign" WHERE "Id" = ? AND "IsDeleted" = 1', world.campaigns[program]
    )
    if not gone:
        return False
    link = world.dump().links.get(program)
    if not world.org.switches["campaign_undelete_restores_members"] and not (
        link and link["state"] == "broken"
    ):
        # It was in the bin between two looks and lost its members: nothing that we read tells why it did.
        world.expected.whole.removed |= {(program, person.name) for person in world.given.people}
    world.sales.undelete(world.campaigns[program])
    return True


def _validation_rule(world: World, status: str) -> bool:
    rule = {"sobject": "CampaignMember", "refuse_when": f"Status = '{status}'", "message": "Not on Sundays."}
    world.sales.control("POST", "/sandbox/seed", {"validation_rules": [rule]})
    return True


def _no_validation_rule(world: World) -> bool:
    rules = world.org.admin.validation
    had = bool(rules)
    rules.clear()
    return had


def _duplicate(world: World, who: str, record: str) -> bool:
    """Somebody enters a person a second time."""
    if world.person(who).nameless:
        return False
    if world.records(who):
        world.expected.unsure[who] = "entered twice"
    world.make_record(who, record)
    return True


ACTS: Mapping[str, Callable[..., bool]] = {
    "here: set status": _set_status,
    "here: correct status": _correct_status,
    "here: remove": _remove,
    "here: import": _import,
    "here: set field": _set_field,
    "here: set cost": _set_cost,
    "here: remove cost": _remove_cost,
    "here: set rate": _set_rate,
    "here: set policy": _set_policy,
    "here: set filter": _set_filter,
    "here: unlink": _unlink,
    "here: link": _link,
    "here: let removals go on": _let_go_on,
    "here: retry problems": _retry,
    "here: decide conflicts": _decide,
    "there: set status": _set_status_there,
    "there: remove": _remove_there,
    "there: set many": _set_many_there,
    "there: set field": _set_field_there,
    "there: set type or cost": _set_campaign_field,
    "there: rename status": _rename_status,
    "there: remove status": _remove_status,
    "there: add status": _add_status,
    "there: flip responded": _flip_responded,
    "there: convert lead": _convert,
    "there: merge": _merge,
    "there: delete person": _delete_person,
    "there: undelete person": _undelete_person,
    "there: set active": _set_active,
    "there: delete campaign": _delete_campaign,
    "there: undelete campaign": _undelete_campaign,
    "there: validation rule": _validation_rule,
    "there: no validation rule": _no_validation_rule,
    "there: duplicate": _duplicate,
}
LABELS = STATUSES
