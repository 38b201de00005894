"""The registry: what people set up and look at: connections, channels, programs, people, members, links
(runtime.ports.Registry).

Called by the command line and by `runtime.linking`. It keeps what it is given and refuses only what the database's own rules
refuse, in words; whether a member may move is asked of `domain.membership`. Lists come as dictionaries, ready to be printed as
a table or as JSON.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from campaignsync.domain.access import folder_path
from campaignsync.domain.budget import SAFETY_NET
from campaignsync.domain.connections import Connection, Login, LoginMethod
from campaignsync.domain.errors import ALREADY_THERE, NOT_THERE, UsageError
from campaignsync.domain.fields import PersonField, mapped
from campaignsync.domain.ids import ConnectionId, LinkId, RunId
from campaignsync.domain.labels import LabelMapping
from campaignsync.domain.links import CampaignIntent, CampaignStatus
from campaignsync.domain.mirror_filter import MirrorFilter
from campaignsync.domain.observation import SyncUser
from campaignsync.domain.people import LeadRules, PersonKind
from campaignsync.domain.problems import ProblemNoun
from campaignsync.domain.programs import PeriodCost, program_tokens
from campaignsync.domain.statuses import Channel
from campaignsync.store import channels, models
from campaignsync.store.acting import in_turn
from campaignsync.store.facts import (
    campaign_statuses,
    channel_value,
    cost_value,
    lead_rules,
    mapping_held,
    person_fields,
)
from campaignsync.store.frames import rows
from campaignsync.store.secrecy import decrypted, encrypted
from campaignsync.store.shown.campaigns import seen_campaigns

_TIDIED: Mapping[str, Callable[[Any], Any]] = {"folder": folder_path, "tokens": program_tokens}


class Registry:
    """What people set up, in PostgreSQL."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    # Connections.

    def save_connection(
        self, name: str, login: Login, *, instance_url: str, campaign_sync: bool, user: SyncUser
    ) -> None:
        """Keep a connection, its secrets encrypted; an existing one of that name must be to the same org. A new one has a round
        every few minutes, whatever else calls for rounds, until somebody chooses otherwise."""
        known = models.Connection.objects.filter(name=name).first()
        if known and known.organization_id != user.organization_id:
            raise UsageError(
                f"Connection '{name}' is to another org ({known.organization_id}) and has links and a mirror of it:"
                " give the new connection another name."
            )
        twin = (
            models.Connection.objects.filter(organization_id=user.organization_id).exclude(name=name).first()
        )
        if twin:
            raise UsageError(
                f"Org {user.organization_id} is connection '{twin.name}' already, and a campaign follows one program only."
                f" Change that one with: campaignsync connect {twin.name}"
            )
        secrets = json.dumps(
            {"method": login.method, "login_url": login.login_url, "fields": dict(login.fields)}
        )
        kept = {
            "instance_url": instance_url,
            "credentials": encrypted(secrets),
            "campaign_sync": campaign_sync,
            "organization_id": user.organization_id,
            "sync_user_id": user.user_id,
            "sync_username": user.username,
        }
        models.Connection.objects.update_or_create(
            name=name,
            defaults=kept,
            create_defaults={**kept, "every_s": int(SAFETY_NET.total_seconds())},
        )

    def set_lead_rules(self, connection: ConnectionId, rules: LeadRules) -> None:
        """Keep how leads are made in a connection's org; who was refused so far is tried again."""
        with transaction.atomic():
            models.Connection.objects.filter(pk=connection).update(**asdict(rules))
            refused = models.Problem.objects.filter(connection_id=connection, noun=ProblemNoun.PERSON.value)
            refused.filter(solved_at=None).update(retry_at=self._now())

    def set_pace(self, connection: ConnectionId, pace: Mapping[str, int | None]) -> None:
        """Keep how often a connection has a round (every_s) and how many API calls that may take a day (daily_calls),
        and how many of the org's own are for others (reserve)."""
        models.Connection.objects.filter(pk=connection).update(**pace)

    def set_mirror_filter(self, connection: ConnectionId, chosen: MirrorFilter) -> None:
        """Keep which campaigns of an org are mirrored (M3.4); the next look brings in and leaves out."""
        models.Connection.objects.filter(pk=connection).update(mirror_filter=chosen.value())

    def set_pubsub(self, connection: ConnectionId, endpoint: str | None) -> None:
        """Keep where an org's events are: HOST:PORT, `off`, or None for Salesforce's own address."""
        models.Connection.objects.filter(pk=connection).update(pubsub=endpoint)

    def set_currency(
        self, connection: ConnectionId, own: str | None, rates: Mapping[str, Decimal | None]
    ) -> None:
        """The org's own currency, and what others are worth in it (M5.2); None: a rate is forgotten."""
        row = models.Connection.objects.get(pk=connection)
        both = row.rates | {name: None if worth is None else str(worth) for name, worth in rates.items()}
        row.rates = {name: worth for name, worth in both.items() if worth is not None}
        row.currency = own or row.currency
        row.save(update_fields=["rates", "currency"])

    def person_fields(self, connection: ConnectionId) -> tuple[PersonField, ...]:
        """All fields of people with their mapping in an org, standard ones first (M11)."""
        return person_fields(connection)

    def map_person_field(self, connection: ConnectionId, field: PersonField) -> None:
        """Map a field of people. Everybody is compared anew; where it is read from another field now, everybody is read anew,
        by a look that knows of it: see `store.facts.mapping_held`."""
        with transaction.atomic():
            mapping_held(connection)
            before = {each.name: each for each in self.person_fields(connection)}.get(field.name)
            models.MappedField.objects.update_or_create(
                connection_id=connection, name=field.name, defaults=asdict(field)
            )
            identities = models.PersonIdentity.objects.filter(connection_id=connection)
            identities.update(changes=F("changes") + 1)
            paths = [
                (each.path(PersonKind.LEAD), each.path(PersonKind.CONTACT))
                for each in (before, field)
                if each
            ]
            if len(set(paths)) > 1 or before is None:
                models.SalesforcePerson.objects.filter(connection_id=connection).update(
                    system_modstamp=None, is_deleted=None
                )
                models.Cursor.objects.filter(
                    connection_id=connection, object_name__in=("Lead", "Contact")
                ).delete()

    def forget_person_field(self, connection: ConnectionId, name: str) -> None:
        """A standard field is mapped as at first again, a custom one not at all; everybody is compared anew."""
        standard = {each.name: each for each in mapped(())}.get(name)
        with transaction.atomic():
            if standard:
                self.map_person_field(connection, standard)
            models.MappedField.objects.filter(connection_id=connection, name=name).delete()

    def connections(self) -> list[Connection]:
        """All connections by name."""
        return [_connection(row) for row in models.Connection.objects.order_by("name")]

    def connection(self, name: str | None) -> Connection:
        """A connection by name, or the only one there is."""
        known = self.connections()
        chosen = [each for each in known if name in (None, each.name)]
        if len(chosen) == 1:
            return chosen[0]
        if not known:
            raise UsageError(
                "There is no connection yet. Make one with: campaignsync connect NAME --url URL …",
                code=NOT_THERE,
            )
        names = ", ".join(each.name for each in known)
        if name is None:
            raise UsageError(
                f"There are several connections: say which with --connection. They are: {names}."
            )
        raise UsageError(f"There is no connection '{name}'. There are: {names}.", code=NOT_THERE)

    def connection_of(self, connection: ConnectionId) -> Connection | None:
        """A connection by its number, while it is there."""
        row = models.Connection.objects.filter(pk=connection).first()
        return _connection(row) if row else None

    def login(self, connection: ConnectionId) -> Login:
        """How to log in to a connection's org."""
        secrets = json.loads(decrypted(models.Connection.objects.get(pk=connection).credentials))
        return Login(
            method=LoginMethod(secrets["method"]), login_url=secrets["login_url"], fields=secrets["fields"]
        )

    # Channels.

    def add_channels(self, channels: Iterable[Channel]) -> list[str]:
        """Add channels that are not there yet; the names of those that were added."""
        added = []
        with transaction.atomic():
            for channel in channels:
                if models.Channel.objects.filter(name=channel.name).exists():
                    continue
                row = models.Channel.objects.create(
                    name=channel.name, program_type=channel.program_type, campaign_type=channel.campaign_type
                )
                models.ProgressionStatus.objects.bulk_create(
                    models.ProgressionStatus(channel=row, name=s.name, step=s.step, success=s.success)
                    for s in channel.statuses
                )
                added.append(channel.name)
        return added

    def channels(self) -> list[Channel]:
        """All channels by name."""
        return [
            channel_value(row) for row in models.Channel.objects.order_by("name").prefetch_related("statuses")
        ]

    def channel(self, name: str) -> Channel:
        """A channel by name."""
        return channel_value(_channel(name))

    def change_channel(self, channel: Channel, renamed: Mapping[str, str]) -> None:
        """Bring a channel that is there to this: its type, alias and statuses; `renamed` says which old name is which new one.
        UsageError for a status that members carry and that would go. Nobody's past success changes (M2.7)."""
        channels.change(_channel(channel.name), channel, renamed)

    def set_alias(self, channel: str, campaign_type: str | None) -> None:
        """What Campaign.Type shall say instead of the channel's name (M5.1)."""
        models.Channel.objects.filter(pk=_channel(channel).pk).update(campaign_type=campaign_type)

    # Programs.

    def create_program(self, name: str, channel: str, tags: Mapping[str, str]) -> None:
        """Create a program."""
        with transaction.atomic():
            if models.Program.objects.filter(name__iexact=name).exists():
                raise UsageError(
                    f"There is a program '{name}' already: choose another name.", code=ALREADY_THERE
                )
            program = models.Program.objects.create(name=name, channel=_channel(channel))
            models.ProgramTag.objects.bulk_create(
                models.ProgramTag(program=program, name=tag, value=value) for tag, value in tags.items()
            )

    def program_channel(self, program: str) -> Channel:
        """The channel of a program."""
        return channel_value(find_program(program).channel)

    def programs(self) -> list[dict[str, Any]]:
        """All programs: name, channel, members, success, campaign_id, connection, state."""
        return rows(
            "SELECT p.name, c.name AS channel, count(m.id) AS members, count(m.reached_success_at) AS success,"
            " l.campaign_id, x.name AS connection, l.state FROM store_program p JOIN store_channel c ON c.id = p.channel_id"
            " LEFT JOIN store_programmember m ON m.program_id = p.id LEFT JOIN store_link l ON l.program_id = p.id"
            " LEFT JOIN store_connection x ON x.id = l.connection_id GROUP BY p.id, c.name, l.id, x.name ORDER BY p.name"
        )

    def program(self, name: str) -> dict[str, Any]:
        """One program with its tags, costs, members by status and links."""
        row = find_program(name)
        by_status = rows(
            "SELECT s.name AS status, s.step, s.success, coalesce(sum(t.members), 0)::bigint AS members"
            " FROM store_progressionstatus s LEFT JOIN store_membertally t ON t.status_id = s.id AND t.program_id = %s"
            " WHERE s.channel_id = %s GROUP BY s.id ORDER BY s.step, s.id",
            (row.pk, row.channel_id),
        )
        links = row.links.select_related("connection")
        return {
            "name": row.name,
            "channel": row.channel.name,
            "program_type": row.channel.program_type,
            "folder": row.folder,
            "start": row.start_date,
            "end": row.end_date,
            "tags": {tag.name: tag.value for tag in row.tags.all()},
            "tokens": row.tokens,
            "costs": [
                {
                    "month": f"{c.month:%Y-%m}",
                    "amount": money(c.amount),
                    "currency": c.currency,
                    "note": c.note,
                }
                for c in row.costs.all()
            ],
            "statuses": by_status,
            "links": [
                {
                    "connection": x.connection.name,
                    "campaign_id": x.campaign_id,
                    "state": x.state,
                    "reason": x.reason,
                }
                for x in links
            ],
        }

    def clone_program(self, program: str, name: str) -> None:
        """A new program of the same channel, tags, tokens and folder: its own costs and dates, no members, no link (M2.5)."""
        row = find_program(program)
        with transaction.atomic():
            self.create_program(name, row.channel.name, dict(row.tags.values_list("name", "value")))
            models.Program.objects.filter(name=name).update(folder=row.folder, tokens=row.tokens)

    def change_program(self, program: str, changes: Mapping[str, Any]) -> None:
        """Change the name, the folder, the start_date, the end_date or the tokens (all of them) of a program."""
        with transaction.atomic():
            row = find_program(program)
            name = changes.get("name", row.name)
            if models.Program.objects.filter(name__iexact=name).exclude(pk=row.pk).exists():
                raise UsageError(
                    f"There is a program '{name}' already: choose another name.", code=ALREADY_THERE
                )
            for key, value in changes.items():
                setattr(row, key, _TIDIED.get(key, lambda value: value)(value))
            if row.start_date and row.end_date and row.end_date < row.start_date:
                raise UsageError(
                    f"A program cannot end on {row.end_date}, before it starts on {row.start_date}."
                )
            row.save(update_fields=list(changes))

    def set_tags(self, program: str, tags: Mapping[str, str]) -> None:
        """These tags, in place of those that a program had."""
        with transaction.atomic():
            row = find_program(program)
            row.tags.all().delete()
            models.ProgramTag.objects.bulk_create(
                models.ProgramTag(program=row, name=tag, value=value) for tag, value in tags.items()
            )

    def new_members_by_month(self, program: str) -> dict[date, int]:
        """How many of a program's members became such in each month, by its first day."""
        found = rows(
            "SELECT date_trunc('month', member_since AT TIME ZONE 'UTC')::date AS month, count(*) AS members"
            " FROM store_programmember WHERE program_id = %s GROUP BY 1 ORDER BY 1",
            (find_program(program).pk,),
        )
        return {row["month"]: row["members"] for row in found}

    def delete_program(self, program: str) -> None:
        """Delete a program, its memberships and its link; the campaign stays as it is (M2.5)."""
        with transaction.atomic():
            row = find_program(program)
            # The link first: the members that go would leave marks on it.
            for link in row.links.all():
                self.unlink(LinkId(link.pk))
            row.delete()

    def set_cost(self, program: str, cost: PeriodCost) -> None:
        """Set the cost of a month."""
        with transaction.atomic():
            row = find_program(program)
            models.PeriodCost.objects.update_or_create(
                program=row,
                month=cost.month,
                defaults={"amount": cost.amount, "currency": cost.currency, "note": cost.note},
            )
            models.Program.objects.filter(pk=row.pk).update(had_costs=True)

    def remove_cost(self, program: str, month: date) -> None:
        """Remove the cost of a month."""
        if not find_program(program).costs.filter(month=month).delete()[0]:
            raise UsageError(f"Program '{program}' has no period cost for {month:%Y-%m}.", code=NOT_THERE)

    def costs(self, program: str) -> list[PeriodCost]:
        """The period costs of a program by month."""
        return [cost_value(cost) for cost in find_program(program).costs.all()]

    # Links.

    def create_link(
        self,
        program: str,
        connection: ConnectionId,
        campaign_id: str,
        mapped: Iterable[LabelMapping] = (),
    ) -> LinkId:
        """Link a program and a campaign; one-to-one both ways, by two admins at once too (M4.1)."""
        row = find_program(program)
        try:
            with transaction.atomic():
                link = models.Link.objects.create(
                    program=row, connection_id=connection, campaign_id=campaign_id
                )
                self.set_labels(LinkId(link.pk), mapped)
                # The runs of an earlier link of the two: their history goes on, and they can be taken back.
                earlier = models.Run.objects.filter(link=None, program=row, connection_id=connection)
                earlier.filter(campaign_id=campaign_id).update(link=link)
                _campaign_intents(row.name, connection).delete()
        except IntegrityError:
            raise UsageError(self._why_not_linked(row, connection, campaign_id), code=ALREADY_THERE) from None
        return LinkId(link.pk)

    @contextlib.contextmanager
    def trial_link(
        self,
        program: str,
        connection: ConnectionId,
        campaign_id: str,
        mapped: Iterable[LabelMapping] = (),
    ) -> Iterator[LinkId]:
        """A link for the length of a block: it is undone at its end, with all that was done in the meantime."""
        with transaction.atomic():
            yield self.create_link(program, connection, campaign_id, mapped)
            transaction.set_rollback(True)

    def making_campaign(self, connection: ConnectionId) -> contextlib.AbstractContextManager[None]:
        """Nobody else makes a campaign in the org meanwhile; RetryableError when they take too long."""
        return in_turn("making of a campaign", connection, wait_ms=60_000, retry_after_s=60)

    def intended_campaign(self, program: str, connection: ConnectionId) -> CampaignIntent | None:
        """The campaign that was about to be made for a program and of which nobody has heard."""
        row = _campaign_intents(program, connection).first()
        return CampaignIntent(name=row.name, at=row.at) if row else None

    def intend_campaign(self, program: str, connection: ConnectionId, name: str) -> None:
        """Commit that a campaign is about to be made for a program."""
        models.CampaignIntent.objects.create(
            program=find_program(program), connection_id=connection, name=name, at=self._now()
        )

    def forget_campaign_intent(self, program: str, connection: ConnectionId) -> None:
        """It is known what became of the campaign."""
        _campaign_intents(program, connection).delete()

    def require_unlinked(self, program: str, connection: ConnectionId) -> None:
        """UsageError when a program has a link in an org already."""
        row = find_program(program)
        if row.links.filter(connection_id=connection).exists():
            raise UsageError(self._why_not_linked(row, connection, ""), code=ALREADY_THERE)

    def _why_not_linked(self, program: models.Program, connection: ConnectionId, campaign_id: str) -> str:
        links = models.Link.objects.filter(connection_id=connection).select_related("program")
        own, other = links.filter(program=program).first(), links.filter(campaign_id=campaign_id).first()
        if own and own.campaign_id == campaign_id:
            return f"Program '{program.name}' and campaign {campaign_id} are linked already."
        if own:
            return (
                f"Program '{program.name}' is linked with campaign {own.campaign_id} already."
                f' End that first with: campaignsync unlink "{program.name}"'
            )
        name = other.program.name if other else "another program"
        return (
            f"Campaign {campaign_id} is linked with program '{name}' already, and a campaign follows one program only."
            f' Choose another campaign, or end that link with: campaignsync unlink "{name}"'
        )

    def unlink(self, link: LinkId) -> None:
        """End a link; both lists stay as they are (M4.7). A round that is under way is waited for."""
        for row in models.Link.objects.filter(pk=link):
            with in_turn("org", row.connection_id, wait_ms=60_000, retry_after_s=60):
                row.delete()

    def links_of(self, program: str, connection: str | None = None) -> list[tuple[LinkId, Connection]]:
        """The links of a program by the names of their connections, or the one in a connection; never none (M4.1)."""
        chosen = self.connection(connection).connection_id if connection else None
        links = find_program(program).links.select_related("connection").order_by("connection__name")
        found = [
            (LinkId(x.pk), _connection(x.connection)) for x in links if chosen in (None, x.connection_id)
        ]
        if not found:
            there = f" in '{connection}'" if connection else ""
            raise UsageError(
                f"Program '{program}' is not linked{there}. Link it with:"
                f' campaignsync link "{program}" --campaign ID, or --create NAME',
                code=NOT_THERE,
            )
        return found

    def link_of(self, program: str, connection: str | None = None) -> tuple[LinkId, Connection]:
        """The link of a program; where it has several, the one in the connection that must be named."""
        found = self.links_of(program, connection)
        if len(found) > 1:
            names = ", ".join(each.name for _, each in found)
            raise UsageError(
                f"Program '{program}' is linked in several connections: say which with --connection. They are: {names}."
            )
        return found[0]

    def set_labels(self, link: LinkId, mapped: Iterable[LabelMapping]) -> None:
        """Which labels of a linked campaign mean which status, in place of what was said before (M4.4)."""
        with transaction.atomic():
            models.LinkLabel.objects.filter(link_id=link).delete()
            models.LinkLabel.objects.bulk_create(
                models.LinkLabel(link_id=link, label=each.label, status=each.status, written=each.written)
                for each in mapped
            )

    def link_of_run(self, run: RunId) -> tuple[LinkId, Connection]:
        """The link that a run was of."""
        link = models.Link.objects.filter(runs=run).select_related("connection").first()
        if link is None:
            ended = models.Run.objects.filter(pk=run).select_related("program", "connection").first()
            if ended and ended.program and ended.connection:
                raise UsageError(
                    f"The link of run {run} was ended. Link the two again first, with: campaignsync link"
                    f' "{ended.program.name}" --campaign {ended.campaign_id} --connection {ended.connection.name}'
                )
            raise UsageError(
                f"There is no run {run}. List them with: campaignsync runs",
                code=NOT_THERE,
            )
        return LinkId(link.pk), _connection(link.connection)

    def resume(self, link: LinkId) -> None:
        """A person has looked at the halt and lets this link go on, once (M6.6)."""
        models.Link.objects.filter(pk=link).update(removals_allowed=True)

    def set_policy(self, link: LinkId, choices: Mapping[str, str]) -> None:
        """Change choices of a link: winner, step_back, removed_in_program, removed_in_campaign, field_edit, approval."""
        models.Link.objects.filter(pk=link).update(**choices)

    # The mirror.

    def campaigns(self, connection: ConnectionId, *, outside: bool = False) -> list[dict[str, Any]]:
        """The campaigns seen in an org: id, name, type, is_active, mirrored, members, program (linked with). Those that the
        filter leaves out only with `outside`; their members are not known then (M3.4)."""
        return seen_campaigns(connection, outside=outside)

    def campaign_labels(
        self, connection: ConnectionId, campaign_id: str
    ) -> tuple[tuple[CampaignStatus, ...], dict[str, int]]:
        """What a campaign offers its members, and how many carry each label, the most carried first."""
        carried = rows(
            "SELECT coalesce(status, '') AS label, count(*) AS members FROM store_campaignmember"
            " WHERE connection_id = %s AND campaign_id = %s GROUP BY 1 ORDER BY 2 DESC, 1",
            (connection, campaign_id),
        )
        return campaign_statuses(connection, campaign_id), {row["label"]: row["members"] for row in carried}


def _campaign_intents(program: str, connection: ConnectionId) -> QuerySet[models.CampaignIntent]:
    return models.CampaignIntent.objects.filter(program=find_program(program), connection_id=connection)


def money(amount: Decimal) -> str:
    """An amount with two decimals, and more only where it has more."""
    cents = amount.quantize(Decimal("0.01"))
    return str(cents if cents == amount else amount.normalize())


def _connection(row: models.Connection) -> Connection:
    return Connection(
        connection_id=ConnectionId(row.pk),
        name=row.name,
        instance_url=row.instance_url,
        campaign_sync=row.campaign_sync,
        user=SyncUser(
            user_id=row.sync_user_id,
            username=row.sync_username,
            organization_id=row.organization_id,
            is_marketing_user=True,
        ),
        leads=lead_rules(row),
        mirror_filter=MirrorFilter.of(row.mirror_filter),
        pubsub=row.pubsub,
    )


def _channel(name: str) -> models.Channel:
    found = models.Channel.objects.filter(name__iexact=name).first()
    if found is None:
        names = ", ".join(models.Channel.objects.order_by("name").values_list("name", flat=True))
        raise UsageError(
            f"There is no channel '{name}'. "
            + (f"There are: {names}." if names else "Run: campaignsync init"),
            code=NOT_THERE,
        )
    return found


def find_program(name: str) -> models.Program:
    """A program by name, without regard to case; UsageError naming what is near."""
    found = models.Program.objects.select_related("channel").filter(name__iexact=name).first()
    if found is None:
        near = (
            models.Program.objects.filter(name__icontains=name[:12]).values_list("name", flat=True)[:3]
            if name
            else ()
        )
        hint = f" Did you mean {' or '.join(repr(each) for each in near)}?" if near else ""
        raise UsageError(
            f"There is no program '{name}'.{hint} List them with: campaignsync program list", code=NOT_THERE
        )
    return found
