"""Which links a round has to plan, and where a look parts its counts: what keeps a quiet round small (store.marking).

Called through `Ledger`. Whatever changes leaves a mark; what passes with time alone is asked for here: writes due to be tried
again, and writes of which nobody knows what became.
"""

from __future__ import annotations

from datetime import datetime

from campaignsync.domain.budget import BACKFILL_FROM_ROWS
from campaignsync.domain.ids import LinkId
from campaignsync.domain.links import LinkState
from campaignsync.domain.runs import RunReport
from campaignsync.store.frames import execute, rows

_CAMPAIGNS_A_PAGE = 1_500
"""Three quarters of what one page of groups holds (S2.2.5), to leave room for campaigns that are new."""
_WAITING_PEOPLE = (
    "SELECT m.program_id FROM store_programmember m JOIN ({people}) w ON w.person_id = m.person_id"
    " WHERE NOT EXISTS (SELECT FROM store_personidentity i WHERE i.connection_id = %(connection)s"
    " AND i.person_id = m.person_id)"
)
_DUE_PEOPLE = _WAITING_PEOPLE.format(
    people="SELECT person_id FROM store_problem WHERE connection_id = %(connection)s AND link_id IS NULL AND noun = 'person'"
    " AND solved_at IS NULL AND retry_at <= %(now)s"
)
_INTENDED_PEOPLE = _WAITING_PEOPLE.format(
    people="SELECT person_id FROM store_leadintent WHERE connection_id = %(connection)s"
)
_BACKFILL = (
    "(NOT EXISTS (SELECT FROM store_run r WHERE r.link_id = l.id AND r.report IS NOT NULL) OR abs("
    "coalesce((SELECT sum(t.members) FROM store_membertally t WHERE t.program_id = l.program_id), 0) -"
    " coalesce((SELECT c.rows FROM store_mirrorcount c WHERE c.connection_id = l.connection_id"
    " AND c.object = 'CampaignMember' AND c.campaign_id = l.campaign_id), 0)) >= %(many)s)"
)


def links_due(connection: int, now: datetime) -> tuple[LinkId, ...]:
    """The links for which something may have to be done. One whose last run failed has a problem of noun `job` that says so."""
    found = rows(
        "SELECT l.id FROM store_link l WHERE l.connection_id = %(connection)s AND (l.id IN (SELECT link_id FROM store_mark)"
        " OR l.id IN (SELECT link_id FROM store_intent)"
        " OR l.id IN (SELECT link_id FROM store_problem WHERE connection_id = %(connection)s AND solved_at IS NULL AND"
        " (retry_at <= %(now)s OR noun = 'job' AND code NOT LIKE 'LINK\\_%%'))"
        f" OR l.program_id IN ({_DUE_PEOPLE}) OR l.program_id IN ({_INTENDED_PEOPLE}))"
        f" ORDER BY {_BACKFILL}, l.id",
        {"connection": connection, "now": now, "many": BACKFILL_FROM_ROWS},
    )
    return tuple(LinkId(row["id"]) for row in found)


def is_backfill(link: int) -> bool:
    """Whether a link never ran to its end, or one side has far more members than the other; the sides are not counted for it."""
    found = rows(
        f"SELECT {_BACKFILL} AS backfill FROM store_link l WHERE l.id = %(link)s",
        {"link": link, "many": BACKFILL_FROM_ROWS},
    )
    return any(row["backfill"] for row in found)


def standing(connection: int) -> dict[LinkId, RunReport]:
    """What each link tells while nothing is done for it."""
    found = rows(
        "SELECT l.id, p.name AS program, x.name AS connection, l.state, l.reason, w.digest AS to_approve"
        " FROM store_link l"
        " LEFT JOIN store_waitingplan w ON w.link_id = l.id AND l.approval = 'each plan'"
        " JOIN store_program p ON p.id = l.program_id JOIN store_connection x ON x.id = l.connection_id"
        " WHERE l.connection_id = %s ORDER BY l.id",
        (connection,),
    )
    return {
        LinkId(row["id"]): RunReport(
            program=row["program"],
            connection=row["connection"],
            halted=None if row["state"] == LinkState.ACTIVE else row["reason"] or row["state"],
            to_approve=row["to_approve"],
        )
        for row in found
    }


def settle(link: int, mark: int) -> None:
    """Take a mark away, unless it was made anew."""
    execute("DELETE FROM store_mark WHERE link_id = %s AND version = %s", (link, mark))


def campaign_bounds(connection: int) -> tuple[str, ...]:
    """Every so manieth campaign, by the order of ids."""
    found = rows(
        'SELECT salesforce_id FROM (SELECT salesforce_id, row_number() OVER (ORDER BY salesforce_id COLLATE "C") AS place'
        " FROM store_campaign WHERE connection_id = %s AND NOT is_deleted) c WHERE place %% %s = 0 ORDER BY place",
        (connection, _CAMPAIGNS_A_PAGE),
    )
    return tuple(row["salesforce_id"] for row in found)
