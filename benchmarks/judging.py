"""Judges what came of a work, from both sides' own rows: who is missing, wrong, there twice, or there unasked.

Used by the works after the clock has stopped. It asks the org by bulk query and our database by COPY, and takes nobody's word.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import polars as pl
import psycopg

from benchmarks.world import Org

_OURS = (
    "SELECT coalesce(i.salesforce_id, ''), s.name FROM store_programmember m JOIN store_progressionstatus s ON s.id = m.status_id"
    " LEFT JOIN store_personidentity i ON i.person_id = m.person_id AND NOT i.is_deleted"
)


def mirror(org: Org, url: str) -> dict[str, int]:
    """Whether the mirror holds the members that the org has."""
    there = rows(org, "SELECT Id, Status FROM CampaignMember", "id", "there")
    here = ours(url, "SELECT salesforce_id, status FROM store_campaignmember", "id", "here")
    both = there.join(here, on="id", how="full", coalesce=True)
    return _differences(both)


def sides(org: Org, url: str, campaign: str) -> dict[str, int]:
    """How far program and campaign differ: who is on one side only, and who has another status there."""
    soql = f"SELECT LeadId, ContactId, Status FROM CampaignMember WHERE CampaignId = '{campaign}'"
    there = rows(org, soql, "lead", "contact", "there").select(
        pl.coalesce("contact", "lead").alias("id"), "there"
    )
    both = there.join(ours(url, _OURS, "id", "here"), on="id", how="full", coalesce=True)
    return _differences(both) | {"twice": there.height - there["id"].n_unique()}


def statuses_of(org: Org, campaign: str) -> pl.DataFrame:
    """The campaign's members: id, who, status."""
    soql = f"SELECT Id, LeadId, ContactId, Status FROM CampaignMember WHERE CampaignId = '{campaign}'"
    found = rows(org, soql, "id", "lead", "contact", "status")
    return found.select("id", pl.coalesce("contact", "lead").alias("who"), "status")


def as_wanted(org: Org, campaign: str, wanted: Mapping[str, str]) -> dict[str, int]:
    """Members by e-mail address against what was wanted, and people of whom there are two where there was none."""
    soql = f"SELECT Status, Lead.Email, Contact.Email FROM CampaignMember WHERE CampaignId = '{campaign}'"
    found = rows(org, soql, "there", "lead", "contact").select(
        pl.coalesce("contact", "lead").alias("id"), "there", "contact"
    )
    both = found.join(
        pl.DataFrame({"id": list(wanted), "here": list(wanted.values())}), on="id", how="full", coalesce=True
    )
    # Whoever is a contact must have come in as one, though a lead bears the address, too (M7.3).
    contacts = rows(org, "SELECT Email FROM Contact WHERE Email != null", "id")
    as_lead = found.filter(pl.col("contact").is_null()).join(contacts, on="id", how="semi").height
    made = rows(org, "SELECT Email FROM Lead WHERE Email LIKE 'new%'", "id")
    differences = _differences(both)
    return {
        "missed": differences["only here"],
        "ghosts": differences["only there"],
        "twice": found.height - found["id"].n_unique() + made.height - made["id"].n_unique(),
        "wrong": differences["wrong"] + as_lead,
    }


def _differences(both: pl.DataFrame) -> dict[str, int]:
    here, there = pl.col("here"), pl.col("there")
    return {
        "only there": both.filter(here.is_null()).height,
        "only here": both.filter(there.is_null()).height,
        "wrong": both.filter(here != there).height,
    }


def rows(org: Org, soql: str, *names: str) -> pl.DataFrame:
    """The rows of a bulk query, under names of ours."""
    found = pl.read_csv(org.bulk_csv(soql), infer_schema=False, null_values="")
    return found.rename(dict(zip(found.columns, names, strict=True)))


def ours(url: str, sql: str, *names: str) -> pl.DataFrame:
    """The rows of a query to our database, all text."""
    whole = io.BytesIO()
    with (
        psycopg.connect(url) as session,
        session.cursor().copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)") as copy,
    ):
        for block in copy:
            whole.write(block)
    if not whole.tell():
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    whole.seek(0)
    return pl.read_csv(whole, has_header=False, infer_schema=False, new_columns=list(names))
