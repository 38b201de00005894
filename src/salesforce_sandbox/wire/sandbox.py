"""Sandbox: one org with its service, its seed and its faults; what servers serve and control resources act on.

`answer` is the whole sandbox as a function: used by `app` for sockets and by simulations without any.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.org.seeds.birth import CLIENT_ID, give_birth
from salesforce_sandbox.org.seeds.choices import follow_switches
from salesforce_sandbox.org.seeds.document import plant
from salesforce_sandbox.wire.cost import Cost
from salesforce_sandbox.wire.faults import Fault, Faults
from salesforce_sandbox.wire.messages import Request, Response, error_body
from salesforce_sandbox.wire.routes import Endpoint
from salesforce_sandbox.wire.serve import Service, session_token

FAULT_PARTS = ("seed", "rules", "commit_lag_s", "bulk", "events")
_QUERY = re.compile(r"/services/data/v[^/]*/query(?:All)?(?:/|$)")
# In this order: what is begun anew is stamped by the clock.
RESETTABLE = ("clock", "calls", "faults", "switches", "org")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What the org starts from: a seed document, or a snapshot where there is one, and what goes wrong with it."""

    seed: Mapping[str, Any]
    snapshot: Path | None = None
    faults: Mapping[str, Any] = field(default_factory=dict)


class Sandbox:
    """`endpoints` gives the table to serve, control resources for this very sandbox included."""

    def __init__(
        self, org: Org, beginning: Beginning, endpoints: Callable[["Sandbox"], Iterable[Endpoint]]
    ) -> None:
        self.org = org
        self.beginning = beginning
        self.faults = Faults()
        self.cost = Cost()
        self.admin = Caller(user_id="")
        self.service = Service(org, endpoints(self))
        self._wrong: Mapping[str, Any] = {}
        self.begin()

    def begin(self) -> None:
        """Makes the org as it was at the start. Sessions live on for users that are there again."""
        sessions = self.org.access.sessions
        self.org.restart()
        self.admin = give_birth(self.org)
        if self.beginning.snapshot and self.beginning.snapshot.exists():
            self.org.load_snapshot(self.beginning.snapshot)
            plant(self.org, {}, self.admin)
        else:
            plant(self.org, self.beginning.seed, self.admin)
        # The seed's own changes happened before anybody listened.
        self.org.changes.forget()
        users = {row[0] for row in self.org.storage.rows('SELECT "Id" FROM "User"')}
        self.org.access.sessions = {t: s for t, s in sessions.items() if s.user_id in users}
        self.spoil_org()

    def reset(self, parts: Iterable[str]) -> None:
        for part in parts:
            if part == "clock":
                self.org.clock.reset()
            elif part == "calls":
                self.org.accounting.reset()
                self.cost.reset()
            elif part == "faults":
                self.set_faults(self.beginning.faults)
            elif part == "switches":
                self.org.switches.reset()
                follow_switches(self.org)
            else:
                self.begin()

    def set_faults(self, stated: Mapping[str, Any]) -> None:
        """Replaces everything that goes wrong by what a document says: a file, or the body of the control resource.

        Its parts: `rules` for requests, `seed`, `commit_lag_s`, `bulk` (`org.bulk.rules`) and `events` (`events.faults`);
        ValueError or TypeError for what cannot work.
        """
        unknown = set(stated) - set(FAULT_PARTS)
        if unknown:
            message = f"faults have {', '.join(FAULT_PARTS)}, not {', '.join(sorted(unknown))}"
            raise ValueError(message)
        self.faults.set(stated.get("rules", []), stated.get("seed"))
        self._wrong = stated
        self.spoil_org()

    def begin_with_faults(self, stated: Mapping[str, Any]) -> None:
        """As `set_faults`, and a reset brings them back."""
        self.set_faults(stated)
        self.beginning = replace(self.beginning, faults=stated)

    def spoil_org(self) -> None:
        """Lets go wrong in the org itself what the document says; an org that begins anew knows nothing of it."""
        stated = self._wrong
        self.org.admin.commit_lag_s = float(stated.get("commit_lag_s", 0))
        self.org.jobs.rules.reset()
        seed = {"seed": stated["seed"]} if stated.get("seed") is not None else {}
        self.org.jobs.rules.set(seed | stated.get("bulk", {}))

    def stated_faults(self) -> dict[str, Any]:
        """What `set_faults` set, with how often each rule has been seen and has fired."""
        return self.faults.stated() | {
            "commit_lag_s": self.org.admin.commit_lag_s,
            "bulk": asdict(self.org.jobs.rules),
        }

    def judge_concurrency(self, request: Request, running: Iterable[tuple[str | None, float]]) -> None:
        """SalesforceError when as many requests as may have been running for long; short ones are unlimited (S2.2.10).

        `running` are the sessions' tokens and how many seconds their requests have been running.
        """
        admin = self.org.admin
        long = [token for token, seconds in running if seconds > admin.long_request_s]
        if request.path.startswith("/sandbox"):
            return
        own = [token for token in long if self._user(token) == self._user(session_token(request))]
        of_user = admin.most_long_requests_per_user
        if len(long) >= admin.most_long_requests or (of_user is not None and len(own) >= of_user):
            message = str(self.org.switches["concurrency_message"])
            raise SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", message)

    def _user(self, token: str | None) -> str | None:
        session = self.org.access.sessions.get(token or "")
        return session.user_id if session else None

    def answer(self, request: Request, fault: Fault) -> Response | None:
        """Serves a request with what goes wrong with it; None when its connection is dropped."""
        if fault.drop == "before":
            return None
        if fault.response is not None:
            return self.dated(fault.response)
        with self.org.lock:
            longest = self.org.admin.call_timeout_s
            self.org.clock.advance(min(fault.runs_s, longest))
            if fault.latency_s + fault.runs_s > longest and request.path.startswith("/services/data/"):
                return self.dated(_stopped(request))
            response = self._serve(request, fault)
        return None if fault.drop == "after" else self.dated(response)

    def dated(self, response: Response) -> Response:
        """The same, with the org's own time in its head, as every answer of HTTP has it."""
        date = format_datetime(self.org.clock.now().astimezone(UTC), usegmt=True)
        return response.headed("Date", date)

    def _serve(self, request: Request, fault: Fault) -> Response:
        self.org.jobs.catch_up()
        token = session_token(request)
        if fault.expire_session and token:
            self.org.access.revoke(token)
        for record_id in fault.locked:
            self.org.admin.locks[record_id] = self.org.clock.now() + timedelta(seconds=fault.lock_s)
        if fault.commit_lag_s is None:
            return self.service.serve(request)
        usual, self.org.admin.commit_lag_s = self.org.admin.commit_lag_s, fault.commit_lag_s
        try:
            return self.service.serve(request)
        finally:
            self.org.admin.commit_lag_s = usual

    def known(self) -> dict[str, str]:
        """What a person needs to log in, as far as the seed has left it so."""
        users = self.org.storage.rows('SELECT "Username" FROM "User" WHERE "Id" = ?', self.admin.user_id)
        app = self.org.access.apps.get(CLIENT_ID)
        return {
            "org_id": self.org.id,
            "username": users[0][0] if users else "",
            "password": self.org.access.passwords.get(self.admin.user_id, ""),
            "client_id": CLIENT_ID,
            "client_secret": app.client_secret if app else "",
            "refresh_token": next(iter(self.org.access.refresh_tokens), ""),
        }


def _stopped(request: Request) -> Response:
    """S2.2.10: a call of the REST API that took too long has come to nothing."""
    error = SalesforceError(
        500, "REQUEST_RUNNING_TOO_LONG", "Your request was running for too long, and has been stopped."
    )
    if _QUERY.match(request.path):
        error = SalesforceError(400, "QUERY_TIMEOUT", "Your query request was running for too long.")
    return Response(status=error.status, body=error_body(error))
