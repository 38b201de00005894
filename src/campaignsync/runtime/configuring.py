"""Brings an installation to what a configuration document says: first as a plan to read, then all of it or nothing.

Called by the command line. Links are made as `link` makes them: only where the two fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaignsync.domain.configuration import (
    Difference,
    Document,
    differences,
    label_mappings,
    merged,
    required,
)
from campaignsync.domain.connections import Connection
from campaignsync.runtime.linking import ExistingCampaign, Linking
from campaignsync.runtime.ports import Configurations, Ledger, Registry, SalesforceDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuring:
    """The configuration of one installation, and the doors that new links need."""

    configurations: Configurations
    registry: Registry
    ledger: Ledger
    open_door: Callable[[Connection], SalesforceDoor]

    def plan(self, wanted: Document, *, prune: bool) -> list[Difference]:
        """What would change."""
        return differences(self.configurations.read(), wanted, prune=prune)

    def apply(self, wanted: Document, *, prune: bool) -> list[Difference]:
        """Change it: what was changed."""
        with self.configurations.whole():
            current = self.configurations.read()
            changes = differences(current, wanted, prune=prune)
            final = merged(current, wanted, changes)
            self.configurations.write(current, final)
            for program, entry in final["programs"].items():
                known = current["programs"].get(program, {}).get("links", {})
                for name, link in entry.get("links", {}).items():
                    if name not in known:
                        self._link(program, name, link)
        return changes

    def _link(self, program: str, name: str, entry: dict[str, Any]) -> None:
        connection = self.registry.connection(name)
        linking = Linking(
            registry=self.registry,
            ledger=self.ledger,
            door=self.open_door(connection),
            connection=connection,
        )
        campaign = required(entry, "campaign", f"The link of program '{program}' in '{name}'")
        wish = ExistingCampaign(program=program, campaign=campaign, mapped=label_mappings(entry))
        linking.existing(wish)
        self.configurations.write_link(program, name, entry)
