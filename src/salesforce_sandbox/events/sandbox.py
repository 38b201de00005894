"""EventfulSandbox: a sandbox with its event bus and the bus's control resources."""

from collections.abc import Callable, Iterable
from typing import Any

from salesforce_sandbox.events.bus import EventBus
from salesforce_sandbox.events.control import event_routes
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.wire.routes import Endpoint
from salesforce_sandbox.wire.sandbox import Beginning, Sandbox


class EventfulSandbox(Sandbox):
    """What `server` makes: `events` is the bus of its org."""

    def __init__(
        self, org: Org, beginning: Beginning, endpoints: Callable[[Sandbox], Iterable[Endpoint]]
    ) -> None:
        self.events = EventBus(org)
        super().__init__(
            org, beginning, lambda sandbox: (*event_routes(self.events).endpoints, *endpoints(sandbox))
        )

    def spoil_org(self) -> None:
        super().spoil_org()
        of_events = self._wrong.get("events", {})
        seed = of_events.get("seed", self._wrong.get("seed"))
        # A bus that has not seen the new org yet would forget what it is told now.
        self.events.take_in()
        self.events.faults.set(of_events.get("rules", ()), 1 if seed is None else seed)

    def stated_faults(self) -> dict[str, Any]:
        return super().stated_faults() | {"events": self.events.faults.stated()}
