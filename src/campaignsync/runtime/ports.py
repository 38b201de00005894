"""What the engine needs of its doors, as protocols: `SalesforceDoor` is one org, `Ledger` is what the engine remembers.

`salesforce` and `store` do not import this file; `bootstrap` hands their objects to the engine and the type checker proves that
they fit. An in-memory ledger and a sandbox in process fit the same protocols, so the engine runs unchanged in simulations.
Frames have the columns of `domain.trees`; every time is aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import polars as pl

from campaignsync.domain.ids import ConnectionId, LinkId, RunId
from campaignsync.domain.links import CampaignStatus, LinkState
from campaignsync.domain.observation import Cursor, Delta, SyncUser, WholeLists
from campaignsync.domain.runs import (
    CampaignFieldValue,
    FieldAgreement,
    FieldRefusal,
    LinkFacts,
    MemberBatch,
    RunReport,
)
from campaignsync.domain.trees import Trees


class SalesforceDoor(Protocol):
    """One org. Every method may raise RetryableError, UsageError (credentials, rights) or HaltError."""

    @property
    def api_calls(self) -> int:
        """Calls made through this door so far, as Salesforce counts them (section 2.3)."""

    def sync_user(self) -> SyncUser:
        """Who we are in the org, and whether that user may see campaigns (S0.6)."""

    def changes_since(self, cursor: Cursor) -> Delta:
        """All rows changed since the cursor less the look-back, and the counts by campaign. The number of calls is fixed,
        plus one for every further page of rows."""

    def whole_lists(self, *, members_of: Collection[str], statuses_of: Collection[str]) -> WholeLists:
        """All members and all statuses of the campaigns named, read whole or not at all."""

    def find_people(self, *, emails: Collection[str], ids: Collection[str]) -> pl.DataFrame:
        """Leads and contacts by e-mail or id, converted and deleted ones too (SALESFORCE_PEOPLE)."""

    def leads_made_by(self, user_id: str, *, since: datetime) -> pl.DataFrame:
        """Leads that a user created since a moment (SALESFORCE_PEOPLE): how an unknown outcome is settled (M7.11)."""

    def create_leads(self, leads: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Create leads (LEAD_WRITES). Yields LEAD_OUTCOMES of at most 200 rows as each call ends; a call whose answer never
        came yields rows with known = false, and the caller goes on."""

    def write_members(self, campaign_id: str, writes: pl.DataFrame) -> Iterator[MemberBatch]:
        """Add, change and remove members of one campaign (MEMBER_WRITES), each call of at most 200 rows read back in the
        same call. Yields as each call ends; a call whose answer never came yields rows with known = false."""

    def create_campaign(
        self, fields: Mapping[str, CampaignFieldValue | bool], statuses: Iterable[CampaignStatus]
    ) -> str:
        """Create a campaign with exactly these statuses (M4.2); its id."""

    def add_statuses(self, campaign_id: str, statuses: Iterable[CampaignStatus]) -> None:
        """Give a campaign statuses it lacks (M4.4)."""

    def write_campaign(
        self, campaign_id: str, fields: Mapping[str, CampaignFieldValue]
    ) -> Mapping[str, CampaignFieldValue]:
        """Write Type or ActualCost; what Salesforce holds afterwards. RefusedError in its words."""


class Ledger(Protocol):
    """Everything the engine remembers. Each method is one transaction."""

    # Observing: what Salesforce holds.

    def cursor(self, connection: ConnectionId) -> Cursor:
        """From where the next look at the org goes on."""

    def mirror(self, connection: ConnectionId, delta: Delta) -> None:
        """Mirror what was seen, note the changes in the journal, mark the links concerned, move the cursor: one commit."""

    def campaigns_to_list(
        self, connection: ConnectionId, delta: Delta
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Campaigns whose mirrored number of members, and of statuses, is not the one counted: to be listed whole."""

    def mirror_whole(self, connection: ConnectionId, lists: WholeLists) -> None:
        """Mirror whole lists: a mirrored row of theirs that is not in them is gone (S0.1)."""

    def mirror_people(self, connection: ConnectionId, people: pl.DataFrame) -> None:
        """Mirror leads and contacts that were looked up (SALESFORCE_PEOPLE)."""

    # Planning: the three trees of one link.

    def links(self, connection: ConnectionId) -> tuple[LinkId, ...]:
        """The links of a connection in the order of their ids, whatever their state."""

    def link(self, link: LinkId) -> LinkFacts:
        """One link as it stands."""

    def adopt_people(self, link: LinkId) -> None:
        """Make every lead and contact in the linked campaign a person of ours, found before made (M2.4, M7.3)."""

    def settle_intents(self, link: LinkId, sync_user_id: str) -> None:
        """Judge writes whose outcome nobody saw by what the mirror shows now: a row that we wrote last and that does not
        say what we wanted is our own failed write; the agreed state becomes what it says (S0.2), never an edit."""

    def trees(self, link: LinkId) -> Trees:
        """The three trees from one snapshot, and what is held back by open problems that are not due."""

    # Executing and recording.

    def run(self, link: LinkId, why: str) -> AbstractContextManager[RunId]:
        """A run of one link while nobody else runs it; RetryableError when somebody does. A run whose process died is
        closed as such by the next."""

    def finish(self, run: RunId, report: RunReport) -> None:
        """Keep what a run has to tell."""

    def stop(self, link: LinkId, state: LinkState, reason: str | None) -> None:
        """Change the state of a link; every state but active has a reason."""

    def change_program(self, run: RunId, changes: pl.DataFrame) -> None:
        """Members, agreement and journal in one commit. Columns: person_id, was, status (null: leaves), why. Whoever has
        another status than `was` by now is left alone."""

    def agree(self, run: RunId, rows: pl.DataFrame) -> None:
        """Both sides are the same already: columns person_id, status (null: neither has the person)."""

    def hold(self, run: RunId, waiting: pl.DataFrame, unsettled: pl.DataFrame) -> None:
        """Keep what waits for a person as problems (columns person_id, code, message, wanted; person_id null: a field; code
        REFUSED_BEFORE: a problem already), and solve the open problems of all who are not `unsettled` (person_id, code)."""

    def unmatched(self, link: LinkId, people: Collection[int]) -> pl.DataFrame:
        """Of these people, those without an id in the link's org, with their fields (LEAD_WRITES)."""

    def match_people(self, run: RunId, matches: pl.DataFrame) -> None:
        """Join people to the leads or contacts they were found to be (domain.matching.MATCHES)."""

    def identities(self, link: LinkId, people: Collection[int]) -> pl.DataFrame:
        """Of these people, those with an id in the link's org. Columns: person_id, salesforce_id, kind."""

    def known_ids(self, connection: ConnectionId, ids: Collection[str]) -> frozenset[str]:
        """Of these Salesforce ids, those that are joined to a person of ours already."""

    def open_lead_intents(self, link: LinkId) -> pl.DataFrame:
        """Leads we were about to create and never heard of. Columns: person_id, at."""

    def intend_leads(self, run: RunId, people: Collection[int]) -> None:
        """Commit that these leads are about to be created (M7.11)."""

    def record_leads(self, run: RunId, outcomes: pl.DataFrame) -> None:
        """Join who was created, keep refusals as problems, leave unknown outcomes intended (LEAD_OUTCOMES)."""

    def intend_members(self, run: RunId, writes: pl.DataFrame) -> None:
        """Commit what is about to be written (MEMBER_WRITES)."""

    def record_members(self, run: RunId, batch: MemberBatch) -> None:
        """Move the agreed state to what was read back, mirror it, journal it, keep refusals as problems; leave unknown
        outcomes intended."""

    def record_field(self, run: RunId, name: str, agreement: FieldAgreement) -> None:
        """Keep what Type or ActualCost was written and read back as, mirror it, journal it, and solve its problem."""

    def record_field_refusal(self, run: RunId, name: str, refusal: FieldRefusal) -> None:
        """Keep as a problem that Salesforce refused a value of Type or ActualCost (M5.1)."""
