"""The very first start: whoever comes first makes the admin, and nobody after them."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from web_words import PASSWORD


def test_the_first_who_opens_the_pages_makes_the_admin(site: str, page: Page) -> None:
    page.goto(site)
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()

    page.get_by_role("button", name="Log out").click()
    page.goto(f"{site}/welcome/")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_label("Username or e-mail").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
