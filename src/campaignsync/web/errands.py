"""Errands: what takes longer than a request may, such as a look at an org, done in a thread and followed by a page.

One process serves the pages, so errands live in its memory; what an errand changed is in the database, and one that died with the
process is judged by the next round as any run that died. Called by the views that talk to Salesforce; `view` is its page.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.bootstrap import introduce
from campaignsync.domain.errors import CampaignsyncError, UsageError

Tell = Callable[[int, int], None]
_KEPT = 300


@dataclass(slots=True, kw_only=True)
class Errand:
    """One errand; `address` makes the page that its outcome is shown on."""

    number: str
    title: str
    who: str
    began_at: datetime
    address: Callable[[Errand], str]
    said: Callable[[Errand], str] | None = None
    back: str = ""
    done: int = 0
    total: int = 0
    outcome: Any = None
    error: str | None = None
    ended_at: datetime | None = None

    def tell(self, done: int, total: int) -> None:
        """How far it is."""
        self.done, self.total = done, total


class Errands:
    """The errands of this process, the oldest forgotten first."""

    def __init__(self) -> None:
        self._all: OrderedDict[str, Errand] = OrderedDict()
        self._guard = threading.Lock()

    def begin(
        self,
        title: str,
        who: str,
        work: Callable[[Tell], Any],
        address: Callable[[Errand], str],
        *,
        said: Callable[[Errand], str] | None = None,
        back: str = "",
    ) -> Errand:
        """Begin an errand. When it is done its page leads to `address`, with a word of what was done; `back` is where it leads
        when it fails."""
        errand = Errand(
            number=uuid.uuid4().hex,
            title=title,
            who=who,
            began_at=datetime.now(UTC),
            address=address,
            said=said,
            back=back,
        )
        with self._guard:
            self._all[errand.number] = errand
            while len(self._all) > _KEPT:
                self._all.popitem(last=False)
        threading.Thread(target=_run, args=(errand, work), name=f"errand {title}", daemon=True).start()
        return errand

    def find(self, number: str) -> Errand | None:
        """An errand that is still remembered."""
        return self._all.get(number)

    def running(self) -> list[Errand]:
        """Those under way."""
        with self._guard:
            return [each for each in self._all.values() if each.ended_at is None]


errands = Errands()


def _run(errand: Errand, work: Callable[[Tell], Any]) -> None:
    with _own_connection(errand):
        errand.outcome = work(errand.tell)


@contextmanager
def _own_connection(errand: Errand) -> Iterator[None]:
    """A connection to the database for the length of an errand, and a word about how it ended, whatever happens."""
    from django.db import connection

    errand.error = "It was broken off by an error of ours, which the log tells."
    try:
        introduce(errand.who)
        yield
        errand.error = None
    except CampaignsyncError as error:
        errand.error = str(error)
    finally:
        if errand.error:
            logging.getLogger(__name__).info("errand %s ended: %s", errand.title, errand.error)
        connection.close()
        errand.ended_at = datetime.now(UTC)


def view(request: HttpRequest, number: str) -> HttpResponse:
    """The page of an errand: how far it is, then what came of it."""
    errand = errands.find(number)
    if errand is None or errand.who != request.user.get_username():
        raise UsageError(
            _("This errand is not remembered any more. What it did is told by the list of runs.")
        )
    part = bool(request.GET.get("part"))
    if errand.ended_at and errand.error is None:
        address = errand.address(errand)
        if errand.said:
            messages.success(request, errand.said(errand))
            errand.said = None
        if part:
            return HttpResponse(headers={"HX-Redirect": address})
        return redirect(address)
    template = "web/errand_part.html" if part else "web/errand.html"
    return render(request, template, {"errand": errand, "title": errand.title})


def follow(errand: Errand) -> HttpResponse:
    """To the page of an errand that was just begun."""
    return redirect("errand", number=errand.number)


def outcome_of(request: HttpRequest, kind: type[Any]) -> Any | None:
    """What the errand named in the address came to, if it is this person's and of this kind."""
    errand = errands.find(request.GET.get("errand", ""))
    fits = errand is not None and errand.who == request.user.get_username()
    return errand.outcome if errand and fits and isinstance(errand.outcome, kind) else None
