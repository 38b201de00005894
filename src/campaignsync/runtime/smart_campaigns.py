"""Smart campaigns as whoever speaks with people offers them: list, show, check, save, count, preview, start, stop, results.

Called by the command line, the REST API and the pages alike, each handing over plain values; errors are UsageErrors whose
words say what to mend, those in a definition with their path (WrongEntryError).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaignsync.automation.reading import read_definition, read_smart_list
from campaignsync.automation.schedule import next_at
from campaignsync.domain.configuration import WrongEntryError
from campaignsync.domain.errors import UsageError
from campaignsync.domain.smart_campaigns import SmartCampaign
from campaignsync.runtime.flow_ports import Flows, SmartCampaignShelf
from campaignsync.runtime.flow_runner import FlowReport, advance

MOST_REHEARSED = 1000
"""So many turns a preview takes at the most, so that a circle of flows ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartCampaigns:
    """The smart campaigns of an installation."""

    shelf: SmartCampaignShelf
    flows: Flows

    def list(self) -> list[dict[str, Any]]:
        """All: number, name, program, kind, state, reason, priority, next_at, changed_at, in_flow, went_through, blocked,
        failed."""
        return self.shelf.list()

    def show(self, name: str) -> dict[str, Any]:
        """One as it is listed, with `definition`, and `faults`: what it names and is not there."""
        found = self.shelf.get(name)
        return {**found, "faults": self._faults(name, found["definition"])}

    def _faults(self, name: str, definition: Mapping[str, Any]) -> Sequence[str]:
        try:
            return self.shelf.faults(self._sense(name, definition))
        except UsageError as error:
            return [str(error)]

    def check(self, name: str, definition: Mapping[str, Any]) -> Sequence[str]:
        """WrongEntryError for what makes no sense; else the faults: what it names and is not there."""
        return self.shelf.faults(self._to_keep(name, definition))

    def save(self, name: str, definition: Mapping[str, Any], *, who: str) -> Sequence[str]:
        """Keep a definition; its state stays, and who is in its flow goes on by the one they began with. The faults."""
        if not name.strip():
            raise UsageError("A smart campaign needs a name.")
        campaign = self._to_keep(name.strip(), definition)
        with self.flows.turn():
            self.shelf.save(name.strip(), definition, who=who)
            if self.shelf.get(name.strip())["state"] == "active":
                self.activate(name.strip())
        return self.shelf.faults(campaign)

    def _to_keep(self, name: str, definition: Mapping[str, Any]) -> SmartCampaign:
        campaign = self._read(name, definition)
        self.shelf.require_public(campaign)
        return campaign

    def _read(self, name: str, definition: Mapping[str, Any]) -> SmartCampaign:
        campaign = self._sense(name, definition)
        if campaign.is_trigger and campaign.schedule:
            raise WrongEntryError(
                ("schedule",), "a smart campaign with triggers runs when they fire, and by no schedule"
            )
        return campaign

    def _sense(self, name: str, definition: Mapping[str, Any]) -> SmartCampaign:
        program = definition.get("program") if isinstance(definition, Mapping) else None
        mine = self.shelf.tokens(program if isinstance(program, str) else None)
        return read_definition(name, definition, self.shelf.fields(), mine)

    def rename(self, name: str, new: str) -> None:
        """Call it otherwise."""
        self.shelf.rename(name, new)

    def delete(self, name: str) -> None:
        """Forget it with its results; UsageError while people are in its flow."""
        self.shelf.delete(name)

    def activate(self, name: str) -> None:
        """Listen to triggers from now on, or run by the schedule. UsageError for one that would do nothing."""
        campaign = self._read(name, self.shelf.get(name)["definition"])
        if not campaign.flow:
            raise UsageError(f"'{name}' has no flow: it would do nothing.")
        at = next_at(campaign.schedule, self.flows.now()) if campaign.schedule else None
        if not campaign.is_trigger and at is None:
            raise UsageError(
                f"'{name}' has no trigger and no schedule that is still to come. Run it now with:"
                f' campaignsync smart run "{name}"'
            )
        self.shelf.activate(name, at)

    def deactivate(self, name: str) -> None:
        """Take in nobody any more; who is in the flow goes on."""
        self.shelf.deactivate(name)

    def run(self, name: str, *, who: str) -> int:
        """Begin a batch now, whatever the schedule; how many people qualified. `run_flows` takes them through."""
        found = self.shelf.get(name)
        campaign = self._batch(name, found["definition"])
        with self.flows.turn():
            _, entered = self.flows.begin_batch(found["number"], campaign, f"by {who}")
        return entered

    def _batch(self, name: str, definition: Mapping[str, Any]) -> SmartCampaign:
        campaign = self._read(name, definition)
        if campaign.is_trigger:
            raise UsageError(f"'{name}' has triggers: it runs when they fire, once it is active.")
        if not campaign.flow:
            raise UsageError(f"'{name}' has no flow: it would do nothing.")
        return campaign

    def abort(self, name: str, *, batch: int | None = None) -> int:
        """Take everybody, or those of one batch, out of the flow; how many. What was sent to Salesforce stays."""
        return self.shelf.abort(name, batch)

    def count(self, filters: Sequence[Any], logic: str | None = None, *, sample: int = 10) -> dict[str, Any]:
        """How many people these filters find, before anything is saved: people, sample (number, email, first_name, last_name,
        company), and faults: what they name and is not there."""
        smart_list = read_smart_list({"filters": filters, "logic": logic}, self.shelf.fields())
        people, some = self.shelf.count(smart_list, sample)
        faults = self.shelf.faults(SmartCampaign(name="", smart_list=smart_list, flow=()))
        return {"people": people, "sample": some, "faults": list(faults)}

    def preview(self, name: str, definition: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Who would qualify now and what would happen to them, waits left out; nothing of it stays. A definition that is not
        saved may
        be previewed, too. people, blocked, steps (step, action, outcome, message, people), sample (email, step, action, outcome,
        message), faults."""
        shown = definition if definition is not None else self.shelf.get(name)["definition"]
        campaign = self._read(name, shown)
        with self.flows.rehearsal():
            self.shelf.save(name, shown, who="preview")
            number = self.shelf.get(name)["number"]
            self.shelf.clear_stage()
            batch, _ = self.flows.begin_batch(number, campaign, "preview")
            self._rehearse()
            told = self.shelf.rehearsed(batch)
        return {**told, "faults": self.shelf.faults(campaign)}

    def _rehearse(self) -> None:
        report = FlowReport()
        for _ in range(MOST_REHEARSED):
            if not advance(self.flows, report) and not self.shelf.settle_rehearsal():
                return

    def results(self, name: str) -> dict[str, Any]:
        """What came of it: steps (step, action, outcome, message, people), states, batches, blocked."""
        return self.shelf.results(name)

    def people(
        self,
        name: str,
        *,
        email: str | None = None,
        outcome: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> Sequence[dict[str, Any]]:
        """Results person by person, latest first."""
        return self.shelf.people(name, email=email, outcome=outcome, limit=limit, before=before)

    def blocked(self, name: str, *, limit: int = 100, before: int | None = None) -> Sequence[dict[str, Any]]:
        """Who was found and not let in, and why."""
        return self.shelf.blocked(name, limit, before)
