"""What an admin chooses through the API: who is one person, the statuses of a channel, how leads are made, fields of members."""

from __future__ import annotations

from api_words import Asker
from campaignsync.bootstrap import Application
from desk import Desk


def test_two_people_are_merged_and_the_one_who_stays_takes_over_what_is_missing(
    admin: Asker, app: Application
) -> None:
    """M7.8"""
    app.registry.create_program("Spring", "Webinar", {})
    for email, status in (("ada@a.example", "Attended"), ("ada@b.example", "Registered")):
        app.members.set_status("Spring", email, status, who="ada")
    loser, winner = (app.directory.find(each) for each in ("ada@a.example", "ada@b.example"))
    admin.json("PATCH", f"/people/{loser}", {"fields": {"title": "Dr"}})
    told = admin.post(f"/people/{loser}/merge", {"winner": winner})
    assert (told["fields"]["email"], told["fields"]["title"]) == ("ada@b.example", "Dr")
    assert [(each["program"], each["status"]) for each in told["programs"]] == [("Spring", "Attended")]
    assert admin.post(f"/people/{loser}/merge", {"winner": winner}, status=404)
    assert admin.post(f"/people/{winner}/merge", {"winner": winner}, status=404)


def test_people_who_are_two_in_salesforce_are_merged_there(
    admin: Asker, app: Application, desk: Desk
) -> None:
    desk.give(ada="Registered", ben="Registered")
    desk.link()
    desk.sync()
    ada, ben = (app.directory.find(f"{name}@example.com") for name in ("ada", "ben"))
    assert (
        "merge those two in Salesforce"
        in admin.post(f"/people/{ada}/merge", {"winner": ben}, status=422)["detail"]
    )


def test_the_statuses_of_a_channel_are_edited_and_those_that_are_carried_stay(
    admin: Asker, app: Application
) -> None:
    """M2.7"""
    app.registry.create_program("Spring", "Webinar", {})
    app.members.set_status("Spring", "ada@example.com", "No Show", who="ada")
    wished = [
        {"name": "Invited", "step": 10},
        {"name": "Missed", "was": "No Show", "step": 30},
        {"name": "Attended", "step": 40, "success": True},
        {"name": "Asked", "step": 50, "success": True},
    ]
    told = admin.json("PUT", "/channels/Webinar/statuses", {"statuses": wished})
    assert [each["name"] for each in told["statuses"]] == ["Invited", "Missed", "Attended", "Asked"]
    assert app.members.list("Spring")[0]["status"] == "Missed"
    refused = admin.json("PUT", "/channels/Webinar/statuses", {"statuses": wished[:1]}, status=422)
    assert "carried by members" in refused["detail"]


def test_how_leads_are_made_and_fields_of_members_are_chosen_for_an_org(admin: Asker, desk: Desk) -> None:
    """M6.8, M7.2, M7.6"""
    path = f"/connections/{desk.connection.connection_id}"
    done = admin.errand(f"{path}/lead-rules", {"default_company": "Private", "assignment": "none"}, "PATCH")
    assert (done["state"], done["result"]["default_company"]) == ("done", "Private")
    wrong = admin.errand(f"{path}/lead-rules", {"external_id_field": "Nothing__c"}, "PATCH")
    assert (wrong["state"], wrong["error"]["kind"]) == ("failed", "UsageError")
    field = {"object": "CampaignMember", "name": "Diet__c", "type": "string(20)"}
    desk.org.control("POST", "/sandbox/seed", {"fields": [field]})
    admin.post("/member-fields", {"name": "Diet", "kind": "text"})
    wish = {"name": "Diet", "salesforce_field": "diet__c"}
    assert admin.errand(f"{path}/member-fields", wish)["state"] == "done"
    (mapped,) = admin.get(f"{path}/member-fields")
    assert (mapped["name"], mapped["salesforce_field"], mapped["off"]) == ("Diet", "Diet__c", None)
    assert admin.errand(f"{path}/member-fields", {**wish, "salesforce_field": "Status"})["state"] == "failed"
    assert admin.errand(f"{path}/member-fields/Diet", method="DELETE")["state"] == "done"
    assert admin.get(f"{path}/member-fields") == []


def test_what_people_were_told_is_listed(admin: Asker, app: Application) -> None:
    assert admin.pages("/notices") == []
    assert all(each["error"] is None for each in admin.post("/notices/trial"))
