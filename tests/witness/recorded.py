"""Answers of real orgs, as somebody recorded or measured them: what was asked, and the whole answer field by field.

Read by test_recorded_answers. `{name}` in a request stands for an id of the cast that the test sets up; what differs from org
to org (ids, times, secrets) is `Like` a pattern. The evidence of each is the contract's, by rule number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json;charset=UTF-8"
DATA = "/services/data/v62.0"
TOKEN = "/services/oauth2/token"
APP = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}


class Like:
    """Equals every text that the pattern matches whole."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and re.fullmatch(self.pattern, other) is not None

    def __hash__(self) -> int:
        return hash(self.pattern)

    def __repr__(self) -> str:
        return f"Like({self.pattern!r})"


def an_id(prefix: str = ".{3}") -> Like:
    return Like(f"{prefix}[0-9A-Za-z]{{15}}")


TIME = Like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000")
TO_THE_MINUTE = Like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000\+0000")


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One exchange. A form is sent as such, a body as JSON; `media_type` None is an answer without a body."""

    rules: str
    method: str = "GET"
    path: str
    form: dict[str, str] | None = None
    body: Any = None
    session: bool = True
    status: int
    media_type: str | None = JSON
    answer: Any = None
    headers: dict[str, Any] = field(default_factory=dict)


def error(code: str, message: Any, fields: list[str] | None = None) -> list[dict[str, Any]]:
    """The array that REST answers when it refuses; `fields` is missing where real orgs leave it out."""
    told: dict[str, Any] = {"message": message, "errorCode": code}
    return [told if fields is None else {**told, "fields": fields}]


def refused_login(rules: str, code: str, description: str, **form: str) -> Recorded:
    return Recorded(
        rules=rules,
        method="POST",
        path=TOKEN,
        form={**APP, **form},
        session=False,
        status=400,
        answer={"error": code, "error_description": description},
    )


NO_SUCH_OBJECT = (
    "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\nsObject type 'XYZZY' is not supported."
    " If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference"
    " your WSDL or the describe call for the appropriate names."
)
READ_ONLY = (
    "Unable to create/update fields: HasResponded. Please check the security settings of this field and verify that it is"
    " read/write for your profile or permission set."
)

LOGINS = {
    "a wrong password": refused_login(
        "S2.1.1",
        "invalid_grant",
        "authentication failure - Invalid Password",
        grant_type="password",
        username="admin@sandbox.example",
        password="wrong",
    ),
    "an app that nobody made": refused_login(
        "S2.1.1",
        "invalid_client_id",
        "client identifier invalid",
        grant_type="client_credentials",
        client_id="x",
    ),
    "a wrong secret": refused_login(
        "S2.1.1",
        "invalid_client",
        "invalid client credentials",
        grant_type="client_credentials",
        client_secret="x",
    ),
    "a refresh token that is no longer one": refused_login(
        "S2.1", "invalid_grant", "expired access/refresh token", grant_type="refresh_token", refresh_token="x"
    ),
    "an app that runs as nobody": refused_login(
        "S2.1",
        "invalid_grant",
        "no client credentials user enabled",
        grant_type="client_credentials",
        client_id="userless",
    ),
    "a token": Recorded(
        rules="S2.1",
        method="POST",
        path=TOKEN,
        form={**APP, "grant_type": "password", "username": "admin@sandbox.example", "password": "sandbox"},
        session=False,
        status=200,
        answer={
            "access_token": Like(r"00D[0-9A-Za-z]{12}!.+"),
            "instance_url": Like(r"https?://.+[^/]"),
            "id": Like(r"https?://.+/id/00D[0-9A-Za-z]{15}/005[0-9A-Za-z]{15}"),
            "token_type": "Bearer",
            "issued_at": Like(r"\d{13}"),
            "signature": Like(r"[0-9A-Za-z+/]{43}="),
        },
    ),
    "no session": Recorded(
        rules="S2.1.2",
        path=f"{DATA}/sobjects",
        session=False,
        status=401,
        answer=error("INVALID_SESSION_ID", "Session expired or invalid"),
    ),
}

READS = {
    "a count": Recorded(
        rules="S2.2.5",
        path=f"{DATA}/query/?q=select count() from Campaign",
        status=200,
        answer={"totalSize": 1, "done": True, "records": []},
        headers={"Sforce-Limit-Info": Like(r"api-usage=\d+/\d+")},
    ),
    "a record": Recorded(
        rules="S2.2.5",
        path=f"{DATA}/query/?q=select Id,Status from CampaignMember where Id = '{{member}}'",
        status=200,
        answer={
            "totalSize": 1,
            "done": True,
            "records": [
                {
                    "attributes": {
                        "type": "CampaignMember",
                        "url": Like(f"{DATA}/sobjects/CampaignMember/00v[0-9A-Za-z]{{15}}"),
                    },
                    "Id": an_id("00v"),
                    "Status": "Sent",
                }
            ],
        },
    ),
    "nothing found": Recorded(
        rules="S2.2.5",
        path=f"{DATA}/query/?q=select Id from Contact where LastName = 'Nobody'",
        status=200,
        answer={"totalSize": 0, "done": True, "records": []},
    ),
    "an aggregate without a name": Recorded(
        rules="S2.2.5",
        path=f"{DATA}/query/?q=select CampaignId, count(Id) from CampaignMember group by CampaignId",
        status=200,
        answer={
            "totalSize": 1,
            "done": True,
            "records": [
                {"attributes": {"type": "AggregateResult"}, "CampaignId": an_id("701"), "expr0": 1},
            ],
        },
    ),
    "an object that is none": Recorded(
        rules="S2.2.6",
        path=f"{DATA}/query/?q=select count() from XYZZY",
        status=400,
        answer=error("INVALID_TYPE", NO_SUCH_OBJECT),
    ),
    "a word that has no business there": Recorded(
        rules="S2.2.6",
        path=f"{DATA}/query/?q=SELECT SELECT FROM Lead",
        status=400,
        answer=error("MALFORMED_QUERY", Like("(?s).*unexpected token: '?SELECT'?.*")),
    ),
    "a locator that is none": Recorded(
        rules="S2.2.5",
        path=f"{DATA}/query/01gxx0000000001AAA-2000",
        status=400,
        answer=error("INVALID_QUERY_LOCATOR", "invalid query locator"),
    ),
    "a describe of nothing": Recorded(
        rules="S2.2.3",
        path=f"{DATA}/sobjects/Nonsense/describe",
        status=404,
        answer=error("NOT_FOUND", "The requested resource does not exist"),
    ),
    "a version that never was": Recorded(
        rules="S2.2.1",
        path="/services/data/v99.0/sobjects",
        status=404,
        answer=error("NOT_FOUND", Like(".+")),
    ),
    "a version that is gone": Recorded(
        rules="S2.2.1", path="/services/data/v25.0/sobjects", status=410, answer=error("GONE", Like(".+"))
    ),
    "how many records there are": Recorded(
        rules="S2.2.9",
        path=f"{DATA}/limits/recordCount?sObjects=Campaign,Contact",
        status=200,
        answer={"sObjects": [{"count": 1, "name": "Campaign"}]},
    ),
    "a bulk job that is none": Recorded(
        rules="S2.4.6",
        path=f"{DATA}/jobs/ingest/750xx0000000001AAA",
        status=404,
        answer=error("NOT_FOUND", "The requested resource does not exist"),
    ),
}

WRITES = {
    "a record created": Recorded(
        rules="S2.2.3",
        method="POST",
        path=f"{DATA}/sobjects/Lead",
        body={"LastName": "Fir", "Company": "Fir"},
        status=201,
        answer={"id": an_id("00Q"), "success": True, "errors": []},
    ),
    "a record changed": Recorded(
        rules="S2.2.3",
        method="PATCH",
        path=f"{DATA}/sobjects/Lead/{{lead}}",
        body={"Company": "Elsewhere"},
        status=204,
        media_type=None,
    ),
    "a record deleted": Recorded(
        rules="S2.2.3",
        method="DELETE",
        path=f"{DATA}/sobjects/CampaignMember/{{member}}",
        status=204,
        media_type=None,
    ),
    "a key field that is none": Recorded(
        rules="S2.2.3",
        method="PATCH",
        path=f"{DATA}/sobjects/Lead/23foo/1",
        body={"Company": "x"},
        status=404,
        answer=error("NOT_FOUND", "Provided external ID field does not exist or is not accessible: 23foo"),
    ),
    "a key of several records": Recorded(
        rules="S2.2.3",
        method="PATCH",
        path=f"{DATA}/sobjects/Lead/Key__c/twice",
        body={"Company": "x"},
        status=300,
        answer=[Like(f"{DATA}/sobjects/Lead/00Q[0-9A-Za-z]{{15}}")] * 2,
    ),
    "a field that is none": Recorded(
        rules="S2.2.2",
        method="POST",
        path=f"{DATA}/sobjects/Lead",
        body={"LastName": "x", "Company": "x", "foo": 1},
        status=400,
        answer=error("INVALID_FIELD", "No such column 'foo' on sobject of type Lead"),
    ),
    "a name that is missing": Recorded(
        rules="S1.4.1",
        method="POST",
        path=f"{DATA}/sobjects/Lead",
        body={"Company": "x"},
        status=400,
        answer=error("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ["LastName"]),
    ),
    "a field that cannot be written": Recorded(
        rules="S1.3.1",
        method="PATCH",
        path=f"{DATA}/sobjects/CampaignMember/{{member}}",
        body={"HasResponded": True},
        status=400,
        answer=error("INVALID_FIELD_FOR_INSERT_UPDATE", READ_ONLY, ["HasResponded"]),
    ),
    "a value that the picklist has not": Recorded(
        rules="S1.1.4",
        method="PATCH",
        path=f"{DATA}/sobjects/Lead/{{lead}}",
        body={"Job_Category__c": "X"},
        status=400,
        answer=error(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Job Category: bad value for restricted picklist field: X",
            ["Job_Category__c"],
        ),
    ),
    "a member that is one already": Recorded(
        rules="S0.4",
        method="POST",
        path=f"{DATA}/sobjects/CampaignMember",
        body={"CampaignId": "{campaign}", "LeadId": "{lead}"},
        status=400,
        answer=error("DUPLICATE_VALUE", "Already a campaign member.", []),
    ),
    "a lead that was converted": Recorded(
        rules="S0.8",
        method="PATCH",
        path=f"{DATA}/sobjects/Lead/{{converted}}",
        body={"Company": "x"},
        status=400,
        answer=error("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", []),
    ),
    "a lead that is deleted already": Recorded(
        rules="S1.4.8",
        method="DELETE",
        path=f"{DATA}/sobjects/Lead/{{deleted}}",
        status=404,
        answer=error("ENTITY_IS_DELETED", "entity is deleted", []),
    ),
    "a person who is there already": Recorded(
        rules="S1.4.9",
        method="POST",
        path=f"{DATA}/sobjects/Lead",
        body={"FirstName": "Ada", "LastName": "Ash", "Company": "Ash", "Email": "ada@ash.example"},
        status=400,
        answer=[
            {
                "duplicateResut": {
                    "allowSave": True,
                    "duplicateRule": "Standard_Lead_Duplicate_Rule",
                    "duplicateRuleEntityType": "Lead",
                    "errorMessage": "Use one of these records?",
                    "matchResults": [
                        {
                            "entityType": "Lead",
                            "errors": [],
                            "matchEngine": Like(".+"),
                            "matchRecords": [
                                {
                                    "additionalInformation": [],
                                    "fieldDiffs": [],
                                    "matchConfidence": 100.0,
                                    "record": {
                                        "attributes": {
                                            "type": "Lead",
                                            "url": Like(f"{DATA}/sobjects/Lead/00Q.+"),
                                        },
                                        "Id": an_id("00Q"),
                                    },
                                }
                            ],
                            "rule": Like(".+"),
                            "size": 1,
                            "success": True,
                        }
                    ],
                },
                "errorCode": "DUPLICATES_DETECTED",
                "message": "Use one of these records?",
            }
        ],
    ),
    "an upsert by an id that is null": Recorded(
        rules="S2.2.7",
        method="PATCH",
        path=f"{DATA}/composite/sobjects/Account/Id",
        body={
            "allOrNone": False,
            "records": [{"Name": "Sitwell", "Id": None, "attributes": {"type": "Account"}}],
        },
        status=200,
        answer=[{"id": an_id("001"), "success": True, "errors": [], "created": True}],
    ),
    "parts of which one is refused": Recorded(
        rules="S2.2.8",
        method="POST",
        path=f"{DATA}/composite",
        body={
            "compositeRequest": [
                {
                    "referenceId": "refCampaign",
                    "method": "GET",
                    "url": f"{DATA}/query/?q=select count() from Campaign",
                },
                {
                    "referenceId": "refXYZZY",
                    "method": "GET",
                    "url": f"{DATA}/query/?q=select count() from XYZZY",
                },
                {"referenceId": "refFoo", "method": "GET", "url": f"{DATA}/sobjects/Foo"},
            ]
        },
        status=200,
        answer={
            "compositeResponse": [
                {
                    "body": {"totalSize": 1, "done": True, "records": []},
                    "httpHeaders": {},
                    "httpStatusCode": 200,
                    "referenceId": "refCampaign",
                },
                {
                    "body": error("INVALID_TYPE", NO_SUCH_OBJECT),
                    "httpHeaders": {},
                    "httpStatusCode": 400,
                    "referenceId": "refXYZZY",
                },
                {
                    "body": error("NOT_FOUND", "The requested resource does not exist"),
                    "httpHeaders": {},
                    "httpStatusCode": 404,
                    "referenceId": "refFoo",
                },
            ]
        },
    ),
    "a describe that is known": Recorded(
        rules="S2.2.4",
        method="POST",
        path=f"{DATA}/composite",
        body={
            "compositeRequest": [
                {
                    "referenceId": "known",
                    "method": "GET",
                    "url": f"{DATA}/sobjects",
                    "httpHeaders": {"If-Modified-Since": "Thu, 03 Sep 2099 21:35:07 GMT"},
                }
            ]
        },
        status=200,
        answer={
            "compositeResponse": [
                {
                    "body": None,
                    "httpHeaders": {
                        "ETag": Like('"[0-9a-f]+"'),
                        "Last-Modified": Like(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
                    },
                    "httpStatusCode": 304,
                    "referenceId": "known",
                }
            ]
        },
    ),
}
