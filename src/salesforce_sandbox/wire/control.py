"""The sandbox's own resources under /sandbox: what was called, time, switches, faults, seeds, snapshots.

For tests, demos and people at the command line; they need no session and are no API calls. Real orgs have none of it.
"""

import re
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from salesforce_sandbox.org.clock import Clock
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.seeds.choices import follow_switches
from salesforce_sandbox.org.seeds.document import plant
from salesforce_sandbox.wire.messages import Response, texts_in
from salesforce_sandbox.wire.routes import Call, Handler, Routes
from salesforce_sandbox.wire.sandbox import RESETTABLE, Sandbox


def control_routes(sandbox: Sandbox) -> Routes:
    """The control resources of one sandbox."""
    routes = Routes(kind=None, session=False)
    _about_calls(routes, sandbox)
    _about_behaviour(routes, sandbox)
    _about_contents(routes, sandbox)
    routes.endpoints = [replace(each, handler=_refusing(each.handler)) for each in routes.endpoints]
    return routes


def _about_calls(routes: Routes, sandbox: Sandbox) -> None:
    @routes.on("GET", "/sandbox", rules="2.3")
    def known(call: Call) -> Response:
        return Response(body={"url": call.request.origin, **sandbox.known()})

    @routes.on("GET", "/sandbox/calls", rules="2.3")
    def calls(call: Call) -> Response:
        """The API calls that orgs count, and what answering cost the sandbox itself."""
        return Response(body={**call.org.accounting.report(), "own_cost": sandbox.cost.report()})

    @routes.on("POST", "/sandbox/reset")
    def reset(call: Call) -> Response:
        """All that can be reset, or what `{"only": [...]}` names."""
        parts = call.request.json_object().get("only", RESETTABLE) if call.request.body else RESETTABLE
        unknown = set(parts) - set(RESETTABLE)
        if unknown:
            raise _wrong(f"only {', '.join(RESETTABLE)} can be reset, not {', '.join(unknown)}")
        sandbox.reset(parts)
        return Response(status=204)

    @routes.on("GET POST", "/sandbox/limits")
    def limits(call: Call) -> Response:
        """Sets the org's limits by name; `most_records` is how many records its storage holds."""
        if call.request.method == "POST":
            call.org.set_limits(call.request.json_object())
        return Response(body=call.org.limits())


def _about_behaviour(routes: Routes, sandbox: Sandbox) -> None:
    @routes.on("GET POST", "/sandbox/clock")
    def clock(call: Call) -> Response:
        """Makes it stand `still` or go on, sets it `at` a moment and advances it by `advance_s`, in this order."""
        if call.request.method == "POST":
            _set_clock(call.org.clock, call.request.json_object())
        return Response(body={"now": call.org.clock.now().isoformat()})

    @routes.on("GET POST", "/sandbox/switches")
    def switches(call: Call) -> Response:
        if call.request.method == "POST":
            call.org.switches.set(call.request.json_object())
            follow_switches(call.org)
        return Response(body=[{**asdict(switch), "answer": answer} for switch, answer in call.org.switches])

    @routes.on("GET POST DELETE", "/sandbox/faults")
    def faults(call: Call) -> Response:
        """Replaces everything that goes wrong by what the body says, or by nothing."""
        if call.request.method != "GET":
            sandbox.set_faults(call.request.json_object() if call.request.method == "POST" else {})
        return Response(body=sandbox.stated_faults())

    @routes.on("POST DELETE", "/sandbox/locks", rules="S2.2.11")
    def locks(call: Call) -> Response:
        """Locks records as `{"ids": [...], "seconds": 30}` says, or lets all go."""
        if call.request.method == "DELETE":
            call.org.admin.locks.clear()
        else:
            stated = call.request.json_object()
            until = call.org.clock.now() + timedelta(seconds=float(stated.get("seconds", 30)))
            call.org.admin.locks.update(dict.fromkeys(texts_in(stated, "ids"), until))
        return Response(body={each: until.isoformat() for each, until in call.org.admin.locks.items()})

    @routes.on("DELETE", "/sandbox/sessions", rules="S2.1.2")
    def sessions(call: Call) -> Response:
        """Ends every session, as an admin or two quiet hours would."""
        call.org.access.sessions.clear()
        return Response(status=204)


def _set_clock(clock: Clock, stated: dict[str, Any]) -> None:
    unknown = set(stated) - {"at", "still", "advance_s"}
    if unknown or not stated:
        raise _wrong(f"a clock takes at, still and advance_s, not {', '.join(sorted(unknown)) or 'nothing'}")
    if "still" in stated:
        clock.stand(still=bool(stated["still"]))
    if "at" in stated:
        at = datetime.fromisoformat(stated["at"])
        clock.set(at if at.tzinfo else at.replace(tzinfo=UTC))
    clock.advance(float(stated.get("advance_s", 0)))


def _about_contents(routes: Routes, sandbox: Sandbox) -> None:
    @routes.on("POST", "/sandbox/seed")
    def seed(call: Call) -> Response:
        """Adds what a seed document says; answers the ids of its named records."""
        return Response(body=plant(call.org, call.request.json_object(), sandbox.admin))

    @routes.on("POST", "/sandbox/snapshot")
    def snapshot(call: Call) -> Response:
        """Writes the org's rows into `{"file": ...}`, from which a sandbox can start."""
        file = Path(call.request.json_object()["file"])
        call.org.save_snapshot(file)
        return Response(body={"file": str(file), "bytes": file.stat().st_size})

    @routes.on("GET", "/sandbox/changes", rules="S2.7.3")
    def changes(call: Call) -> Response:
        """The change log after number `since`, at most `most` entries."""
        since, most = (
            int(call.request.query.get(name, default)) for name, default in (("since", 0), ("most", 200))
        )
        listed = [
            {
                "number": change.number,
                "entity": change.entity,
                "change_type": change.change_type,
                "record_id": change.record_id,
                "values": change.values,
                "sequence": change.sequence,
                "transaction_key": change.commit.transaction_key,
                "at": change.commit.at.isoformat(),
                "user_id": change.commit.user_id,
                "origin": change.commit.origin,
            }
            for change in call.org.changes.since(since, most)
        ]
        return Response(body={"last": call.org.changes.last, "changes": listed})


def _refusing(handler: Handler) -> Handler:
    """People write these bodies by hand: what cannot be read is refused in words, whatever it broke."""

    def handle(call: Call) -> Response:
        try:
            return handler(call)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError, re.error) as error:
            raise _wrong(f"this cannot be read: {error!r}") from error

    return handle


def _wrong(message: str) -> SalesforceError:
    return SalesforceError(400, "INVALID_INPUT", message)
