"""The buttons that change something, pressed as a person would: approve, take back, try again, settle several, order by drag and
by keyboard, a new campaign; and what a session that ended has to give back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from campaignsync.bootstrap import Application
from campaignsync.domain.connections import Login, LoginMethod
from campaignsync.domain.registrants import read_registrants
from sandbox_org import CLIENT_ID, CLIENT_SECRET, SandboxOrg
from web_words import PASSWORD, Look, client

PROGRAM = "Spring Webinar"


@pytest.fixture(scope="module")
def org() -> SandboxOrg:
    org = SandboxOrg("--seed", "empty")
    yield org
    org.stop()


@pytest.fixture
def page_of_admin(site: str, app: Application, page: Page, org: SandboxOrg) -> Page:
    """An admin who is logged in, with an org connected and a program of three members."""
    org.reset()
    login = Login(
        method=LoginMethod.CLIENT_CREDENTIALS,
        login_url=org.url,
        fields={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    )
    door = app.new_door(login)
    app.registry.save_connection(
        "sandbox", login, instance_url=door.instance_url, campaign_sync=True, user=door.sync_user()
    )
    app.registry.create_program(PROGRAM, "Webinar", {})
    for name in ("ada", "ben", "cora"):
        app.members.set_status(PROGRAM, f"{name}@example.com", "Registered", who="ada")
    client(password=PASSWORD)
    page.set_default_timeout(60_000)
    log_in(page, site)
    return page


def log_in(page: Page, site: str) -> None:
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("Username or e-mail").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def press(page: Page, button: str, said: str, *, exact: bool = False) -> None:
    page.get_by_role("button", name=button, exact=exact).first.click()
    expect(page.get_by_text(said).first).to_be_visible()


def open_program(page: Page, site: str) -> None:
    page.goto(f"{site}/programs/1/")


def campaign_of(app: Application) -> str:
    link, _ = app.registry.link_of(PROGRAM)
    return app.ledger.link(link).campaign_id


def test_a_life_of_a_link_pressed_through(
    page_of_admin: Page, site: str, app: Application, org: SandboxOrg, look: Look
) -> None:
    page = page_of_admin
    page.on("dialog", lambda dialog: dialog.accept())
    make_a_new_campaign(page, site, app, org)
    have_plans_approved(page, site, app, org, look)
    take_a_run_back(page, site, app, org)
    settle_several_conflicts(page, site, app, org)
    try_again_one_and_all(page, site, app, org)
    compare_everything(page, site, app, org)
    narrow_the_mirror(page, site, app, org)


def compare_everything(page: Page, site: str, app: Application, org: SandboxOrg) -> None:
    """A mirror that is wrong without anybody knowing."""
    from campaignsync.store.models import Campaign

    Campaign.objects.update(name="as it was never called")
    page.goto(f"{site}/settings/")
    page.get_by_role("link", name="sandbox").click()
    press(page, "Compare everything", "Synced:")
    expect(page.get_by_role("heading", level=1, name="sandbox")).to_be_visible()
    assert {row.name for row in Campaign.objects.all()} == {
        row["Name"] for row in org.query("SELECT Name FROM Campaign")
    }


def narrow_the_mirror(page: Page, site: str, app: Application, org: SandboxOrg) -> None:
    """M3.4: counted first, then kept; what the org does not have is said and not kept."""
    org.create("Campaign", Name="Old fair", IsActive=False, Type="Trade Show")
    page.goto(f"{site}/settings/")
    page.get_by_role("link", name="sandbox").click()
    page.get_by_role("link", name="Which campaigns are mirrored").click()
    page.get_by_label("Active campaigns only").check()
    press(page, "How many fit?", "1 of 2 campaigns fit.")
    assert not app.registry.connection("sandbox").mirror_filter.narrows, "counting keeps nothing"
    page.get_by_label("Record types").fill("Nowhere")
    press(page, "Save", "Campaigns have no record type 'Nowhere' in this org.")
    page.get_by_label("Record types").fill("")
    page.get_by_label("Types", exact=False).first.fill("Webinar\ntrade show")
    page.get_by_label("Created since").fill("2020-02-29")
    press(page, "Save", "campaigns fit. The next round brings in what is missing")
    kept = app.registry.connection("sandbox").mirror_filter
    assert kept.active_only
    assert set(kept.types) == {"Webinar", "trade show"}
    assert str(kept.created_since) == "2020-02-29"


def make_a_new_campaign(page: Page, site: str, app: Application, org: SandboxOrg) -> None:
    """M4.2"""
    open_program(page, site)
    page.get_by_role("link", name="Link with a campaign").first.click()
    page.get_by_label("Its name").fill("Spring 2026")
    press(page, "See what it would begin with", "The statuses fit.")
    press(page, "Make the campaign and link", "Nothing is synced yet")
    press(page, "Sync now", "Synced:")
    assert org.members(campaign_of(app)) == dict.fromkeys(
        (f"{name}@example.com" for name in ("ada", "ben", "cora")), "Registered"
    )


def have_plans_approved(page: Page, site: str, app: Application, org: SandboxOrg, look: Look) -> None:
    """The link asks; its plan waits; it is read, filtered, declined and approved after all."""
    page.get_by_role("link", name="Choices of this link").click()
    page.get_by_label("Before a round writes").select_option("each plan")
    press(page, "Save", "The next sync decides by it.", exact=True)
    for name in ("ada", "ben"):
        app.members.set_status(PROGRAM, f"{name}@example.com", "Attended", who="ada")
    open_program(page, site)
    press(page, "Sync now", "1 plan waits for approval.")
    assert set(org.members(campaign_of(app)).values()) == {"Registered"}
    page.get_by_role("link", name="Read it and decide").click()
    expect(page.get_by_text("undecided")).to_be_visible()
    look(page, "approval")
    page.get_by_label("Search people").fill("BEN@")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("rowheader", name="ben@example.com")).to_be_visible()
    expect(page.get_by_role("rowheader", name="ada@example.com")).to_be_hidden()
    page.get_by_label("A word for the audit log").fill("too early")
    press(page, "Decline", "Declined: nothing of this plan is done.")
    page.get_by_role("link", name="Approvals", exact=True).click()
    expect(page.get_by_text("declined")).to_be_visible()
    look(page, "approvals")
    page.get_by_role("link", name=PROGRAM).first.click()
    press(page, "Approve exactly this", "Synced:")
    assert org.members(campaign_of(app))["ben@example.com"] == "Attended"
    noted = app.listings.audit(who="admin", noun="plan", since=None, before=None, limit=9)
    assert [row["new"]["decision"] for row in noted] == ["approved", "declined"]
    link, _ = app.registry.link_of(PROGRAM)
    app.registry.set_policy(link, {"approval": "none", "winner": "ask"})


def take_a_run_back(page: Page, site: str, app: Application, org: SandboxOrg) -> None:
    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_role("row").nth(1).get_by_role("link").first.click()
    press(page, "Take this run back", "Take back run")
    expect(page.get_by_role("rowheader", name="ada@example.com")).to_be_visible()
    press(page, "Take it back", "The run is taken back.")
    assert org.members(campaign_of(app))["ada@example.com"] == "Registered"
    press(page, "Let it go on", "The link goes on at the next sync")
    press(page, "Sync now", "Synced:")


def settle_several_conflicts(page: Page, site: str, app: Application, org: SandboxOrg) -> None:
    """M6.3, several at once, with the keyboard alone."""
    for name in ("ada", "ben", "cora"):
        app.members.set_status(PROGRAM, f"{name}@example.com", "Attended", who="ada", override=True)
    open_program(page, site)
    press(page, "Sync now", "Synced:")
    for name in ("ada", "ben", "cora"):
        app.members.set_status(PROGRAM, f"{name}@example.com", "Registered", who="ada", override=True)
        member = org.member_id(campaign_of(app), f"{name}@example.com")
        org.update("CampaignMember", member, Status="No Show")
    press(page, "Sync now", "3 conflicts")
    page.get_by_role("link", name="Conflicts", exact=True).click()
    page.get_by_label("Tick all").focus()
    page.keyboard.press("Space")
    expect(page.locator("input[name=conflict]:checked")).to_have_count(3)
    page.get_by_label("ben@example.com").last.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Those ticked: Salesforce is right").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 conflicts decided.")).to_be_visible()
    press(page, "The program is right", "1 conflict decided.", exact=True)
    open_program(page, site)
    press(page, "Sync now", "Synced:")
    here = {row["email"]: row["status"] for row in app.members.list(PROGRAM)}
    assert here == org.members(campaign_of(app))
    assert here["ben@example.com"] == "Registered"
    assert here["ada@example.com"] == here["cora@example.com"] == "No Show"


def try_again_one_and_all(page: Page, site: str, app: Application, org: SandboxOrg) -> None:
    """M8.2"""
    org.control("POST", "/sandbox/locks", {"ids": [campaign_of(app)], "seconds": 3600})
    for name in ("ada", "cora"):
        app.members.set_status(PROGRAM, f"{name}@example.com", "Attended", who="ada")
    press(page, "Sync now", "2 refused")
    page.get_by_role("link", name="Problems", exact=True).click()
    expect(page.get_by_role("link", name="Record was being written")).to_be_visible()
    expect(page.get_by_text("UNABLE_TO_LOCK_ROW", exact=True)).to_be_visible()
    page.get_by_role("link", name="Show each").click()
    press(page, "Try again", "1 will be tried at the next sync.", exact=True)
    press(page, "Try all of these again", "2 will be tried at the next sync.")
    org.control("DELETE", "/sandbox/locks")
    open_program(page, site)
    press(page, "Sync now", "Synced: 0 changes here, 2 in Salesforce.")
    page.get_by_role("link", name="Problems", exact=True).click()
    expect(page.get_by_text("No problems")).to_be_visible()


def test_statuses_are_put_in_order_by_drag_and_by_keyboard(
    page_of_admin: Page, site: str, app: Application
) -> None:
    page = page_of_admin
    page.goto(f"{site}/settings/channels/")
    page.get_by_role("link", name="Tradeshow").first.click()
    rows = page.locator("[data-drag-rows] tbody tr")
    rows.nth(3).locator("td").first.drag_to(rows.nth(0).locator("td").first, target_position={"x": 4, "y": 2})
    expect(page.get_by_label("Status 4", exact=True)).to_be_visible()
    press(page, "Save", "Saved.", exact=True)
    names = [status.name for status in app.registry.channel("Tradeshow").statuses]
    assert names == ["Visited Booth", "Invited", "Registered", "Attended"]
    page.get_by_role("link", name="Tradeshow").first.click()
    step = page.get_by_label("Step 1", exact=True)
    step.focus()
    step.press("Control+a")
    page.keyboard.type("90")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert [status.name for status in app.registry.channel("Tradeshow").statuses][-1] == "Visited Booth"
    page.get_by_role("link", name="Tradeshow").first.click()
    page.get_by_label("Step 2", exact=True).fill("soon")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("a whole number of 0 or more is wanted")
    expect(page.get_by_label("Step 2", exact=True)).to_have_value("soon")


def test_a_form_that_was_left_open_too_long_is_given_back(
    page_of_admin: Page, site: str, app: Application
) -> None:
    page = page_of_admin
    page.goto(f"{site}/programs/new/")
    page.get_by_label("Name", exact=True).fill("A long afternoon")
    page.get_by_label("Tags").fill("Region=EMEA")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Username or e-mail").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("What you typed is kept below")).to_be_visible()
    expect(page.get_by_label("tags")).to_have_value("Region=EMEA")
    page.get_by_role("button", name="Send once more").click()
    expect(page.get_by_role("heading", name="A long afternoon")).to_be_visible()
    assert app.registry.program("A long afternoon")["tags"] == {"Region": "EMEA"}
    expect(page).to_have_url(re.compile("/programs/2/"))


def test_many_members_are_changed_while_the_page_tells_how_far_it_is(
    page_of_admin: Page, site: str, app: Application
) -> None:
    """What takes longer than a request may is an errand: nothing is reloaded, and the page of the outcome comes by itself."""
    page, many = page_of_admin, 260
    guests = "".join(f"guest{number}@example.com\n" for number in range(many))
    channel = app.registry.channel("Webinar")
    read = read_registrants(f"Email\n{guests}".encode(), channel=channel, status="Registered", fields=[])
    app.members.import_people(PROGRAM, read.people, who="ada")
    loads: list[str] = []
    page.goto(f"{site}/programs/1/members/?search=guest")
    page.on("framenavigated", lambda frame: loads.append(frame.url.partition(site)[2]))
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("select[name=to]").first.select_option("Attended")
    page.locator("input[name=everybody]").check()
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_text(f"{many} members changed.")).to_be_visible()
    assert [path for path in loads if path.startswith("/errands/")] == ["/errands/1/"]
    assert [row["members"] for row in app.registry.programs()] == [many + 3]
    by_status = {row["status"]: row["members"] for row in app.registry.program(PROGRAM)["statuses"]}
    assert (by_status["Attended"], by_status["Registered"]) == (many, 3)


def test_many_people_are_brought_in_while_the_page_tells_how_far_it_is(
    page_of_admin: Page, site: str, app: Application
) -> None:
    """A file of thousands is an errand, too; each portion of it is a commit, after which the page knows more."""
    page, many = page_of_admin, 5_001
    rows = "".join(f"guest{number}@example.com,Registered\n" for number in range(many))
    page.goto(f"{site}/programs/1/import/")
    page.locator("input[type=file]").set_input_files(
        {"name": "guests.csv", "mimeType": "text/csv", "buffer": f"Email,Status\n{rows}".encode()}
    )
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Import 5,001 people").click()
    expect(page.get_by_text("5001 members added")).to_be_visible()
    assert [row["members"] for row in app.registry.programs()] == [many + 3]
    errand = app.errands.one(1)
    assert (errand["kind"], errand["done"], errand["of"]) == ("import", 5_000, many)
