"""Which lead or contact of Salesforce a person of ours is (M7.3), decided for many people at once.

Found by e-mail only: contacts before unconverted leads, a converted lead counts as its contact, nobody by name. Among several:
the latest changed, else the lowest id. Who is in the campaign already needs no finding, since observing joined them before.
Leads that we made ourselves and never heard of are known again by what we gave them (M7.11).
"""

from __future__ import annotations

import polars as pl

from campaignsync.domain.people import PersonKind
from campaignsync.domain.steps import at_once

MATCHES = {"person_id": pl.Int64, "salesforce_id": pl.String, "kind": pl.String, "several": pl.Int64}
"""`several` says how many leads and contacts had the person's e-mail address."""
_ADDRESS = pl.col("email").str.strip_chars().str.to_lowercase()


def conversions_to_follow(found: pl.DataFrame) -> list[str]:
    """Contacts that converted leads became and that were not found themselves: to be looked up by id."""
    converted = found.filter(pl.col("is_converted") & ~pl.col("is_deleted"))[
        "converted_contact_id"
    ].drop_nulls()
    return sorted(set(converted) - set(found["salesforce_id"]))


def match(people: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Join people (person_id, email) to what was found for them (SALESFORCE_PEOPLE); MATCHES, unmatched people missing."""
    if found.is_empty():
        return pl.DataFrame(schema=MATCHES)
    wanted = people.lazy().select("person_id", _ADDRESS).drop_nulls()
    standing = found.lazy().filter(~pl.col("is_deleted").fill_null(value=False))
    by_email = standing.filter(pl.col("email").is_not_null()).with_columns(_ADDRESS)
    contacts = standing.filter(pl.col("kind") == PersonKind.CONTACT).select(
        "salesforce_id", "system_modstamp"
    )
    became = by_email.filter(pl.col("is_converted")).select(
        "email", pl.col("converted_contact_id").alias("salesforce_id")
    )
    candidates = pl.concat(
        [
            by_email.filter(~pl.col("is_converted").fill_null(value=False)).select(
                "email", "salesforce_id", "kind", "system_modstamp"
            ),
            became.join(contacts, on="salesforce_id").select(
                "email", "salesforce_id", pl.lit(PersonKind.CONTACT.value).alias("kind"), "system_modstamp"
            ),
        ]
    ).unique(["email", "salesforce_id"])
    return at_once(
        wanted.join(candidates, on="email")
        .with_columns(pl.len().over("person_id").cast(pl.Int64).alias("several"))
        .sort("person_id", "kind", "system_modstamp", "salesforce_id", descending=[False, False, True, False])
        .unique("person_id", keep="first", maintain_order=True)
        .select(*MATCHES)
    )


_ALIKE = ("by_email", "first_name", "last_name", "company")


def made_for(people: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
    """Which of the leads that we made without hearing of it is whose (MATCHES): the same e-mail address, or where there is none
    the same name and company. Two people alike take one lead each, in the order of their ids. Deleted leads too, since whoever
    was deleted meanwhile is not to be made anew (M7.9).
    """
    email = pl.col("email").str.strip_chars().str.to_lowercase()
    alike = [
        email.alias("by_email"),
        *(pl.when(email.is_null()).then(pl.col(name).fill_null("")) for name in _ALIKE[1:]),
    ]
    place = pl.int_range(pl.len()).over(_ALIKE).alias("place")
    wanted = people.sort("person_id").select("person_id", *alike).with_columns(place)
    free = made.sort("salesforce_id").select("salesforce_id", "kind", *alike).with_columns(place)
    return only_matches(wanted.join(free, on=[*_ALIKE, "place"], nulls_equal=True))


def only_matches(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs (person_id, salesforce_id, kind) beside which nothing else came into question, as MATCHES."""
    return pairs.select("person_id", "salesforce_id", "kind", pl.lit(1, pl.Int64).alias("several"))
