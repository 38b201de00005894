"""The facts of an installation's health, gathered in a few statements whatever the number of orgs and links (domain.health).

Called by whoever asks whether it is well, and by the worker once a minute, which keeps what turned ill as a problem of the org.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from campaignsync.domain.backlog import hour_of
from campaignsync.domain.connections import listens
from campaignsync.domain.events import OPEN
from campaignsync.domain.health import ALARMS, Check, Facts, Level, OrgFacts
from campaignsync.domain.ids import ConnectionId
from campaignsync.domain.problems import STANDING, ProblemNoun
from campaignsync.domain.service import STALE_AFTER_S
from campaignsync.store import models, problems
from campaignsync.store.frames import execute, rows
from campaignsync.store.jobs import reached

_INSTALLATION = """
    SELECT (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)) AS workers,
    (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo') AS jobs_waiting,
    (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing') AS jobs_running,
    (SELECT count(*) FROM store_notice WHERE settled_at IS NULL) AS notices_waiting, clock_timestamp() AS at
"""
_ORGS = """
    SELECT x.id, x.name, x.every_s, x.round_at, x.daily_calls, x.reserve, x.pubsub, x.instance_url,
    p.rounds, p.failed, p.seconds, p.within, p.calls_used,
    p.calls_allowed, p.told_at, p.clock_ahead_s,
    (SELECT min(e.at) FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
     WHERE j.lock = 'org:' || x.id AND j.status IN ('todo', 'doing')) AS waiting_since,
    (SELECT coalesce(sum(calls), 0) FROM store_apicalls c WHERE c.connection_id = x.id AND c.hour > %(now)s - interval '25 hours')
     AS budget_used,
    (SELECT coalesce(sum(t.waiting), 0)::bigint FROM (SELECT DISTINCT ON (link_id, object, direction) waiting, link_id
     FROM store_traffic WHERE connection_id = x.id AND waiting IS NOT NULL ORDER BY link_id, object, direction, hour DESC) t
     WHERE t.link_id = 0 OR t.link_id IN (SELECT id FROM store_link)) AS backlog
    FROM store_connection x LEFT JOIN store_pulse p ON p.connection_id = x.id WHERE x.campaign_sync ORDER BY x.name
"""


class Vitals:
    """An installation's health in PostgreSQL; `disk` is where data lie on this machine."""

    def __init__(self, clock: Callable[[], datetime], disk: Path | None) -> None:
        self._now = clock
        self._disk = disk

    def facts(self) -> Facts:
        """Everything as it stands; RetryableError when the database is out of reach."""
        with reached():
            whole = rows(_INSTALLATION, (STALE_AFTER_S,))[0]
            now = self._now()
            at = whole.pop("at")
            return Facts(
                at=now,
                database_clock_ahead_s=(now - at).total_seconds(),
                disk_free=self._disk_free(),
                orgs=tuple(self._orgs(now)),
                **whole,
            )

    def _disk_free(self) -> float | None:
        if self._disk is None or not self._disk.exists():
            return None
        usage = shutil.disk_usage(self._disk)
        return usage.free / usage.total

    def _orgs(self, now: datetime) -> Iterable[OrgFacts]:
        links = _by_org(
            "SELECT connection_id AS org, state AS key, count(*) AS number FROM store_link GROUP BY 1, 2"
        )
        open_ = _by_org(
            "SELECT connection_id AS org, noun, code, count(*) AS number FROM store_problem"
            " WHERE solved_at IS NULL GROUP BY 1, 2, 3"
        )
        streams = _by_org(
            "SELECT connection_id AS org, state AS key, count(*) AS number FROM store_subscription GROUP BY 1, 2"
        )
        silent = _by_org(
            "SELECT connection_id AS org, max(message) AS message FROM store_subscription WHERE state <> %s GROUP BY 1",
            OPEN,
        )
        moved = _by_org(
            "SELECT connection_id AS org, object, direction, sum(moved)::bigint AS number FROM store_traffic WHERE hour >= %s"
            " GROUP BY 1, 2, 3",
            hour_of(now) - timedelta(hours=1),
        )
        failing = _by_org(
            "SELECT DISTINCT ON (connection_id) connection_id AS org, code, message FROM store_problem WHERE solved_at IS NULL"
            " AND noun = %s AND link_id IS NULL AND NOT code = ANY(%s) ORDER BY connection_id, last_seen DESC",
            ProblemNoun.JOB.value,
            list(STANDING),
        )
        for row in rows(_ORGS, {"now": now}):
            org = row["id"]
            failed = next(iter(failing.get(org, [])), {"code": "", "message": ""})
            yield OrgFacts(
                connection_id=ConnectionId(org),
                name=row["name"],
                every=timedelta(seconds=row["every_s"]) if row["every_s"] else None,
                round_at=row["round_at"],
                waiting_since=row["waiting_since"],
                backlog=row["backlog"],
                links={each["key"]: each["number"] for each in links.get(org, [])},
                problems={(each["noun"], each["code"]): each["number"] for each in open_.get(org, [])},
                jobs_code=failed["code"],
                jobs_message=failed["message"],
                streams={each["key"]: each["number"] for each in streams.get(org, [])},
                streams_message="".join(each["message"] for each in silent.get(org, [])),
                listens=listens(row["pubsub"], row["instance_url"]),
                calls_used=row["calls_used"],
                calls_allowed=row["calls_allowed"],
                budget_used=int(row["budget_used"]),
                budget=row["daily_calls"],
                reserve=row["reserve"],
                told_at=row["told_at"],
                clock_ahead_s=row["clock_ahead_s"],
                rounds=row["rounds"] or 0,
                failed=row["failed"] or 0,
                seconds=row["seconds"] or 0.0,
                within=tuple(row["within"] or ()),
                moved={(each["object"], each["direction"]): each["number"] for each in moved.get(org, [])},
            )

    def sound(self, checks: Iterable[Check]) -> None:
        """Keep what has turned ill as problems of orgs, whose notices people get, and solve what is well again. What ails the
        whole installation is told with its first org: a problem is always somebody's."""
        with reached(), transaction.atomic():
            orgs = list(
                models.Connection.objects.filter(campaign_sync=True)
                .order_by("pk")
                .values_list("pk", flat=True)
            )
            for check in checks:
                org = check.org if check.org is not None else next(iter(orgs), None)
                if check.code not in ALARMS or org is None:
                    continue
                if check.level is Level.ILL:
                    concern = problems.Concern(noun=ProblemNoun.JOB, connection=org)
                    message = f"{check.said}. To do: {check.to_do}"
                    problems.keep_one(concern, check.code, message, None, self._now())
                else:
                    execute(
                        "UPDATE store_problem SET solved_at = %s WHERE connection_id = %s AND code = %s AND link_id IS NULL"
                        " AND noun = %s AND solved_at IS NULL",
                        (self._now(), org, check.code, ProblemNoun.JOB.value),
                    )


def _by_org(sql: str, *parameters: object) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows(sql, parameters):
        found.setdefault(row.pop("org"), []).append(row)
    return found
