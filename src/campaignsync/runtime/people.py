"""Finds people in an org, and creates as leads those whom it does not know (M7.1–M7.3, M7.11).

Called by the cycle before a link is planned, by the executor before members are written, and when a person is to be synced at
once. Nobody is created who could be found; whoever is about to be created is committed as intended first; and an intended lead
that nobody heard of again is looked for before anything else, a stranger in a campaign included.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import polars as pl

from campaignsync.domain.ids import ConnectionId, LinkId, RunId
from campaignsync.domain.matching import MATCHES, conversions_to_follow, made_for, match, only_matches
from campaignsync.domain.people import LeadRules
from campaignsync.domain.trees import LEAD_OUTCOMES, LEAD_WRITES
from campaignsync.runtime.ports import Ledger, SalesforceDoor
from campaignsync.runtime.progress import Tell, nobody

CLOCKS_APART = timedelta(hours=1)
"""What we intend is dated by our clock, what was made by Salesforce's: so far apart they may be (M7.11)."""


_NO_LEADS, _NO_MATCHES = pl.DataFrame(schema=LEAD_OUTCOMES), pl.DataFrame(schema=MATCHES)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgPeople:
    """The people of one org: the door to it, what is remembered of them, and how leads are made there."""

    connection: ConnectionId
    leads: LeadRules
    door: SalesforceDoor
    ledger: Ledger
    run: RunId | None = None
    """In whose course it is done, for the journal."""
    tell: Tell = nobody

    def unmatched(self, people: Collection[int]) -> pl.DataFrame:
        """Of these people, those without an id in Salesforce (LEAD_WRITES)."""
        return self.ledger.unmatched(self.connection, people) if people else pl.DataFrame(schema=LEAD_WRITES)

    def find_or_create(self, unmatched: pl.DataFrame) -> pl.DataFrame:
        """Give every one of these people (LEAD_WRITES) an id in Salesforce; LEAD_OUTCOMES of those who are left without one."""
        if unmatched.is_empty():
            return _NO_LEADS.clone()
        unmatched = _required_filled(self.leads, unmatched)
        self.find_unheard(unmatched)
        unmatched = self._still_unmatched(unmatched)
        found = self.find_by_email(unmatched)
        known = self.ledger.known_ids(self.connection, found["salesforce_id"].to_list())
        taken = found["salesforce_id"].is_in(list(known)) | ~found["salesforce_id"].is_first_distinct()
        self._match(found.filter(~taken))
        twice = _joined_to_another(found.filter(taken))
        self.ledger.record_leads(self.connection, twice, self.run)
        missing = self._still_unmatched(unmatched).join(twice, on="person_id", how="anti")
        return twice.vstack(self.create(missing))

    def find_unheard(self, people: pl.DataFrame) -> None:
        """Join those of these people who were made without our hearing of it to what has become of their leads."""
        self._match(self._find_intended(people))
        follow_people(self.door, self.ledger, self.connection)

    def _find_intended(self, people: pl.DataFrame) -> pl.DataFrame:
        """Who of these people was created by a run that did not live to hear of it (M7.11); MATCHES.

        They are known again by our own id, where the org has a field for it; else among the leads that we made since we
        intended to.
        """
        intended = people.join(self.ledger.open_lead_intents(self.connection), on="person_id")
        if intended.is_empty():
            return _NO_MATCHES.clone()
        if self.leads.external_id_field:
            found = self.door.people_with_our_ids(intended["our_id"].to_list())
            self.ledger.mirror_people(self.connection, found.drop("our_id"))
            # Of a contact and the lead it was, the contact; of several leads, one that stands.
            best = found.sort("kind", "is_deleted").unique("our_id", keep="first", maintain_order=True)
            return self._free(only_matches(intended.join(best, on="our_id")))
        since = min(intended["at"]) - CLOCKS_APART
        made = self.door.leads_made_by(self.door.sync_user().user_id, since=since)
        self.ledger.mirror_people(self.connection, made)
        return made_for(intended, self._free(made))

    def find_by_email(self, people: pl.DataFrame) -> pl.DataFrame:
        """Who of these people are leads or contacts already, by e-mail (M7.3); MATCHES."""
        emails = people["email"].drop_nulls().to_list()
        if not emails:
            return _NO_MATCHES.clone()
        found = self.door.find_people(emails=emails, ids=())
        followed = conversions_to_follow(found)
        if followed:
            found = pl.concat([found, self.door.find_people(emails=(), ids=followed)])
        self.ledger.mirror_people(self.connection, found)
        return match(people, found)

    def create(self, people: pl.DataFrame) -> pl.DataFrame:
        """Create these people as leads; LEAD_OUTCOMES of those who were refused, and of those whom nobody heard of."""
        self.ledger.intend_leads(self.connection, people["person_id"].to_list())
        missing, done = _NO_LEADS, 0
        for outcomes in self.door.create_leads(people, partial(self.ledger.note_job, self.connection)):
            self.ledger.record_leads(self.connection, outcomes, self.run)
            missing = missing.vstack(outcomes.filter(~pl.col("known") | pl.col("code").is_not_null()))
            done += outcomes.height
            self.tell(done, people.height, self.door.api_calls)
        self.ledger.forget_jobs(self.connection)
        return missing

    def _match(self, matches: pl.DataFrame) -> None:
        self.ledger.match_people(self.connection, matches, self.run)

    def _free(self, found: pl.DataFrame) -> pl.DataFrame:
        """Those that nobody of ours is joined to."""
        taken = self.ledger.known_ids(self.connection, found["salesforce_id"].to_list())
        return found.filter(~pl.col("salesforce_id").is_in(list(taken)))

    def _still_unmatched(self, people: pl.DataFrame) -> pl.DataFrame:
        """Those of whom nothing has become known since they were read."""
        left = self.ledger.still_unmatched(self.connection, people["person_id"])
        return people.join(left.to_frame("person_id"), on="person_id", how="semi")


def adopt_people(door: SalesforceDoor, ledger: Ledger, link: LinkId) -> None:
    """Make everybody in the linked campaign a person of ours. Whom we were about to make as a lead, and never heard of, is looked
    for first: they may be who came in, and nobody is made somebody else (M7.11)."""
    intended = ledger.leads_in_question(link)
    if not intended.is_empty():
        facts = ledger.link(link)
        people = OrgPeople(connection=facts.connection_id, leads=facts.leads, door=door, ledger=ledger)
        people.find_unheard(intended)
    ledger.adopt_people(link, door.field_rules())


def look_up(door: SalesforceDoor, ledger: Ledger, connection: ConnectionId, ids: Collection[str]) -> None:
    """See what became of these leads and contacts; who is not there any more is gone for good."""
    if ids:
        ledger.mirror_people(connection, door.find_people(emails=(), ids=ids), asked=ids)


def follow_people(door: SalesforceDoor, ledger: Ledger, connection: ConnectionId) -> None:
    """Bring people to what their leads and contacts became, step by step where a step leads to somebody not seen yet."""
    while unseen := ledger.follow_people(connection):
        look_up(door, ledger, connection, unseen)


def _joined_to_another(matches: pl.DataFrame) -> pl.DataFrame:
    """Whom Salesforce knows as a record that another person of ours is joined to: never created a second time."""
    message = pl.format("Another person here is joined to {} already: merge the two people.", "salesforce_id")
    return matches.select(
        "person_id",
        pl.lit(None, pl.String).alias("salesforce_id"),
        pl.lit("PERSON_TWICE").alias("code"),
        message.alias("message"),
        pl.lit(value=False).alias("retriable"),
        pl.lit(value=True).alias("known"),
    )


def _required_filled(rules: LeadRules, people: pl.DataFrame) -> pl.DataFrame:
    """The defaults fill an empty last name or company of a new lead, and only then (M7.2)."""
    return people.with_columns(
        pl.col(name).fill_null(pl.lit(default or None, pl.String))
        for name, default in (("last_name", rules.default_last_name), ("company", rules.default_company))
    )
