"""The calls of the client, by noun. Lists are iterators that read page after page; what goes to Salesforce is waited for.

Every method may raise `ApiError`, with the words of the API. What has no method of its own is asked with `call`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from campaignsync.client.http import ApiError, Wire
from campaignsync.client.values import (
    Connection,
    Errand,
    Imported,
    JournalEntry,
    Link,
    Member,
    MemberChange,
    MemberOutcome,
    Performance,
    Person,
    PlannedMember,
    Problem,
    Program,
    Run,
    SmartCampaign,
    WaitingPlan,
    Webhook,
    made,
)

_POLL_S = 0.5
_AT_ONCE = 1000


class Client:
    """campaignsync, as an API key may use it."""

    def __init__(self, url: str, key: str, *, timeout_s: float = 60, patience_s: float = 3600) -> None:
        self._wire = Wire(url, key, timeout_s=timeout_s)
        self._patience_s = patience_s

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        once: str | None = None,
    ) -> Any:
        """Any route of docs/api.md: the JSON of its answer. `once` is an idempotency key of your own."""
        return self._wire.json(method, path, body=body, query=query, once=once)

    # Programs and their members.

    def programs(self, **narrowed: str) -> Iterator[Program]:
        """Programs; narrowed by folder, channel, tag, state, search."""
        return (made(Program, row) for row in self._wire.pages("/programs", narrowed))

    def create_program(
        self, name: str, channel: str, *, folder: str = "", tags: Mapping[str, str] | None = None
    ) -> Program:
        """Make a program."""
        body = {"name": name, "channel": channel, "folder": folder, "tags": dict(tags or {})}
        return made(Program, self._wire.json("POST", "/programs", body=body))

    def delete_program(self, program: int) -> None:
        """Delete a program; the campaign in Salesforce stays."""
        self._wire.send("DELETE", f"/programs/{program}")

    def set_cost(self, program: int, month: str, amount: str, currency: str = "USD") -> None:
        """Set the period cost of a month, written as YYYY-MM."""
        body = {"amount": amount, "currency": currency}
        self._wire.send("PUT", f"/programs/{program}/costs/{month}", body=body)

    def members(
        self, program: int, *, status: str | None = None, email: str | None = None
    ) -> Iterator[Member]:
        """Members of a program; of a status, or whose address begins so."""
        query = {"status": status, "email": email}
        return (made(Member, row) for row in self._wire.pages(f"/programs/{program}/members", query))

    def set_members(self, program: int, changes: Iterable[MemberChange]) -> list[MemberOutcome]:
        """Give people a status or fields, each by itself; any number, 1,000 a request."""
        wanted, told = [asdict(change) for change in changes], []
        for start in range(0, len(wanted), _AT_ONCE):
            body = {"members": wanted[start : start + _AT_ONCE]}
            told += self._wire.json("POST", f"/programs/{program}/members", body=body)
        return [made(MemberOutcome, row) for row in told]

    def import_members(
        self, program: int, file: bytes, *, status: str | None = None, update: bool = False
    ) -> Imported:
        """Bring in the people of a CSV file."""
        query = {"status": status, "update": "true" if update else None}
        told = self._wire.json("POST", f"/programs/{program}/members/import", body=file, query=query)
        return made(Imported, told)

    def export_members(self, program: int) -> str:
        """All members as CSV."""
        return self._wire.send("GET", f"/programs/{program}/members.csv").text

    # Links, plans, syncs.

    def links(self, *, state: str | None = None) -> Iterator[Link]:
        """Links, or those in one state, such as halted."""
        return (made(Link, row) for row in self._wire.pages("/links", {"state": state}))

    def link(self, program: int, **wish: Any) -> Errand:
        """Link a program: campaign=ID of one that is there, or create=NAME; create_statuses, mapped, connection."""
        return self._errand(f"/programs/{program}/links", wish)

    def preview_link(self, program: int, **wish: Any) -> Errand:
        """What `link` would begin with; nothing of it is kept."""
        return self._errand(f"/programs/{program}/links/preview", wish)

    def unlink(self, program: int, connection: int) -> None:
        """End a link; both lists stay as they are."""
        self._wire.send("DELETE", f"/programs/{program}/links/{connection}")

    def resume(self, program: int, connection: int) -> Link:
        """Let a halted link go on at the next sync, once."""
        return made(Link, self._wire.json("POST", f"/programs/{program}/links/{connection}/resume", body={}))

    def plan(self, program: int, connection: str | None = None) -> Errand:
        """What a sync would do: result["counts"], result["digest"]; its rows by `planned`."""
        return self._errand(f"/programs/{program}/plan", {"connection": connection})

    def planned(self, plan: Errand, *, verdict: str | None = None) -> Iterator[PlannedMember]:
        """The rows of a plan."""
        return (
            made(PlannedMember, row)
            for row in self._wire.pages(f"/errands/{plan.id}/members", {"verdict": verdict})
        )

    def approvals(self) -> list[WaitingPlan]:
        """Plans that wait for approval, the oldest first."""
        return [made(WaitingPlan, row) for row in self._wire.pages("/approvals", {})]

    def waiting_rows(self, plan: WaitingPlan, *, verdict: str | None = None) -> Iterator[PlannedMember]:
        """The rows of a plan that waits."""
        path = f"/programs/{plan.program_number}/links/{plan.connection_number}/waiting-plan/members"
        return (made(PlannedMember, row) for row in self._wire.pages(path, {"verdict": verdict}))

    def decide(self, plan: WaitingPlan, decision: str, note: str = "") -> None:
        """Say `approved` or `declined` to exactly this plan. ApiError of status 409 where another one waits by now."""
        path = f"/programs/{plan.program_number}/links/{plan.connection_number}/waiting-plan/decision"
        body = {"digest": plan.digest, "decision": decision, "note": note}
        self._wire.json("POST", path, body=body)

    def sync(self, program: int, *, digest: str | None = None, connection: str | None = None) -> Errand:
        """Make both sides the same; with a digest, carry out exactly the plan that was read."""
        return self._errand(f"/programs/{program}/sync", {"digest": digest, "connection": connection})

    def sync_connection(self, connection: int, *, full: bool = False) -> Errand:
        """Make both sides of all links of a connection the same; with `full`, all of the org is read anew first."""
        return self._errand(f"/connections/{connection}/sync", {"full": full})

    def errand(self, number: int) -> Errand:
        """An errand as it stands."""
        return made(Errand, self._wire.json("GET", f"/errands/{number}"))

    def wait(self, errand: Errand) -> Errand:
        """An errand at its end. ApiError where it failed or died; TimeoutError past the client's patience."""
        until = time.monotonic() + self._patience_s
        while not errand.over:
            if time.monotonic() > until:
                raise TimeoutError(
                    f"errand {errand.id} ({errand.kind}) is not over after {self._patience_s:.0f} s"
                )
            time.sleep(_POLL_S)
            errand = self.errand(errand.id)
        if errand.state != "done":
            error = errand.error or {"code": "DIED", "message": f"errand {errand.id} died: ask for it again"}
            raise ApiError(0, {"code": error["code"], "detail": error["message"]})
        return errand

    def runs(self, program: str | None = None) -> Iterator[Run]:
        """Runs of links, latest first."""
        return (made(Run, row) for row in self._wire.pages("/runs", {"program": program}))

    def plan_undo(self, run: int) -> Errand:
        """What taking back a run would do."""
        return self._errand(f"/runs/{run}/undo-plan", {})

    def undo(self, run: int, digest: str) -> Errand:
        """Take back a run, if its undo still is what was read."""
        return self._errand(f"/runs/{run}/undo", {"digest": digest})

    # What waits for a person.

    def problems(self, **narrowed: str) -> Iterator[Problem]:
        """Open problems, latest first; narrowed by program, connection, email, noun, code, since, until, solved."""
        return (made(Problem, row) for row in self._wire.pages("/problems", narrowed))

    def retry_problems(self, **which: str) -> int:
        """Have problems tried again at the next sync, by program, connection, email, code; how many."""
        return int(self._wire.json("POST", "/problems/retry", body=which)["retried"])

    def conflicts(self, program: int) -> Iterator[Problem]:
        """Members whom both sides changed."""
        return (made(Problem, row) for row in self._wire.pages(f"/programs/{program}/conflicts", {}))

    def resolve(self, program: int, winner: str, people: Iterable[str] = ()) -> int:
        """Decide conflicts for `program` or `campaign`: of these people, or all; how many."""
        named = list(people)
        body = {"winner": winner, "people": named, "everybody": not named}
        return len(self._wire.json("POST", f"/programs/{program}/conflicts/resolve", body=body))

    # People, orgs, history.

    def people(self, **narrowed: str) -> Iterator[Person]:
        """People; narrowed by search, connection, deleted."""
        return (made(Person, row) for row in self._wire.pages("/people", narrowed))

    def sync_person(self, number: int, connection: str | None = None) -> Errand:
        """Make sure that an org knows somebody."""
        return self._errand(f"/people/{number}/sync", {"connection": connection})

    def connections(self) -> list[Connection]:
        """The orgs that are connected."""
        return [made(Connection, row) for row in self._wire.json("GET", "/connections")]

    def doctor(self, connection: int) -> Errand:
        """What is well with a connection: result["findings"]."""
        return self._errand(f"/connections/{connection}/doctor", {})

    def journal(self, **narrowed: Any) -> Iterator[JournalEntry]:
        """Changes on both sides, latest first; narrowed by program, email, run."""
        return (made(JournalEntry, row) for row in self._wire.pages("/journal", narrowed))

    def performance(self, by: str = "program", **narrowed: str) -> list[Performance]:
        """What programs came to, by program, channel, month or tag NAME; narrowed by since, until, channel, tag."""
        told = self._wire.json("GET", "/reports/performance", query={"by": by, **narrowed})
        return [made(Performance, row) for row in told]

    # Smart campaigns and webhooks.

    def smart_campaigns(self) -> list[SmartCampaign]:
        """The smart campaigns."""
        return [made(SmartCampaign, row) for row in self._wire.pages("/smart-campaigns", {})]

    def save_smart_campaign(self, name: str, definition: Mapping[str, Any]) -> SmartCampaign:
        """Make a smart campaign, or change it."""
        body = {"definition": dict(definition)}
        return made(
            SmartCampaign, self._wire.json("PUT", f"/smart-campaigns/{quote(name, safe='')}", body=body)
        )

    def run_smart_campaign(self, name: str) -> Errand:
        """Run a batch now."""
        return self._errand(f"/smart-campaigns/{quote(name, safe='')}/run", {})

    def add_webhook(self, url: str, events: Iterable[str] = ()) -> Webhook:
        """Tell an address of events; keep the secret, which is told only now."""
        return made(Webhook, self._wire.json("POST", "/webhooks", body={"url": url, "events": list(events)}))

    def webhooks(self) -> list[Webhook]:
        """The webhooks."""
        return [made(Webhook, row) for row in self._wire.pages("/webhooks", {})]

    def _errand(self, path: str, body: Mapping[str, Any]) -> Errand:
        given = {name: value for name, value in body.items() if value is not None}
        return self.wait(made(Errand, self._wire.json("POST", path, body=given)))
