"""What the org's limits meter, counted as Salesforce counts it (contract, section 2.3), over rolling 24 hours.

The wire charges calls here before it serves them; Bulk charges batches, the event bus charges delivered events.
"""

from collections import Counter, deque
from datetime import datetime, timedelta
from typing import Any

from salesforce_sandbox.org.clock import Clock
from salesforce_sandbox.org.errors import SalesforceError

API_REQUESTS = "DailyApiRequests"
BULK_BATCHES = "DailyBulkApiBatches"
BULK_QUERY_JOBS = "DailyBulkV2QueryJobs"
DELIVERED_EVENTS = "DailyDeliveredPlatformEvents"
_DAY = timedelta(hours=24)
# A Developer Edition org's figures (S2.2.9, S2.7.6).
_LIMITS = {
    API_REQUESTS: 15_000,
    BULK_BATCHES: 15_000,
    BULK_QUERY_JOBS: 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    DELIVERED_EVENTS: 10_000,
    "DailyAsyncApexExecutions": 250_000,
    "DailyDurableStreamingApiEvents": 10_000,
    "DailyStreamingApiEvents": 10_000,
    "DataStorageMB": 1_024,
    "FileStorageMB": 1_024,
    "HourlyPublishedPlatformEvents": 50_000,
    "SingleEmail": 15,
    "MassEmail": 10,
}


class Accounting:
    """`by_kind` counts API calls by what they were, such as query or composite; `received` and `sent` the bytes of bodies, as
    packed as they travelled."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.limits = dict(_LIMITS)
        self.by_kind: Counter[str] = Counter()
        self._spent: dict[str, deque[tuple[datetime, int]]] = {}
        self._used: Counter[str] = Counter()
        self.received = self.sent = 0
        # By name of app, how many of the org's calls it may make in a day.
        self.app_quotas: dict[str, int] = {}
        self.calls_past_limit = 0

    def used(self, limit: str) -> int:
        """What the last 24 hours have used of a limit."""
        oldest = self._clock.now() - _DAY
        spent = self._spent.setdefault(limit, deque())
        while spent and spent[0][0] <= oldest:
            self._used[limit] -= spent.popleft()[1]
        return self._used[limit]

    def spend(self, limit: str, amount: int = 1) -> None:
        spent = self._spent.setdefault(limit, deque())
        minute = self._clock.now().replace(second=0, microsecond=0)
        already = spent.pop()[1] if spent and spent[-1][0] == minute else 0
        spent.append((minute, already + amount))
        self._used[limit] += amount

    def charge(self, kind: str, calls: int = 1, app: str = "") -> None:
        """Counts API calls; SalesforceError REQUEST_LIMIT_EXCEEDED when the org, or the app, has none left (S2.2.10).

        `calls_past_limit` are let through all the same: paid orgs are let past the limit for a while.
        """
        most = self.limits[API_REQUESTS] + self.calls_past_limit
        quota = self.app_quotas.get(app)
        spent = quota is not None and self.used(_of_app(app)) + calls > quota
        if spent or self.used(API_REQUESTS) + calls > most:
            raise SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.spend(API_REQUESTS, calls)
        if quota is not None:
            self.spend(_of_app(app), calls)
        self.by_kind[kind] += calls

    def usage(self, app: str = "") -> str:
        """The value of the Sforce-Limit-Info header; an app that has a quota is told of its own (S2.2.9)."""
        whole = f"api-usage={self.used(API_REQUESTS)}/{self.limits[API_REQUESTS]}"
        if app not in self.app_quotas:
            return whole
        return f"{whole}, per-app-api-usage={self.used(_of_app(app))}/{self.app_quotas[app]}(appName={app})"

    def remaining(self) -> dict[str, dict[str, Any]]:
        """The answer of the limits resource; apps with quotas stand within the limit they take from."""
        told: dict[str, dict[str, Any]] = {
            name: _left(most, self.used(name)) for name, most in sorted(self.limits.items())
        }
        for app, most in self.app_quotas.items():
            told[API_REQUESTS][app] = _left(most, self.used(_of_app(app)))
        return told

    def report(self) -> dict[str, Any]:
        """The calls by kind and their sum, and what else has been used."""
        return {
            "total": sum(self.by_kind.values()),
            "by_kind": dict(sorted(self.by_kind.items())),
            "bytes": {"received": self.received, "sent": self.sent},
            "used": {name: self.used(name) for name in self.limits if self.used(name)},
        }

    def restore_limits(self) -> None:
        self.limits = dict(_LIMITS)
        self.app_quotas = {}
        self.calls_past_limit = 0

    def reset(self) -> None:
        self.by_kind.clear()
        self._spent.clear()
        self._used.clear()
        self.received = self.sent = 0


def _left(most: int, used: int) -> dict[str, Any]:
    return {"Max": most, "Remaining": max(0, most - used)}


def _of_app(app: str) -> str:
    """Under what an app's calls are counted."""
    return f"{API_REQUESTS} of {app}"
