"""The main job through the API: a program, people from a file, a link, a plan, a sync, an undo; and what goes wrong meanwhile."""

from __future__ import annotations

from api_words import Asker
from desk import Desk
from sandbox_org import CLIENT_ID, CLIENT_SECRET

PEOPLE = b"Email,First Name,Company\nada@example.com,Ada,Engines\nben@example.com,Ben,\nbroken\n"


def test_from_a_file_to_both_sides_equal_and_back(admin: Asker, desk: Desk) -> None:
    made = admin.post(
        "/programs", {"name": "Fair", "channel": "Tradeshow", "folder": "EMEA", "tags": {"Region": "EMEA"}}
    )
    program = f"/programs/{made['number']}"
    brought = admin.json("POST", f"{program}/members/import?status=Invited", PEOPLE)
    assert (brought["rows"], brought["added"], [row["line"] for row in brought["refused"]]) == (3, 2, [4])
    done = admin.post(f"{program}/members", {"members": [{"email": "cy@example.com", "status": "Attended"}]})
    assert done == [
        {"email": "cy@example.com", "before": None, "status": "Attended", "code": None, "error": None}
    ]
    seen = admin.errand(f"{program}/links/preview", {"create": "Fair 2026"})
    assert (seen["state"], seen["result"]["fits"]) == ("done", True)
    assert seen["result"]["plan"]["counts"]["to campaign"] == 3
    linked = admin.errand(f"{program}/links", {"create": "Fair 2026"})
    desk.campaign = linked["result"]["campaign_id"]
    planned = admin.errand(f"{program}/plan")
    rows = admin.pages(f"/errands/{planned['id']}/members?verdict=to campaign", limit=2)
    assert sorted(row["email"] for row in rows) == ["ada@example.com", "ben@example.com", "cy@example.com"]
    wrong = admin.errand(f"{program}/sync", {"digest": "0" * 64})
    assert (wrong["state"], wrong["error"]["kind"]) == ("failed", "HaltError")
    synced = admin.errand(f"{program}/sync", {"digest": planned["result"]["digest"]})
    assert synced["state"] == "done", synced
    assert synced["result"]["runs"][0]["campaign_changes"] >= 3
    assert (synced["done"], synced["of"]) == (3, 3)
    assert desk.there() == {
        "ada@example.com": "Invited",
        "ben@example.com": "Invited",
        "cy@example.com": "Attended",
    }
    run = admin.get("/runs")["items"][0]
    assert (run["program"], run["why"]) == ("Fair", "apply")
    back = admin.errand(f"/runs/{run['run']}/undo-plan")
    undone = admin.errand(f"/runs/{run['run']}/undo", {"digest": back["result"]["digest"]})
    assert undone["state"] == "done", undone
    assert desk.there() == {}
    (link,) = admin.get(f"{program}/links")
    assert link["state"] == "halted"
    assert admin.post(f"{program}/links/{link['connection_number']}/resume")["state"] == "halted"
    again = admin.send("POST", f"{program}/links/{link['connection_number']}/resume")
    assert again.status_code in (200, 409)
    who = {row["who"] for row in admin.pages("/journal") if row["side"] == "program"}
    assert any(name.startswith("ada by key cs_") for name in who)


def test_a_campaign_that_does_not_fit_is_mended_by_a_mapping(admin: Asker, desk: Desk) -> None:
    """M4.3, M4.4: never a dead end."""
    campaign = desk.org.create("Campaign", Name="Old one")
    (program,) = [row["number"] for row in admin.pages("/programs")]
    refused = admin.errand(f"/programs/{program}/links", {"campaign": campaign})
    assert refused["state"] == "failed"
    assert "do not fit" in refused["error"]["message"]
    wish = {"campaign": campaign, "create_statuses": True}
    seen = admin.errand(f"/programs/{program}/links/preview", wish)
    assert seen["result"]["fits"] is True
    assert admin.errand(f"/programs/{program}/links", wish)["state"] == "done"


def test_a_plan_that_waits_is_read_and_approved(admin: Asker, desk: Desk) -> None:
    desk.give(ada="Registered", ben="Invited")
    desk.link()
    (program,) = [row["number"] for row in admin.pages("/programs")]
    (link,) = admin.get(f"/programs/{program}/links")
    path = f"/programs/{program}/links/{link['connection_number']}"
    changed = admin.json("PATCH", f"{path}/policy", {"approval": "each plan"})
    assert changed["approval"] == "each plan"
    done = admin.errand(f"/programs/{program}/sync")
    (waiting,) = admin.pages("/approvals")
    assert done["result"]["runs"][0]["to_approve"] == waiting["digest"]
    assert admin.get(f"{path}/waiting-plan")["counts"]["to campaign"] == 2
    rows = admin.pages(f"{path}/waiting-plan/members?search=ada")
    assert [row["becomes"] for row in rows] == ["Registered"]
    assert b"ben@example.com" in admin.send("GET", f"{path}/waiting-plan/members.csv").content
    other = {"digest": "0" * 64, "decision": "approved"}
    assert admin.post(f"{path}/waiting-plan/decision", other, status=409)["code"] == "ANOTHER_PLAN"
    admin.post(f"{path}/waiting-plan/decision", {**other, "digest": waiting["digest"], "note": "fine"})
    assert admin.pages("/approvals")[0]["decided_by"].startswith("ada by key")
    admin.errand(f"/programs/{program}/sync")
    assert admin.pages("/approvals") == []
    assert desk.there() == {"ada@example.com": "Registered", "ben@example.com": "Invited"}


def test_all_of_an_org_is_read_anew_at_a_persons_word(admin: Asker, desk: Desk) -> None:
    """What `campaignsync sync --full` does: a status that came hours behind its stamp, and left every count as it was."""
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    desk.org.control("POST", "/sandbox/clock", {"advance_s": 86_400})
    desk.org.forget_token()
    desk.sync()
    desk.org.control("POST", "/sandbox/faults", {"rules": [], "commit_lag_s": 20_000})
    member = desk.org.member_id(desk.campaign, "ada@example.com")
    desk.org.update("CampaignMember", member, Status="Attended")
    desk.org.control("DELETE", "/sandbox/faults")
    (org,) = admin.get("/connections")
    path = f"/connections/{org['number']}/sync"
    assert admin.errand(path)["state"] == "done"
    assert desk.here() == {"ada@example.com": "Registered"}
    whole = admin.errand(path, {"full": True})
    assert (whole["state"], whole["asked"]["full"]) == ("done", True)
    assert desk.here() == {"ada@example.com": "Attended"}
    assert admin.post(path, {"ful": True}, status=422)["code"] == "WRONG_REQUEST"


def test_conflicts_are_listed_and_decided(admin: Asker, desk: Desk) -> None:
    """M6.3."""
    desk.give(ada="Registered")
    desk.link()
    desk.sync()
    link, _ = desk.app.registry.link_of(desk.program)
    desk.app.registry.set_policy(link, {"winner": "ask"})
    desk.give(ada="Attended")
    member = desk.org.member_id(desk.campaign, "ada@example.com")
    desk.org.update("CampaignMember", member, Status="No Show")
    desk.sync()
    (program,) = [row["number"] for row in admin.pages("/programs")]
    (conflict,) = admin.pages(f"/programs/{program}/conflicts")
    assert (conflict["email"], conflict["code"]) == ("ada@example.com", "CONFLICT")
    decided = admin.post(
        f"/programs/{program}/conflicts/resolve", {"winner": "campaign", "people": ["ada@example.com"]}
    )
    assert [(row["email"], row["becomes"]) for row in decided] == [("ada@example.com", "No Show")]
    assert admin.errand(f"/programs/{program}/sync")["state"] == "done"
    assert desk.equal() == {"ada@example.com": "No Show"}


def test_an_org_is_examined_looked_at_and_its_people_synced_and_deleted(admin: Asker, desk: Desk) -> None:
    """M3.3, M9.5, M7.10."""
    login = {"url": desk.org.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    wrong = admin.post("/connections", {"name": "org", **login, "client_secret": ""}, status=422)
    assert "client_secret must be given" in wrong["detail"]
    assert admin.post("/connections", {"name": "other", **login}, status=422)["code"] == "MEND_FIRST"
    admin.post("/connections", {"name": "org", "campaign_sync": True, **login}, status=201)
    (org,) = admin.get("/connections")
    assert CLIENT_SECRET not in str(org)
    desk.org.create("Campaign", Name="Looked at", IsActive=True)
    found = admin.errand(f"/connections/{org['number']}/doctor")
    assert [each["check"] for each in found["result"]["findings"] if not each["well"]] == []
    # All that `campaignsync doctor` looks at, what ails this machine included.
    looked_at = [each.check for each in desk.app.doctor(desk.connection)]
    assert [each["check"] for each in found["result"]["findings"]] == looked_at
    assert looked_at[-5:] == ["clock", "change events", "budget of calls", "clock of the database", "disk"]
    assert found["result"]["well"] is True
    assert admin.errand(f"/connections/{org['number']}/look")["result"] == {"campaigns": 1}
    campaigns = admin.pages(f"/connections/{org['number']}/campaigns?search=looked")
    assert [row["name"] for row in campaigns] == ["Looked at"]
    narrowed(admin, desk, f"/connections/{org['number']}")
    desk.give(ada="Registered")
    (person,) = admin.pages("/people")
    synced = admin.errand(f"/people/{person['number']}/sync")
    assert synced["result"]["kind"] == "lead"
    changed = admin.json("PATCH", f"/people/{person['number']}", {"fields": {"title": "Director"}})
    assert changed["fields"]["title"] == "Director"
    assert admin.pages(f"/people/{person['number']}/journal")
    gone = admin.errand(f"/people/{person['number']}", method="DELETE")
    assert gone["result"]["deleted"] is True
    assert admin.get(f"/people/{person['number']}", status=404)["code"] == "NOT_THERE"


def test_a_smart_campaign_is_counted_saved_run_and_told_of(admin: Asker, desk: Desk) -> None:
    """M9, M10."""
    desk.give(ada="Registered", ben="Invited")
    program = desk.program
    filters = [{"filter": "Member of Program", "program": program}]
    counted = admin.post("/smart-lists/count", {"filters": filters})
    assert (counted["people"], len(counted["sample"])) == (2, 2)
    flow = [{"action": "Change Program Status", "program": program, "status": "Attended"}]
    wanted = {"definition": {"filters": filters, "flow": flow}}
    assert admin.post("/smart-definitions/check", wanted) == {"faults": []}
    made = admin.json("PUT", "/smart-campaigns/Thank them", wanted)
    assert (made["name"], made["kind"], made["faults"]) == ("Thank them", "batch", [])
    assert admin.get("/smart-campaigns/Thank them/preview")["people"] == 2
    assert set(desk.here().values()) == {"Registered", "Invited"}
    run = admin.errand("/smart-campaigns/Thank them/run")
    assert (run["state"], run["result"]["people"]) == ("done", 2), run
    assert run["done"] == 2, "the steps that were taken are told while it runs"
    assert set(desk.here().values()) == {"Attended"}
    assert len(admin.pages("/smart-campaigns/Thank them/people")) == 2
    assert admin.post("/smart-campaigns", status=405)
    admin.json("DELETE", "/smart-campaigns/Thank them", status=204)
    assert admin.pages("/smart-campaigns") == []


def test_what_programs_came_to_is_reported(admin: Asker, desk: Desk) -> None:
    """M5.4."""
    desk.give(ada="Attended", ben="Invited")
    (program,) = [row["number"] for row in admin.pages("/programs")]
    month = admin.pages("/journal")[0]["at"][:7]
    admin.json("PUT", f"/programs/{program}/costs/{month}", {"amount": "300", "currency": "EUR"})
    (row,) = admin.get("/reports/performance?by=channel")
    assert row == {
        "name": "Webinar",
        "members": 2,
        "successes": 1,
        "costs": {"EUR": "300.00"},
        "cost_per_member": {"EUR": "150.00"},
        "cost_per_success": {"EUR": "300.00"},
    }
    admin.json("DELETE", f"/programs/{program}/costs/{month}", status=204)


def narrowed(admin: Asker, desk: Desk, org: str) -> None:
    """M3.4: the filter of the mirror, and that a campaign outside is found by its id."""
    assert admin.get(org)["mirror_filter"]["active_only"] is False
    chosen = {"types": ["Webinar"], "created_since": "2026-01-01"}
    told = admin.json("PATCH", org, {"mirror_filter": chosen})["mirror_filter"]
    assert told == {"active_only": False, "record_types": [], **chosen}
    for wrong in ({"types": [" "]}, {"created_since": "soon"}, {"kind": "x"}):
        admin.json("PATCH", org, {"mirror_filter": wrong}, status=422)
    assert admin.errand(f"{org}/look")["result"] == {"campaigns": 0}
    assert admin.pages(f"{org}/campaigns?search=looked") == []
    (outside,) = desk.org.query("SELECT Id FROM Campaign")
    (found,) = admin.pages(f"{org}/campaigns?search={outside['Id']}")
    assert found["mirrored"] is False
    admin.json("PATCH", org, {"mirror_filter": {}})
