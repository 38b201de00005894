"""Finds again what definitions name: the id of each is kept beside the definition, and what it is called today is looked up.

Called by `store.smart_campaigns` and `store.flows` wherever a definition is kept or handed out. What is gone keeps the name it
had, so that the marketer reads it among the faults; so does a name that several campaigns bear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from campaignsync.domain.references import Reference, plain, references, renamed
from campaignsync.store.frames import rows

_CAMPAIGN = "(lower(trim(c.name)) = %(name)s OR lower(c.salesforce_id) = %(name)s)"
_CAMPAIGN_OF = "(lower(trim(c.name)) = %(of)s OR lower(c.salesforce_id) = %(of)s)"
_FOUND = {
    "campaign": f"SELECT c.salesforce_id AS id FROM store_campaign c WHERE NOT c.is_deleted AND {_CAMPAIGN}",
    "program": "SELECT id FROM store_program WHERE lower(name) = %(name)s",
    "channel": "SELECT id FROM store_channel WHERE lower(name) = %(name)s",
    "list": "SELECT id FROM store_peoplelist WHERE lower(name) = %(name)s",
    "connection": "SELECT id FROM store_connection WHERE lower(name) = %(name)s",
    "smart campaign": "SELECT id FROM store_smartcampaign WHERE lower(name) = %(name)s",
    "status of campaign": "SELECT s.salesforce_id AS id FROM store_campaignmemberstatus s JOIN store_campaign c"
    " ON c.connection_id = s.connection_id AND c.salesforce_id = s.campaign_id WHERE NOT c.is_deleted"
    f" AND lower(trim(s.label)) = %(name)s AND {_CAMPAIGN_OF}",
    "status of program": "SELECT s.id FROM store_progressionstatus s JOIN store_program g ON g.channel_id = s.channel_id"
    " WHERE lower(s.name) = %(name)s AND lower(g.name) = %(of)s",
    "status of channel": "SELECT s.id FROM store_progressionstatus s JOIN store_channel h ON h.id = s.channel_id"
    " WHERE lower(s.name) = %(name)s AND lower(h.name) = %(of)s",
}
"""Which things bear a name; two are none, since nobody can say which is meant."""
_CALLED = """
    SELECT 'campaign' AS noun, salesforce_id AS id, name FROM store_campaign
        WHERE NOT is_deleted AND salesforce_id = ANY(%(ids)s)
    UNION ALL SELECT 'status of campaign', salesforce_id, label FROM store_campaignmemberstatus WHERE salesforce_id = ANY(%(ids)s)
    UNION ALL SELECT 'program', id::text, name FROM store_program WHERE id::text = ANY(%(ids)s)
    UNION ALL SELECT 'channel', id::text, name FROM store_channel WHERE id::text = ANY(%(ids)s)
    UNION ALL SELECT 'list', id::text, name FROM store_peoplelist WHERE id::text = ANY(%(ids)s)
    UNION ALL SELECT 'connection', id::text, name FROM store_connection WHERE id::text = ANY(%(ids)s)
    UNION ALL SELECT 'smart campaign', id::text, name FROM store_smartcampaign WHERE id::text = ANY(%(ids)s)
    UNION ALL SELECT 'status', id::text, name FROM store_progressionstatus WHERE id::text = ANY(%(ids)s)
"""
_STATUS = {"status of program": "status", "status of channel": "status"}
Kept = Sequence[Sequence[str]]
"""What is kept of each name: noun, name, of, id."""


def kept_names(definition: Mapping[str, Any]) -> list[list[str]]:
    """The id of each thing that a definition names and that is there."""
    found = []
    for each in references(definition):
        ids = rows(_FOUND[each.noun], {"name": each.name, "of": each.of})
        if len(ids) == 1:
            found.append([each.noun, each.name, each.of, str(ids[0]["id"])])
    return found


def called(many: Iterable[Kept]) -> dict[tuple[str, str], str]:
    """What the things of many definitions are called now, by noun and id; what is gone is missing."""
    ids = sorted({id_ for kept in many for *_, id_ in kept})
    if not ids:
        return {}
    return {(row["noun"], row["id"]): row["name"] for row in rows(_CALLED, {"ids": ids})}


def of_today(
    definition: Mapping[str, Any],
    kept: Kept,
    names: Mapping[tuple[str, str], str] | None = None,
    *,
    campaigns_by_id: bool = False,
) -> dict[str, Any]:
    """A definition with the names of today; with `campaigns_by_id` as it is carried out: a campaign whose name another one has,
    too, is not to be mistaken."""
    known = called([kept]) if names is None else names
    by_name = {(noun, name, of): id_ for noun, name, of, id_ in kept}

    def now(reference: Reference) -> str:
        id_ = by_name.get((reference.noun, plain(reference.name), plain(reference.of)))
        name = None if id_ is None else known.get((_STATUS.get(reference.noun, reference.noun), id_))
        if id_ is None or name is None:
            return reference.name
        if reference.noun == "campaign" and (campaigns_by_id or plain(reference.name) == id_.lower()):
            return id_
        return reference.name if plain(name) == plain(reference.name) else name

    return renamed(definition, now) if by_name else dict(definition)
