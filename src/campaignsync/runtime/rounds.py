"""A round: one look at an org, then a run of each of its links; and a plan without running it.

Called by the command line. What goes wrong with one link never keeps another from its run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace

from campaignsync.domain.budget import BACKFILL_FROM_ROWS, Budget, Pace
from campaignsync.domain.connections import Connection
from campaignsync.domain.errors import CampaignsyncError, RetryableError
from campaignsync.domain.ids import ConnectionId, LinkId
from campaignsync.domain.links import LinkEndedError
from campaignsync.domain.runs import RunReport
from campaignsync.planner.people import PeoplePlan
from campaignsync.runtime.calls import charge
from campaignsync.runtime.cycle import Planned, observe, plan_link, run_link, turn
from campaignsync.runtime.linking import require_campaign_sync
from campaignsync.runtime.person_fields import PeopleReport, plan_fields, sync_fields
from campaignsync.runtime.ports import Ledger, SalesforceDoor
from campaignsync.runtime.progress import Tell, nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round came to. Each report counts the calls of its own run and of the look that served all runs; `api_calls` is
    the sum without counting that look twice."""

    reports: tuple[RunReport, ...]
    api_calls: int
    connection: str = ""
    people: PeopleReport = field(default_factory=PeopleReport)
    paced: str | None = None
    """What the budget of API calls has come to, where that slows or holds anything (domain.budget)."""

    @property
    def left_open(self) -> int:
        """How many writes the next round has to judge: of some nobody knows the outcome, others were overtaken by somebody's."""
        return self.people.unknown + sum(each.unknown + each.overtaken for each in self.reports)


def run_round(
    door: SalesforceDoor,
    ledger: Ledger,
    connection: Connection,
    *,
    links: Sequence[LinkId] | None = None,
    only: str | None = None,
    tell: Tell = nobody,
) -> Round:
    """Observe an org, bring the fields of its people together and run those of its links that are due, or those named. With
    `only`, the digest of the one plan that may be carried out, and nothing else is.

    RetryableError when the org's budget of API calls is spent, before the look or before the next link (docs/adr/0008), and when
    the org goes away in the middle.
    """
    require_campaign_sync(connection)
    org, before = connection.connection_id, door.api_calls
    reports: dict[LinkId, RunReport] = {}
    with turn(door, ledger, org):
        with failure_kept(ledger, org):
            ledger.begin_round(org)
            ledger.budget(org).require(connection.name)
            observe(door, ledger, org, tell)
            people = PeopleReport() if only else _sync_fields(door, ledger, org, tell)
        looking = door.api_calls - before
        if links is None:
            reports |= ledger.standing(org)
        for link in _in_turn(ledger, org, reports) if links is None else links:
            with failure_kept(ledger, org):
                budget = _charged(door, ledger, org)
                budget.require(connection.name)
            told = reports.get(link)
            if told and (held := _held(budget, ledger, link)):
                reports[link] = replace(told, held=held)
                continue
            # Whose link was ended meanwhile has no report, and takes no other link's run along.
            with nullcontext() if only else suppress(LinkEndedError):
                reports[link] = _run(door, ledger, link, only=only, tell=tell)
        ledger.round_done(org)
        said = _charged(door, ledger, org).said
    return Round(
        reports=tuple(replace(report, api_calls=report.api_calls + looking) for report in reports.values()),
        api_calls=door.api_calls - before,
        connection=connection.name,
        people=people,
        paced=said,
    )


def _held(budget: Budget, ledger: Ledger, link: LinkId) -> str | None:
    """Why a link waits. Whether it is a backfill is asked only when that counts, which is seldom."""
    backfill = budget.pace >= Pace.NO_BACKFILLS and ledger.is_backfill(link)
    return budget.reason_to_hold(backfill=backfill)


def _charged(door: SalesforceDoor, ledger: Ledger, org: ConnectionId) -> Budget:
    """The budget of an org with everything that was called so far, and what the org told of its own use."""
    charge(door, ledger, org)
    return ledger.budget(org)


def _in_turn(ledger: Ledger, org: ConnectionId, reports: Mapping[LinkId, RunReport]) -> Iterator[LinkId]:
    """The links that are due, one after another. Behind one that moved much, which takes long, it is asked anew: what has become
    due meanwhile on our side goes before the backfills that are left."""
    had: set[LinkId] = set()
    waiting = list(ledger.links_due(org))
    while waiting:
        link = waiting.pop(0)
        had.add(link)
        yield link
        done = reports.get(link)
        if waiting and done and done.program_changes + done.campaign_changes >= BACKFILL_FROM_ROWS:
            waiting = [each for each in ledger.links_due(org) if each not in had]


def _sync_fields(door: SalesforceDoor, ledger: Ledger, org: ConnectionId, tell: Tell) -> PeopleReport:
    """The fields of people, unless what is left of the calls is for looks alone: whoever changed is compared by a later round."""
    if _charged(door, ledger, org).reason_to_hold(backfill=False):
        return PeopleReport()
    return sync_fields(door, ledger, org, tell)


@contextmanager
def failure_kept(ledger: Ledger, connection: ConnectionId) -> Iterator[None]:
    """What goes wrong in here is kept as a problem of the whole round (M8.2)."""
    try:
        yield
    except CampaignsyncError as error:
        ledger.job_failed(connection, None, error)
        raise


def _run(door: SalesforceDoor, ledger: Ledger, link: LinkId, *, only: str | None, tell: Tell) -> RunReport:
    """The run of a link. What goes wrong is kept as a problem of it and takes no other along, unless the org itself is gone."""
    try:
        return run_link(door, ledger, link, why="apply" if only else "sync", only=only, tell=tell)
    except CampaignsyncError as error:
        if only:
            raise
        facts = ledger.link(link)
        if isinstance(error, RetryableError) and error.of_org:
            # One word of it for the org, and none of each of its links: they are due as before.
            with failure_kept(ledger, facts.connection_id):
                raise
        ledger.job_failed(facts.connection_id, link, error)
        return RunReport(program=facts.program, connection=facts.connection, halted=str(error))


@contextmanager
def observed(
    door: SalesforceDoor, ledger: Ledger, connection: Connection, tell: Tell = nobody
) -> Iterator[None]:
    """Our turn with an org that is to be synced, as it is now."""
    require_campaign_sync(connection)
    with turn(door, ledger, connection.connection_id):
        observe(door, ledger, connection.connection_id, tell)
        yield


def plan_now(
    door: SalesforceDoor, ledger: Ledger, connection: Connection, link: LinkId, tell: Tell = nobody
) -> Planned:
    """The plan of a link as the world is now."""
    with observed(door, ledger, connection, tell):
        return plan_link(door, ledger, link)


def plan_people_now(
    door: SalesforceDoor, ledger: Ledger, connection: Connection, tell: Tell = nobody
) -> PeoplePlan:
    """The plan of an org's people as the world is now."""
    with observed(door, ledger, connection, tell):
        return plan_fields(door, ledger, connection.connection_id)
