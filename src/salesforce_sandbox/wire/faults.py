"""Faults on demand: rules that say which requests go wrong and how, the same way in every run with the same seed.

Set through /sandbox/faults or a file. A rule is `{"match": {...}, "action": {...}, "times": n}`; all parts of a match must
hold: `method`, `path` (a regular expression), `nth` (which of the matching requests, one number or several) and
`probability`. The first rule that fires decides; latency rules fire besides. Requests to /sandbox/ never go wrong.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.wire.messages import Request, Response, error_body

_HTML = (
    b"<html><head><title>Down For Maintenance</title></head><body><h1>Service unavailable</h1></body></html>"
)
_ACTIONS = (
    "latency_ms",
    "runs_s",
    "drop",
    "status",
    "error",
    "expire_session",
    "limit_reached",
    "lock",
    "commit_lag_s",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with one request. `drop` cuts the connection before or after the request is carried out."""

    latency_s: float = 0
    # How long the request takes by the org's own clock, without anybody waiting for it.
    runs_s: float = 0
    drop: Literal["", "before", "after"] = ""
    response: Response | None = None
    expire_session: bool = False
    locked: tuple[str, ...] = ()
    lock_s: float = 10
    commit_lag_s: float | None = None


@dataclass(slots=True)
class _Rule:
    stated: Mapping[str, Any]
    seen: int = 0
    fired: int = 0

    def fires(self, request: Request, chance: random.Random) -> bool:
        match = self.stated.get("match", {})
        if not re.fullmatch(str(match.get("method", ".*")), request.method, re.IGNORECASE):
            return False
        if not re.search(str(match.get("path", "")), request.path):
            return False
        self.seen += 1
        nth = match.get("nth")
        wanted = nth if isinstance(nth, list) else [nth]
        if nth is not None and self.seen not in wanted:
            return False
        if "times" in self.stated and self.fired >= int(self.stated["times"]):
            return False
        if "probability" in match and chance.random() >= float(match["probability"]):
            return False
        self.fired += 1
        return True


@dataclass
class Faults:
    """The rules in force and the chance they share."""

    seed: int = 1
    rules: list[_Rule] = field(default_factory=list)
    _chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - replayable on purpose

    def set(self, rules: list[Mapping[str, Any]], seed: int | None = None) -> None:
        """Replaces the rules; ValueError for an action that is none."""
        for rule in rules:
            unknown = set(rule.get("action", {})) - {*_ACTIONS, "body", "retry_after_s", "seconds"}
            if unknown or not rule.get("action"):
                message = (
                    f"a fault's action is one of {', '.join(_ACTIONS)}, not {', '.join(unknown) or 'nothing'}"
                )
                raise ValueError(message)
            self._try(rule)
        self.seed = self.seed if seed is None else seed
        self._chance = random.Random(self.seed)  # noqa: S311 - replayable on purpose
        self.rules = [_Rule(rule) for rule in rules]

    def _try(self, rule: Mapping[str, Any]) -> None:
        """Breaks on a rule that cannot work, before it is needed."""
        _Rule(rule).fires(Request(method="GET", path="/"), self._chance)
        self._latency_s(rule["action"].get("latency_ms", 0))
        _fault(rule["action"])

    def stated(self) -> dict[str, Any]:
        rules = [{**rule.stated, "seen": rule.seen, "fired": rule.fired} for rule in self.rules]
        return {"seed": self.seed, "rules": rules}

    def decide(self, request: Request) -> Fault:
        """What goes wrong with this request."""
        latency_s = 0.0
        decided: Fault | None = None
        for rule in self.rules if not request.path.startswith("/sandbox") else ():
            action = rule.stated["action"]
            slows_only = set(action) == {"latency_ms"}
            if decided is not None and not slows_only:
                continue
            if rule.fires(request, self._chance):
                latency_s += self._latency_s(action.get("latency_ms", 0))
                decided = decided if slows_only else _fault(action)
        return replace(decided or Fault(), latency_s=latency_s)

    def _latency_s(self, latency_ms: float | Mapping[str, float]) -> float:
        """A fixed time, `{"min", "max"}` evenly between, or `{"mean"}` with the long tail networks have."""
        if not isinstance(latency_ms, Mapping):
            return latency_ms / 1000
        if "mean" in latency_ms:
            return self._chance.expovariate(1 / latency_ms["mean"]) / 1000
        return self._chance.uniform(latency_ms["min"], latency_ms["max"]) / 1000


def _fault(action: Mapping[str, Any]) -> Fault:
    lag = action.get("commit_lag_s")
    return Fault(
        runs_s=float(action.get("runs_s", 0)),
        drop=action.get("drop", ""),
        response=_response(action),
        expire_session=bool(action.get("expire_session")),
        locked=tuple(action.get("lock", ())),
        lock_s=float(action.get("seconds", 10)),
        commit_lag_s=None if lag is None else float(lag),
    )


def _response(action: Mapping[str, Any]) -> Response | None:
    """What is answered instead of carrying the request out, if anything."""
    if action.get("limit_reached"):
        limit = SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        return Response(status=403, body=error_body(limit))
    if "error" in action:
        stated = action["error"]
        error = SalesforceError(
            int(stated.get("status", 400)),
            str(stated["code"]),
            str(stated.get("message", stated["code"])),
            tuple(stated.get("fields", ())),
        )
        return Response(status=error.status, body=error_body(error))
    if "status" not in action:
        return None
    headers = {"Retry-After": str(action["retry_after_s"])} if "retry_after_s" in action else {}
    body = action.get("body", "html")
    content = {"html": _HTML, "empty": b""}.get(body, str(body).encode())
    return Response(status=int(action["status"]), body=content, headers=headers, media_type="text/html")
