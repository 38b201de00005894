"""The REST API: records by key, collections, composite, batch, graph, tree, conditions, limits (section 2.2)."""

import gzip
import http.client
import json
import zlib
from typing import Any
from urllib.parse import urlsplit

import pytest

LEAD = {"LastName": "Ash", "Company": "Ash & Co"}
KEYED = {"fields": [{"object": "Lead", "name": "Key__c", "type": "string(40)", "flags": "cunpxq"}]}


def rows(*more: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"attributes": {"type": "Lead"}, **LEAD, **each} for each in more]


def test_versions_are_free_and_need_no_session(anybody: Any) -> None:
    """S2.1.3, S2.2.9"""
    answer = anybody.call("GET", "//services/data")
    assert answer.json()[-1]["version"] == "67.0"
    assert "Sforce-Limit-Info" not in answer.headers
    assert anybody.control("GET", "calls")["total"] == 0


def test_an_address_may_end_with_a_slash_before_the_path(anybody: Any) -> None:
    """As Salesforce's own command line writes it; few clients can, and so this one speaks HTTP by itself."""
    connection = http.client.HTTPConnection(urlsplit(anybody.url).netloc)
    connection.request("GET", "//services/data")
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)[-1]["version"]) == (200, "67.0")
    connection.close()


@pytest.mark.parametrize(
    ("version", "refusal"),
    [
        ("v25.0", (410, "GONE")),
        ("v99.0", (404, "NOT_FOUND")),
        ("v60", (404, "NOT_FOUND")),
        ("vabc", (404, "NOT_FOUND")),
    ],
)
def test_versions_retire_and_are_not_there_yet(admin: Any, version: str, refusal: tuple[int, str]) -> None:
    """S2.2.1"""
    assert admin.refused("GET", f"//services/data/{version}/limits")[:2] == refusal


def test_what_is_not_built_says_so(admin: Any) -> None:
    status, code, message = admin.refused("GET", "/tooling/query")
    assert (status, code) == (501, "NOT_IMPLEMENTED_BY_SANDBOX")
    assert "docs/sandbox_coverage.md" in message


def test_a_wrong_method_and_a_wrong_media_type_are_refused(admin: Any) -> None:
    """S2.2.2"""
    assert admin.refused("PUT", "/limits")[:2] == (405, "METHOD_NOT_ALLOWED")
    answer = admin.call("POST", "/sobjects/Lead", headers={"Content-Type": "text/csv"}, data="a,b")
    assert answer.status_code == 415
    assert admin.call("GET", "/query", params={"q": "x" * 17_000}).status_code == 414


def test_upsert_creates_then_updates_and_says_which(admin: Any) -> None:
    """S2.2.3"""
    admin.control("POST", "seed", KEYED)
    first = admin.call("PATCH", "/sobjects/Lead/Key__c/k1", LEAD)
    second = admin.call("PATCH", "/sobjects/Lead/Key__c/k1", {"Title": "CTO"})
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert (second.status_code, second.json()["created"]) == (200, False)
    assert admin.call("GET", "/sobjects/Lead/Key__c/k1").json()["Title"] == "CTO"


def test_an_ambiguous_key_is_answered_with_addresses(admin: Any) -> None:
    """S2.2.3"""
    for title in ("CTO", "CEO"):
        admin.create("Lead", **LEAD, FirstName=title, Email="ann@one.example")
    answer = admin.call("PATCH", "/sobjects/Lead/Email/ann@one.example", {"Title": "x"})
    assert answer.status_code == 300
    assert [address.startswith("/services/data/v60.0/sobjects/Lead/00Q") for address in answer.json()] == [
        True,
        True,
    ]


def test_an_unknown_key_field_is_not_found(admin: Any) -> None:
    """S2.2.3"""
    message = "Provided external ID field does not exist or is not accessible: Nope__c"
    assert admin.refused("PATCH", "/sobjects/Lead/Nope__c/1", LEAD) == (404, "NOT_FOUND", message)


@pytest.mark.parametrize("tunnels", [True, False])
def test_a_post_can_stand_for_a_patch_as_the_switch_says(admin: Any, tunnels: bool) -> None:
    """S2.2.3"""
    admin.control("POST", "switches", {"method_tunnelling": tunnels})
    lead = admin.create("Lead", **LEAD)
    answer = admin.call("POST", f"/sobjects/Lead/{lead}?_HttpMethod=PATCH", {"Title": "CTO"})
    assert answer.status_code == (204 if tunnels else 405)


def test_queries_are_paged_and_pages_can_be_read_again(admin: Any) -> None:
    """S2.2.5"""
    for _ in range(3):
        admin.call("POST", "/composite/sobjects", {"records": rows(*[{}] * 150)})
    answer = admin.call(
        "GET",
        "/query",
        params={"q": "SELECT Id FROM Lead"},
        headers={"Sforce-Query-Options": "batchSize=200"},
    ).json()
    sizes, following = [len(answer["records"])], answer["nextRecordsUrl"]
    again = [admin.call("GET", f"/{following}").json() for _ in range(2)]
    last = admin.call("GET", f"/{again[0]['nextRecordsUrl']}").json()
    sizes += [len(again[0]["records"]), len(last["records"])]
    assert (answer["totalSize"], sizes, last["done"]) == (450, [200, 200, 50], True)
    assert again[0] == again[1]


def test_a_query_is_explained_as_what_it_is_here(admin: Any) -> None:
    admin.create("Lead", LastName="Ash", Company="Ash")
    admin.create("Lead", LastName="Elm", Company="Elm")
    text = "SELECT Id FROM Lead WHERE LastName = 'Ash'"
    explained = admin.call("GET", "/query", params={"explain": text}).json()
    (plan,) = explained["plans"]
    assert explained["sourceQuery"] == text
    assert [plan[name] for name in ("sobjectType", "cardinality", "sobjectCardinality")] == ["Lead", 1, 2]
    assert admin.refused("GET", "/query", params={"explain": "SELECT Nope FROM Lead"})[1] == "INVALID_FIELD"


def test_an_upsert_that_may_only_update_makes_nothing(admin: Any) -> None:
    """S2.2.3"""
    path, body = "/sobjects/Lead/Email/ada@ash.example", {"LastName": "Ash", "Company": "Ash"}
    assert admin.refused("PATCH", f"{path}?updateOnly=true", body)[:2] == (404, "NOT_FOUND")
    assert admin.call("PATCH", path, body).status_code == 201
    assert admin.call("PATCH", f"{path}?updateOnly=true", body).status_code == 200


def test_whoever_asks_for_the_head_alone_gets_that(admin: Any) -> None:
    whole, head = (admin.call(method, "/sobjects/Lead/describe") for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == whole.headers["ETag"]
    known = admin.call("HEAD", "/sobjects/Lead/describe", headers={"If-None-Match": whole.headers["ETag"]})
    assert known.status_code == 304


def test_nobody_has_looked_at_anything_of_late(admin: Any) -> None:
    assert admin.call("GET", "/recent").json() == []


def test_users_may_have_a_role(admin: Any) -> None:
    role = admin.create("UserRole", Name="Marketing", DeveloperName="Marketing")
    (user,) = admin.query("SELECT Id FROM User")
    admin.change("User", user["Id"], UserRoleId=role)
    found = admin.one("SELECT Profile.Name, UserRole.Name FROM User")
    assert (found["Profile"]["Name"], found["UserRole"]["Name"]) == ("System Administrator", "Marketing")


def test_a_user_may_have_ten_results_open_and_nobody_reads_those_of_others(admin: Any) -> None:
    """S2.2.5"""
    admin.control("POST", "seed", {"users": [{"Username": "mia@sandbox.example", "LastName": "Mia"}]})
    admin.control("POST", "seed", {"crowd": {"campaigns": 1, "leads": 300}})
    mia = type(admin)(admin.url).log_in("mia@sandbox.example")

    def begin(person: Any) -> str:
        headers = {"Sforce-Query-Options": "batchSize=200"}
        answer = person.call("GET", "/query", params={"q": "SELECT Id FROM Lead"}, headers=headers)
        return str(answer.json()["nextRecordsUrl"].removeprefix("/services/data/v60.0"))

    first, of_mia = begin(admin), begin(mia)
    for _ in range(9):
        begin(admin)
    assert [each.call("GET", of_mia).status_code for each in (admin, mia)] == [400, 200]
    assert admin.call("GET", first).status_code == 200
    begin(admin)
    assert admin.refused("GET", first)[1] == "INVALID_QUERY_LOCATOR"
    mia.http.close()


def test_a_bad_locator_is_refused(admin: Any) -> None:
    """S2.2.5"""
    refusal = (400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    assert admin.refused("GET", "/query/01g000000000001AAA-2000") == refusal


def test_columns_are_told_on_request(admin: Any) -> None:
    """S2.2.5"""
    answer = admin.call(
        "GET", "/query", params={"q": "SELECT Id, Owner.Name FROM Lead", "columns": "true"}
    ).json()
    assert [column["columnName"] for column in answer["columnMetadata"]] == ["Id", "Owner"]


def test_collections_keep_order_and_fail_row_by_row(admin: Any) -> None:
    """S2.2.7"""
    answer = admin.call("POST", "/composite/sobjects", {"records": rows({}, {"LastName": None}, {})})
    assert answer.status_code == 200
    assert [row["success"] for row in answer.json()] == [True, False, True]
    assert len(admin.query("SELECT Id FROM Lead")) == 2


def test_all_or_none_takes_innocent_rows_back(admin: Any) -> None:
    """S2.2.7, S0.13"""
    body = {"allOrNone": True, "records": rows({}, {"LastName": None})}
    codes = [row["errors"][0]["statusCode"] for row in admin.call("POST", "/composite/sobjects", body).json()]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert admin.query("SELECT Id FROM Lead") == []


def test_an_upsert_that_was_rolled_back_still_says_created(admin: Any) -> None:
    """S0.13"""
    admin.control("POST", "seed", KEYED)
    body = {"allOrNone": True, "records": rows({"Key__c": "a"}, {"Key__c": "b", "LastName": None})}
    answer = admin.call("PATCH", "/composite/sobjects/Lead/Key__c", body).json()
    assert [(row["success"], row["created"]) for row in answer] == [(False, True), (False, True)]


def test_collections_take_two_hundred_rows_and_ten_runs_of_a_type(admin: Any) -> None:
    """S2.2.7"""
    assert (
        admin.refused("POST", "/composite/sobjects", {"records": rows(*[{}] * 201)})[1] == "EXCEEDED_ID_LIMIT"
    )
    mixed = [{"attributes": {"type": kind}, **LEAD} for kind in ("Lead", "Contact") * 6]
    assert admin.refused("POST", "/composite/sobjects", {"records": mixed})[0] == 400


def test_collections_update_retrieve_and_delete(admin: Any) -> None:
    """S2.2.7"""
    ids = [row["id"] for row in admin.call("POST", "/composite/sobjects", {"records": rows({}, {})}).json()]
    changes = [{"attributes": {"type": "Lead"}, "Id": each, "Title": "CTO"} for each in ids]
    admin.call("PATCH", "/composite/sobjects", {"records": changes})
    body = {"ids": [*ids, "00Q000000000001"], "fields": ["Title"]}
    found = admin.call("POST", "/composite/sobjects/Lead", body).json()
    assert [record and record["Title"] for record in found] == ["CTO", "CTO", None]
    gone = admin.call("DELETE", "/composite/sobjects", params={"ids": ",".join([*ids, ids[0]])}).json()
    assert [row["success"] for row in gone] == [True, True, False]


def composite(admin: Any, *requests: tuple[str, str, Any], all_or_none: bool = False) -> list[dict[str, Any]]:
    stated = [
        {"method": method, "url": f"/services/data/v60.0{path}", "referenceId": f"r{number}", "body": body}
        for number, (method, path, body) in enumerate(requests)
    ]
    answer = admin.call("POST", "/composite", {"allOrNone": all_or_none, "compositeRequest": stated})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["compositeResponse"])


def test_composite_passes_answers_on(admin: Any) -> None:
    """S2.2.8"""
    campaign = admin.create("Campaign", Name="Spring")
    served = composite(
        admin,
        ("POST", "/sobjects/Lead", LEAD),
        (
            "POST",
            "/sobjects/CampaignMember",
            {"CampaignId": campaign, "LeadId": "@{r0.id}", "Status": "Nonsense"},
        ),
        ("GET", "/query?q=SELECT+Id,+Status+FROM+CampaignMember+WHERE+Id='@{r1.id}'", None),
        ("PATCH", "/sobjects/Lead/@{r0.id}", {"Title": "@{r2.records[0].Status}"}),
    )
    assert [each["httpStatusCode"] for each in served] == [201, 201, 200, 204]
    assert admin.one("SELECT Title FROM Lead") == {"Title": "Sent"}


def test_one_failure_halts_a_composite_that_wants_all_or_none(admin: Any) -> None:
    """S2.2.8"""
    served = composite(
        admin, ("POST", "/sobjects/Lead", LEAD), ("POST", "/sobjects/Lead", {}), all_or_none=True
    )
    codes = [each["body"][0]["errorCode"] for each in served]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    assert admin.query("SELECT Id FROM Lead") == []


def test_a_collection_inside_still_claims_success_when_all_was_rolled_back(admin: Any) -> None:
    """S0.12"""
    body = {"allOrNone": True, "records": rows({}, {"LastName": None})}
    (served,) = composite(admin, ("POST", "/composite/sobjects", body), all_or_none=True)
    assert [row["success"] for row in served["body"]] == [True, False]
    assert served["body"][0]["id"]
    assert admin.query("SELECT Id FROM Lead") == []


def test_a_reference_to_what_failed_is_refused(admin: Any) -> None:
    """S2.2.8"""
    served = composite(admin, ("POST", "/sobjects/Lead", {}), ("GET", "/sobjects/Lead/@{r0.id}", None))
    assert served[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_composite_is_one_call_and_batch_one_for_each(admin: Any) -> None:
    """S0.11"""
    composite(admin, *[("GET", "/limits", None)] * 4)
    requests = [{"method": "GET", "url": "v60.0/limits"}] * 3
    answer = admin.call("POST", "/composite/batch", {"batchRequests": requests}).json()
    assert [result["statusCode"] for result in answer["results"]] == [200, 200, 200]
    assert admin.control("GET", "calls")["by_kind"] == {"batch_subrequest": 3, "composite": 1}


def test_graphs_stand_or_fall_each_by_itself(admin: Any) -> None:
    """S2.2.8"""
    url = "/services/data/v60.0/sobjects/Lead"
    graphs = [
        {
            "graphId": name,
            "compositeRequest": [{"method": "POST", "url": url, "referenceId": "r", "body": body}],
        }
        for name, body in (("good", LEAD), ("bad", {}))
    ]
    answer = admin.call("POST", "/composite/graph", {"graphs": graphs}).json()
    assert [each["isSuccessful"] for each in answer["graphs"]] == [True, False]


def test_after_fourteen_failed_graphs_the_rest_is_not_tried(admin: Any) -> None:
    """S2.2.8"""
    node = {"method": "POST", "url": "/services/data/v60.0/sobjects/Lead", "referenceId": "a", "body": {}}
    good = node | {"body": {"LastName": "Ash", "Company": "Ash & Co"}}
    graphs = [{"graphId": str(n), "compositeRequest": [good if n == 14 else node]} for n in range(15)]
    last = admin.call("POST", "/composite/graph", {"graphs": graphs}).json()["graphs"][14]
    (answer,) = last["graphResponse"]["compositeResponse"]
    assert (last["isSuccessful"], answer["body"][0]["errorCode"]) == (False, "PROCESSING_HALTED")
    assert admin.query("SELECT Id FROM Lead") == []


def test_a_graph_has_fifteen_levels_and_kinds_at_most(admin: Any) -> None:
    """S2.2.8"""
    url = "/services/data/v60.0/sobjects"
    chain = [{"method": "POST", "url": f"{url}/Account", "referenceId": "n0", "body": {"Name": "0"}}]
    chain += [
        {**chain[0], "referenceId": f"n{n}", "body": {"Name": "n", "ParentId": f"@{{n{n - 1}.id}}"}}
        for n in range(1, 16)
    ]
    kinds = [{"method": "GET", "url": f"{url}/Kind{n}/1", "referenceId": f"n{n}"} for n in range(16)]
    for nodes in (chain, kinds):
        graphs = [{"graphId": "1", "compositeRequest": nodes}]
        assert admin.refused("POST", "/composite/graph", {"graphs": graphs})[:2] == (400, "LIMIT_EXCEEDED")
        graphs = [{"graphId": "1", "compositeRequest": nodes[:15]}]
        assert admin.call("POST", "/composite/graph", {"graphs": graphs}).status_code == 200


def test_a_tree_is_stored_whole_or_not_at_all(admin: Any) -> None:
    """S2.2.8"""
    child = {"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "Eve"}
    root = {
        "attributes": {"type": "Account", "referenceId": "a"},
        "Name": "Acme",
        "Contacts": {"records": [child]},
    }
    answer = admin.call("POST", "/composite/tree/Account", {"records": [root]})
    assert (answer.status_code, [row["referenceId"] for row in answer.json()["results"]]) == (201, ["a", "c"])
    assert admin.one("SELECT Account.Name FROM Contact")["Account"]["Name"] == "Acme"
    child["LastName"] = ""
    refused = admin.call("POST", "/composite/tree/Account", {"records": [root]})
    assert (refused.status_code, refused.json()["hasErrors"]) == (400, True)
    assert len(admin.query("SELECT Id FROM Account")) == 1


def test_a_describe_that_is_known_is_not_sent_again(admin: Any) -> None:
    """S2.2.4"""
    first = admin.call("GET", "/sobjects/Lead/describe")
    headers = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert admin.call("GET", "/sobjects/Lead/describe", headers=headers).status_code == 304
    admin.control("POST", "clock", {"advance_s": 5})
    admin.control("POST", "seed", KEYED)
    assert admin.call("GET", "/sobjects/Lead/describe", headers=headers).status_code == 200


@pytest.mark.parametrize("sobject", ["Lead", "Campaign"])
def test_a_change_can_be_bound_to_the_last_one_seen(admin: Any, sobject: str) -> None:
    """S0.10"""
    record = admin.create(sobject, **(LEAD if sobject == "Lead" else {"Name": "Spring"}))
    path = f"/sobjects/{sobject}/{record}"
    seen = admin.call("GET", path).headers["Last-Modified"]
    admin.control("POST", "clock", {"advance_s": 5})
    headers = {"If-Unmodified-Since": seen}
    assert admin.call("PATCH", path, {"Description": "1"}, headers=headers).status_code == 204
    assert admin.refused("PATCH", path, {"Description": "2"}, headers=headers)[0] == 412
    assert admin.call("DELETE", path, headers=headers).status_code == 204


def test_the_org_runs_out_of_calls(admin: Any) -> None:
    """S2.2.10"""
    admin.control("POST", "limits", {"DailyApiRequests": 2})
    assert admin.call("GET", "/limits").headers["Sforce-Limit-Info"] == "api-usage=1/2"
    assert admin.call("GET", "/limits").json()["DailyApiRequests"] == {"Max": 2, "Remaining": 0}
    refusal = (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    assert admin.refused("GET", "/limits") == refusal
    admin.control("POST", "clock", {"advance_s": 24 * 3600 + 60})
    admin.log_in()
    assert admin.call("GET", "/limits").status_code == 200


def test_bodies_may_be_zipped_both_ways(admin: Any) -> None:
    """S2.2.12"""
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    body = gzip.compress(json.dumps(LEAD).encode())
    assert admin.call("POST", "/sobjects/Lead", data=body, headers=headers).status_code == 201
    assert admin.call("GET", "/sobjects").headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("key", ["Id", "id", "ID"])
def test_rows_are_one_transaction_however_the_sender_writes_id(admin: Any, key: str) -> None:
    """S2.2.7"""
    leads = [admin.create("Lead", LastName=name, Company="Co") for name in ("Ash", "Beech", "Cedar")]
    rows = [{"attributes": {"type": "Lead"}, key: lead, "Title": "Head"} for lead in leads]
    before = admin.control("GET", "changes")["last"]
    admin.call("PATCH", "/composite/sobjects", {"records": rows})
    changes = admin.control("GET", f"changes?since={before}")["changes"]
    assert [change["record_id"] for change in changes] == leads
    assert len({change["transaction_key"] for change in changes}) == 1


def test_resources_are_not_there_before_the_version_that_brought_them(admin: Any) -> None:
    """S2.2.1"""
    body = {"graphs": []}
    assert admin.refused("POST", "//services/data/v49.0/composite/graph", body)[:2] == (404, "NOT_FOUND")
    assert admin.call("POST", "//services/data/v50.0/composite/graph", body).status_code == 200


@pytest.mark.parametrize(
    ("misfit", "code"),
    [({"Nickname": "Ash"}, "INVALID_FIELD"), ({"AnnualRevenue": "much"}, "JSON_PARSER_ERROR")],
)
def test_a_row_that_cannot_be_read_fails_its_collection_as_the_switch_says(
    admin: Any, misfit: dict[str, str], code: str
) -> None:
    """S2.2.7"""
    body = {"records": rows({}, misfit)}
    assert admin.refused("POST", "/composite/sobjects", body)[:2] == (400, code)
    assert admin.query("SELECT Id FROM Lead") == []
    admin.control("POST", "switches", {"misfit_fails_call": False})
    good, bad = admin.call("POST", "/composite/sobjects", body).json()
    assert (good["success"], bad["errors"][0]["statusCode"]) == (True, code)


def test_a_change_without_an_id_is_refused_alone(admin: Any) -> None:
    """S2.2.7"""
    (outcome,) = admin.call("PATCH", "/composite/sobjects", {"records": rows({})}).json()
    (error,) = outcome["errors"]
    assert (error["statusCode"], error["message"]) == (
        "MISSING_ARGUMENT",
        "Id not specified in an update call",
    )


@pytest.mark.parametrize(
    "attributes",
    [
        ({"type": "Lead", "referenceId": "a"}, {"type": "Lead", "referenceId": "a"}),
        ({"type": "Lead"}, {"type": "Lead", "referenceId": "a"}),
        ({"type": "Lead", "referenceId": "a"}, {"type": "Contact", "referenceId": "b"}),
    ],
)
def test_records_of_a_tree_have_names_of_their_own_and_the_type_that_belongs_there(
    admin: Any, attributes: tuple[dict[str, str], ...]
) -> None:
    """S2.2.8"""
    records = [{"attributes": each, **LEAD} for each in attributes]
    answer = admin.call("POST", "/composite/tree/Lead", {"records": records})
    assert answer.status_code == 400
    assert answer.json()["results"][0]["errors"][0]["statusCode"] == "INVALID_INPUT"
    assert admin.query("SELECT Id FROM Lead") == []


@pytest.mark.parametrize("graphs", [[{"graphId": "1"}, {"graphId": "1"}], [{}]])
def test_graphs_have_ids_of_their_own(admin: Any, graphs: list[dict[str, Any]]) -> None:
    """S2.2.8"""
    body = {"graphs": [{**each, "compositeRequest": []} for each in graphs]}
    assert admin.refused("POST", "/composite/graph", body)[:2] == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize("missing", ["method", "url", "referenceId"])
def test_each_request_of_a_composite_says_what_it_wants(admin: Any, missing: str) -> None:
    """S2.2.8"""
    step = {"method": "GET", "url": "/services/data/v60.0/limits", "referenceId": "a"}
    del step[missing]
    assert admin.refused("POST", "/composite", {"compositeRequest": [step]})[:2] == (400, "JSON_PARSER_ERROR")


def test_a_batch_stops_at_an_error_when_it_is_told_to(admin: Any) -> None:
    """S2.2.8"""
    steps = [{"method": "GET", "url": url} for url in ("v60.0/sobjects/Lead/x", "v60.0/limits")]
    answer = admin.call("POST", "/composite/batch", {"haltOnError": True, "batchRequests": steps}).json()
    halted = answer["results"][1]
    assert (halted["statusCode"], halted["result"][0]["errorCode"]) == (412, "BATCH_PROCESSING_HALTED")


def test_an_upsert_by_id_that_names_none_creates(admin: Any) -> None:
    """S2.2.3"""
    answer = admin.call("POST", "/sobjects/Lead/Id", LEAD)
    assert (answer.status_code, answer.json()["created"]) == (201, True)


def test_an_address_may_name_the_format_it_wants(admin: Any) -> None:
    lead = admin.create("Lead", **LEAD)
    assert admin.call("GET", f"/sobjects/Lead/{lead}.json").json()["Id"] == lead
    assert f"<Id>{lead}</Id>" in admin.call("GET", f"/sobjects/Lead/{lead}.xml").text


def test_bodies_may_be_deflated(admin: Any) -> None:
    """S2.2.12"""
    headers = {"Content-Encoding": "deflate", "Content-Type": "application/json"}
    packed = zlib.compress(json.dumps(LEAD).encode())
    assert admin.call("POST", "/sobjects/Lead", headers=headers, data=packed).status_code == 201


def test_a_header_of_another_scheme_is_no_session(admin: Any) -> None:
    """S2.1.2"""
    basic = {"Authorization": "Basic YTpi"}
    assert admin.refused("GET", "/limits", headers=basic)[:2] == (401, "INVALID_AUTH_HEADER")


def test_child_rows_beyond_two_thousand_have_pages_of_their_own(admin: Any) -> None:
    """S2.2.5"""
    admin.control("POST", "seed", {"crowd": {"campaigns": 1, "leads": 2_001}})
    text = "SELECT Id, (SELECT Id FROM CampaignMembers) FROM Campaign"
    (campaign,) = admin.call("GET", "/query", params={"q": text}).json()["records"]
    first = campaign["CampaignMembers"]
    assert (first["totalSize"], first["done"], len(first["records"])) == (2_001, False, 2_000)
    second = admin.call("GET", f"/{first['nextRecordsUrl']}").json()
    assert (second["totalSize"], second["done"], len(second["records"])) == (2_001, True, 1)
    everybody = {record["Id"] for record in first["records"] + second["records"]}
    assert everybody == {row["Id"] for row in admin.query("SELECT Id FROM CampaignMember")} | everybody
    assert len(everybody) == 2_001


def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(admin: Any) -> None:
    """S2.2.2"""
    lead = admin.create("Lead", **LEAD)
    refused = admin.refused("PUT", f"/sobjects/Lead/{lead}", {})
    message = "HTTP Method 'PUT' not allowed. Allowed are HEAD,GET,PATCH,DELETE"
    assert refused == (405, "METHOD_NOT_ALLOWED", message)


def test_the_composite_resource_lists_its_parts(admin: Any) -> None:
    """S2.2.8"""
    listed = admin.call("GET", "/composite").json()
    assert listed["tree"] == "/services/data/v60.0/composite/tree"
    assert sorted(listed) == ["batch", "graph", "sobjects", "tree"]
