"""Carries out errands: what somebody asked for that goes to Salesforce, and so takes longer than a request may.

Asked for by the pages and the API (`ask`), carried out by threads of the web process, watched through the store. Whoever dies
in the middle loses nothing: what a run did is observed by the next one, and the errand is told as died.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import connections, transaction

from campaignsync.bootstrap import Application, introduce
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.runtime.progress import Tell
from campaignsync.web.installation import installation

AT_ONCE = 4
"""How many errands are carried out at the same time: rounds of one org take turns anyway."""
_HEARTBEAT_S = 20.0
_carriers: list[ThreadPoolExecutor] = []
_starting = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of an errand, as JSON values, and a table where it has one."""

    result: Mapping[str, Any]
    table: pl.DataFrame | None = None


Carry = Callable[[Application, Mapping[str, Any], Tell], Done]
KINDS: dict[str, Carry] = {}
"""Every kind of errand by its name; `web.errand_kinds` fills it."""


def kind(name: str) -> Callable[[Carry], Carry]:
    """Makes a function the way to carry out a kind of errand."""

    def known(carry: Carry) -> Carry:
        KINDS[name] = carry
        return carry

    return known


def ask(
    name: str,
    asked: Mapping[str, Any],
    *,
    who: str,
    folder: str | None,
    table: pl.DataFrame | None = None,
) -> int:
    """Ask for an errand, which may work on a table; its number. It begins when the transaction that asks for it is committed."""
    if name not in KINDS:
        raise KeyError(name)
    number = installation().errands.ask(name, asked, who=who, folder=folder, table=table)
    transaction.on_commit(start)
    return number


def start() -> None:
    """Have whatever waits carried out by threads of this process, what a process that died left behind as well."""
    with _starting:
        if not _carriers:
            # Made here, and not when the module is read: a thread does not outlive the fork of a server.
            _carriers.append(ThreadPoolExecutor(AT_ONCE, thread_name_prefix="errand"))
    _carriers[0].submit(_carry_out_all, installation())


def _carry_out_all(app: Application) -> None:
    try:
        while taken := app.errands.take():
            carry_out(app, taken)
    finally:
        connections.close_all()


def carry_out(app: Application, taken: Mapping[str, Any]) -> None:
    """Carry out an errand that was taken: its end is kept, whatever it is."""
    number, ended = int(taken["id"]), False
    introduce(taken["who"])

    def tell(done: int, of: int, calls: int) -> None:
        app.errands.tell(number, done, of)

    try:
        with _heard_of(app, number):
            done = KINDS[taken["kind"]](app, {**taken["asked"], "who": taken["who"], "errand": number}, tell)
        app.errands.finish(number, done.result, done.table)
        ended = True
    except CampaignsyncError as error:
        app.errands.fail(number, error)
        ended = True
    finally:
        if not ended:
            app.errands.fail(number, CampaignsyncError("An error of ours: it was written to the log."))


@contextmanager
def _heard_of(app: Application, number: int) -> Iterator[None]:
    """While this goes on, the store hears of it, however long Salesforce takes for a single call."""
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(_HEARTBEAT_S):
                app.errands.tell(number)
        finally:
            connections.close_all()

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()
