"""What the database writes for webhooks, in the transaction of its cause: a run ended, a link halted, problems were raised,
a plan waits for approval.

Declared on the models, installed by migrations, beside `store.triggers`. Nothing is written for which no webhook asks. Problems
that one statement raises for one reason are one event with their number, so that a hundred thousand refusals are no flood.
"""

from __future__ import annotations

import pgtrigger

from campaignsync.domain.webhooks import Event
from campaignsync.store.triggers import NOW, after

_TELL = f"""
    IF EXISTS (SELECT FROM store_webhook WHERE active) THEN
        EXECUTE $tell$ INSERT INTO store_webhookdelivery (webhook_id, event, at, body, tries, due_at)
        SELECT w.id, '{{event}}', {NOW}, e.body, 0, {NOW}
        FROM ({{events}}) e JOIN store_webhook w ON w.active AND jsonb_exists(w.events, '{{event}}') $tell$;
    END IF;
    RETURN NULL;
"""
_OF_LINK = """JOIN store_link l ON l.id = {link} JOIN store_program p ON p.id = l.program_id
    JOIN store_connection x ON x.id = l.connection_id"""
_RUNS = f"""SELECT jsonb_build_object('run', n.id, 'program', p.name, 'folder', p.folder, 'connection', x.name,
    'campaign_id', l.campaign_id, 'why', n.why, 'started_at', n.started_at, 'ended_at', n.ended_at, 'died', n.died,
    'report', n.report) AS body FROM new_rows n JOIN old_rows o ON o.id = n.id {_OF_LINK.format(link="n.link_id")}
    WHERE o.ended_at IS NULL AND n.ended_at IS NOT NULL"""
_LINKS = f"""SELECT jsonb_build_object('program', p.name, 'folder', p.folder, 'connection', x.name,
    'campaign_id', l.campaign_id, 'state', n.state, 'reason', n.reason) AS body
    FROM new_rows n JOIN old_rows o ON o.id = n.id {_OF_LINK.format(link="n.id")}
    WHERE n.state <> o.state AND n.state <> 'active'"""
_PROBLEMS = """SELECT jsonb_build_object('connection', x.name, 'program', p.name, 'folder', p.folder, 'noun', r.noun,
    'code', r.code, 'number', r.number, 'message', r.message) AS body
    FROM (SELECT n.connection_id, n.link_id, n.noun, n.code, count(*) AS number, min(n.message) AS message
          FROM {rows} GROUP BY 1, 2, 3, 4) r
    JOIN store_connection x ON x.id = r.connection_id LEFT JOIN store_link l ON l.id = r.link_id
    LEFT JOIN store_program p ON p.id = l.program_id"""

_PLANS = f"""SELECT jsonb_build_object('program', p.name, 'folder', p.folder, 'connection', x.name,
    'campaign_id', l.campaign_id, 'digest', n.digest, 'summary', n.told->>'summary', 'counts', n.told->'counts') AS body
    FROM {{rows}} {_OF_LINK.format(link="n.link_id")}"""


def _announce(operation: str, event: Event, events: str) -> pgtrigger.Trigger:
    return after(operation, f"tell_{operation}", _TELL.format(event=event.value, events=events))


def announce_runs() -> list[pgtrigger.Trigger]:
    """Tell webhooks of runs that ended, or that were found dead."""
    return [_announce("update", Event.RUN_FINISHED, _RUNS)]


def announce_links() -> list[pgtrigger.Trigger]:
    """Tell webhooks of links that wait."""
    return [_announce("update", Event.LINK_HALTED, _LINKS)]


def announce_plans() -> list[pgtrigger.Trigger]:
    """Tell webhooks of plans that wait for approval, and of each that takes the place of one."""
    other = "new_rows n JOIN old_rows o ON o.id = n.id AND o.digest <> n.digest"
    return [
        _announce("insert", Event.PLAN_WAITS, _PLANS.format(rows="new_rows n")),
        _announce("update", Event.PLAN_WAITS, _PLANS.format(rows=other)),
    ]


def announce_problems() -> list[pgtrigger.Trigger]:
    """Tell webhooks of problems that were raised, or that became others."""
    other = "new_rows n JOIN old_rows o ON o.id = n.id WHERE n.code <> o.code AND n.solved_at IS NULL"
    return [
        _announce("insert", Event.PROBLEM_RAISED, _PROBLEMS.format(rows="new_rows n")),
        _announce("update", Event.PROBLEM_RAISED, _PROBLEMS.format(rows=other)),
    ]
