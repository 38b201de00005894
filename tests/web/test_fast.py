"""Pages stay fast whatever there is: each is measured, and none asks the database more often for having more rows."""

from __future__ import annotations

from types import ModuleType

from campaignsync.bootstrap import Application
from ready_database import empty_tables
from web_routes import addresses, filled
from web_words import client, queries


def test_every_page_is_measured_or_says_why_not(site: str, app: Application, bench: ModuleType) -> None:
    from django.urls import resolve

    measured = {"/" + resolve(page.format(middle=1).partition("?")[0]).route for page in bench.PAGES.values()}
    exempt = {f"/{path}" for path in bench.EXEMPT}
    known = {path for path, _view in addresses()}
    visitor = client()
    # What only takes what is sent shows nothing to whoever looks.
    shown = {path for path in known if visitor.get(filled(path)).status_code != 405}
    assert (shown - measured - exempt, exempt - known, exempt & measured) == (set(), set(), set())


def test_no_page_asks_more_often_for_having_more_rows(site: str, app: Application, bench: ModuleType) -> None:
    """Each page that is measured, with 10 programs and people, and with 200 of them."""
    few = asked(app, bench, 10)
    nothing_left(app)
    many = asked(app, bench, 200)
    assert {page: (few[page], many[page]) for page in few if many[page] > few[page] or not few[page]} == {}
    assert max(many.values()) <= 22


def asked(app: Application, bench: ModuleType, rows: int) -> dict[str, int]:
    """How often each page asks the database where there are so many programs, people, members, runs, entries …"""
    from django.db import connection

    with connection.cursor() as cursor:
        bench.fill(app, cursor.execute, people=rows, programs=rows)
    bench.finish(app)
    visitor = client()
    pages = {name: address.format(middle=rows // 2) for name, address in bench.PAGES.items()}
    # Once beforehand: what a process remembers is not asked again.
    assert {
        name: code for name, page in pages.items() if (code := visitor.get(page).status_code) != 200
    } == {}
    return {name: queries(visitor, page) for name, page in pages.items()}


def nothing_left(app: Application) -> None:
    from campaignsync.domain.statuses import DEFAULT_CHANNELS

    empty_tables()
    app.registry.add_channels(DEFAULT_CHANNELS)
