"""axe looks at every page that there is, light and dark; on a narrow screen nothing is cut off, in German too (WCAG 1.4.10)."""

from __future__ import annotations

from playwright.sync_api import Page

from campaignsync.bootstrap import Application
from web_org import populate
from web_routes import FORMS, LISTS, addresses, filled
from web_words import PASSWORD, Look, client

NARROW = (320, 400)
WIDE = {"width": 1280, "height": 900}
NO_PAGE = ("csv", "operations", "/check/", "/count/", "/preview/", "health", "metrics")
"""What answers with a file, a part of a page, or to a monitor."""
CUT = """() => {
    const wide = document.documentElement, found = [];
    document.querySelectorAll("details").forEach((each) => { each.open = true; });
    if (wide.scrollWidth > wide.clientWidth) found.push(`the page is ${wide.scrollWidth} wide`);
    for (const table of document.querySelectorAll("table")) {
        const region = table.closest("[role=region]"), name = table.innerText.slice(0, 30);
        if (!region || !region.getAttribute("aria-label")) found.push(`no region: ${name}`);
        else if (table.scrollWidth > region.clientWidth + 1) {
            region.focus();
            if (document.activeElement !== region) found.push(`out of reach: ${name}`);
        }
        if (region && region.getBoundingClientRect().right > wide.clientWidth) found.push(`cut off: ${name}`);
    }
    return found;
}"""
"""What nobody gets to see on this screen: the page scrolls sideways as a whole, or a table lies outside a region that scrolls by
itself, has a name and is reached by keyboard."""


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
        page.context.add_cookies([{"name": "django_language", "value": "de", "url": site}])
        page.goto(f"{site}{address}")
        for width in NARROW:
            page.set_viewport_size({"width": width, "height": 780})
            cut += [f"{address} at {width}: {what}" for what in page.evaluate(CUT)]
        page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
        looked.add(address)
    assert not wrong + cut, "\n".join([*wrong, "on a narrow screen:", *cut])
    assert looked >= {page for page in LISTS if "?" not in page}
    assert len(looked) > 35
