"""Takes the pictures of docs/pages from a running demo. Called by a person after `./run demo`:

.venv/bin/python docs/take_pictures.py ADDRESS USER PASSWORD
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parent / "pages"
DIRECT = {
    "home": "/",
    "programs": "/programs/",
    "runs": "/runs/",
    "approvals": "/approvals/",
    "conflicts": "/conflicts/",
    "problems": "/problems/",
    "people": "/people/",
    "person": "/people/1/",
    "smart_campaigns": "/smart-campaigns/of/Follow%20up%20on%20attendees/",
    "reports": "/reports/?by=channel",
    "settings": "/settings/",
    "connection": "/settings/connections/1/",
    "mirror": "/settings/connections/1/mirror/",
    "channels": "/settings/channels/",
    "fields": "/settings/fields/",
    "users": "/settings/users/",
    "audit": "/settings/audit/",
}


def main(address: str, user: str, password: str) -> None:
    """Log in and walk through the pages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(90_000)
        page.goto(f"{address}/accounts/login/")
        page.get_by_label("Username or e-mail").fill(user)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{address}/")
        for name, path in DIRECT.items():
            page.goto(address + path, wait_until="networkidle")
            _take(page, name)
        _program(page, address)
        page.goto(f"{address}/approvals/")
        page.locator("tbody th a").first.click()
        page.get_by_role("button", name="Approve exactly this").wait_for()
        _take(page, "approval")
        page.emulate_media(color_scheme="dark")
        page.goto(address)
        _take(page, "home_dark")
        browser.close()


def _program(page: Page, address: str) -> None:
    """A linked program, its members, its plan, the choices of its link; and a program that is to be linked."""
    page.goto(f"{address}/programs/?state=active")
    page.locator("tbody th a").first.click()
    page.get_by_text("Statuses on both sides").wait_for()
    _take(page, "program")
    here = page.url
    page.goto(f"{here}members/")
    _take(page, "members")
    page.goto(here)
    page.get_by_role("link", name="Choices of this link").click()
    _take(page, "link_choices")
    page.goto(here)
    page.get_by_role("button", name="See the plan").click()
    page.get_by_role("heading", name="Plan for").wait_for()
    _take(page, "plan")
    page.goto(f"{address}/programs/?state=none")
    page.locator("tbody th a").first.click()
    page.get_by_role("link", name="Link with a campaign").first.click()
    _take(page, "link")


def _take(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), *sys.argv[2:4])
