"""Commands of flows as they are kept: what is due, what was sent, what came of it (M9.8).

Called by `runtime.commands` and `runtime.dispatches` through the port `Commands`. A command is gone when what came of it is
known; in the same commit the mirror follows, the result is kept and the person goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import polars as pl
from django.db import transaction

from campaignsync.domain.commands import COMMANDS, STANDINGS, CommandGroup, Dispatch
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.runs import MemberBatch
from campaignsync.store import mirror, models
from campaignsync.store.acting import acting
from campaignsync.store.frames import execute, query, rows, temporary

MOST_TRIES = 4
_AGAIN = timedelta(minutes=1)
_DISPATCHES_A_TURN = 50
_LEASE = timedelta(minutes=5)
_ACTIONS = {
    "add": "Add to SFDC Campaign",
    "status": "Change Status in SFDC Campaign",
    "remove": "Remove from SFDC Campaign",
    "sync": "Sync Person to SFDC",
    "webhook": "Call Webhook",
    "alert": "Send Alert",
}
_ACTION = (
    "CASE c.verb " + " ".join(f"WHEN '{verb}' THEN '{name}'" for verb, name in _ACTIONS.items()) + " END"
)
_GOES_ON = (
    "c.due_at <= %s AND EXISTS (SELECT FROM store_smartcampaign s WHERE s.id = j.smart_campaign_id"
    " AND s.state <> 'halted')"
)
_SEEN = (
    "(c.sent_at IS NOT NULL AND EXISTS (SELECT FROM store_journalentry e JOIN store_connection x ON x.id = e.connection_id"
    " AND x.sync_user_id = e.who WHERE e.person_id = c.person_id AND e.connection_id = c.connection_id"
    " AND e.campaign_id = c.campaign_id AND e.side = 'campaign' AND e.noun = 'member' AND e.at >= c.noted_at"
    " AND lower(trim(e.new)) = lower(trim(c.status))))"
)
"""Somebody may have changed it again before we looked: that is their edit, and no reason to do it twice."""


class Commands:
    """The commands of flows."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    def orgs(self) -> list[ConnectionId]:
        """The orgs that commands wait for."""
        found = rows(
            "SELECT DISTINCT c.connection_id FROM store_command c JOIN store_journey j ON j.id = c.journey_id"
            f" WHERE c.connection_id IS NOT NULL AND {_GOES_ON} ORDER BY 1",
            (self._now(),),
        )
        return [ConnectionId(row["connection_id"]) for row in found]

    def unheard(self, connection: ConnectionId) -> bool:
        """Whether commands were sent to an org of which nobody heard what came."""
        return models.Command.objects.filter(connection_id=connection, sent_at__isnull=False).exists()

    def next_group(self, connection: ConnectionId) -> CommandGroup | None:
        """The commands to one campaign that are due, the earliest of each person; they count as sent from now on."""
        with transaction.atomic():
            execute(
                "UPDATE store_command c SET person_id = p.merged_into_id FROM store_person p WHERE p.id = c.person_id"
                " AND p.merged_into_id IS NOT NULL AND c.connection_id = %s",
                (connection,),
            )
            first = rows(
                "SELECT c.campaign_id FROM store_command c JOIN store_journey j ON j.id = c.journey_id"
                f" WHERE c.connection_id = %s AND {_GOES_ON} ORDER BY c.campaign_id <> '', c.id LIMIT 1",
                (connection, self._now()),
            )
            if not first:
                return None
            campaign_id = first[0]["campaign_id"]
            commands = query(
                "SELECT DISTINCT ON (c.person_id) c.id AS command_id, c.person_id, c.verb, c.status, c.implied,"
                f" c.sent_at IS NOT NULL AS sent, {_SEEN} AS seen FROM store_command c"
                " JOIN store_journey j ON j.id = c.journey_id"
                f" WHERE c.connection_id = %s AND c.campaign_id = %s AND {_GOES_ON} ORDER BY c.person_id, c.id",
                (connection, campaign_id, self._now()),
                COMMANDS,
            )
            execute(
                "UPDATE store_command SET sent_at = %s, tries = tries + 1 WHERE id = ANY(%s)",
                (self._now(), commands["command_id"].to_list()),
            )
        return CommandGroup(campaign_id=campaign_id, commands=commands)

    def standings(self, connection: ConnectionId, campaign_id: str, people: Collection[int]) -> pl.DataFrame:
        """Where people stand in a campaign, as it was last seen (STANDINGS)."""
        return query(
            "SELECT DISTINCT ON (i.person_id) i.person_id, m.salesforce_id AS campaign_member_id,"
            " m.status, coalesce(m.last_modified_by_id = x.sync_user_id, false) AS ours FROM store_personidentity i"
            " JOIN store_connection x ON x.id = i.connection_id"
            " JOIN store_campaignmember m ON m.connection_id = i.connection_id AND m.campaign_id = %s"
            " AND coalesce(m.contact_id, m.lead_id) = i.salesforce_id WHERE i.connection_id = %s AND i.person_id = ANY(%s)"
            " ORDER BY i.person_id, m.salesforce_id",
            (campaign_id, connection, list(people)),
            STANDINGS,
        )

    def deleted_there(self, connection: ConnectionId, people: Collection[int]) -> list[int]:
        """Of these people, those whose lead or contact was deleted."""
        found = models.PersonIdentity.objects.filter(
            connection_id=connection, person_id__in=list(people), is_deleted=True
        )
        return list(found.values_list("person_id", flat=True))

    def record(self, connection: ConnectionId, batch: MemberBatch, settled: pl.DataFrame) -> None:
        """Mirror what was written and read back, and settle its commands (SETTLED): one commit."""
        with self._acting("flow action"):
            mirror.merge(connection, mirror.MEMBER, batch.members)
            gone = batch.outcomes.filter(pl.col("known") & pl.col("found").is_null())[
                "campaign_member_id"
            ].drop_nulls()
            execute(
                "DELETE FROM store_campaignmember WHERE connection_id = %s AND salesforce_id = ANY(%s)",
                (connection, gone.to_list()),
            )
            self._settle(settled)

    def settle(self, settled: pl.DataFrame) -> None:
        """Settle commands (SETTLED): keep the results, and let the people go on."""
        if not settled.is_empty():
            with self._acting("flow action"):
                self._settle(settled)

    def _acting(self, why: str):  # type: ignore[no-untyped-def]
        return acting(who="smart campaign", why=why, now=self._now())

    def _settle(self, settled: pl.DataFrame) -> None:
        now = self._now()
        temporary("settled", settled)
        # What was tried too often is refused for good; till then it is due again, later each time.
        execute(
            "UPDATE settled t SET outcome = 'refused', message = format('%%s (tried %%s times)',"
            " t.message, c.tries) FROM store_command c"
            " WHERE c.id = t.command_id AND t.outcome IS NULL AND c.tries >= %s",
            (MOST_TRIES,),
        )
        execute(
            "UPDATE store_command c SET due_at = %s + c.tries * c.tries * %s::interval FROM settled t"
            " WHERE c.id = t.command_id AND t.outcome IS NULL",
            (now, _AGAIN),
        )
        object_name = (
            "CASE WHEN c.campaign_id = '' THEN c.verb ELSE coalesce((SELECT 'program:' || l.program_id FROM store_link l"
            " WHERE l.connection_id = c.connection_id AND l.campaign_id = c.campaign_id),"
            " 'campaign:' || c.connection_id || ':' || c.campaign_id) END"
        )
        execute(
            "INSERT INTO store_stepresult (journey_id, smart_campaign_id, person_id, step, choice,"
            " action, outcome, message, object,"
            f" value, at) SELECT j.id, j.smart_campaign_id, j.person_id, j.position, NULL, {_ACTION},"
            f" t.outcome, t.message, {object_name},"
            " c.status, %s FROM settled t JOIN store_command c ON c.id = t.command_id JOIN store_journey j ON j.id = c.journey_id"
            " WHERE t.outcome IS NOT NULL ORDER BY j.id",
            (now,),
        )
        execute(
            "UPDATE store_journey j SET position = j.position + 1, state = 'ready' FROM store_command c JOIN settled t"
            " ON t.command_id = c.id AND t.outcome IS NOT NULL WHERE j.id = c.journey_id AND j.state = 'sent'"
        )
        execute(
            "DELETE FROM store_command c USING settled t WHERE t.command_id = c.id AND t.outcome IS NOT NULL"
        )

    def postpone(self, connection: ConnectionId, at: datetime) -> None:
        """Nothing was done of what is due in an org: it is due again at this moment."""
        models.Command.objects.filter(connection_id=connection, due_at__lte=self._now()).update(due_at=at)

    def dispatches(self) -> list[Dispatch]:
        """Webhooks and alerts that are due, each taken by nobody else for a while."""
        now = self._now()
        with transaction.atomic():
            taken = rows(
                "UPDATE store_command c SET due_at = %s, sent_at = %s, tries = c.tries + 1 WHERE"
                " c.id IN (SELECT c.id FROM store_command c"
                " JOIN store_journey j ON j.id = c.journey_id WHERE c.connection_id IS NULL AND"
                f" {_GOES_ON} ORDER BY c.id LIMIT %s"
                " FOR UPDATE OF c SKIP LOCKED) RETURNING c.id, c.verb, c.payload, c.tries, c.journey_id,"
                " (SELECT j.position FROM store_journey j WHERE j.id = c.journey_id) AS position",
                (now + _LEASE, now, now, _DISPATCHES_A_TURN),
            )
        return [
            Dispatch(
                command_id=row["id"],
                verb=row["verb"],
                key=f"campaignsync-{row['journey_id']}-{row['position']}",
                method=row["payload"].get("method", ""),
                texts=row["payload"]["texts"],
                values=row["payload"]["values"],
                tries=row["tries"],
            )
            for row in sorted(taken, key=lambda row: int(row["id"]))
        ]
