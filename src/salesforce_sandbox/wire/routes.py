"""Endpoints: which function serves which method and path, under which rules of the contract, and how it is counted.

Each module of the folder has a `routes = Routes()` and registers its handlers; `table` joins them. Braces in a path are
parameters: `{version}` and the like match one segment, `{version:42}` that of version 42 or newer, `{id:id}` one that is
as long as an id, `{rest:path}` the whole remainder, `{rest:rest}` also none.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.wire.messages import Request, Response

State: TypeAlias = Literal["done", "partly", "not"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a handler gets: the org, the request, who asks, and the parameters of the path.

    `version` is the API version as in `60.0`; empty where the path names none. `caller` is an anonymous one where the
    endpoint needs no session. `dispatch` serves a further request on the caller's behalf without counting it.
    """

    org: Org
    request: Request
    caller: Caller
    parameters: dict[str, str]
    version: str
    dispatch: Callable[[Request], Response]

    @property
    def base(self) -> str:
        """The path of the API version, such as /services/data/v60.0."""
        return f"/services/data/v{self.version}"


Handler: TypeAlias = Callable[[Call], Response]
ANYBODY = Caller(user_id="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One row of the table. `kind` is the word it is counted under; None is not counted at all."""

    method: str
    path: str
    handler: Handler
    rules: str
    state: State
    note: str
    kind: str | None
    session: bool
    # The first API version that has it.
    since: int
    pattern: re.Pattern[str]


@dataclass(slots=True)
class Routes:
    """A module's endpoints. `kind` and `session` are what they share unless one says otherwise."""

    kind: str | None = "rest"
    session: bool = True
    endpoints: list[Endpoint] = field(default_factory=list)

    def on(
        self,
        methods: str,
        path: str,
        *,
        rules: str = "",
        state: State = "done",
        note: str = "",
        kind: str | None = "",
    ) -> Callable[[Handler], Handler]:
        """Registers a handler for methods such as `GET POST` on a path."""

        def register(handler: Handler) -> Handler:
            for method in methods.split():
                self.endpoints.append(
                    Endpoint(
                        method=method,
                        path=path,
                        handler=handler,
                        rules=rules,
                        state=state,
                        note=note,
                        kind=self.kind if kind == "" else kind,
                        session=self.session,
                        since=_since(path),
                        pattern=_pattern(path),
                    )
                )
            return handler

        return register


_SEGMENTS = {"id": "[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?", "rest": "(?:/.*)?", "path": ".+"}


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)(?::(\w+))?\}", path)
    texts, names, kinds = parts[::3], parts[1::3], parts[2::3]
    made = re.escape(texts[0])
    for text, name, kind in zip(texts[1:], names, kinds, strict=True):
        made += f"(?P<{name}>{_SEGMENTS.get(kind, '[^/]+')})" + re.escape(text)
    return re.compile(made + "/?")


def _since(path: str) -> int:
    """The first API version that has the endpoint."""
    named = re.search(r"\{version:(\d+)\}", path)
    return int(named[1]) if named else 0
