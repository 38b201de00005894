"""Who enters a smart campaign: changes out of the journal, the filters, qualification, and loops that are stopped (M10.6, M10.7).

Called by `store.flows` inside its turn. People travel as the temporary table `entering`; whoever is not let in is kept as
blocked,
with the reason. A person who comes back by what the smart campaign did itself is recognised by the results of its steps, also
when the change went through Salesforce and back, and halts it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from campaignsync.domain.smart_campaigns import (
    EVENTS,
    LOOP_PER_HOUR,
    LOOP_ROUNDS,
    Qualification,
    SmartCampaign,
    SmartCampaignState,
)
from campaignsync.store import models
from campaignsync.store.filtering import generous, people_who
from campaignsync.store.frames import bulk, execute, query, rows, table, temporary
from campaignsync.store.people import recognise

_NOT_CHANGES = ("first read", "went with the person in Salesforce", "merged in Salesforce")
"""Reasons of entries that no member's coming or going is behind (M10.3, M7.8, M7.9)."""
_REMEMBERED = timedelta(days=7)
"""So long ago may what a flow did be the cause of a change."""
_LONGEST_CHAIN = 50
LOOKED_FOR = timedelta(days=1)
"""So long is a member of a linked campaign waited for who is no person of ours yet."""
_TRIGGER = """CASE WHEN e.noun = 'request' THEN 'Campaign is Requested' WHEN e.noun = 'created' THEN 'Person is Created'
    WHEN e.noun <> 'member' THEN 'Data Value Changes'
    WHEN e.side = 'campaign' THEN CASE WHEN e.old IS NULL THEN 'Added to SFDC Campaign' WHEN e.new IS NULL
        THEN 'Removed from SFDC Campaign' ELSE 'Status is Changed in SFDC Campaign' END
    WHEN e.old IS NULL THEN 'Added to Program' WHEN e.new IS NULL THEN '' ELSE 'Program Status is Changed' END"""
_EVENTS = f"""
    SELECT e.id AS entry_id, {_TRIGGER} AS trigger, coalesce(e.person_id, i.person_id) AS person_id,
        NULLIF(e.campaign_id, '') AS campaign_id, c.name AS campaign, c.type, g.name AS program, h.name AS channel,
        CASE WHEN e.noun = 'request' THEN e.record_id WHEN e.noun NOT IN ('member', 'created') THEN e.noun END AS field, e.old,
        e.new, (SELECT s.has_responded FROM store_campaignmemberstatus s WHERE s.connection_id = e.connection_id
            AND s.campaign_id = e.campaign_id AND lower(s.label) = lower(e.new) LIMIT 1) AS responded,
        (SELECT s.success FROM store_progressionstatus s WHERE s.channel_id = g.channel_id AND s.name = e.new) AS success
    FROM store_journalentry e
    LEFT JOIN store_campaign c ON c.connection_id = e.connection_id AND c.salesforce_id = e.campaign_id
    LEFT JOIN store_program g ON g.id = e.program_id LEFT JOIN store_channel h ON h.id = g.channel_id
    LEFT JOIN store_campaignmember m ON e.person_id IS NULL AND e.side = 'campaign' AND m.connection_id = e.connection_id
        AND m.salesforce_id = e.record_id
    LEFT JOIN store_personidentity i ON i.connection_id = m.connection_id
        AND i.salesforce_id = coalesce(m.contact_id, m.lead_id)
    WHERE {{which}} AND e.why <> ALL(%(reasons)s) AND CASE
        WHEN e.noun = 'member' THEN e.side = 'campaign' OR e.program_id IS NOT NULL
        ELSE e.side = 'program' AND e.program_id IS NULL AND e.connection_id IS NULL
            AND (e.noun IN ('created', 'request') OR e.noun = ANY(%(fields)s)) END
    ORDER BY e.id LIMIT %(limit)s
"""
_OBJECT = """CASE WHEN e.noun = 'request' THEN 'request:' || e.record_id
    WHEN e.noun = 'member' AND e.side = 'campaign' THEN coalesce((SELECT 'program:' || l.program_id FROM store_link l
        WHERE l.connection_id = e.connection_id AND l.campaign_id = e.campaign_id),
        'campaign:' || e.connection_id || ':' || e.campaign_id)
    WHEN e.noun = 'member' THEN 'program:' || e.program_id ELSE 'field:' || e.noun END"""
"""What a change is of, the same for both sides of a link: as results of steps say it, too."""
_OURS = """(e.who = 'campaign sync' OR e.who LIKE 'smart campaign%%'
    OR EXISTS (SELECT FROM store_connection x WHERE x.sync_user_id = e.who))"""


def read_events(
    after: int, until: int, fields: list[str], limit: int, now: datetime
) -> tuple[pl.DataFrame, int]:
    """The changes between two entries of the journal (EVENTS), and the entry until which that is all.

    A member of a linked campaign whom we do not know yet is kept for later: the link's next run makes them a person. Of other
    campaigns, whom we know by the e-mail address alone is joined to it now.
    """
    given = {"after": after, "until": until, "reasons": list(_NOT_CHANGES), "fields": fields, "limit": limit}
    fresh = query(_EVENTS.format(which="e.id > %(after)s AND e.id <= %(until)s"), given, EVENTS)
    strangers = fresh.filter(pl.col("person_id").is_null())["entry_id"].to_list()
    if strangers and recognise(strangers):
        fresh = query(_EVENTS.format(which="e.id > %(after)s AND e.id <= %(until)s"), given, EVENTS)
    reached = until if fresh.height < limit else int(fresh["entry_id"].max())  # type: ignore[arg-type]
    late = query(
        _EVENTS.format(which="e.id IN (SELECT entry_id FROM store_waitingentry)"),
        {**given, "limit": limit},
        EVENTS,
    )
    _keep_waiting(fresh, late, now)
    known = (
        pl.concat([late, fresh]).filter(pl.col("person_id").is_not_null()).unique("entry_id").sort("entry_id")
    )
    return known, reached


def _keep_waiting(fresh: pl.DataFrame, late: pl.DataFrame, now: datetime) -> None:
    strangers = fresh.filter(pl.col("person_id").is_null())["entry_id"].to_list()
    if strangers:
        execute(
            "INSERT INTO store_waitingentry (entry_id, noted_at) SELECT e.id, %s FROM store_journalentry e JOIN store_link l"
            " ON l.connection_id = e.connection_id AND l.campaign_id = e.campaign_id WHERE e.id = ANY(%s)"
            " ON CONFLICT DO NOTHING",
            (now, strangers),
        )
    found = late.filter(pl.col("person_id").is_not_null())["entry_id"].to_list()
    execute(
        "DELETE FROM store_waitingentry WHERE entry_id = ANY(%s) OR noted_at < %s", (found, now - LOOKED_FOR)
    )


def by_events(
    row: models.SmartCampaign, version: int, campaign: SmartCampaign, fired: pl.DataFrame, now: datetime
) -> int:
    """Let in whom changes brought (EVENTS), if they pass the filters and qualify; how many."""
    told = {
        "name": "trigger",
        "campaign": "campaign",
        "campaign id": "campaign_id",
        "program": "program",
        "field": "field",
    }
    event = pl.struct(
        *(pl.col(column).alias(name) for name, column in told.items()), "old", "new"
    ).struct.json_encode()
    temporary("fired", fired.select("entry_id", "person_id", event.alias("event")))
    generous()
    meant = people_who(campaign.smart_list, now)
    table(
        "entering",
        f"SELECT f.entry_id, p.id AS person_id, f.event::jsonb AS event, {_OBJECT} AS object, e.old, e.new, {_OURS} AS ours,"
        " ARRAY[]::bigint[] AS chain, '' AS cause FROM fired f JOIN store_journalentry e ON e.id = f.entry_id"
        " JOIN store_person q ON q.id = f.person_id JOIN store_person p ON p.id = coalesce(q.merged_into_id, q.id)"
        f" WHERE {meant.text} ORDER BY f.entry_id",
        meant.values,
    )
    _qualify(row.pk, campaign.qualification, now)
    _stop_loops(row, now)
    return _enter(row, version, None, now)


def by_batch(
    row: models.SmartCampaign, version: int, campaign: SmartCampaign, batch: models.Batch, now: datetime
) -> int:
    """Let in everybody whom the filters find and who qualifies; how many."""
    generous()
    meant = people_who(campaign.smart_list, now)
    table(
        "entering",
        "SELECT NULL::bigint AS entry_id, p.id AS person_id, '{}'::jsonb AS event, ARRAY[]::bigint[] AS chain"
        f" FROM store_person p WHERE p.merged_into_id IS NULL AND ({meant.text})",
        meant.values,
    )
    blocked = _qualify(row.pk, campaign.qualification, now)
    entered = _enter(row, version, batch.pk, now)
    models.Batch.objects.filter(pk=batch.pk).update(qualified=entered, blocked=blocked)
    return entered


def _qualify(smart_campaign: int, rule: Qualification, now: datetime) -> int:
    """Take out of `entering` who may not go through again yet, and keep why; how many."""
    if rule.again_after == timedelta():
        return 0
    since = None if rule.again_after is None else now - rule.again_after
    table(
        "turned_away",
        "SELECT DISTINCT e.person_id FROM entering e JOIN store_journey j ON j.smart_campaign_id = %s"
        " AND j.person_id = e.person_id WHERE %s::timestamptz IS NULL OR j.entered_at > %s"
        " UNION SELECT e.person_id FROM entering e JOIN store_passage p ON p.smart_campaign_id = %s"
        " AND p.person_id = e.person_id WHERE %s::timestamptz IS NULL OR p.last_at > %s",
        (smart_campaign, since, since, smart_campaign, since, since),
    )
    reason = "went through before" if since is None else f"went through before; the rule is: {rule.word}"
    blocked = bulk(
        "store_blockedperson",
        "INSERT INTO store_blockedperson AS b (smart_campaign_id, person_id, reason, times, last_at)"
        " SELECT %s, person_id, %s, 1, %s FROM turned_away ON CONFLICT (smart_campaign_id, person_id, reason)"
        " DO UPDATE SET times = b.times + 1, last_at = excluded.last_at",
        (smart_campaign, reason, now),
    )
    execute("DELETE FROM entering e USING turned_away t WHERE t.person_id = e.person_id")
    execute(
        "DELETE FROM entering e USING entering o WHERE o.person_id = e.person_id AND o.entry_id < e.entry_id"
    )
    return blocked


def _stop_loops(row: models.SmartCampaign, now: datetime) -> None:
    """Take out of `entering` who comes back by the smart campaign's own doing for the last time, and halt it."""
    execute(
        "UPDATE entering e SET chain = c.chain, cause = c.action FROM (SELECT x.entry_id, r.action, j.chain FROM entering x"
        " CROSS JOIN LATERAL (SELECT * FROM store_stepresult r WHERE r.person_id = x.person_id AND r.object = x.object"
        "  AND r.outcome = 'done' AND r.at > %s ORDER BY r.id DESC LIMIT 1) r JOIN store_journey j ON j.id = r.journey_id"
        " WHERE x.ours AND (lower(r.value) IS NOT DISTINCT FROM lower(x.new) OR lower(r.value) IS NOT DISTINCT FROM lower(x.old))"
        ") c WHERE c.entry_id = e.entry_id",
        (now - _REMEMBERED,),
    )
    table(
        "looping",
        "SELECT e.entry_id, e.person_id, e.cause, e.event->>'name' AS trigger,"
        " cardinality(array_positions(e.chain, %s)) AS rounds FROM entering e"
        " WHERE cardinality(array_positions(e.chain, %s)) >= %s OR (SELECT count(*) FROM store_journey j"
        " WHERE j.smart_campaign_id = %s AND j.person_id = e.person_id AND j.entered_at > %s) >= %s",
        (row.pk, row.pk, LOOP_ROUNDS, row.pk, now - timedelta(hours=1), LOOP_PER_HOUR),
    )
    found = rows(
        "SELECT l.*, coalesce(p.email, p.our_id::text) AS who, (SELECT count(DISTINCT person_id) FROM looping) AS people"
        " FROM looping l JOIN store_person p ON p.id = l.person_id ORDER BY l.entry_id LIMIT 1"
    )
    execute("DELETE FROM entering e USING looping l WHERE l.entry_id = e.entry_id")
    for loop in found:
        models.SmartCampaign.objects.filter(pk=row.pk).update(
            state=SmartCampaignState.HALTED.value, reason=_explained(loop)
        )


def _explained(loop: dict[str, object]) -> str:
    if loop["rounds"]:
        return (
            f"It goes round in a circle: its own '{loop['cause']}' makes the change by which"
            f" '{loop['trigger']}' brings people back."
            f" {loop['who']} came back {loop['rounds']} times ({loop['people']} people in all)."
            " Change the flow or the triggers, then"
            " activate it again."
        )
    return (
        f"{loop['who']} came in {LOOP_PER_HOUR} times within an hour by '{loop['trigger']}' ({loop['people']} people in all):"
        " something sets back what it does. Look at the journal of that person, then activate it again."
    )


def _enter(row: models.SmartCampaign, version: int, batch: int | None, now: datetime) -> int:
    return bulk(
        "store_journey",
        "INSERT INTO store_journey (smart_campaign_id, version_id, batch_id, person_id, entry_id,"
        " event, chain, priority, position,"
        " state, entered_at) SELECT %s, %s, %s, person_id, entry_id, event,"
        " (chain || %s::bigint)[greatest(1, cardinality(chain) + 2 - %s):], %s, 0, 'ready', %s FROM"
        " entering ORDER BY entry_id, person_id",
        (row.pk, version, batch, row.pk, _LONGEST_CHAIN, row.priority, now),
    )
