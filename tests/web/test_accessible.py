"""axe looks at every page that there is, light and dark, and at a narrow screen nothing is cut off."""

from __future__ import annotations

from playwright.sync_api import Page

from campaignsync.bootstrap import Application
from web_org import populate
from web_routes import FORMS, LISTS, addresses, filled
from web_words import PASSWORD, Look, client

NARROW = {"width": 360, "height": 780}
WIDE = {"width": 1280, "height": 900}
NO_PAGE = ("csv", "operations", "/check/", "/count/", "/preview/", "health", "metrics")
"""What answers with a file, a part of a page, or to a monitor."""


def pages() -> list[str]:
    """Every address that shows a page; what is named in the tests of pages comes with its filters."""
    known = {page.partition("?")[0] for page in (*LISTS, *FORMS)}
    others = {filled(path) for path, _ in addresses()} - known
    return [*LISTS, *FORMS, *sorted(others)]


def test_axe_finds_nothing_wrong_with_any_page(site: str, app: Application, page: Page, look: Look) -> None:
    from django.test import Client

    populate(app, programs=2)
    client(password=PASSWORD)
    visitor = Client(SERVER_NAME="localhost")
    visitor.post("/accounts/login/", {"login": "admin", "password": PASSWORD})
    page.context.add_cookies(
        [{"name": "sessionid", "value": visitor.cookies["sessionid"].value, "url": site}]
    )
    looked, cut, wrong = set(), [], []
    for address in pages():
        if any(word in address for word in NO_PAGE):
            continue
        answer = visitor.get(address)
        if answer.status_code != 200 or b"<main" not in b"".join(answer):
            continue
        page.goto(f"{site}{address}")
        page.set_viewport_size(WIDE)
        try:
            look(page, "every" + address.replace("/", "_").replace("?", "-"))
        except AssertionError as found:
            wrong.append(str(found))
        page.set_viewport_size(NARROW)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            cut.append(address)
        looked.add(address)
    assert not wrong + cut, "\n".join([*wrong, "wider than a narrow screen:", *cut])
    assert looked >= {page for page in LISTS if "?" not in page}
    assert len(looked) > 35
