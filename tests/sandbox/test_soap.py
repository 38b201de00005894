"""What only SOAP can do: its login, undelete, lead conversion, merge (S2.1, S1.4.6, S1.4.7, S1.1.8)."""

import re
from typing import Any
from xml.sax.saxutils import escape

import pytest
from defusedxml.ElementTree import fromstring

ENVELOPE = (
    '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header>{header}</soapenv:Header>'
    "<soapenv:Body><urn:{operation}>{arguments}</urn:{operation}></soapenv:Body></soapenv:Envelope>"
)


def soap(person: Any, operation: str, arguments: str) -> tuple[int, str]:
    token = str(person.http.headers.get("Authorization", "")).removeprefix("Bearer ")
    header = f"<urn:SessionHeader><urn:sessionId>{escape(token)}</urn:sessionId></urn:SessionHeader>"
    body = ENVELOPE.format(header=header, operation=operation, arguments=arguments)
    headers = {"Content-Type": "text/xml", "SOAPAction": operation}
    answer = person.http.post(f"{person.url}/services/Soap/u/59.0", data=body.encode(), headers=headers)
    return answer.status_code, answer.text


def values(text: str, name: str) -> list[str]:
    return re.findall(f"<(?:sf:)?{name}>([^<]*)</", text)


def test_login_tells_the_session_and_where_to_go_on(anybody: Any) -> None:
    """S2.1"""
    arguments = "<urn:username>admin@sandbox.example</urn:username><urn:password>sandboxTOKEN</urn:password>"
    status, text = soap(anybody, "login", arguments)
    assert status == 200
    assert values(text, "serverUrl")[0].startswith(f"{anybody.url}/services/Soap/u/59.0/00D")
    anybody.http.headers["Authorization"] = f"Bearer {values(text, 'sessionId')[0]}"
    assert anybody.call("GET", "/limits").status_code == 200


def test_a_wrong_password_is_a_fault(anybody: Any) -> None:
    """S2.1"""
    arguments = "<urn:username>admin@sandbox.example</urn:username><urn:password>no</urn:password>"
    status, text = soap(anybody, "login", arguments)
    assert (status, values(text, "exceptionCode")) == (500, ["INVALID_LOGIN"])


def test_a_session_that_is_gone_is_a_fault(anybody: Any) -> None:
    """S2.1.2"""
    status, text = soap(anybody, "getUserInfo", "")
    assert (status, values(text, "faultcode")) == (500, ["sf:INVALID_SESSION_ID"])


def elements_of_result(text: str) -> list[str]:
    """The names of the first result's own elements, in order."""
    result = fromstring(text).find(".//{*}result")
    assert result is not None
    return [element.tag.rpartition("}")[2] for element in result]


def test_results_have_their_elements_in_the_order_of_the_wsdl(admin: Any) -> None:
    """Clients made from the WSDL read one element after the other, and stop at one that is out of its place."""
    lead = "<urn:sObjects><type>Lead</type><LastName>Ash</LastName>{}<Email>ash@ash.example</Email></urn:sObjects>"
    good, bad = lead.format("<Company>Co</Company>"), lead.format("")
    by_email = "<urn:externalIDFieldName>Email</urn:externalIDFieldName>"
    asked = {
        ("create", good): ["id", "success"],
        ("create", bad): ["errors", "id", "success"],
        ("upsert", by_email + good): ["created", "id", "success"],
        ("delete", "<urn:ids>00Q000000000001</urn:ids>"): ["errors", "id", "success"],
        ("convertLead", "<urn:leadConverts><leadId>00Q000000000001</leadId></urn:leadConverts>"): [
            *("accountId", "contactId", "errors", "leadId", "opportunityId", "success"),
        ],
        ("merge", "<urn:request><masterRecord><type>Lead</type></masterRecord></urn:request>"): [
            *("errors", "id", "success"),
        ],
        ("query", "<urn:queryString>SELECT Id FROM Lead</urn:queryString>"): [
            *("done", "queryLocator", "records", "size"),
        ],
    }
    told = {question: elements_of_result(soap(admin, *question)[1]) for question in asked}
    assert told == asked


def test_a_description_has_its_elements_in_the_order_of_the_wsdl(admin: Any) -> None:
    _, text = soap(admin, "describeSObjects", "<urn:sObjectType>Lead</urn:sObjectType>")
    own = list(dict.fromkeys(elements_of_result(text)))
    assert own[-3:] == ["urlDetail", "urlEdit", "urlNew"]
    assert own == sorted(own)
    field = fromstring(text).find(".//{*}fields")
    assert field is not None
    names = list(dict.fromkeys(element.tag.rpartition("}")[2] for element in field))
    assert names == sorted(names)


def test_arguments_under_names_of_old_are_understood_by_their_order(admin: Any) -> None:
    """Widely used clients send `id` for the `ids` of a deletion, `mergeRequests` for the `request` of a merge."""
    first, second, third = (admin.create("Lead", LastName=name, Company="Co") for name in "ABC")
    master = f"<masterRecord><type>Lead</type><Id>{first}</Id></masterRecord>"
    merging = f"<mergeRequests>{master}<recordToMergeIds>{second}</recordToMergeIds></mergeRequests>"
    assert values(soap(admin, "merge", merging)[1], "success") == ["true"]
    assert values(soap(admin, "delete", f"<urn:id>{third}</urn:id>")[1], "success") == ["true"]
    assert [row["Id"] for row in admin.query("SELECT Id FROM Lead")] == [first]


def test_a_description_names_where_people_look_at_records(admin: Any) -> None:
    _, text = soap(admin, "describeSObjects", "<urn:sObjectType>Lead</urn:sObjectType>")
    assert values(text, "urlDetail") == [f"{admin.url}/{{ID}}"]
    assert len(values(text, "urlEdit")) == len(values(text, "urlNew")) == 1


def test_undelete_brings_a_campaign_back_with_its_members(admin: Any) -> None:
    """S1.1.8"""
    campaign = admin.create("Campaign", Name="Spring")
    lead = admin.create("Lead", LastName="Ash", Company="Co")
    stays_removed = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    admin.delete("CampaignMember", stays_removed)
    member = admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    admin.delete("Campaign", campaign)
    status, text = soap(admin, "undelete", f"<urn:ids>{campaign}</urn:ids>")
    assert (status, values(text, "success")) == (200, ["true"])
    assert admin.query("SELECT Id FROM CampaignMember") == [{"Id": member}]
    assert len(admin.query("SELECT Id FROM CampaignMemberStatus")) == 2


def test_the_switch_keeps_members_in_the_bin(admin: Any) -> None:
    """S1.1.8"""
    admin.control("POST", "switches", {"campaign_undelete_restores_members": False})
    campaign = admin.create("Campaign", Name="Spring")
    lead = admin.create("Lead", LastName="Ash", Company="Co")
    admin.create("CampaignMember", CampaignId=campaign, LeadId=lead)
    admin.delete("Campaign", campaign)
    soap(admin, "undelete", f"<urn:ids>{campaign}</urn:ids>")
    assert admin.query("SELECT Id FROM CampaignMember") == []


def test_what_left_the_bin_cannot_come_back(admin: Any) -> None:
    """S1.4.8"""
    lead = admin.create("Lead", LastName="Ash", Company="Co")
    admin.delete("Lead", lead)
    soap(admin, "emptyRecycleBin", f"<urn:ids>{lead}</urn:ids>")
    assert values(soap(admin, "undelete", f"<urn:ids>{lead}</urn:ids>")[1], "statusCode") == [
        "UNDELETE_FAILED"
    ]
    assert admin.query("SELECT Id FROM Lead", resource="queryAll") == []


def converted(admin: Any, lead: str, **arguments: str) -> str:
    stated = {"convertedStatus": "Closed - Converted", "leadId": lead, **arguments}
    inner = "".join(f"<urn:{name}>{value}</urn:{name}>" for name, value in stated.items())
    return soap(admin, "convertLead", f"<urn:leadConverts>{inner}</urn:leadConverts>")[1]


@pytest.fixture
def campaign(admin: Any) -> str:
    return str(admin.create("Campaign", Name="Spring"))


@pytest.fixture
def lead(admin: Any, campaign: str) -> str:
    lead = str(admin.create("Lead", LastName="Ash", Company="Ash & Co", Email="ash@one.example"))
    admin.create("CampaignMember", CampaignId=campaign, LeadId=lead, Status="Responded")
    return lead


@pytest.mark.parametrize("keeps", [True, False])
def test_a_converted_lead_stays_a_member_as_a_contact(admin: Any, lead: str, keeps: bool) -> None:
    """S1.3.7"""
    admin.control("POST", "switches", {"conversion_keeps_lead_id": keeps})
    before = admin.one("SELECT Id FROM CampaignMember")
    contact = values(converted(admin, lead), "contactId")[0]
    after = admin.one("SELECT Id, LeadId, ContactId, Type FROM CampaignMember")
    assert after == {**before, "LeadId": lead if keeps else None, "ContactId": contact, "Type": "Contact"}


def test_a_converted_lead_counts_as_lead_and_as_contact_and_responds_once(admin: Any, lead: str) -> None:
    """S0.9, S1.1.7; Salesforce Help 003964576: members are the leads less the converted leads plus the contacts."""
    converted(admin, lead)
    counts = "NumberOfLeads, NumberOfConvertedLeads, NumberOfContacts, NumberOfResponses"
    assert admin.one(f"SELECT {counts} FROM Campaign") == dict.fromkeys(counts.split(", "), 1)


@pytest.mark.parametrize(("answer", "rows"), [("both rows stay", 2), ("the lead's row vanishes", 1)])
def test_a_lead_converted_into_a_member_leaves_one_or_two_rows(
    admin: Any, campaign: str, lead: str, answer: str, rows: int
) -> None:
    """S1.3.7"""
    admin.control("POST", "switches", {"conversion_of_two_members": answer})
    account = admin.create("Account", Name="Ash & Co")
    contact = admin.create("Contact", LastName="Ash", AccountId=account)
    admin.create("CampaignMember", CampaignId=campaign, ContactId=contact)
    converted(admin, lead, accountId=account, contactId=contact)
    assert len(admin.query("SELECT Id FROM CampaignMember")) == rows


def test_converting_tells_its_changes_in_order(admin: Any, lead: str, sandbox: Any) -> None:
    """S1.4.6"""
    last = sandbox.org.changes.last
    converted(admin, lead)
    changes = sandbox.org.changes.since(last)
    assert [change.entity for change in changes][:4] == ["Account", "Contact", "Opportunity", "Lead"]
    assert len({change.commit.transaction_key for change in changes}) == 1


def test_a_converted_lead_is_read_only_and_cannot_be_converted_again(admin: Any, lead: str) -> None:
    """S0.8"""
    converted(admin, lead)
    answer = admin.call("PATCH", f"/sobjects/Lead/{lead}", {"LastName": "Other"})
    refusal = {
        "message": "cannot reference converted lead",
        "errorCode": "CANNOT_UPDATE_CONVERTED_LEAD",
        "fields": [],
    }
    assert (answer.status_code, answer.json()) == (400, [refusal])
    assert values(converted(admin, lead), "statusCode") == ["CANNOT_UPDATE_CONVERTED_LEAD"]


def test_only_a_converting_status_converts(admin: Any, lead: str) -> None:
    """S1.4.6"""
    assert values(converted(admin, lead, convertedStatus="Working - Contacted"), "success") == ["false"]


@pytest.mark.parametrize(("answer", "kept"), [("older", 0), ("newer", 1)])
def test_merged_people_are_one_member(admin: Any, campaign: str, answer: str, kept: int) -> None:
    """S1.3.8, S1.4.7"""
    admin.control("POST", "switches", {"merge_keeps_member": answer})
    winner, loser = (admin.create("Contact", LastName=name) for name in ("Ash", "Asch"))
    members = [
        admin.create("CampaignMember", CampaignId=campaign, ContactId=each) for each in (loser, winner)
    ]
    record = f"<urn:masterRecord><type>Contact</type><Id>{winner}</Id></urn:masterRecord>"
    text = soap(
        admin,
        "merge",
        f"<urn:request>{record}<urn:recordToMergeIds>{loser}</urn:recordToMergeIds></urn:request>",
    )
    assert values(text[1], "success") == ["true"]
    assert admin.one("SELECT Id, ContactId FROM CampaignMember") == {"Id": members[kept], "ContactId": winner}
    merged = admin.one("SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true", resource="queryAll")
    assert merged == {"Id": loser, "MasterRecordId": winner}


def test_records_are_created_read_and_deleted(admin: Any) -> None:
    record = "<urn:sObjects><type>Lead</type><Id></Id><LastName>Ash &amp; Co</LastName><Company>Co</Company></urn:sObjects>"
    made = values(soap(admin, "create", record)[1], "id")[0]
    text = soap(admin, "query", "<urn:queryString>SELECT Id, LastName, Email FROM Lead</urn:queryString>")[1]
    assert values(text, "LastName") == ["Ash &amp; Co"]
    assert '<sf:Email xsi:nil="true"/>' in text
    assert values(soap(admin, "delete", f"<urn:ids>{made}</urn:ids>")[1], "success") == ["true"]


@pytest.mark.parametrize("version", ["20.0", "99.0", "x"])
def test_a_version_that_is_not_live_is_a_fault(anybody: Any, version: str) -> None:
    """S2.2.1"""
    body = ENVELOPE.format(header="", operation="login", arguments="")
    answer = anybody.http.post(f"{anybody.url}/services/Soap/u/{version}", data=body)
    assert (answer.status_code, values(answer.text, "exceptionCode")) == (500, ["UNSUPPORTED_API_VERSION"])


def test_the_metadata_flavour_is_named_as_not_built(anybody: Any) -> None:
    body = ENVELOPE.format(header="", operation="login", arguments="")
    answer = anybody.http.post(f"{anybody.url}/services/Soap/m/60.0", data=body)
    assert values(answer.text, "exceptionCode") == ["NOT_IMPLEMENTED_BY_SANDBOX"]


def test_the_list_of_objects_names_the_five(admin: Any) -> None:
    """S2.2.4"""
    text = soap(admin, "describeGlobal", "")[1]
    five = {"Campaign", "CampaignMember", "CampaignMemberStatus", "Lead", "Contact"}
    assert five <= set(values(text, "name"))
