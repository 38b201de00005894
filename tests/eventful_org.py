"""A sandbox org whose change events can be heard."""

from __future__ import annotations

import re

from sandbox_org import SandboxOrg


class EventfulOrg(SandboxOrg):
    """A running sandbox; `events` is HOST:PORT of its Pub/Sub API, unencrypted."""

    def __init__(self, *arguments: str) -> None:
        super().__init__("--seed", "empty", "--pubsub-port", "0", *arguments)
        assert self.process.stdout is not None
        self.events, self.tls_port = "", 0
        while not self.events:
            line = self.process.stdout.readline()
            if found := re.match(r"  over TLS +https://127.0.0.1:(\d+)", line):
                self.tls_port = int(found[1])
            if found := re.match(r"  events +(\S+)$", line):
                self.events = found[1]
