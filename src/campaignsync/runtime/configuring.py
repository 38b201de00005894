"""Brings an installation to what a configuration document says: first as a plan to read, then all of it or nothing.

Called by the command line. Links are made as `link` makes them: only where the two fit. Smart campaigns are saved as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from campaignsync.domain.configuration import (
    Difference,
    Document,
    WrongEntryError,
    at,
    differences,
    label_mappings,
    merged,
    required,
)
from campaignsync.domain.connections import Connection
from campaignsync.domain.fields import remapped
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.member_fields import field_named
from campaignsync.runtime.lead_rules import changed_rules
from campaignsync.runtime.linking import ExistingCampaign, Linking
from campaignsync.runtime.member_fields import mapping_of
from campaignsync.runtime.member_ports import MemberFields
from campaignsync.runtime.ports import (
    Ledger,
    Registry,
    SalesforceDoor,
)
from campaignsync.runtime.smart_campaigns import SmartCampaigns
from campaignsync.runtime.view_ports import Configurations


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuring:
    """The configuration of one installation, and the doors that new links need."""

    configurations: Configurations
    registry: Registry
    member_fields: MemberFields
    ledger: Ledger
    smart_campaigns: SmartCampaigns
    open_door: Callable[[Connection], SalesforceDoor]

    def plan(self, wanted: Document, *, prune: bool) -> list[Difference]:
        """What would change; WrongEntryError for a smart campaign that makes no sense."""
        current = self.configurations.read()
        changes = differences(current, wanted, prune=prune)
        for name, (definition, _) in self._smart_campaigns(current, merged(current, wanted, changes)).items():
            with _below(name):
                self.smart_campaigns.check(name, definition)
        return changes

    def _smart_campaigns(self, current: Document, final: Document) -> dict[str, tuple[dict[str, Any], bool]]:
        """The smart campaigns that differ, as they shall be: the definition, and whether it is active."""
        return {
            name: (
                {key: value for key, value in entry.items() if key != "active" and value is not None},
                entry.get("active", False),
            )
            for name, entry in final.get("smart_campaigns", {}).items()
            if current["smart_campaigns"].get(name) != entry
        }

    def apply(self, wanted: Document, *, prune: bool, who: str) -> list[Difference]:
        """Change it: what was changed."""
        with self.configurations.whole():
            current = self.configurations.read()
            changes = differences(current, wanted, prune=prune)
            final = merged(current, wanted, changes)
            self.configurations.write(current, final)
            for name, entry in final["connections"].items():
                with at("connections", name):
                    self._map(name, current["connections"].get(name, {}), entry, who)
            for name in sorted(current["member_fields"].keys() - final["member_fields"].keys()):
                self.member_fields.remove(name, who=who)
            for program, entry in final["programs"].items():
                known = current["programs"].get(program, {}).get("links", {})
                for name, link in entry.get("links", {}).items():
                    if name not in known:
                        with at("programs", program, "links", name):
                            self._link(program, name, link)
            self._write_smart_campaigns(current, final, who)
        return changes

    def _write_smart_campaigns(self, current: Document, final: Document, who: str) -> None:
        for name in sorted(current["smart_campaigns"].keys() - final["smart_campaigns"].keys()):
            self.smart_campaigns.delete(name)
        for name, (definition, active) in self._smart_campaigns(current, final).items():
            with _below(name):
                self.smart_campaigns.save(name, definition, who=who)
            (self.smart_campaigns.activate if active else self.smart_campaigns.deactivate)(name)

    def _map(self, name: str, current: Document, final: Document, who: str) -> None:
        """Bring the mappings of fields in one org to what `final` says, as the commands do: only where they fit (M6.8, M7.5)."""
        if all(
            current.get(part) == final.get(part) for part in ("member_fields", "fields", "external_id_field")
        ):
            return
        connection = self.registry.connection(name)
        org, door = connection.connection_id, self.open_door(connection)
        changed_rules(connection.leads, {"external_id_field": final.get("external_id_field") or ""}, door)
        with self.ledger.alone(org):
            before, after = (each.get("member_fields", {}) for each in (current, final))
            for field in before.keys() - after.keys():
                self.member_fields.unmap(org, field, who=who)
            for field, there in after.items():
                if before.get(field) != there:
                    known = field_named(field, self.member_fields.list())
                    others = self.member_fields.mappings(org)
                    mapping = mapping_of(known, there, door.fields_of("CampaignMember"), others)
                    self.member_fields.map(org, mapping, who=who)
            self._map_people(org, door, current.get("fields", {}), final.get("fields", {}))

    def _map_people(self, org: ConnectionId, door: SalesforceDoor, before: Document, after: Document) -> None:
        for name in before.keys() - after.keys():
            self.registry.forget_person_field(org, name)
        changed = {name: entry for name, entry in after.items() if before.get(name) != entry}
        seen = {each: door.fields_of(each) for each in ("Lead", "Contact", "Account")} if changed else {}
        for name, entry in changed.items():
            chosen = {key: value or "" for key, value in entry.items()}
            self.registry.map_person_field(
                org, remapped(self.registry.person_fields(org), name, chosen, seen)
            )

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


@contextmanager
def _below(name: str) -> Iterator[None]:
    """What is wrong in a smart campaign's definition is said to be where it stands in the document."""
    try:
        yield
    except WrongEntryError as error:
        raise WrongEntryError(("smart_campaigns", name, *error.path), error.reason) from None
