"""What the engine needs of its doors, as protocols: `SalesforceDoor` is one org, `Ledger` is what the engine remembers.

`salesforce` and `store` do not import this file; `bootstrap` hands their objects to the engine and the type checker proves that
they fit. An in-memory ledger and a sandbox in process fit the same protocols, so the engine runs unchanged in simulations.
Frames have the columns of `domain.trees`; every time is aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

import polars as pl

from campaignsync.domain.approvals import OfferedPlan
from campaignsync.domain.backlog import Lane
from campaignsync.domain.budget import Budget
from campaignsync.domain.connections import Connection, Login
from campaignsync.domain.errors import CampaignsyncError, Refusal
from campaignsync.domain.fields import FieldRule, PeopleCompared, PersonBatch, PersonField
from campaignsync.domain.ids import ConnectionId, LinkId, RunId
from campaignsync.domain.labels import LabelMapping
from campaignsync.domain.links import CampaignIntent, CampaignStatus, LinkState, Winner
from campaignsync.domain.member_values import ValueBatch, ValuesCompared
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
from campaignsync.domain.programs import PeriodCost
from campaignsync.domain.runs import (
    CampaignFieldValue,
    FieldAgreement,
    FieldRefusal,
    LinkFacts,
    MemberBatch,
    RunReport,
)
from campaignsync.domain.statuses import Channel
from campaignsync.domain.trees import RunChanges, Trees


class SalesforceDoor(Protocol):
    """One org. Every method may raise RetryableError, UsageError (credentials, rights) or HaltError."""

    @property
    def api_calls(self) -> int:
        """Calls made through this door so far, as Salesforce counts them (section 2.3)."""

    def take_calls(self) -> int:
        """The calls that were made since this was last asked: what is to be charged."""

    @property
    def api_usage(self) -> ApiUsage | None:
        """The calls that the whole org has used of 24 hours, and how many it has, as its last answer told."""

    @property
    def clock_ahead_s(self) -> float | None:
        """How many seconds our clock is ahead of the org's, as its last answer told."""

    def sync_user(self) -> SyncUser:
        """Who we are in the org, and whether that user may see campaigns (S0.6)."""

    def fields_of(self, object_name: str) -> tuple[SalesforceField, ...]:
        """The fields of an object as the sync user sees them (S1.5.3)."""

    def field_rules(self) -> tuple[FieldRule, ...]:
        """What may be done with each mapped field of leads and of contacts, as the sync user's rights are (M7.5)."""

    def visible_rows(self) -> Mapping[str, int]:
        """How many rows of each object the sync user sees, in one call."""

    def active_campaigns(self) -> int:
        """How many of the campaigns that the sync user sees are active."""

    def campaigns_within(self, chosen: MirrorFilter) -> int:
        """How many of the campaigns that the sync user sees fit a filter (M3.4)."""

    def record_types(self) -> Sequence[str]:
        """The API names of the record types that campaigns have in the org."""

    def changes_since(
        self,
        cursor: Cursor,
        *,
        bounds: Sequence[str] = (),
        most: int | None = None,
        scope: MirrorScope = EVERYTHING,
    ) -> Delta:
        """All rows changed since the cursor less the look-back, and the counts by campaign. The number of calls is fixed,
        plus one for every further page of rows. `bounds` are ids of campaigns at which the counts are parted, so that all their
        pages are asked for at once. Of an object without a cursor that has at least `most` rows nothing is read, and the delta
        names it. What is read for the first time may be no more than what is in `scope`."""

    def first_read(
        self, object_name: str, place: ReadPlace | None, scope: MirrorScope = EVERYTHING
    ) -> Iterator[FirstPage]:
        """All rows of an object that has no cursor yet, page by page, from a place on where there is one."""

    def member_ids(self, campaign_id: str) -> Sequence[Cells]:
        """The ids of all members of a campaign, page by page with `id` for a column, by bulk query: a call for each 250,000, and
        some four."""

    def members_by_id(self, ids: Collection[str]) -> pl.DataFrame:
        """Those of these members that are there (CAMPAIGN_MEMBERS)."""

    def whole_lists(self, *, members_of: Collection[str], statuses_of: Collection[str]) -> WholeLists:
        """All members and all statuses of the campaigns named, read whole or not at all."""

    def find_people(self, *, emails: Collection[str], ids: Collection[str]) -> pl.DataFrame:
        """Leads and contacts by e-mail or id, converted and deleted ones too (SALESFORCE_PEOPLE)."""

    def people_with_our_ids(self, our_ids: Collection[str]) -> pl.DataFrame:
        """Leads and contacts by our ids, where the org has a field for them, converted and deleted ones too. Columns: our_id,
        then SALESFORCE_PEOPLE."""

    def leads_made_by(self, user_id: str, *, since: datetime) -> pl.DataFrame:
        """Leads that a user created since a moment (SALESFORCE_PEOPLE): how an unknown outcome is settled (M7.11)."""

    def create_leads(self, leads: pl.DataFrame, note_job: Callable[[str], None]) -> Iterator[pl.DataFrame]:
        """Create leads (LEAD_WRITES), or upsert them where the org has a field for our ids: a few in calls of 200, many in bulk
        jobs, whose ids are told to `note_job` before they begin. Yields LEAD_OUTCOMES as each call or job ends; a call whose
        answer never came yields rows with known = false, and the caller goes on."""

    def write_people(self, writes: pl.DataFrame) -> Iterator[PersonBatch]:
        """Write fields of leads and contacts (PERSON_WRITES), at most 200 records a call, read back in the same call. Yields as
        each call ends; a call whose answer never came yields rows with known = false."""

    def give_owner(self, records: Mapping[str, str], owner: str) -> Mapping[str, Refusal]:
        """Give leads and contacts (id → Lead or Contact) an owner, a user or a queue; the refusals by id."""

    def delete_records(self, ids: Sequence[str]) -> None:
        """Delete records of any kind; who is deleted already is no error. RefusedError for what Salesforce refuses."""

    def write_members(
        self, campaign_id: str, writes: pl.DataFrame, note_job: Callable[[str], None]
    ) -> Iterator[MemberBatch]:
        """Add, change and remove members of one campaign (MEMBER_WRITES): a few in calls of at most 200 rows, many in bulk
        jobs, always read back. Yields as each call or job ends; a call whose answer never came yields rows with known =
        false. `note_job` is told a job's id before the job can do anything."""

    def write_member_fields(self, writes: pl.DataFrame) -> Iterator[ValueBatch]:
        """Write custom fields of members (VALUE_WRITES), at most 200 records a call, read back in the same call. Yields as each
        call ends; a call whose answer never came yields rows with known = false."""

    def end_job(self, job: str) -> None:
        """Wait for the end of a bulk job that a run left behind; one that had not begun is aborted."""

    def create_campaign(
        self, fields: Mapping[str, CampaignFieldValue | bool], statuses: Iterable[CampaignStatus]
    ) -> str:
        """Create a campaign with exactly these statuses (M4.2); its id."""

    def campaigns_made_by(self, user_id: str, *, name: str, since: datetime) -> Sequence[str]:
        """Ids of the campaigns of a name that a user created since a moment, the latest first: how a lost answer is settled."""

    def finish_campaign(self, campaign_id: str, statuses: Iterable[CampaignStatus]) -> None:
        """Give exactly these statuses to a campaign whose making was cut off; one that has them already is left as it is."""

    def add_statuses(self, campaign_id: str, statuses: Iterable[CampaignStatus]) -> None:
        """Give a campaign statuses it lacks (M4.4)."""

    def write_campaign(
        self, campaign_id: str, fields: Mapping[str, CampaignFieldValue], *, to_find: int = 0
    ) -> Mapping[str, CampaignFieldValue]:
        """Write Type or ActualCost; what Salesforce holds afterwards. RefusedError in its words. So many people are `to_find`
        next: what has to be known for that may be asked in the same call."""


class Ledger(Protocol):
    """Everything the engine remembers. Each method is one transaction."""

    # Observing: what Salesforce holds.

    def alone(self, connection: ConnectionId) -> AbstractContextManager[None]:
        """Nobody else looks at or writes to the org through this ledger meanwhile: an older look would undo what a newer one
        saw. Waits its turn; RetryableError when that takes too long."""

    def campaign_bounds(self, connection: ConnectionId) -> tuple[str, ...]:
        """Ids of campaigns, in order, between which no more campaigns are mirrored than one page of counts holds."""

    def cursor(self, connection: ConnectionId) -> Cursor:
        """From where the next look at the org goes on."""

    def mirror(self, connection: ConnectionId, delta: Delta) -> None:
        """Mirror what was seen, note the changes in the journal, mark the links concerned, move the cursor: one commit."""

    def places(self, connection: ConnectionId) -> Mapping[str, ReadPlace]:
        """How far the first reads under way have come, by object."""

    def keep_page(self, connection: ConnectionId, page: FirstPage) -> None:
        """Mirror a page of a first read and keep the place behind it, or with the last page the object's cursor: one commit."""

    def read_anew(self, connection: ConnectionId) -> None:
        """Forget the cursors of an org: the next look reads everything there is."""

    def campaigns_to_list(
        self, connection: ConnectionId, delta: Delta
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Campaigns whose mirrored number of members, and of statuses, is not the one counted: to be listed whole."""

    def big_campaigns(self, connection: ConnectionId, campaigns: Collection[str]) -> frozenset[str]:
        """Of these campaigns, those of which so many members are mirrored that a list of ids is far less than a list of rows."""

    def compare_members(
        self, connection: ConnectionId, campaign: str, ids: Sequence[Cells]
    ) -> tuple[list[str], list[str]]:
        """A list of the ids (`id`) of all members of a campaign beside the mirror: who of it is not mirrored, and which mirrored
        members are not in it."""

    def mirror_whole(self, connection: ConnectionId, lists: WholeLists) -> None:
        """Mirror whole lists: a mirrored row of theirs that is not in them is gone (S0.1). Of a campaign that comes into the
        filter nothing is a change."""

    def mirror_scope(self, connection: ConnectionId) -> MirrorScope:
        """Which campaigns of an org are mirrored (M3.4)."""

    def call_in(self, connection: ConnectionId, campaign_id: str) -> bool:
        """Somebody asks for a campaign by its id: whether the filter leaves it out, so that it is to be listed whole now."""

    def prune(self, connection: ConnectionId) -> bool:
        """Forget some of what the filter leaves out, in silence; whether there may be more of it."""

    def people_vanished(self, connection: ConnectionId, lists: WholeLists) -> list[str]:
        """Ids of the leads and contacts whose members are mirrored and not in the lists: they may be gone themselves."""

    def mirror_people(
        self, connection: ConnectionId, people: pl.DataFrame, *, asked: Collection[str] = ()
    ) -> None:
        """Mirror leads and contacts that were looked up (SALESFORCE_PEOPLE); who was asked for by id and is not among them is
        gone for good."""

    def follow_people(self, connection: ConnectionId) -> list[str]:
        """Bring people to what their leads and contacts became: converted, merged, deleted, undeleted (M7.7–M7.9). Ids of
        records that nobody has seen yet, to be looked up before it is done again."""

    # Planning: the three trees of one link.

    def links(self, connection: ConnectionId) -> tuple[LinkId, ...]:
        """The links of a connection in the order of their ids, whatever their state."""

    def links_due(self, connection: ConnectionId) -> tuple[LinkId, ...]:
        """The links of a connection for which something may have to be done, backfills last and else in the order of their
        ids: whatever a plan is made of has changed, a write is due to be tried again, or nobody knows what became of
        one. All others would give the plan that they gave last, which did nothing."""

    def is_backfill(self, link: LinkId) -> bool:
        """Whether a link never ran to its end, or one side has far more members than the other: small changes go before it."""

    def standing(self, connection: ConnectionId) -> Mapping[LinkId, RunReport]:
        """What every link of a connection has to tell when nothing is to be done for it, in the order of their ids: that it
        waits, and why, or that nothing happened."""

    def settle_mark(self, link: LinkId, mark: int) -> None:
        """A plan was made of trees that bear this mark, and found nothing to do: the link is due no more on its account, unless
        it was marked again since those trees were read."""

    def link(self, link: LinkId) -> LinkFacts:
        """One link as it stands."""

    def leads_in_question(self, link: LinkId) -> pl.DataFrame:
        """Whom we were about to make as leads and never heard of (LEAD_WRITES), when somebody came into the linked campaign who
        is nobody's record yet: it may be they (M7.11)."""

    def adopt_people(self, link: LinkId, rules: Sequence[FieldRule] = ()) -> None:
        """Make every lead and contact in the linked campaign a person of ours, found before made (M2.4, M7.3). The fields of
        whoever is made are the record's: what these rules compare of them is agreed on, and nobody has to compare it (M7.4)."""

    def settle_intents(self, link: LinkId, sync_user_id: str) -> None:
        """Judge writes whose outcome nobody saw by what the mirror shows now: a row that we wrote last is our own write, failed
        or not, and one that says what we wanted, at the first look since, took it, whoever touched it; the agreed state becomes
        what it says (S0.2), never an edit. What a quarter of an hour has not shown was not done."""

    def trees(self, link: LinkId, *, also: Collection[int] = ()) -> Trees:
        """The three trees from one snapshot, and what is held back by open problems that are not due. Whoever is the same in all
        three may be left out, but not these people."""

    # Executing and recording.

    def run(self, link: LinkId, why: str) -> AbstractContextManager[RunId]:
        """A run of one link while nobody else runs it; RetryableError when somebody does. A run whose process died is
        closed as such by the next."""

    def changes_of(self, run: RunId, sync_user_id: str) -> RunChanges:
        """What a run did itself, by the journal; what somebody else did meanwhile is left out."""

    def finish(self, run: RunId, report: RunReport) -> None:
        """Keep what a run has to tell."""

    def plan_approved(self, link: LinkId, digest: str) -> bool:
        """Whether a person approved exactly this plan of a link that asks for it, and no run has used that up."""

    def offer_plan(self, link: LinkId, plan: OfferedPlan) -> None:
        """Keep a plan until a person approves or declines it, in place of the one that waited before."""

    def stop(self, link: LinkId, state: LinkState, reason: str | None) -> None:
        """Change the state of a link; every state but active has a reason."""

    def change_program(self, run: RunId, changes: pl.DataFrame) -> None:
        """Members, agreement and journal in one commit. Columns: person_id, was, status (null: leaves), why. Whoever has
        another status than `was` by now is left alone."""

    def statuses_here(self, link: LinkId, people: Collection[int]) -> Mapping[int, str]:
        """The statuses that those of these people who are members of the program have in it by now."""

    def agree(self, run: RunId, rows: pl.DataFrame) -> None:
        """Both sides are the same already: columns person_id, status (null: neither has the person)."""

    def hold(self, run: RunId, waiting: pl.DataFrame, unsettled: pl.DataFrame) -> None:
        """Keep what waits for a person as problems (columns person_id, code, message, wanted; person_id null: a field; code
        REFUSED_BEFORE: a problem already), and solve the open problems of all who are not `unsettled` (person_id, code)."""

    def unmatched(self, connection: ConnectionId, people: Collection[int]) -> pl.DataFrame:
        """Of these people, those without an id in the org, with their fields (LEAD_WRITES)."""

    def still_unmatched(self, connection: ConnectionId, people: pl.Series) -> pl.Series:
        """The same without their fields, for whoever has these: who of them is still there and without an id."""

    def match_people(self, connection: ConnectionId, matches: pl.DataFrame, run: RunId | None) -> None:
        """Join people to the leads or contacts they were found to be (domain.matching.MATCHES)."""

    def identities(self, connection: ConnectionId, people: Collection[int]) -> pl.DataFrame:
        """Of these people, those with an id in the org that was not deleted. Columns: person_id, salesforce_id, kind."""

    def compare_people(self, connection: ConnectionId, rules: Sequence[FieldRule]) -> PeopleCompared:
        """Whose fields changed on either side since they were last compared, and where the two sides differ; one snapshot."""

    def change_people(
        self, connection: ConnectionId, changes: pl.DataFrame, rules: Sequence[FieldRule]
    ) -> None:
        """Our side follows (PERSON_CHANGES), unless it was changed meanwhile; what was agreed on moves with it."""

    def record_people(
        self, connection: ConnectionId, writes: pl.DataFrame, batch: PersonBatch, rules: Sequence[FieldRule]
    ) -> None:
        """Mirror what was written (PERSON_WRITES) and read back, move what was agreed on, keep refusals as problems; leave
        unknown outcomes to be compared again."""

    def settle_people(
        self,
        connection: ConnectionId,
        compared: pl.DataFrame,
        waiting: pl.DataFrame,
        solved: Collection[int],
        rules: Sequence[FieldRule],
    ) -> None:
        """These people (person_id, changes) were compared; keep what waits for somebody (RECORD_PROBLEMS), and solve the
        problems of those who have none any more."""

    def compare_values(self, link: LinkId) -> ValuesCompared:
        """Where the mapped fields of a link's members differ (M6.8), and what is held back; one snapshot."""

    def change_values(self, run: RunId, changes: pl.DataFrame) -> None:
        """Our side follows (VALUE_CHANGES), unless it was changed meanwhile."""

    def record_values(self, run: RunId, writes: pl.DataFrame, batch: ValueBatch) -> None:
        """Mirror what was written (VALUE_WRITES) and read back, move what was agreed on, keep refusals as problems; leave
        unknown outcomes to be compared again."""

    def settle_values(self, run: RunId, waiting: pl.DataFrame, unsettled: Collection[int]) -> None:
        """What is the same on both sides is agreed on; keep what waits for a person (RECORD_PROBLEMS), and solve the problems of
        whoever is not `unsettled`."""

    def decide_values(self, link: LinkId, conflicts: pl.DataFrame, winner: Winner, who: str) -> None:
        """A person decided for the program or the campaign (planner.member_fields.VALUES)."""

    def known_ids(self, connection: ConnectionId, ids: Collection[str]) -> frozenset[str]:
        """Of these Salesforce ids, those that are joined to a person of ours already."""

    def open_lead_intents(self, connection: ConnectionId) -> pl.DataFrame:
        """Leads we were about to create and never heard of. Columns: person_id, at."""

    def intend_leads(self, connection: ConnectionId, people: Collection[int]) -> None:
        """Commit that these leads are about to be created (M7.11)."""

    def record_leads(self, connection: ConnectionId, outcomes: pl.DataFrame, run: RunId | None) -> None:
        """Join who was created, keep refusals as problems, leave unknown outcomes intended (LEAD_OUTCOMES)."""

    def note_job(self, connection: ConnectionId, job: str) -> None:
        """Commit that a bulk job is about to begin in the org."""

    def open_jobs(self, connection: ConnectionId) -> tuple[str, ...]:
        """Bulk jobs of the org whose end nobody has seen."""

    def forget_jobs(self, connection: ConnectionId) -> None:
        """The end of all jobs of the org was seen, and what they did is recorded or will be observed."""

    def intend_members(self, run: RunId, writes: pl.DataFrame) -> None:
        """Commit what is about to be written (MEMBER_WRITES)."""

    def record_members(self, run: RunId, batch: MemberBatch) -> None:
        """Move the agreed state to what was read back, mirror it, journal it, keep refusals as problems; leave unknown
        outcomes intended. The outcomes come in the channel's words."""

    def record_field(self, run: RunId, name: str, agreement: FieldAgreement) -> None:
        """Keep what Type or ActualCost was written and read back as, mirror it, journal it, and solve its problem."""

    def record_field_refusal(self, run: RunId, name: str, refusal: FieldRefusal) -> None:
        """Keep as a problem that Salesforce refused a value of Type or ActualCost (M5.1)."""

    def count_waiting(self, run: RunId, counts: Mapping[Lane, int]) -> None:
        """Keep how much waits to go each way between the two sides of a link (M8.3)."""

    def budget(self, connection: ConnectionId) -> Budget:
        """An org's schedule and budget as they stand."""

    def begin_round(self, connection: ConnectionId) -> None:
        """A round of an org begins, whatever becomes of it: its schedule goes on from now."""

    def charge(self, connection: ConnectionId, calls: int, told: ApiUsage | None = None) -> None:
        """Count API calls against an org's budget, and keep what the org told in its answers of its own use."""

    def decide_conflicts(self, link: LinkId, conflicts: pl.DataFrame, winner: Winner, who: str) -> None:
        """A person decided for the program or the campaign (planner.plan.MEMBERS, M6.3): their problems are solved."""

    def job_failed(self, connection: ConnectionId, link: LinkId | None, error: CampaignsyncError) -> None:
        """Keep as a problem that a round of an org, or the run of a link, could not be done (M8.2)."""

    def round_done(self, connection: ConnectionId) -> None:
        """A round of an org was done: what kept earlier ones from it is solved (`finish` says so of a run), very many problems
        are one more, and what was solved long ago is forgotten."""


class Registry(Protocol):
    """What people set up: connections, channels, programs, links. Each method raises UsageError for what does not exist."""

    def save_connection(
        self, name: str, login: Login, *, instance_url: str, campaign_sync: bool, user: SyncUser
    ) -> None:
        """Keep a connection, its secrets encrypted; an existing one of that name must be to the same org."""

    def set_lead_rules(self, connection: ConnectionId, rules: LeadRules) -> None:
        """Keep how leads are made in a connection's org; who was refused so far is tried again."""

    def set_pace(self, connection: ConnectionId, pace: Mapping[str, int | None]) -> None:
        """Keep how often a connection has a round (every_s) and how many API calls that may take a day (daily_calls),
        and how many of the org's own are for others (reserve)."""

    def set_mirror_filter(self, connection: ConnectionId, chosen: MirrorFilter) -> None:
        """Keep which campaigns of an org are mirrored (M3.4)."""

    def set_pubsub(self, connection: ConnectionId, endpoint: str | None) -> None:
        """Keep where an org's events are: HOST:PORT, `off`, or None for Salesforce's own address."""

    def set_currency(
        self, connection: ConnectionId, own: str | None, rates: Mapping[str, Decimal | None]
    ) -> None:
        """The org's own currency, and what others are worth in it (M5.2); None: a rate is forgotten."""

    def person_fields(self, connection: ConnectionId) -> tuple[PersonField, ...]:
        """All fields of people with their mapping in an org, standard ones first (M11)."""

    def map_person_field(self, connection: ConnectionId, field: PersonField) -> None:
        """Map a field of people. Everybody is compared anew; where it is read from another field now, everybody is read anew."""

    def forget_person_field(self, connection: ConnectionId, name: str) -> None:
        """A standard field is mapped as at first again, a custom one not at all; everybody is compared anew."""

    def connections(self) -> list[Connection]:
        """All connections by name."""

    def connection(self, name: str | None) -> Connection:
        """A connection by name, or the only one there is."""

    def connection_of(self, connection: ConnectionId) -> Connection | None:
        """A connection by its number, while it is there."""

    def login(self, connection: ConnectionId) -> Login:
        """How to log in to a connection's org."""

    def add_channels(self, channels: Iterable[Channel]) -> list[str]:
        """Add channels that are not there yet; the names of those that were added."""

    def channels(self) -> list[Channel]:
        """All channels by name."""

    def channel(self, name: str) -> Channel:
        """A channel by name."""

    def change_channel(self, channel: Channel, renamed: Mapping[str, str]) -> None:
        """Bring a channel that is there to this: its type, alias and statuses; `renamed` says which old name is which new one.
        UsageError for a status that members carry and that would go. Nobody's past success changes (M2.7)."""

    def set_alias(self, channel: str, campaign_type: str | None) -> None:
        """What Campaign.Type shall say instead of the channel's name (M5.1)."""

    def create_program(self, name: str, channel: str, tags: Mapping[str, str]) -> None:
        """Create a program."""

    def program_channel(self, program: str) -> Channel:
        """The channel of a program."""

    def programs(self) -> list[dict[str, Any]]:
        """All programs: name, channel, members, success, campaign_id, connection, state."""

    def program(self, name: str) -> dict[str, Any]:
        """One program with its tags, costs, members by status and links."""

    def clone_program(self, program: str, name: str) -> None:
        """A new program of the same channel, tags and folder, without costs, dates, members and link (M2.5)."""

    def change_program(self, program: str, changes: Mapping[str, Any]) -> None:
        """Change the name, the folder, the start_date or the end_date of a program."""

    def set_tags(self, program: str, tags: Mapping[str, str]) -> None:
        """These tags, in place of those that a program had."""

    def new_members_by_month(self, program: str) -> dict[date, int]:
        """How many of a program's members became such in each month, by its first day."""

    def delete_program(self, program: str) -> None:
        """Delete a program, its memberships and its link; the campaign stays as it is (M2.5)."""

    def set_cost(self, program: str, cost: PeriodCost) -> None:
        """Set the cost of a month."""

    def remove_cost(self, program: str, month: date) -> None:
        """Remove the cost of a month."""

    def costs(self, program: str) -> list[PeriodCost]:
        """The period costs of a program by month."""

    def create_link(
        self,
        program: str,
        connection: ConnectionId,
        campaign_id: str,
        mapped: Iterable[LabelMapping] = (),
    ) -> LinkId:
        """Link a program and a campaign; one-to-one both ways, by two admins at once too (M4.1)."""

    def trial_link(
        self,
        program: str,
        connection: ConnectionId,
        campaign_id: str,
        mapped: Iterable[LabelMapping] = (),
    ) -> AbstractContextManager[LinkId]:
        """A link for the length of a block: it is undone at its end, with all that was done in the meantime."""

    def making_campaign(self, connection: ConnectionId) -> AbstractContextManager[None]:
        """Nobody else makes a campaign in the org meanwhile; RetryableError when they take too long."""

    def intended_campaign(self, program: str, connection: ConnectionId) -> CampaignIntent | None:
        """The campaign that was about to be made for a program and of which nobody has heard."""

    def intend_campaign(self, program: str, connection: ConnectionId, name: str) -> None:
        """Commit that a campaign is about to be made for a program."""

    def forget_campaign_intent(self, program: str, connection: ConnectionId) -> None:
        """It is known what became of the campaign."""

    def require_unlinked(self, program: str, connection: ConnectionId) -> None:
        """UsageError when a program has a link in an org already."""

    def unlink(self, link: LinkId) -> None:
        """End a link; both lists stay as they are (M4.7)."""

    def links_of(self, program: str, connection: str | None = None) -> list[tuple[LinkId, Connection]]:
        """The links of a program by the names of their connections, or the one in a connection; never none (M4.1)."""

    def link_of(self, program: str, connection: str | None = None) -> tuple[LinkId, Connection]:
        """The link of a program; where it has several, the one in the connection that must be named."""

    def set_labels(self, link: LinkId, mapped: Iterable[LabelMapping]) -> None:
        """Which labels of a linked campaign mean which status, in place of what was said before (M4.4)."""

    def link_of_run(self, run: RunId) -> tuple[LinkId, Connection]:
        """The link that a run was of."""

    def resume(self, link: LinkId) -> None:
        """A person has looked at the halt and lets this link go on, once (M6.6)."""

    def set_policy(self, link: LinkId, choices: Mapping[str, str]) -> None:
        """Change choices of a link: winner, step_back, removed_in_program, removed_in_campaign, field_edit."""

    def campaigns(self, connection: ConnectionId, *, outside: bool = False) -> list[dict[str, Any]]:
        """The campaigns seen in an org: id, name, type, is_active, mirrored, members, program (linked with); with `outside` those
        that the filter of the mirror leaves out, too."""

    def campaign_labels(
        self, connection: ConnectionId, campaign_id: str
    ) -> tuple[tuple[CampaignStatus, ...], dict[str, int]]:
        """What a campaign offers its members, and how many carry each label."""
