"""One Salesforce org as the engine sees it (runtime.ports.SalesforceDoor): the modules of this folder under one roof."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from campaignsync.domain.connections import Login
from campaignsync.domain.errors import Refusal
from campaignsync.domain.fields import STANDARD_FIELDS, FieldRule, PersonBatch, PersonField
from campaignsync.domain.ids import salesforce_id
from campaignsync.domain.links import CampaignStatus
from campaignsync.domain.member_fields import FieldMapping
from campaignsync.domain.member_values import ValueBatch
from campaignsync.domain.mirror_filter import EVERYTHING, MirrorFilter, MirrorScope
from campaignsync.domain.observation import (
    ApiUsage,
    Cells,
    Cursor,
    Delta,
    FirstPage,
    ReadPlace,
    SyncUser,
    WholeLists,
)
from campaignsync.domain.people import LeadRules, SalesforceField
from campaignsync.domain.runs import CampaignFieldValue, MemberBatch
from campaignsync.salesforce import (
    bulk,
    campaigns,
    changes,
    member_field_writing,
    person_writing,
    writing,
)
from campaignsync.salesforce.bulk import NoteJob
from campaignsync.salesforce.bulk_writing import BulkLane
from campaignsync.salesforce.lead_writing import LeadLane
from campaignsync.salesforce.reading import BULK_FIND_FROM, Described, Reader
from campaignsync.salesforce.soql import text
from campaignsync.salesforce.wire import Wire

if TYPE_CHECKING:
    from campaignsync.salesforce.events import PubSub


class SalesforceOrg:
    """An org behind a login. `user` spares the calls that find out who we are, when that is known already; `wire` is for whoever
    drives it without sockets."""

    def __init__(
        self,
        login: Login,
        *,
        user: SyncUser | None = None,
        leads: LeadRules | None = None,
        fields: Sequence[PersonField] = STANDARD_FIELDS,
        member_fields: Sequence[FieldMapping] = (),
        wire: Wire | None = None,
    ) -> None:
        self._wire = wire or Wire(login, known=user is not None)
        self._reader = Reader(self._wire, fields, member_fields)
        self._user = user
        self._taken = 0
        self._leads = leads or LeadRules()

    @property
    def api_calls(self) -> int:
        return self._wire.calls.total()

    def take_calls(self) -> int:
        taken, self._taken = self.api_calls - self._taken, self.api_calls
        return taken

    @property
    def calls_by_kind(self) -> Mapping[str, int]:
        """Calls made so far by method and resource."""
        return dict(self._wire.calls)

    @property
    def api_usage(self) -> ApiUsage | None:
        """What the whole org has used of its daily calls; None before the first answer."""
        return self._wire.usage

    @property
    def clock_ahead_s(self) -> float | None:
        """How many seconds our clock is ahead of the org's; None before the first answer."""
        return self._wire.clock_ahead_s

    @property
    def instance_url(self) -> str:
        """Where the org is, as the login told."""
        return self._wire.instance_url

    def events(self, endpoint: str | None) -> PubSub:
        """The org's events, at HOST:PORT or at Salesforce's own address."""
        # Only a listener hears events, and every command would pay for gRPC.
        from campaignsync.salesforce.events import PubSub

        return PubSub(self._wire, self.sync_user().organization_id, endpoint)

    def sync_user(self) -> SyncUser:
        if self._user is None:
            told = self._wire.get("/services/oauth2/userinfo")
            user_id = salesforce_id(str(told["user_id"]))
            found = self._reader.records(
                f"SELECT Username, UserPermissionsMarketingUser FROM User WHERE Id = {text(user_id)}"
            )
            row = found[0] if found else {}
            self._user = SyncUser(
                user_id=user_id,
                username=str(row.get("Username") or told.get("preferred_username", "")),
                organization_id=salesforce_id(str(told["organization_id"])),
                is_marketing_user=bool(row.get("UserPermissionsMarketingUser")),
            )
        return self._user

    def fields_of(self, object_name: str) -> tuple[SalesforceField, ...]:
        return tuple(Described(self._wire.get(f"/sobjects/{object_name}/describe")).values())

    def field_rules(self) -> tuple[FieldRule, ...]:
        return self._reader.rules()

    def visible_rows(self) -> Mapping[str, int]:
        return self._reader.visible_rows()

    def active_campaigns(self) -> int:
        return self._reader.active_campaigns()

    def campaigns_within(self, chosen: MirrorFilter) -> int:
        return self._reader.campaigns_within(chosen)

    def record_types(self) -> Sequence[str]:
        return sorted(self._reader.record_types().values())

    def changes_since(
        self,
        cursor: Cursor,
        *,
        bounds: Sequence[str] = (),
        most: int | None = None,
        scope: MirrorScope = EVERYTHING,
    ) -> Delta:
        return changes.changes_since(self._reader, cursor, bounds, most, scope)

    def first_read(
        self, object_name: str, place: ReadPlace | None, scope: MirrorScope = EVERYTHING
    ) -> Iterator[FirstPage]:
        return changes.first_read(self._reader, object_name, place, scope)

    def whole_lists(self, *, members_of: Collection[str], statuses_of: Collection[str]) -> WholeLists:
        return self._reader.whole_lists(members_of=members_of, statuses_of=statuses_of)

    def member_ids(self, campaign_id: str) -> Sequence[Cells]:
        return self._reader.member_ids(campaign_id)

    def members_by_id(self, ids: Collection[str]) -> pl.DataFrame:
        return self._reader.members_by_id(ids)

    def find_people(self, *, emails: Collection[str], ids: Collection[str]) -> pl.DataFrame:
        return self._reader.people(emails=emails, ids=ids)

    def people_with_our_ids(self, our_ids: Collection[str]) -> pl.DataFrame:
        return self._reader.people_with_our_ids(self._leads.external_id_field or "", our_ids)

    def leads_made_by(self, user_id: str, *, since: datetime) -> pl.DataFrame:
        return self._reader.leads_made_by(user_id, since=since)

    def create_leads(self, leads: pl.DataFrame, note_job: NoteJob) -> Iterator[pl.DataFrame]:
        lane = LeadLane(wire=self._wire, reader=self._reader, rules=self._leads, note=note_job)
        return lane.create(leads)

    def write_people(self, writes: pl.DataFrame) -> Iterator[PersonBatch]:
        return person_writing.write_people(self._wire, self._reader, writes, self._leads)

    def give_owner(self, records: Mapping[str, str], owner: str) -> dict[str, Refusal]:
        return person_writing.give_owner(self._wire, records, owner)

    def delete_records(self, ids: Sequence[str]) -> None:
        writing.delete_records(self._wire, ids)

    def write_members(
        self, campaign_id: str, writes: pl.DataFrame, note_job: NoteJob
    ) -> Iterator[MemberBatch]:
        lane = BulkLane(wire=self._wire, reader=self._reader, campaign_id=campaign_id, note=note_job)
        return writing.write_members(lane, writes)

    def write_member_fields(self, writes: pl.DataFrame) -> Iterator[ValueBatch]:
        return member_field_writing.write_values(self._wire, self._reader, writes)

    def end_job(self, job: str) -> None:
        bulk.end(self._wire, job)

    def create_campaign(
        self, fields: Mapping[str, CampaignFieldValue | bool], statuses: Iterable[CampaignStatus]
    ) -> str:
        return campaigns.create_campaign(self._wire, fields, tuple(statuses))

    def campaigns_made_by(self, user_id: str, *, name: str, since: datetime) -> Sequence[str]:
        return self._reader.campaigns_made_by(user_id, name=name, since=since)

    def finish_campaign(self, campaign_id: str, statuses: Iterable[CampaignStatus]) -> None:
        campaigns.finish_campaign(self._wire, campaign_id, tuple(statuses))

    def add_statuses(self, campaign_id: str, statuses: Iterable[CampaignStatus]) -> None:
        campaigns.add_statuses(self._wire, campaign_id, tuple(statuses))

    def write_campaign(
        self, campaign_id: str, fields: Mapping[str, CampaignFieldValue], *, to_find: int = 0
    ) -> Mapping[str, CampaignFieldValue]:
        asked, asking = self._reader.beforehand, to_find >= BULK_FIND_FROM
        return campaigns.write_fields(self._wire, campaign_id, fields, asked, asking=asking)
