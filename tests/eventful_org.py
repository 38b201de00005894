"""A sandbox org whose change events can be heard."""

from __future__ import annotations

import re

from sandbox_org import SandboxOrg


class EventfulOrg(SandboxOrg):
    """A running sandbox; `events` is HOST:PORT of its Pub/Sub API, unencrypted."""

    def __init__(self, *arguments: str) -> None:
        super().__init__("--seed", "empty", "--pubsub-port", "0", *arguments)
        assert self.process.stdout is not None
        self.events = ""
        while not self.events:
            found = re.match(r"  events +(\S+)$", self.process.stdout.readline())
            self.events = found[1] if found else ""
