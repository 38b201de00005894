"""The configuration as it is kept, read as one document and brought to what another document says (domain.configuration).

Called through `runtime.configuring`. Secrets are no part of it; links are made by `runtime.linking`, which knows whether two fit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from campaignsync.domain.configuration import VERSION, Document, at, label_mappings, required
from campaignsync.domain.errors import UsageError
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.member_fields import FieldKind, MemberField
from campaignsync.domain.mirror_filter import MirrorFilter
from campaignsync.domain.programs import PeriodCost, amount, month
from campaignsync.domain.smart_campaigns import SmartCampaignState, in_order
from campaignsync.domain.statuses import Channel, ProgressionStatus
from campaignsync.store import models
from campaignsync.store.facts import lead_rules
from campaignsync.store.member_fields import MemberFields, mappings
from campaignsync.store.registry import Registry, find_program, money

_CHOICES = {
    "policy": ("winner", "step_back", "removed_in_program", "removed_in_campaign", "field_edit", "approval"),
    "limits": ("removal_share", "removal_number"),
}
_DATES = ("start", "end")
_OF_CONNECTION = (
    "campaign_sync",
    "every_s",
    "daily_calls",
    "reserve",
    "default_last_name",
    "default_company",
    "duplicate_rule",
    "assignment",
    "external_id_field",
    "mirror_filter",
    "currency",
    "rates",
)
_OF_FIELD = ("lead", "contact", "direction", "winner")


class Configurations:
    """The configuration of an installation."""

    def __init__(self, registry: Registry, member_fields: MemberFields) -> None:
        self._registry = registry
        self._member_fields = member_fields

    def whole(self) -> contextlib.AbstractContextManager[None]:
        """All that is changed within is kept, or nothing of it."""
        return transaction.atomic()

    def read(self) -> dict[str, Any]:
        """Everything as one document."""
        channels = models.Channel.objects.order_by("name").prefetch_related("statuses")
        programs = models.Program.objects.order_by("name").select_related("channel")
        connections = models.Connection.objects.order_by("name")
        return {
            "campaignsync": VERSION,
            "channels": {row.name: _channel(row) for row in channels},
            "programs": {row.name: _program(row) for row in programs.prefetch_related("tags", "costs")},
            "smart_campaigns": {
                row.name: {**in_order(row.definition), "active": row.state == SmartCampaignState.ACTIVE.value}
                for row in models.SmartCampaign.objects.order_by("name")
            },
            "connections": {row.name: _connection(row) for row in connections},
            "member_fields": {each.name: {"kind": each.kind.value} for each in self._member_fields.list()},
        }

    def write(self, current: Document, final: Document) -> None:
        """Bring what differs between two documents to what `final` says, but for smart campaigns, and for links that are
        not there yet."""
        gone = {
            section: current[section].keys() - final[section].keys() for section in ("programs", "channels")
        }
        for name in sorted(gone["programs"]):
            self._registry.delete_program(name)
        for section, write in (
            ("member_fields", self._write_member_field),
            ("connections", self._write_connection),
            ("channels", self._write_channel),
            ("programs", self._write_program),
        ):
            for name, entry in final[section].items():
                if current[section].get(name) != entry:
                    with at(section, name):
                        write(name, entry)
        for name in sorted(gone["channels"]):
            _delete(models.Channel.objects.get(name=name), f"Channel '{name}' is used by programs")

    def _write_member_field(self, name: str, entry: Document) -> None:
        kind = FieldKind(required(entry, "kind", f"Member field '{name}'"))
        known = next((each for each in self._member_fields.list() if each.name == name), None)
        if known:
            raise UsageError(
                f"Member field '{name}' is a {known.kind} and may have values: remove it first, to make it anew as a {kind}."
            )
        self._member_fields.add(MemberField(name=name, kind=kind))

    def write_link(self, program: str, connection: str, entry: Document) -> None:
        """The choices of a link, and what its labels mean."""
        link, _ = self._registry.link_of(program, connection)
        chosen = {
            name: entry[part][name]
            for part, names in _CHOICES.items()
            for name in names
            if name in entry.get(part, {})
        }
        models.Link.objects.filter(pk=link).update(**chosen)
        self._registry.set_labels(link, label_mappings(entry))

    def _write_connection(self, name: str, entry: Document) -> None:
        own = {key: value for key, value in entry.items() if key in _OF_CONNECTION}
        row = models.Connection.objects.filter(name=name).first()
        if row is None:
            raise UsageError(
                f"There is no connection '{name}', and no file holds its secrets. Make it first: campaignsync connect {name}"
            )
        before = lead_rules(row)
        models.Connection.objects.filter(pk=row.pk).update(**own)
        row.refresh_from_db()
        if lead_rules(row) != before:
            self._registry.set_lead_rules(ConnectionId(row.pk), lead_rules(row))

    def _write_channel(self, name: str, entry: Document) -> None:
        statuses = entry.get("statuses", {})
        made = Channel(  # Whatever a channel must be is asked of the field's own words.
            name=name,
            program_type=entry.get("type", "default"),
            campaign_type=entry.get("campaign_type"),
            statuses=tuple(
                ProgressionStatus(name=label, step=each.get("step", 0), success=each.get("success", False))
                for label, each in statuses.items()
            ),
        )
        row, _ = models.Channel.objects.update_or_create(
            name=name, defaults={"program_type": made.program_type, "campaign_type": made.campaign_type}
        )
        for status in made.statuses:
            models.ProgressionStatus.objects.update_or_create(
                channel=row, name=status.name, defaults={"step": status.step, "success": status.success}
            )
        for gone in row.statuses.exclude(name__in=made.names):
            _delete(gone, f"Status '{gone.name}' of channel '{name}' is carried by members")

    def _write_program(self, name: str, entry: Document) -> None:
        row = models.Program.objects.filter(name=name).select_related("channel").first()
        if row is None:
            self._registry.create_program(name, required(entry, "channel", f"Program '{name}'"), {})
            row = find_program(name)
        if row.channel.name != entry["channel"]:
            if row.members.exists():
                raise UsageError(
                    f"Program '{name}' has members with statuses of channel '{row.channel.name}', so that its channel stays."
                )
            channel = self._registry.channel(entry["channel"])
            row.channel = models.Channel.objects.get(name=channel.name)
            row.save(update_fields=["channel"])
        dates = {
            f"{key}_date": entry[key] and date.fromisoformat(entry[key]) for key in _DATES if key in entry
        }
        folder = {"folder": entry["folder"]} if "folder" in entry else {}
        tokens = {"tokens": entry["tokens"]} if "tokens" in entry else {}
        self._registry.change_program(name, dates | folder | tokens)
        tags = entry.get("tags", {})
        row.tags.exclude(name__in=tags).delete()
        for tag, value in tags.items():
            row.tags.update_or_create(name=tag, defaults={"value": value})
        self._write_costs(name, row, entry.get("costs", {}))
        self._write_links(name, row, entry.get("links", {}))

    def _write_costs(self, name: str, row: models.Program, costs: Mapping[str, Any]) -> None:
        row.costs.exclude(month__in=[month(each) for each in costs]).delete()
        for each, cost in costs.items():
            given = {key: cost[key] for key in ("currency", "note") if key in cost}
            paid = amount(required(cost, "amount", f"The cost of program '{name}' in {each}"))
            self._registry.set_cost(name, PeriodCost(month=month(each), amount=paid, **given))

    def _write_links(self, name: str, row: models.Program, links: Mapping[str, Any]) -> None:
        for link in row.links.select_related("connection"):
            entry = links.get(link.connection.name)
            if entry is None:
                link.delete()
            elif entry["campaign"] != link.campaign_id:
                raise UsageError(
                    f"Program '{name}' is linked with campaign {link.campaign_id}, not {entry['campaign']}: end that link first,"
                    f' with: campaignsync unlink "{name}" --connection {link.connection.name}'
                )
            else:
                self.write_link(name, link.connection.name, entry)


def _connection(row: models.Connection) -> dict[str, Any]:
    chosen = models.MappedField.objects.filter(connection=row).order_by("name")
    return {
        **{name: getattr(row, name) for name in _OF_CONNECTION},
        "mirror_filter": MirrorFilter.of(row.mirror_filter).value(),
        "member_fields": {
            each.field.name: each.salesforce_field for each in mappings(row) if each.off is None
        },
        "fields": {each.name: {name: getattr(each, name) for name in _OF_FIELD} for each in chosen},
    }


def _channel(row: models.Channel) -> dict[str, Any]:
    return {
        "type": row.program_type,
        "campaign_type": row.campaign_type,
        "statuses": {each.name: {"step": each.step, "success": each.success} for each in row.statuses.all()},
    }


def _program(row: models.Program) -> dict[str, Any]:
    costs = row.costs.order_by("month")
    return {
        "channel": row.channel.name,
        "folder": row.folder,
        **{
            key: day and day.isoformat()
            for key, day in zip(_DATES, (row.start_date, row.end_date), strict=True)
        },
        "tags": {tag.name: tag.value for tag in row.tags.order_by("name")},
        "tokens": dict(sorted(row.tokens.items())),
        "costs": {
            f"{each.month:%Y-%m}": {
                "amount": money(each.amount),
                "currency": each.currency,
                "note": each.note,
            }
            for each in costs
        },
        "links": {
            link.connection.name: _link(link)
            for link in row.links.select_related("connection").order_by("connection__name")
        },
    }


def _link(row: models.Link) -> dict[str, Any]:
    return {
        "campaign": row.campaign_id,
        **{part: {name: getattr(row, name) for name in names} for part, names in _CHOICES.items()},
        "labels": {each.label: {"means": each.status, "written": each.written} for each in row.labels.all()},
    }


def _delete(row: models.Channel | models.ProgressionStatus, why_not: str) -> None:
    try:
        row.delete()
    except ProtectedError:
        raise UsageError(f"{why_not}, so that it cannot go.") from None
