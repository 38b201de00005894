"""The whole cycle: observe, plan, safety, execute, record. It must always fit one screen.

Called by the commands (`plan`, `apply`, `sync`) and by the worker. It keeps no pending work: a crash at any line, a lost
event and a week offline are mended by calling it again, since every line starts from what is observed and what was agreed
(design: three trees, as in unison and mutagen). One look at an org serves all of its links.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from campaignsync.domain.errors import HaltError
from campaignsync.domain.ids import ConnectionId, LinkId
from campaignsync.domain.links import LinkState
from campaignsync.domain.observation import FIRST_READ_FROM_ROWS, WholeLists
from campaignsync.domain.runs import LinkFacts, RunReport
from campaignsync.domain.trees import Trees
from campaignsync.planner.member_fields import plan_values
from campaignsync.planner.plan import Plan
from campaignsync.planner.reconcile import reconcile
from campaignsync.planner.safety import reason_to_halt
from campaignsync.runtime.approval import asked
from campaignsync.runtime.calls import charge
from campaignsync.runtime.executor import execute
from campaignsync.runtime.people import adopt_people, follow_people, look_up
from campaignsync.runtime.ports import Ledger, SalesforceDoor
from campaignsync.runtime.progress import Tell, nobody
from campaignsync.runtime.telemetry import span


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, what it was made from, and why it must not run, if so."""

    facts: LinkFacts
    plan: Plan
    halt: str | None
    mark: int | None = None
    """What marked the link when its trees were read."""


@span("observe")
def observe(door: SalesforceDoor, ledger: Ledger, connection: ConnectionId, tell: Tell = nobody) -> None:
    """Bring home what changed in the org, and prove who is gone from the campaigns that shrank (S0.1)."""
    if jobs := ledger.open_jobs(connection):
        # A run died in the middle of them. What they do must be seen whole, or their rows would be sent again.
        for job in jobs:
            door.end_job(job)
        ledger.forget_jobs(connection)
    cursor, bounds = ledger.cursor(connection), ledger.campaign_bounds(connection)
    scope = ledger.mirror_scope(connection)
    delta = door.changes_since(cursor, bounds=bounds, most=FIRST_READ_FROM_ROWS, scope=scope)
    ledger.mirror(connection, delta)
    while scope.chosen.narrows and ledger.prune(connection):
        pass
    for name in delta.unread:
        for page in door.first_read(name, ledger.places(connection).get(name), scope):
            ledger.keep_page(connection, page)
            charge(door, ledger, connection)
            tell(page.place.rows, page.place.of, door.api_calls)
    members_of, statuses_of = ledger.campaigns_to_list(connection, delta)
    big = ledger.big_campaigns(connection, members_of) if members_of else frozenset()
    listed = 0
    for campaigns in delta.portions((members_of - big) | statuses_of):
        of = (members_of - big) & campaigns, statuses_of & campaigns
        list_whole(door, ledger, connection, members_of=of[0], statuses_of=of[1])
        charge(door, ledger, connection)
        listed += delta.members_in(of[0])
        tell(listed, delta.members_in(members_of), door.api_calls)
    for campaign in sorted(big):
        list_ids(door, ledger, connection, campaign)
        charge(door, ledger, connection)
        listed += delta.members_in([campaign])
        tell(listed, delta.members_in(members_of), door.api_calls)
    follow_people(door, ledger, connection)


def list_whole(
    door: SalesforceDoor,
    ledger: Ledger,
    connection: ConnectionId,
    *,
    members_of: Collection[str],
    statuses_of: Collection[str],
) -> None:
    """Mirror all members and all statuses of these campaigns: whoever is in no list is gone."""
    lists = door.whole_lists(members_of=members_of, statuses_of=statuses_of)
    _mirror_whole(door, ledger, connection, lists)


def list_ids(door: SalesforceDoor, ledger: Ledger, connection: ConnectionId, campaign: str) -> None:
    """The same for a big campaign of which most members are mirrored: only their ids are listed, and whom we have not seen is
    read by id. The look before has brought what else changed."""
    unseen, gone = ledger.compare_members(connection, campaign, door.member_ids(campaign))
    if len(unseen) >= FIRST_READ_FROM_ROWS:
        list_whole(door, ledger, connection, members_of=[campaign], statuses_of=())
        return
    lists = door.whole_lists(members_of=(), statuses_of=())
    lists = replace(
        lists, members_of=frozenset([campaign]), members=door.members_by_id(unseen), gone=tuple(gone)
    )
    _mirror_whole(door, ledger, connection, lists)


def _mirror_whole(door: SalesforceDoor, ledger: Ledger, connection: ConnectionId, lists: WholeLists) -> None:
    look_up(door, ledger, connection, ledger.people_vanished(connection, lists))
    ledger.mirror_whole(connection, lists)


def call_in(door: SalesforceDoor, ledger: Ledger, connection: ConnectionId, campaign: str) -> None:
    """Mirror a campaign that the filter leaves out, for whoever asks for it by its id (M3.4). Called in our turn."""
    if ledger.call_in(connection, campaign):
        list_whole(door, ledger, connection, members_of=[campaign], statuses_of=[campaign])
        follow_people(door, ledger, connection)


@contextmanager
def turn(door: SalesforceDoor, ledger: Ledger, connection: ConnectionId) -> Iterator[None]:
    """Our turn with an org: nobody else looks at it or writes to it meanwhile, and whatever was called is charged."""
    with ledger.alone(connection):
        try:
            yield
        finally:
            charge(door, ledger, connection)


def look(door: SalesforceDoor, ledger: Ledger, connection: ConnectionId, tell: Tell = nobody) -> None:
    """Observe and nothing more, when nobody else does."""
    with turn(door, ledger, connection):
        observe(door, ledger, connection, tell)


@span("plan")
def plan_link(door: SalesforceDoor, ledger: Ledger, link: LinkId) -> Planned:
    """What would have to be done to make both sides of a link the same."""
    adopt_people(door, ledger, link)
    ledger.settle_intents(link, door.sync_user().user_id)
    # The mark comes with the trees. Were they read behind the facts, it could bear witness of what the facts do not know yet.
    trees = ledger.trees(link)
    return plan_of(ledger, ledger.link(link), trees)


def plan_of(ledger: Ledger, facts: LinkFacts, trees: Trees | None = None) -> Planned:
    """The plan of a link of which these are the facts, made of trees that are no younger."""
    trees = trees or ledger.trees(facts.link_id)
    plan = reconcile(facts, trees)
    if facts.member_fields:
        plan = replace(plan, values=plan_values(ledger.compare_values(facts.link_id), facts.policy.winner))
    return Planned(facts=facts, plan=plan, halt=reason_to_halt(plan, facts, trees), mark=trees.mark)


@span("link")
def run_link(
    door: SalesforceDoor,
    ledger: Ledger,
    link: LinkId,
    *,
    why: str,
    only: str | None = None,
    tell: Tell = nobody,
) -> RunReport:
    """Make both sides of a link the same. With `only`, the digest of a plan somebody read, do that plan or nothing."""
    # Planning is one statement after another, and nobody knows how many rows will come of it.
    tell(0, 0, door.api_calls)
    with ledger.run(link, why) as run:
        planned = plan_link(door, ledger, link)
        ledger.count_waiting(run, planned.plan.backlog)
        report = stopped(planned)
        if report is None and only is not None and planned.plan.digest() != only:
            raise HaltError(
                f"The world has moved since the plan for '{planned.facts.program}' was made: it is another plan now and"
                f' nothing was done. Read it with: campaignsync plan "{planned.facts.program}" --out FILE'
            )
        if report is None:
            report = asked(ledger, run, planned.facts, planned.plan)
        if report is None:
            report = execute(run, planned.facts, planned.plan, door, ledger, tell)
        elif planned.halt and planned.facts.state is LinkState.ACTIVE:
            ledger.stop(link, LinkState.HALTED, planned.halt)
        ledger.finish(run, report)
        if planned.mark and not report.halted and (planned.plan.writes_nothing or report.to_approve):
            ledger.settle_mark(link, planned.mark)
    return report


def stopped(planned: Planned) -> RunReport | None:
    """The report of a link that may not run now, or None (M6.6, M6.9)."""
    facts = planned.facts
    waiting = facts.state is not LinkState.ACTIVE and not (
        facts.state is LinkState.HALTED and facts.removals_allowed
    )
    reason = (facts.reason or facts.state.value) if waiting else planned.halt
    return RunReport(program=facts.program, connection=facts.connection, halted=reason) if reason else None
