"""Metrics as Prometheus reads them, from the facts of an installation's health (domain.health).

Asked for by the pages' `/metrics`. All of it comes from the database, so that every process that serves pages tells the same
and a worker's death loses no count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from campaignsync.domain.health import Facts, Level, Thresholds, judged
from campaignsync.domain.service import ROUND_BUCKETS_S

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(facts: Facts | None, bounds: Thresholds) -> bytes:
    """The metrics as text; no facts: the database is out of reach, and that is the one thing to be told."""
    registry = CollectorRegistry()
    registry.register(_Told(facts, bounds))
    return generate_latest(registry)


class _Told(Collector):
    def __init__(self, facts: Facts | None, bounds: Thresholds) -> None:
        self._facts = facts
        self._bounds = bounds

    def collect(self) -> Iterator[Metric]:
        yield _gauge("database_up", "Whether the database answers.", {(): int(self._facts is not None)})
        if self._facts is not None:
            yield from _installation(self._facts)
            yield from _orgs(self._facts)
            yield from _health(self._facts, self._bounds)


def _installation(facts: Facts) -> Iterator[Metric]:
    yield _gauge("workers", "Workers that gave a sign of life.", {(): facts.workers})
    jobs = {("waiting",): facts.jobs_waiting, ("running",): facts.jobs_running}
    yield _gauge("jobs", "Rounds that wait for a worker or are under way.", jobs, "state")
    yield _gauge("notices_waiting", "Notices that somebody has not got yet.", {(): facts.notices_waiting})
    if facts.disk_free is not None:
        yield _gauge("disk_free_ratio", "The share of the disk that is free.", {(): facts.disk_free})


def _orgs(facts: Facts) -> Iterator[Metric]:
    orgs = {org.name: org for org in facts.orgs}
    lags = {
        (name,): (facts.at - org.waiting_since).total_seconds() if org.waiting_since else 0.0
        for name, org in orgs.items()
    }
    yield _gauge("lag_seconds", "How long the oldest change has waited for its round.", lags, "connection")
    backlog = {(name,): org.backlog for name, org in orgs.items()}
    yield _gauge("backlog_records", "Records that wait to go either way.", backlog, "connection")
    left = {
        (name,): max(org.calls_allowed - (org.calls_used or 0), 0)
        for name, org in orgs.items()
        if org.calls_allowed is not None
    }
    yield _gauge("calls_left", "API calls that the org has left of 24 hours.", left, "connection")
    used = {(name,): org.budget_used for name, org in orgs.items()}
    yield _gauge("calls_used", "API calls that were ours in 24 hours.", used, "connection")
    budgets = {(name,): org.budget for name, org in orgs.items() if org.budget is not None}
    yield _gauge("calls_budget", "API calls that we may make in 24 hours.", budgets, "connection")
    reserves = {(name,): org.reserve for name, org in orgs.items() if org.reserve is not None}
    yield _gauge("calls_reserved", "API calls of the org that are for others.", reserves, "connection")
    paces = {(name,): int(org.calls(facts.at).pace) for name, org in orgs.items()}
    said = "0 all is done, 1 rounds are rare, 2 backfills wait, 3 it is only looked, 4 nothing begins."
    yield _gauge("calls_pace", said, paces, "connection")
    links = {(name, state): number for name, org in orgs.items() for state, number in org.links.items()}
    yield _gauge("links", "Links by their state.", links, "connection", "state")
    problems = {
        (name, noun, code): number
        for name, org in orgs.items()
        for (noun, code), number in org.problems.items()
    }
    yield _gauge("problems", "Open problems.", problems, "connection", "noun", "code")
    moved = {
        (name, what, direction): number
        for name, org in orgs.items()
        for (what, direction), number in org.moved.items()
    }
    yield _gauge(
        "moved_records",
        "Records that moved in the last full hour and this one.",
        moved,
        "connection",
        "object",
        "direction",
    )
    streams = {(name, state): number for name, org in orgs.items() for state, number in org.streams.items()}
    yield _gauge("streams", "Topics of change events by their state.", streams, "connection", "state")
    clocks = {(name,): org.clock_ahead_s for name, org in orgs.items() if org.clock_ahead_s is not None}
    yield _gauge("clock_ahead_seconds", "How far our clock is ahead of the org's.", clocks, "connection")
    yield from _rounds(facts)


def _rounds(facts: Facts) -> Iterator[Metric]:
    failed = CounterMetricFamily("campaignsync_rounds_failed", "Rounds that failed.", labels=["connection"])
    took = HistogramMetricFamily("campaignsync_round_seconds", "How long rounds took.", labels=["connection"])
    for org in facts.orgs:
        failed.add_metric([org.name], org.failed)
        if org.within:
            buckets = [
                (str(bound), float(number))
                for bound, number in zip(ROUND_BUCKETS_S, org.within, strict=False)
            ]
            took.add_metric([org.name], [*buckets, ("+Inf", float(org.rounds))], sum_value=org.seconds)
    yield failed
    yield took


def _health(facts: Facts, bounds: Thresholds) -> Iterator[Metric]:
    order = list(Level)
    told = {(check.name, check.code): order.index(check.level) for check in judged(facts, bounds)}
    yield _gauge(
        "health",
        "0 well, 1 to be watched, 2 ill; the installation's own have no connection.",
        told,
        "connection",
        "code",
    )


def _gauge(name: str, said: str, values: Mapping[Any, float], *labels: str) -> Metric:
    family = GaugeMetricFamily(f"campaignsync_{name}", said, labels=list(labels))
    for place, value in values.items():
        family.add_metric(list(place), value)
    return family
