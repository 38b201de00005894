"""Smart campaigns in a share of the histories: which there are, what people do that fires them, and when their flows are run.

Made from the history's seed by dice of their own, so that a history without them is what it always was. `play` has all that is
due run behind each round; in between, and within turns, processes die and calls go wrong at counted moments.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from campaignsync.domain.errors import CampaignsyncError
from campaignsync.runtime.flow_runner import FlowDoors, run_flows
from simulation.acts import act
from simulation.faults import strike, struck
from simulation.flow_stores import FlowStore, flow_store
from simulation.history import STATUSES, History
from simulation.mortal import DatabaseGoneError, Killed, Mortal
from simulation.org import RefusedThereError
from simulation.world import World

ONE_IN = 8
"""Every so manieth history has smart campaigns."""
FOLLOW_UP, NURTURE = "Follow Up", "Nurture"
ACTIONS_THERE = ("Sent", "Responded")
_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "lost after it was done": {},
    "lost before it was done": {},
    "5xx after it was done": {},
    "5xx": {"status": 503},
    "session expired": {},
}
Told = Mapping[str, Any]


@dataclass(frozen=True)
class Smart:
    """A smart campaign, and which lines of the journal fire it: said once more, in other words than the product's."""

    name: str
    fires: Callable[[Told, str], bool]
    """By a line and the linked campaign's id."""
    definition: Callable[[str, str], Mapping[str, Any]]
    """By the linked campaign and the other one, both by id."""
    once: bool = False


def _there(line: Told, *, added: bool = False, removed: bool = False) -> bool:
    return (line["side"], line["noun"], line["old"] is None, line["new"] is None) == (
        "campaign",
        "member",
        added,
        removed,
    )


def _here(line: Told, program: str, *, added: bool = False) -> bool:
    told = (line["side"], line["noun"], line["program"], line["old"] is None) == (
        "program",
        "member",
        program,
        added,
    )
    return told and line["new"] is not None


_AGAIN = {"qualification": "every time"}


def _to(campaign: str, verb: str, status: str | None = None) -> dict[str, Any]:
    return {
        "action": f"{verb} SFDC Campaign",
        "campaign": campaign,
        **({"status": status} if status else {}),
    }


def _nurture(status: str, **more: Any) -> dict[str, Any]:
    return {"action": "Change Program Status", "program": NURTURE, "status": status, **more}


_FAX = {"action": "Change Data Value", "field": "fax", "value": "{{trigger.new}}"}
SMART = (
    Smart(
        "Welcome",
        lambda line, linked: _there(line, added=True) and line["campaign_id"] == linked,
        lambda linked, other: {
            "triggers": [{"trigger": "Added to SFDC Campaign", "campaign": linked}],
            "flow": [
                _to(other, "Add to", "Sent"),
                {"action": "Wait", "for": "1 hour"},
                _to(other, "Change Status in", "Responded"),
            ],
        },
        once=True,
    ),
    Smart(
        "Attended",
        lambda line, linked: _there(line) and line["campaign_id"] == linked and line["new"] == "Attended",
        lambda linked, other: {
            "triggers": [
                {
                    "trigger": "Status is Changed in SFDC Campaign",
                    "campaign": linked,
                    "new status": "Attended",
                }
            ],
            "flow": [
                _nurture("Registered"),
                {"action": "Request Campaign", "smart campaign": "Second"},
                _to(other, "Add to", "Sent"),
            ],
            **_AGAIN,
        },
    ),
    Smart(
        "Left",
        lambda line, linked: _there(line, removed=True) and line["campaign_id"] == linked,
        lambda linked, other: {
            "triggers": [{"trigger": "Removed from SFDC Campaign", "campaign": linked}],
            "flow": [_to(other, "Remove from"), {"action": "Add to List", "list": "Left"}],
            **_AGAIN,
        },
    ),
    Smart(
        "Joined",
        lambda line, linked: _here(line, "Spring", added=True),
        lambda linked, other: {
            "triggers": [{"trigger": "Added to Program", "program": "Spring"}],
            "priority": 2,
            "flow": [
                _nurture(
                    "Invited",
                    choices=[
                        {
                            "if": {"filter": "Person Field", "field": "title", "value": "A"},
                            "status": "Attended",
                        },
                        {"if": {"filter": "Person Field", "field": "title", "value": "B"}, "do": "nothing"},
                    ],
                ),
                {"action": "Wait", "for": "3 hours"},
                _to(other, "Change Status in", "Responded"),
            ],
        },
        once=True,
    ),
    Smart(
        "Moved",
        lambda line, linked: _here(line, "Spring"),
        lambda linked, other: {
            "triggers": [{"trigger": "Program Status is Changed", "program": "Spring"}],
            "flow": [_FAX, {"action": "Wait", "for": "30 days"}, _nurture("Attended")],
            **_AGAIN,
        },
    ),
    Smart(
        "Titled",
        lambda line, linked: line["noun"] == "title" and line["side"] == "program",
        lambda linked, other: {
            "triggers": [{"trigger": "Data Value Changes", "field": "title"}],
            "flow": [_FAX, _to(other, "Add to", "Sent")],
            **_AGAIN,
        },
    ),
    Smart(
        "Known",
        lambda line, linked: line["noun"] == "created",
        lambda linked, other: {
            "triggers": [{"trigger": "Person is Created"}],
            "flow": [{"action": "Add to List", "list": "Known"}, _nurture("Invited")],
        },
        once=True,
    ),
    Smart(
        "Up",
        lambda line, linked: _there(line) and line["new"] == "Sent",
        lambda linked, other: {
            "triggers": [{"trigger": "Status is Changed in SFDC Campaign", "new status": "Sent"}],
            "flow": [_to(other, "Change Status in", "Responded")],
            **_AGAIN,
        },
    ),
    Smart(
        "Down",
        lambda line, linked: _there(line) and line["new"] == "Responded",
        lambda linked, other: {
            "triggers": [{"trigger": "Status is Changed in SFDC Campaign", "new status": "Responded"}],
            "flow": [_to(other, "Change Status in", "Sent")],
            **_AGAIN,
        },
    ),
)
SECOND = Smart(
    "Second",
    lambda line, linked: line["noun"] == "request",
    lambda linked, other: {
        "triggers": [{"trigger": "Campaign is Requested"}],
        "flow": [_nurture("Attended"), {"action": "Add to List", "list": "Known"}],
        **_AGAIN,
    },
)


class NoCourier:
    """Histories send nothing into the world."""


class MortalFlows(Mortal):
    """Flows and commands of a process that may die within a turn: then all of the turn is undone."""

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        self.require_alive()
        self._moment("before turn", self)
        with self._ledger.turn():
            yield
        self._moment("after turn", self)


@dataclass
class Flowing:
    """The smart campaigns of one history, at work."""

    world: World
    dice: random.Random
    store: FlowStore
    smart: tuple[Smart, ...]
    faults: list[tuple[int, str]]
    """At which moment of flows what goes wrong, in order."""
    count: int = 0
    active: bool = False
    calm: bool = False
    """Nobody does anything any more, and nothing goes wrong."""
    _ledger: Mortal | None = field(default=None)

    @classmethod
    def of(cls, history: History, world: World) -> Flowing | None:
        """Those of a history; None where it has none."""
        dice = random.Random(f"flows {history.seed}")
        if dice.randrange(ONE_IN) or history.given.beside:
            return None
        made = cls(
            world=world,
            dice=dice,
            store=flow_store(world.store),
            smart=(*dice.sample(SMART, dice.randint(2, 4)), SECOND),
            faults=sorted(
                (dice.randint(1, 90), dice.choice((*_FAULTS, "killed", "killed", "killed", "killed")))
                for _ in range(dice.randint(0, 8))
            ),
        )
        world.universe.hooks.append(made._step)
        made._begin()
        return made

    def _begin(self) -> None:
        world = self.world
        world.store.registry.create_program(NURTURE, "Webinar", {})
        world.campaigns[FOLLOW_UP] = world.sales.create("Campaign", Name=FOLLOW_UP, IsActive=True)
        for name in ("Left", "Known"):
            self.store.make_list(name)
        for each in self.smart:
            self.store.define(
                each.name, each.definition(world.campaigns["Spring"], world.campaigns[FOLLOW_UP])
            )

    # What happens between rounds.

    def run(self, ledger: Mortal, door: Any) -> bool:
        """People do something, and then all that is due of flows is done; whatever way it ends. Whether anything was to do."""
        for _ in range(0 if self.calm else self.dice.randint(1, 4)):
            self.dice.choice((self._edit_there, self._edit_elsewhere))()
        world = self.world
        self._ledger, self.active = ledger, True
        self.store.may_die(not self.calm and any(what == "killed" for _, what in self.faults))
        process = MortalFlows(self.store.flows, world.moment)
        doors = FlowDoors(
            flows=process,  # type: ignore[arg-type]
            commands=MortalFlows(self.store.commands, world.moment),  # type: ignore[arg-type]
            courier=NoCourier(),  # type: ignore[arg-type]
            ledger=ledger,  # type: ignore[arg-type]
            directory=world.store.directory,
            connections=lambda: [world.connection],
            open_door=lambda connection: door,
        )
        try:
            report = run_flows(doors)
            world.tell(f"flows: {report.entered} {report.steps} {report.commands} {report.failures!r}")
            return bool(report.entered or report.steps or report.commands or report.failures)
        except CampaignsyncError as error:
            world.tell(f"flows failed: {type(error).__name__} {error}")
        except (Killed, DatabaseGoneError) as death:
            world.tell(f"flows died: {type(death).__name__}")
            ledger.death = Killed
            world.bury(ledger)
        finally:
            self.active = False
        return True

    def _edit_there(self) -> None:
        """Sales adds somebody to the other campaign, gives them another status, or takes them out."""
        world, name = self.world, self.dice.choice(self.world.given.people).name
        rows, records = world.rows_there(FOLLOW_UP, name), world.records(name)
        wish = self.dice.choice((*ACTIONS_THERE, None))
        try:
            if rows and wish is None:
                world.sales.delete("CampaignMember", rows[0][0])
            elif rows and wish is not None:
                world.sales.update("CampaignMember", rows[0][0], Status=wish)
            elif records and wish is not None:
                kind, record = records[0]
                campaign = world.campaigns[FOLLOW_UP]
                world.sales.create(
                    "CampaignMember", CampaignId=campaign, Status=wish, **{f"{kind}Id": record}
                )
        except RefusedThereError as refused:
            world.tell(f"refused: {str(refused)[:160]}")

    def _edit_elsewhere(self) -> None:
        """Somebody changes something that fires smart campaigns, as histories do anyway."""
        who = self.dice.choice(self.world.given.people).name
        where = {"who": who, "program": "Spring", "status": self.dice.choice(STATUSES)}
        what, args = self.dice.choice(
            (
                ("here: set status", where),
                ("there: set status", where),
                ("there: remove", {"who": who, "program": "Spring"}),
                ("here: set field", {"who": who, "field": "title", "value": self.dice.choice("ABC")}),
            )
        )
        self.world.tell(f"{what} {args}")
        act(self.world, what, args)

    def _step(self, name: str, process: Mortal | None) -> None:
        """A moment of flows: what is set for it happens."""
        if not self.active or process is None or self.calm:
            return
        self.count += 1
        while self.faults and self.faults[0][0] <= self.count:
            _, what = self.faults.pop(0)
            if what == "killed":
                struck(self.world, "killed in a flow")
                process.die(Killed)
            strike(self.world, what, _FAULTS[what])
