"""The event bus under /sandbox/events: what is captured, how it goes wrong, and events on demand.

For tests and people at the command line, like the sandbox's other control resources; real orgs have none of it.
"""

from collections.abc import Callable
from typing import Any

from salesforce_sandbox.events.bus import MOST_SELECTED, EventBus, ManagedSubscription
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Routes

_NUMBERS = ("keepalive_s", "overflow_after")


def event_routes(bus: EventBus) -> Routes:
    """The control resources of one bus."""
    routes = Routes(kind=None, session=False)
    told: dict[str, Callable[[dict[str, Any]], None]] = {
        "gap": lambda stated: bus.tell_gap(
            stated["entity"], stated["ids"], stated.get("change_type", "UPDATE")
        ),
        "overflow": lambda stated: bus.tell_overflow(stated["entity"]),
        "cut": lambda stated: bus.cut_streams(),
    }

    @routes.on("GET POST", "/sandbox/events", rules="S0.17 S2.7.1")
    def events(call: Call) -> Response:
        """Sets `selected`, `channels`, `most_selected`, `keepalive_s`, `overflow_after`, `faults`, `managed` subscriptions."""
        bus.take_in()
        if call.request.method == "POST":
            _set(bus, call.request.json_object())
        return Response(body=_stated(bus))

    @routes.on("POST", "/sandbox/events/{what}", rules="S2.7.5")
    def tell(call: Call) -> Response:
        """Publishes a gap or an overflow event, or cuts all streams."""
        what = call.parameters["what"]
        if what not in told:
            raise _wrong(f"{', '.join(told)} can be told, not {what}")
        try:
            told[what](call.request.json_object() if call.request.body else {})
        except (KeyError, ValueError) as error:
            raise _wrong(str(error)) from None
        return Response(status=204)

    return routes


def _set(bus: EventBus, stated: dict[str, Any]) -> None:
    try:
        if "selected" in stated:
            bus.select(stated["selected"], stated.get("most_selected", MOST_SELECTED))
        if "channels" in stated:
            bus.open_channels(stated["channels"], stated.get("most_selected", MOST_SELECTED))
        if "faults" in stated:
            bus.faults.set(stated["faults"].get("rules", ()), stated["faults"].get("seed", 1))
        if "managed" in stated:
            bus.managed[:] = [ManagedSubscription(**each) for each in stated["managed"]]
    except (TypeError, ValueError) as error:
        raise _wrong(str(error)) from None
    for name in _NUMBERS:
        setattr(bus, name, stated.get(name, getattr(bus, name)))
    bus.wake()


def _stated(bus: EventBus) -> dict[str, Any]:
    return {
        "selected": bus.selected,
        "channels": bus.channels,
        **{name: getattr(bus, name) for name in _NUMBERS},
        "faults": bus.faults.stated(),
        "managed": [
            {"id": each.id, "developer_name": each.developer_name, "topic": each.topic}
            for each in bus.managed
        ],
    }


def _wrong(message: str) -> SalesforceError:
    return SalesforceError(400, "INVALID_INPUT", message)
