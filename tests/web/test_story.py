"""The whole story, as a marketing-operations admin would live it: from the very first start to both sides equal, in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from campaignsync.bootstrap import Application
from sandbox_org import CLIENT_ID, CLIENT_SECRET, SandboxOrg
from web_words import PASSWORD, Look

LIST = "Email,First Name,Last Name,Company\nada@a.example,Ada,Love,Ann\nben@b.example,Ben,Two,Bob\ncara@c.example,Cara,Öz,Cee\n"


@pytest.fixture(scope="module")
def org() -> SandboxOrg:
    org = SandboxOrg("--seed", "empty")
    yield org
    org.stop()


def test_from_the_first_start_to_both_sides_equal(
    site: str, app: Application, page: Page, org: SandboxOrg, tmp_path: Path, look: Look
) -> None:
    campaign = org.webinar("Invited", "Registered", "No Show", "Attended Live")
    org.add_lead(campaign, "dora@d.example", "Attended Live")
    org.add_lead(campaign, "ada@a.example", "Registered")
    page.set_default_timeout(60_000)
    _first_run(page, site)
    _connect(page, org, look)
    _make_a_program(page, tmp_path, look)
    _link(page, look)
    _sync(page, look)
    _both_sides_equal(app, org, campaign)
    _settle_a_conflict(page, app, org, campaign, look)
    _see_a_smart_campaign_fire(page, app, org, campaign, look)


def _both_sides_equal(app: Application, org: SandboxOrg, campaign: str) -> None:
    here = {row["email"]: row["status"] for row in app.members.list("Spring Webinar")}
    there = {
        email: {"Attended Live": "Attended"}.get(status, status)
        for email, status in org.members(campaign).items()
    }
    assert (
        here
        == there
        == {
            "ada@a.example": "Registered",
            "ben@b.example": "Registered",
            "cara@c.example": "Registered",
            "dora@d.example": "Attended",
        }
    )


def _settle_a_conflict(page: Page, app: Application, org: SandboxOrg, campaign: str, look: Look) -> None:
    """Both sides change Ada, and a person decides for the program (M6.3)."""
    page.get_by_role("link", name="Choices of this link").click()
    page.get_by_label("Both sides changed a member").select_option("ask")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The next sync decides by it.")).to_be_visible()
    look(page, "link_choices")
    app.members.set_status("Spring Webinar", "ada@a.example", "Attended", who="ada")
    member = org.member_id(campaign, "ada@a.example")
    org.update("CampaignMember", member, Status="No Show")
    _sync_now(page)
    page.get_by_role("link", name="Conflicts", exact=True).click()
    expect(page.get_by_text("The program says")).to_be_visible()
    look(page, "conflicts")
    page.get_by_role("button", name="The program is right", exact=True).click()
    expect(page.get_by_text("1 conflict decided.")).to_be_visible()
    _sync_now(page)
    assert org.members(campaign)["ada@a.example"] == "Attended Live"


def _see_a_smart_campaign_fire(
    page: Page, app: Application, org: SandboxOrg, campaign: str, look: Look
) -> None:
    """Whoever attends, on whichever side that is entered, gets a note (M10.1)."""
    page.get_by_role("link", name="Smart campaigns").click()
    page.get_by_role("link", name="New smart campaign").first.click()
    page.get_by_label("Name", exact=True).fill("Note attendees")
    page.get_by_label("A trigger, a filter or a step").select_option(
        "trigger:Status is Changed in SFDC Campaign"
    )
    page.get_by_label("new status", exact=False).last.fill("Attended Live")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_label("Definition")).to_have_value(re.compile("Attended Live"))
    page.get_by_label("A trigger, a filter or a step").select_option("action:Change Data Value")
    page.locator("[name='value field']").fill("notes")
    page.locator("[name='value value']").fill("came to the webinar")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_label("Definition")).to_have_value(re.compile("came to the webinar"))
    expect(page.get_by_text("people fit the filters now")).to_be_visible()
    look(page, "smart_build")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Activate", exact=True).click()
    expect(page.get_by_role("button", name="Deactivate")).to_be_visible()
    org.update("CampaignMember", org.member_id(campaign, "ben@b.example"), Status="Attended Live")
    _sync_now(page)
    page.get_by_role("link", name="Smart campaigns").click()
    page.get_by_role("link", name="Note attendees").click()
    expect(page.get_by_role("rowheader", name="Change Data Value").first).to_be_visible()
    look(page, "smart_campaign")
    assert app.directory.show(app.directory.find("ben@b.example"))["notes"] == "came to the webinar"


def _sync_now(page: Page) -> None:
    page.get_by_role("link", name="Home", exact=True).click()
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_text("Synced:")).to_be_visible()


def _first_run(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()


def _connect(page: Page, org: SandboxOrg, look: Look) -> None:
    look(page, "first_steps")
    page.get_by_role("link", name="Connect a Salesforce org").click()
    page.get_by_label("Name", exact=True).fill("sandbox")
    page.get_by_label("Address of the org").fill(org.url)
    page.get_by_label("Consumer key").fill(CLIENT_ID)
    page.get_by_label("Consumer secret").fill("wrong")
    page.get_by_role("button", name="Log in and keep").click()
    expect(page.get_by_label("Consumer key")).to_have_value(CLIENT_ID)
    expect(page.locator(".errorlist")).to_be_visible()
    page.get_by_label("Consumer secret").fill(CLIENT_SECRET)
    page.get_by_role("button", name="Log in and keep").click()
    expect(page.get_by_text("API calls", exact=True)).to_be_visible()
    look(page, "connection")


def _make_a_program(page: Page, tmp_path: Path, look: Look) -> None:
    page.get_by_role("link", name="Programs", exact=True).click()
    page.get_by_role("link", name="New program").first.click()
    page.get_by_label("Name", exact=True).fill("Spring Webinar")
    page.get_by_label("Channel").select_option("Webinar")
    page.get_by_label("Tags").fill("Region=EMEA")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Import people").click()
    (tmp_path / "people.csv").write_text(LIST, encoding="utf-8")
    page.get_by_label("File").set_input_files(tmp_path / "people.csv")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Status", exact=True).select_option("Registered")
    page.get_by_role("button", name="Show anew").click()
    look(page, "import")
    page.get_by_role("button", name="Import 3 people").click()
    expect(page.get_by_text("3 members added")).to_be_visible()
    look(page, "members")


def _link(page: Page, look: Look) -> None:
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="Link with a campaign").first.click()
    page.get_by_role("button", name="Look anew").click()
    page.get_by_role("button", name="Choose Spring").click()
    expect(page.get_by_text("The statuses do not fit yet")).to_be_visible()
    look(page, "link_misfit")
    page.get_by_label("Attended Live").select_option("Attended")
    page.get_by_role("button", name="Compare anew").click()
    expect(page.get_by_text("The statuses fit.")).to_be_visible()
    look(page, "link_fits")
    page.get_by_role("button", name="Link the two").click()
    expect(page.get_by_text("Nothing is synced yet")).to_be_visible()


def _sync(page: Page, look: Look) -> None:
    page.get_by_role("button", name="See the plan").click()
    expect(page.get_by_role("heading", name="Plan for 'Spring Webinar'")).to_be_visible()
    look(page, "plan")
    page.get_by_role("button", name="Carry out exactly this").click()
    expect(page.get_by_text("Synced:")).to_be_visible()
    look(page, "program")
