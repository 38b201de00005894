"""A process that may die: the engine's doors, each step of which is a moment at which it may be killed for good.

`Mortal` stands between the engine and a ledger. Dying is an exception that nobody catches; the blocks that it leaves are not
closed, as they are not by SIGKILL: a run stays open, and locks go with the session of the database.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from django.db import OperationalError


class Killed(BaseException):
    """The process is gone."""


class DatabaseGoneError(OperationalError):
    """The database ends the session, as it does when it restarts: what the real store raises then."""


Death = type[Killed] | type[DatabaseGoneError]
_WAYS_OUT = ("alone", "run")


class Mortal:
    """A ledger of one process. `moment` is told each step before and after its commit."""

    def __init__(
        self, ledger: Any, moment: Callable[[str, Mortal], None], process: Mortal | None = None
    ) -> None:
        self._ledger = ledger
        self._moment = moment
        self._process = process or self
        self._death: Death | None = None
        self._severed: Callable[[], None] | None = None
        self.broken = False
        """Whether its session of a real database was ended, and it goes on without having noticed all of it."""
        self._open: list[Any] = []

    def beside(self, door: Any) -> Mortal:
        """Another door to the store of the same process."""
        return Mortal(door, self._moment, self)

    @property
    def death(self) -> Death | None:
        """What it died of."""
        return self._process._death

    @death.setter
    def death(self, death: Death) -> None:
        self._process._death = death

    def die(self, death: Death) -> None:
        """Now; whoever asks anything of this process gets no answer any more."""
        self.death = death
        raise death

    def sever(self, end_sessions: Callable[[], None]) -> None:
        """End its real sessions just before its next step: how it goes on from there is the product's own business."""
        self._severed = end_sessions

    def mend(self) -> None:
        """It has a session again, as another thread of it would have."""
        self._severed, self.broken = None, False

    def _sever_now(self) -> None:
        process = self._process
        if process._severed is not None:
            end_sessions, process._severed, process.broken = process._severed, None, True
            end_sessions()

    def require_alive(self) -> None:
        if self.death is not None:
            raise self.death

    def left_open(self) -> list[Any]:
        """The blocks that this process is in, now that it is dead, the outermost last; whoever asks closes them."""
        blocks, self._open = self._open[::-1], []
        return blocks

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._ledger, name)
        if not callable(found):
            return found
        made = self._block(name, found) if name in _WAYS_OUT else self._step(name, found)
        setattr(self, name, made)
        return made

    def _step(self, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def done(*args: Any, **kwargs: Any) -> Any:
            self.require_alive()
            self._moment(f"before {name}", self._process)
            self._sever_now()
            answer = step(*args, **kwargs)
            self._moment(f"after {name}", self._process)
            return answer

        return done

    def _block(self, name: str, block: Callable[..., Any]) -> Callable[..., Any]:
        @contextlib.contextmanager
        def entered(*args: Any, **kwargs: Any) -> Iterator[Any]:
            self.require_alive()
            inner = block(*args, **kwargs)
            value = inner.__enter__()
            self._open.append(inner)
            try:
                self._moment(f"in {name}", self._process)
                yield value
            except BaseException as error:
                if self.death is None:
                    self._open.remove(inner)
                    inner.__exit__(type(error), error, error.__traceback__)
                raise
            else:
                self._open.remove(inner)
                inner.__exit__(None, None, None)

        return entered
