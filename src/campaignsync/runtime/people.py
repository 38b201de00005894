"""Finds the people of a run in Salesforce, and creates as leads those whom it does not know (M7.1–M7.3, M7.11).

Called by the executor before members are written. Nobody is created who could be found; whoever is about to be created is
committed as intended first; and an intended lead that nobody heard of again is looked for before anything else.
"""

from __future__ import annotations

import polars as pl

from campaignsync.domain.ids import RunId
from campaignsync.domain.matching import MATCHES, conversions_to_follow, match
from campaignsync.domain.people import PersonKind
from campaignsync.domain.runs import LinkFacts
from campaignsync.domain.trees import LEAD_OUTCOMES
from campaignsync.runtime.ports import Ledger, SalesforceDoor

_SAME_LEAD = ("first_name", "last_name", "company")


def find_or_create(
    run: RunId, facts: LinkFacts, people: list[int], door: SalesforceDoor, ledger: Ledger
) -> pl.DataFrame:
    """Give every one of these people an id in Salesforce; LEAD_OUTCOMES of those who are left without one."""
    unmatched = _required_filled(facts, ledger.unmatched(facts.link_id, people))
    if unmatched.is_empty():
        return pl.DataFrame(schema=LEAD_OUTCOMES)
    ledger.match_people(run, find_intended(facts, unmatched, door, ledger))
    unmatched = _still_unmatched(facts, unmatched, ledger)
    found = find_by_email(facts, unmatched, door, ledger)
    known = ledger.known_ids(facts.connection_id, found["salesforce_id"].to_list())
    taken = found["salesforce_id"].is_in(list(known)) | ~found["salesforce_id"].is_first_distinct()
    ledger.match_people(run, found.filter(~taken))
    twice = _joined_to_another(found.filter(taken))
    ledger.record_leads(run, twice)
    missing = _still_unmatched(facts, unmatched, ledger).join(twice, on="person_id", how="anti")
    return twice.vstack(create(run, missing, door, ledger))


def find_by_email(
    facts: LinkFacts, people: pl.DataFrame, door: SalesforceDoor, ledger: Ledger
) -> pl.DataFrame:
    """Who of these people are leads or contacts already, by e-mail (M7.3); MATCHES."""
    emails = people["email"].drop_nulls().to_list()
    if not emails:
        return pl.DataFrame(schema=MATCHES)
    found = door.find_people(emails=emails, ids=())
    followed = conversions_to_follow(found)
    if followed:
        found = pl.concat([found, door.find_people(emails=(), ids=followed)])
    ledger.mirror_people(facts.connection_id, found)
    return match(people, found)


def find_intended(
    facts: LinkFacts, people: pl.DataFrame, door: SalesforceDoor, ledger: Ledger
) -> pl.DataFrame:
    """Who of the people without e-mail was created by a run that did not live to hear of it (M7.11); MATCHES.

    They are known again as leads that we made since we intended to, with the same name and company, joined to nobody yet.
    Two people of the same name take one lead each, in the order of their ids.
    """
    intended = ledger.open_lead_intents(facts.link_id)
    nameless = people.join(intended, on="person_id").filter(pl.col("email").is_null())
    if nameless.is_empty():
        return pl.DataFrame(schema=MATCHES)
    since = intended["at"].min()
    made = door.leads_made_by(door.sync_user().user_id, since=since)  # type: ignore[arg-type]
    ledger.mirror_people(facts.connection_id, made)
    taken = ledger.known_ids(facts.connection_id, made["salesforce_id"].to_list())
    free = made.filter(
        ~pl.col("salesforce_id").is_in(list(taken)) & pl.col("email").is_null() & ~pl.col("is_deleted")
    )
    place = pl.int_range(pl.len()).over(_SAME_LEAD).alias("place")
    return (
        nameless.sort("person_id")
        .with_columns(place)
        .join(free.sort("salesforce_id").with_columns(place), on=[*_SAME_LEAD, "place"], nulls_equal=True)
        .select(
            "person_id",
            "salesforce_id",
            pl.lit(PersonKind.LEAD.value).alias("kind"),
            pl.lit(1).alias("several"),
        )
        .cast(MATCHES)  # type: ignore[arg-type]
    )


def create(run: RunId, people: pl.DataFrame, door: SalesforceDoor, ledger: Ledger) -> pl.DataFrame:
    """Create these people as leads; LEAD_OUTCOMES of those who were refused, and of those whom nobody heard of."""
    ledger.intend_leads(run, people["person_id"].to_list())
    missing = pl.DataFrame(schema=LEAD_OUTCOMES)
    for outcomes in door.create_leads(people):
        ledger.record_leads(run, outcomes)
        missing = missing.vstack(outcomes.filter(~pl.col("known") | pl.col("code").is_not_null()))
    return missing


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


def _required_filled(facts: LinkFacts, people: pl.DataFrame) -> pl.DataFrame:
    """The defaults fill an empty last name or company of a new lead, and only then (M7.2)."""
    return people.with_columns(
        pl.col("last_name").fill_null(pl.lit(facts.leads.default_last_name or None, pl.String)),
        pl.col("company").fill_null(pl.lit(facts.leads.default_company or None, pl.String)),
    )


def _still_unmatched(facts: LinkFacts, people: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    known = ledger.identities(facts.link_id, people["person_id"].to_list())
    return people.join(known, on="person_id", how="anti")
