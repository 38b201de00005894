"""What a command to a campaign comes to for a person, where they stand there now (M9.2–M9.4).

Called by `runtime.commands`, for all people of a campaign at once. Who was written to before without an answer and stands
there as was wanted, by our hand, is done; whom somebody else put there meanwhile is skipped as ever.
"""

from __future__ import annotations

import polars as pl

from campaignsync.domain.commands import SETTLED
from campaignsync.domain.errors import DUPLICATE_VALUE
from campaignsync.domain.people import PersonKind
from campaignsync.domain.trees import MEMBER_WRITES

_IN, _SAME, _THERE = pl.col("campaign_member_id").is_not_null(), pl.col("same"), pl.col("standing")


def split(
    commands: pl.DataFrame, standings: pl.DataFrame, identities: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is to be written (MEMBER_WRITES with command_id), and what is settled already (SETTLED)."""
    whole = (
        commands.join(identities, on="person_id", how="left")
        .join(standings.rename({"status": "standing"}), on="person_id", how="left")
        .with_columns(
            same=(
                pl.col("status").str.strip_chars().str.to_lowercase()
                == _THERE.str.strip_chars().str.to_lowercase()
            ).fill_null(value=False)
        )
        .with_columns(message=pl.when("seen").then(pl.lit("")).otherwise(_settled()))
        .with_columns(outcome=pl.when(_heard()).then(pl.lit("done")).otherwise(pl.lit("skipped")))
    )
    settled = whole.filter(pl.col("message").is_not_null())
    settled = settled.with_columns(
        message=pl.when(pl.col("outcome") == "done").then(pl.lit("")).otherwise("message")
    )
    writes = whole.filter(pl.col("message").is_null())
    return writes.select("command_id", *MEMBER_WRITES).sort("person_id"), settled.select(*SETTLED)


def _settled() -> pl.Expr:
    """Why nothing is to be written; null: something is."""
    verb = pl.col("verb")
    return (
        pl.when((verb == "remove") & ~_IN)
        .then(pl.lit("Is no member of the campaign."))
        .when((verb == "add") & _IN)
        .then(pl.format("Is a member of the campaign already, with the status '{}'.", _THERE.fill_null("")))
        .when((verb == "status") & _IN & _SAME)
        .then(pl.lit("Has the status already."))
        .when(pl.col("salesforce_id").is_null() & ~pl.col("implied"))
        .then(
            pl.lit(
                "Is not in Salesforce, and in a program that is linked nobody is made a lead for this:"
                " give them a status of the program instead (M4.6)."
            )
        )
        .when(pl.col("salesforce_id").is_null())
        .then(
            pl.lit("Was deleted, here or in Salesforce: Sync Person to SFDC brings back whom we still know.")
        )
    )


def _heard() -> pl.Expr:
    """Whether a command that was sent before was done, by what is there now."""
    verb = pl.col("verb")
    # Nothing in Salesforce tells who removed a member.
    as_wanted = (
        pl.when(verb == "remove").then(~_IN).otherwise(_IN & _SAME & pl.col("ours").fill_null(value=False))
    )
    return pl.col("sent") & (as_wanted | pl.col("seen"))


QUEUE = "00G"
"""What the id of a queue begins with."""


def synced(commands: pl.DataFrame, before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """What came of Sync Person to SFDC for people who are in Salesforce now: SETTLED, person_id, and `owner`, whom their record
    is to be given to (null: nobody). `before` and `now` tell who was, and is, there (person_id, salesforce_id, kind)."""
    to_a_queue = (pl.col("kind") == PersonKind.CONTACT.value) & pl.col("status").str.starts_with(QUEUE)
    new = ~pl.col("person_id").is_in(before["person_id"].implode()) | pl.col("sent")
    return (
        commands.join(now.select("person_id", "kind"), on="person_id")
        .with_columns(to_a_queue=to_a_queue.fill_null(value=False), new=new)
        .with_columns(
            outcome=pl.when("to_a_queue")
            .then(pl.lit("refused"))
            .when("new")
            .then(pl.lit("done"))
            .otherwise(pl.lit("skipped")),
            message=pl.when("to_a_queue")
            .then(pl.lit("Is a contact, and no queue may own one (M9.5)."))
            .when("new")
            .then(pl.lit(""))
            .otherwise(pl.lit("Is in Salesforce already.")),
            owner=pl.when(pl.col("new") & ~pl.col("to_a_queue")).then(pl.col("status")),
        )
        .select(*SETTLED, "person_id", "owner")
    )


_OUTDATED = (DUPLICATE_VALUE, "INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED")
"""What Salesforce says when somebody came or left there since we looked."""


def judged(outcomes: pl.DataFrame) -> pl.DataFrame:
    """What came of writes (MEMBER_OUTCOMES with command_id and verb) as SETTLED; what may be tried again has no outcome, and
    neither has what Salesforce refused since we had not seen yet who came or left meanwhile: we look before we try again."""
    found, wanted = (pl.col(name).str.strip_chars().str.to_lowercase() for name in ("found", "wanted"))
    turned = pl.format("Salesforce stored {} instead of {}.", _named("found"), _named("wanted"))
    already = (pl.col("verb") == "add") & (pl.col("code") == DUPLICATE_VALUE)
    return outcomes.with_columns(
        outcome=pl.when(already)
        .then(pl.lit("skipped"))
        .when(~pl.col("known") | pl.col("retriable") | pl.col("code").is_in(_OUTDATED))
        .then(None)
        .when(pl.col("code").is_not_null() | found.ne_missing(wanted))
        .then(pl.lit("refused"))
        .otherwise(pl.lit("done")),
        message=pl.when(already)
        .then(pl.lit("Is a member of the campaign already."))
        .when(pl.col("code").is_not_null())
        .then(pl.format("{}: {}", pl.col("code"), pl.col("message").fill_null("")))
        .when(~pl.col("known"))
        .then(pl.col("message"))
        .when(found.ne_missing(wanted))
        .then(turned)
        .otherwise(pl.lit("")),
    ).select(*SETTLED)


def _named(column: str) -> pl.Expr:
    return (
        pl.when(pl.col(column).is_null())
        .then(pl.lit("no member"))
        .otherwise(pl.format("'{}'", pl.col(column)))
    )
