"""What change events say of the changes that people make over REST and SOAP (S2.7.3, S2.7.4)."""

from __future__ import annotations

from typing import Any

MEMBERS = "/data/CampaignMemberChangeEvent"
LEADS = "/data/LeadChangeEvent"


def make_member(admin: Any) -> tuple[str, str, str]:
    campaign = admin.create("Campaign", Name="Autumn fair")
    lead = admin.create("Lead", LastName="Ash", Company="Acme")
    return campaign, lead, admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)


def test_a_created_record_tells_all_its_fields_and_names_none_as_changed(client: Any, admin: Any) -> None:
    campaign, lead, member = make_member(admin)
    (event,) = client.read(1, MEMBERS)
    header = event["ChangeEventHeader"]
    assert (header["entityName"], header["changeType"]) == ("CampaignMember", "CREATE")
    assert header["recordIds"] == [member]
    assert header["changedFields"] == header["nulledFields"] == header["diffFields"] == []
    assert (event["CampaignId"], event["LeadId"], event["Status"]) == (campaign, lead, "Sent")
    assert event["HasResponded"] is False
    assert event["CreatedDate"] // 1000 == header["commitTimestamp"] // 1000
    assert "IsDeleted" not in event
    assert "SystemModstamp" not in event


def test_an_update_tells_what_changed_and_which_null_is_meant(client: Any, admin: Any) -> None:
    """S0.18: unchanged fields are null as well, only the bitmaps tell."""
    lead = admin.create("Lead", LastName="Ash", Company="Acme", Title="Head", City="Bonn", FirstName="Ann")
    admin.change("Lead", lead, Title=None, Phone="12", City=None, Street="Hill 1", FirstName="Anna")
    event = client.subscribe(LEADS).events(2)[1]
    told = client.decode(event)
    assert told["ChangeEventHeader"]["changeType"] == "UPDATE"
    changed = client.changed(event)
    assert {"Title", "Phone", "Address.City", "Address.Street", "Name.FirstName"} <= changed
    assert "LastModifiedDate" in changed
    assert "Company" not in changed
    assert client.changed(event, "nulledFields") == {"Title", "Address.City"}
    assert told["Company"] is None
    assert told["Title"] is None
    assert told["Phone"] == "12"
    assert told["Name"] == {"Salutation": None, "FirstName": "Anna", "LastName": None}
    assert told["Address"]["Street"] == "Hill 1"
    assert told["Address"]["City"] is None


def test_removing_a_member_tells_of_a_deletion_without_fields(client: Any, admin: Any) -> None:
    """S0.1: it is deleted for good, and still there is an event."""
    _, _, member = make_member(admin)
    admin.delete("CampaignMember", member)
    event = client.read(2, MEMBERS)[1]
    assert event["ChangeEventHeader"]["changeType"] == "DELETE"
    assert event["ChangeEventHeader"]["recordIds"] == [member]
    assert {value for name, value in event.items() if name != "ChangeEventHeader"} == {None}


def test_a_deleted_campaign_takes_its_members_along_in_one_transaction(client: Any, admin: Any) -> None:
    campaign, _, member = make_member(admin)
    admin.delete("Campaign", campaign)
    headers = [event["ChangeEventHeader"] for event in client.read(8)]
    deleted = [header for header in headers if header["changeType"] == "DELETE"]
    assert {header["entityName"]: header["recordIds"] for header in deleted}["CampaignMember"] == [member]
    assert len({header["transactionKey"] for header in deleted}) == 1
    assert sorted(header["sequenceNumber"] for header in deleted) == [1, 2, 3]


def test_several_changes_of_a_record_in_one_transaction_are_one_event(client: Any, admin: Any) -> None:
    """The event is of the first kind of change and has the last values."""
    new = {"method": "POST", "url": "/services/data/v60.0/sobjects/Lead", "referenceId": "new"}
    change = {
        "method": "PATCH",
        "url": "/services/data/v60.0/sobjects/Lead/@{new.id}",
        "referenceId": "changed",
    }
    steps = [
        {**new, "body": {"LastName": "Ash", "Company": "Acme"}},
        {**change, "body": {"Company": "Other"}},
    ]
    answer = admin.call("POST", "/composite", {"allOrNone": True, "compositeRequest": steps})
    assert [each["httpStatusCode"] for each in answer.json()["compositeResponse"]] == [201, 204]
    admin.create("Lead", LastName="Beech", Company="Acme")
    first, second = client.read(2, LEADS)
    assert first["ChangeEventHeader"]["changeType"] == "CREATE"
    assert (first["Company"], second["Company"]) == ("Other", "Acme")


def test_the_same_change_of_several_records_is_one_event(client: Any, admin: Any) -> None:
    """S0.18: many record ids."""
    leads = [admin.create("Lead", LastName=name, Company="Acme") for name in ("Ash", "Beech", "Cedar")]
    rows = [
        {"attributes": {"type": "Lead"}, "Id": lead, "Rating": rating}
        for lead, rating in zip(leads, ("Hot", "Cold", "Hot"), strict=True)
    ]
    answer = admin.call("PATCH", "/composite/sobjects", {"records": rows})
    assert all(each["success"] for each in answer.json())
    hot, cold = client.read(5, LEADS)[3:]
    assert hot["ChangeEventHeader"]["recordIds"] == [leads[0], leads[2]]
    assert cold["ChangeEventHeader"]["recordIds"] == [leads[1]]
    assert [each["ChangeEventHeader"]["sequenceNumber"] for each in (hot, cold)] == [1, 2]


def test_what_was_rolled_back_is_not_told(client: Any, admin: Any) -> None:
    rows = [
        {"attributes": {"type": "Lead"}, "LastName": "Ash", "Company": "Acme"},
        {"attributes": {"type": "Lead"}},
    ]
    admin.call("POST", "/composite/sobjects", {"allOrNone": True, "records": rows})
    admin.create("Lead", LastName="Beech", Company="Acme")
    assert client.read(1, LEADS)[0]["Name"]["LastName"] == "Beech"


def test_emptying_the_bin_is_not_told_and_undeleting_is(client: Any, admin: Any, sandbox: Any) -> None:
    """S1.4.8."""
    gone, back = (admin.create("Lead", LastName=name, Company="Acme") for name in ("Ash", "Beech"))
    for lead in (gone, back):
        admin.delete("Lead", lead)
    with sandbox.org.lock:
        sandbox.org.records.purge([gone], sandbox.admin)
        sandbox.org.records.undelete([back], sandbox.admin)
    kinds = [event["ChangeEventHeader"] for event in client.read(5, LEADS)]
    assert [each["changeType"] for each in kinds] == ["CREATE", "CREATE", "DELETE", "DELETE", "UNDELETE"]
    assert kinds[4]["recordIds"] == [back]


def test_the_client_of_a_call_is_the_origin_of_its_changes(client: Any, admin: Any) -> None:
    """S2.2.13."""
    body = {"LastName": "Ash", "Company": "Acme"}
    admin.call("POST", "/sobjects/Lead", body, headers={"Sforce-Call-Options": "client=campaignsync"})
    origin = client.read(1, LEADS)[0]["ChangeEventHeader"]["changeOrigin"]
    assert origin == "com/salesforce/api/rest/60.0;client=campaignsync"


def test_the_origin_names_the_api_and_its_version(client: Any, admin: Any) -> None:
    """S2.7.3"""
    lead = admin.create("Lead", LastName="Ash", Company="Acme")
    convert(admin, lead)
    job = admin.call("POST", "/jobs/ingest", {"object": "Lead", "operation": "insert"}).json()
    csv = {"Content-Type": "text/csv"}
    admin.http.put(f"{admin.url}/{job['contentUrl']}", data="LastName,Company\nBeech,Acme\n", headers=csv)
    admin.call("PATCH", f"/jobs/ingest/{job['id']}", {"state": "UploadComplete"})
    assert admin.call("GET", f"/jobs/ingest/{job['id']}").json()["state"] == "JobComplete"
    origins = [event["ChangeEventHeader"]["changeOrigin"] for event in client.read(3, LEADS)]
    assert origins == [f"com/salesforce/api/{api}/60.0" for api in ("rest", "soap", "bulkapi")]


def test_conversion_tells_account_contact_opportunity_and_lead_in_this_order(
    client: Any, admin: Any, sandbox: Any
) -> None:
    """S1.4.6; captured or not, each takes its number."""
    sandbox.events.select(["Account", "Contact", "Opportunity", "Lead"])
    lead = admin.create("Lead", LastName="Ash", Company="Acme")
    convert(admin, lead)
    headers = [event["ChangeEventHeader"] for event in client.read(5)[1:]]
    assert [header["entityName"] for header in headers] == ["Account", "Contact", "Opportunity", "Lead"]
    assert [header["sequenceNumber"] for header in headers] == [1, 2, 3, 4]
    assert len({header["transactionKey"] for header in headers}) == 1


def test_entities_that_are_not_captured_take_a_number_and_are_not_told(client: Any, admin: Any) -> None:
    """S0.17: Account would be the sixth."""
    lead = admin.create("Lead", LastName="Ash", Company="Acme")
    convert(admin, lead)
    headers = [event["ChangeEventHeader"] for event in client.read(3)[1:]]
    assert [(h["entityName"], h["sequenceNumber"]) for h in headers] == [("Contact", 2), ("Lead", 4)]


def test_the_conversion_of_a_lead_names_just_the_fields_that_the_guide_prints(
    client: Any, admin: Any
) -> None:
    """The golden vector of S2.7.4, of a real conversion: the owner stays, so neither owner nor changer has changed."""
    lead = admin.create("Lead", LastName="Ash", Company="Acme")
    convert(admin, lead)
    assert client.read(3)[2]["ChangeEventHeader"]["changedFields"] == ["0x08F81000"]


def test_a_value_that_is_written_again_has_not_changed(client: Any, admin: Any) -> None:
    """S2.7.3"""
    lead = admin.create("Lead", LastName="Ash", Company="Acme", Title="Head")
    admin.change("Lead", lead, Title="Head", Company="Other")
    (event,) = client.subscribe(LEADS).events(2)[1:]
    assert client.changed(event) == {"Company", "LastModifiedDate"}
    assert client.decode(event)["Title"] is None


def convert(admin: Any, lead: str) -> None:
    token = admin.http.headers["Authorization"].removeprefix("Bearer ")
    body = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com">'
        f"<soapenv:Header><urn:SessionHeader><urn:sessionId>{token}</urn:sessionId></urn:SessionHeader></soapenv:Header>"
        f"<soapenv:Body><urn:convertLead><urn:leadConverts><urn:convertedStatus>Closed - Converted</urn:convertedStatus>"
        f"<urn:leadId>{lead}</urn:leadId></urn:leadConverts></urn:convertLead></soapenv:Body></soapenv:Envelope>"
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": "convertLead"}
    answer = admin.http.post(f"{admin.url}/services/Soap/u/60.0", data=body, headers=headers)
    assert "<success>true</success>" in answer.text, answer.text


def test_what_a_subscriber_may_not_read_is_left_out(client: Any, admin: Any, sandbox: Any) -> None:
    """S2.7.7; the schema has the field all the same."""
    lead = admin.create("Lead", LastName="Ash", Company="Acme")
    admin.change("Lead", lead, Phone="12", Title="Head")
    sandbox.org.access.denied_fields.add(("*", "Lead", "Phone", "read"))
    event = client.subscribe(LEADS).events(2)[1]
    assert client.decode(event)["Phone"] is None
    assert "Phone" not in client.changed(event)
    assert "Title" in client.changed(event)


def test_too_large_an_event_comes_as_a_gap(client: Any, admin: Any, sandbox: Any) -> None:
    """S2.7.5: beyond a megabyte only the header is sent."""
    lead = admin.create("Lead", LastName="Ash", Company="Acme")
    with sandbox.org.lock:
        told = sandbox.org.changes
        (change,) = [each for each in told.since(0) if each.record_id == lead]
        told.append(change.commit, [("Lead", "UPDATE", lead, {"Description": "x" * 1_000_001})])
    header = client.read(2, LEADS)[1]["ChangeEventHeader"]
    assert (header["changeType"], header["recordIds"]) == ("GAP_UPDATE", [lead])
