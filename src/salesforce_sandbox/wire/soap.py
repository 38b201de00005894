"""The SOAP API, partner and enterprise flavour: login, and what REST lacks: undelete, convertLead, merge, the bin.

Arguments and answers are plain values (`soap_xml`). Login is free, every other operation is one API call. Rests on the
SOAP API guide and on S2.1, S1.4.6, S1.4.7.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from salesforce_sandbox.org import sosl
from salesforce_sandbox.org.access import Caller
from salesforce_sandbox.org.conversion import Conversion, convert
from salesforce_sandbox.org.cursors import Page
from salesforce_sandbox.org.drafts import Outcome
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.merging import merge
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.org.reading import Reader
from salesforce_sandbox.org.schema import SObject, describe_global_row
from salesforce_sandbox.org.values import read_id
from salesforce_sandbox.wire import replication
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.query import LARGEST_PAGE, SMALLEST_PAGE
from salesforce_sandbox.wire.routes import Call, Routes
from salesforce_sandbox.wire.serve import NEWEST_VERSION, OLDEST_VERSION, caller_of, version_number
from salesforce_sandbox.wire.soap_xml import as_list, envelope, fault, read_envelope

routes = Routes(kind=None, session=False)

MOST_RECORDS = 200
MOST_CONVERSIONS = 100
_XML = "text/xml;charset=UTF-8"
_SESSION_SECONDS = 7_200
Arguments: TypeAlias = Mapping[str, Any]


class _Asked:
    """One operation being carried out."""

    def __init__(self, call: Call, headers: Arguments, arguments: Arguments) -> None:
        self.call = call
        self.org: Org = call.org
        self.arguments = arguments
        self.headers = headers
        self.caller = Caller(user_id="")
        self.partner = call.parameters["flavour"] == "u"

    def admit(self) -> None:
        self.caller = caller_of(
            self.org,
            self._header("SessionHeader", "sessionId"),
            self.call.request.path,
            client=self._header("CallOptions", "client"),
            save_duplicates=self._header("DuplicateRuleHeader", "allowSave") == "true",
        )
        self.org.accounting.charge("soap", app=self.caller.app)

    @property
    def all_or_none(self) -> bool:
        return self._header("AllOrNoneHeader", "allOrNone") == "true"

    @property
    def page_size(self) -> int:
        asked = self._header("QueryOptions", "batchSize") or ""
        return max(SMALLEST_PAGE, min(LARGEST_PAGE, int(asked))) if asked.isdecimal() else LARGEST_PAGE

    def _header(self, name: str, part: str) -> str | None:
        header = self.headers.get(name)
        found = header.get(part) if isinstance(header, dict) else None
        return found if isinstance(found, str) else None

    def structures(self, name: str) -> list[dict[str, Any]]:
        """The arguments of a name that repeat and have parts of their own."""
        found = as_list(self.arguments.get(name))
        if not all(isinstance(each, dict) for each in found):
            raise SalesforceError(500, "UNKNOWN_EXCEPTION", f"{name} must have elements of its own")
        return found

    def sobject(self, name: Any) -> SObject:
        found = self.org.schema.find(str(name))
        if found is None or not self.org.access.may(self.caller.user_id, found.name, "read"):
            raise SalesforceError(500, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return found


@routes.on("POST", "/services/Soap/{flavour}/{version}/{rest:path}", rules="S2.1.2")
@routes.on("POST", "/services/Soap/{flavour}/{version}", rules="S2.1.2 S1.4.6 S1.4.7 S1.1.8")
def soap(call: Call) -> Response:
    api = "partner" if call.parameters["flavour"] == "u" else "enterprise"
    try:
        if not OLDEST_VERSION <= version_number(call.version) <= NEWEST_VERSION:
            message = "Invalid Api version specified on URL"
            raise SalesforceError(500, "UNSUPPORTED_API_VERSION", message)  # noqa: TRY301 - worded below
        headers, operation, arguments = read_envelope(call.request.body)
        run = _OPERATIONS.get(operation)
        if run is None or call.parameters["flavour"] not in ("u", "c"):
            message = (
                f"SOAP {operation} is not built in this sandbox; docs/sandbox_coverage.md lists what is."
            )
            raise SalesforceError(500, "NOT_IMPLEMENTED_BY_SANDBOX", message)  # noqa: TRY301 - worded below
        asked = _Asked(call, headers, _by_name(operation, arguments))
        if operation != "login":
            asked.admit()
        content = envelope(api, operation, run(asked))
    except SalesforceError as error:
        return Response(status=500, body=fault(api, error), media_type=_XML)
    return Response(body=content, media_type=_XML)


def _by_name(operation: str, arguments: Arguments) -> Arguments:
    """The arguments by the names they have in the WSDL. Old clients have names of their own and are understood by the order."""
    strange = [name for name in arguments if name not in _ARGUMENTS.get(operation, arguments)]
    missing = [name for name in _ARGUMENTS.get(operation, ()) if name not in arguments]
    if len(strange) != len(missing):
        return arguments
    meant = dict(zip(strange, missing, strict=True))
    return {meant.get(name, name): value for name, value in arguments.items()}


def _login(asked: _Asked) -> Any:
    username, password = (str(asked.arguments.get(name, "")) for name in ("username", "password"))
    user_id = asked.org.access.user_by_password(username, password)
    if user_id is None:
        message = "Invalid username, password, security token; or user locked out."
        raise SalesforceError(500, "INVALID_LOGIN", message)
    session = asked.org.access.open_session(user_id)
    flavour, version = asked.call.parameters["flavour"], asked.call.version
    base = asked.call.request.origin
    return {
        "metadataServerUrl": f"{base}/services/Soap/m/{version}/{asked.org.id[:15]}",
        "passwordExpired": False,
        "sandbox": False,
        "serverUrl": f"{base}/services/Soap/{flavour}/{version}/{asked.org.id[:15]}",
        "sessionId": session.token,
        "userId": user_id,
        "userInfo": _user(asked.org, user_id),
    }


def _logout(asked: _Asked) -> Any:
    asked.org.access.revoke(asked.headers["SessionHeader"]["sessionId"])


def _user(org: Org, user_id: str) -> dict[str, Any]:
    """In the very order of real answers: there are clients that read it by position."""
    user = org.storage.records("User", [user_id])[user_id]
    organization = org.storage.records("Organization", [org.id])[org.id]
    return {
        "accessibilityMode": False,
        "chatterExternal": False,
        "currencySymbol": "$",
        "orgAttachmentFileSizeLimit": 5_242_880,
        "orgDefaultCurrencyIsoCode": "USD",
        "orgDefaultCurrencyLocale": "en_US",
        "orgDisallowHtmlAttachments": False,
        "orgHasPersonAccounts": False,
        "organizationId": org.id,
        "organizationMultiCurrency": bool(org.switches["several_currencies"]),
        "organizationName": organization["Name"],
        "profileId": user["ProfileId"],
        "roleId": None,
        "sessionSecondsValid": _SESSION_SECONDS,
        "userDefaultCurrencyIsoCode": user.get("DefaultCurrencyIsoCode"),
        "userEmail": user["Email"],
        "userFullName": " ".join(filter(None, (user["FirstName"], user["LastName"]))),
        "userId": user_id,
        "userLanguage": user["LanguageLocaleKey"],
        "userLocale": user["LocaleSidKey"],
        "userName": user["Username"],
        "userTimeZone": user["TimeZoneSidKey"],
        "userType": "Standard",
        "userUiSkin": "Theme3",
    }


def _query(asked: _Asked, *, include_deleted: bool = False) -> Any:
    text = str(asked.arguments.get("queryString", ""))
    compiled = asked.org.compile(text, asked.caller, include_deleted=include_deleted)
    return _page(asked, asked.org.cursors.open(compiled, asked.page_size, asked.caller.user_id))


def _query_more(asked: _Asked) -> Any:
    locator = str(asked.arguments.get("queryLocator", ""))
    return _page(asked, asked.org.cursors.more(locator, asked.caller.user_id))


def _page(asked: _Asked, page: Page) -> dict[str, Any]:
    return {
        "@type": "QueryResult",
        "done": page.following is None,
        "queryLocator": page.following,
        "records": [_record(asked, record) for record in page.records(asked.call.version)],
        "size": page.total,
    }


def _record(asked: _Asked, record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as SOAP writes it: the partner flavour names its type and repeats its id, null fields are nil."""
    kind = record["attributes"]["type"]
    written: dict[str, Any] = {"@type": "sf:sObject" if asked.partner else f"sf:{kind}"}
    if asked.partner:
        written |= {"sf:type": kind, "sf:Id": record.get("Id")}
    for name, value in record.items():
        if name == "attributes" or (name == "Id" and asked.partner and not value):
            continue
        nested = isinstance(value, dict) and "attributes" in value
        children = isinstance(value, dict) and "records" in value
        if nested:
            value = _record(asked, value)
        elif children:
            records = [_record(asked, child) for child in value["records"]]
            following = value.get("nextRecordsUrl", "").rpartition("/")[2] or None
            value = {
                "@type": "QueryResult",
                "done": value["done"],
                "queryLocator": following,
                "records": records,
                "size": value["totalSize"],
            }
        written[f"sf:{name}"] = value
    return written


def _search(asked: _Asked) -> Any:
    wanted = sosl.parse(str(asked.arguments.get("searchString", "")))
    found = sosl.find(asked.org, wanted, asked.caller, asked.call.version)
    return {"searchRecords": [{"record": _record(asked, record)} for record in found]}


def _retrieve(asked: _Asked) -> Any:
    sobject = asked.sobject(asked.arguments.get("sObjectType"))
    fields = [name.strip() for name in str(asked.arguments.get("fieldList", "Id")).split(",")]
    ids = [
        read_id(each, sobject.label, "Id", (sobject.key_prefix,))
        for each in as_list(asked.arguments.get("ids"))
    ]
    found = asked.org.read(sobject, ids, fields, asked.caller, asked.call.version)
    return [_record(asked, found[each]) if each in found else None for each in ids]


def _create(asked: _Asked) -> Any:
    return _save(asked, lambda sobject, rows: asked.org.records.create(sobject, rows, asked.caller))


def _update(asked: _Asked) -> Any:
    return _save(asked, lambda sobject, rows: asked.org.records.update(sobject, rows, asked.caller))


def _upsert(asked: _Asked) -> Any:
    key = str(asked.arguments.get("externalIDFieldName", "Id"))
    return _save(
        asked, lambda sobject, rows: asked.org.records.upsert(sobject, key, rows, asked.caller), told=True
    )


def _save(
    asked: _Asked, save: Callable[[SObject, Sequence[dict[str, Any]]], list[Outcome]], *, told: bool = False
) -> Any:
    """Saves rows of one or several types, in order; `told` says of each whether it was created."""
    rows = [_row(each) for each in asked.structures("sObjects")]
    _judge_number(rows, MOST_RECORDS)

    def work() -> list[Outcome]:
        return [
            outcome
            for kind, run in groupby(rows, key=itemgetter(0))
            for outcome in save(asked.sobject(kind), [row for _, row in run])
        ]

    outcomes = asked.org.records.of_one_call(asked.caller, work, all_or_none=asked.all_or_none)
    return [({"created": each.created} if told else {}) | _result(each) for each in outcomes]


def _row(sent: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A row's type and its values; what fieldsToNull names is null."""
    kind = sent.get("type", "")
    row = {name: value for name, value in sent.items() if name not in ("type", "fieldsToNull")}
    row |= dict.fromkeys(as_list(sent.get("fieldsToNull")))
    # Partner clients send an empty Id with rows that have none yet.
    if not row.get("Id", True):
        del row["Id"]
    return str(kind[0] if isinstance(kind, list) else kind), row


def _delete(asked: _Asked) -> Any:
    ids = [str(each) for each in as_list(asked.arguments.get("ids"))]
    _judge_number(ids, MOST_RECORDS)

    def work() -> list[Outcome]:
        return asked.org.records.delete(ids, asked.caller)

    outcomes = asked.org.records.together(asked.caller, work) if asked.all_or_none else work()
    return [_result(outcome) for outcome in outcomes]


def _undelete(asked: _Asked) -> Any:
    ids = [read_id(each, "Record ID", "Id") for each in as_list(asked.arguments.get("ids"))]
    return [_result(outcome) for outcome in asked.org.records.undelete(ids, asked.caller)]


def _empty_bin(asked: _Asked) -> Any:
    """S1.4.8: what leaves the bin is gone, and no change event tells of it."""
    ids = [read_id(each, "Record ID", "Id") for each in as_list(asked.arguments.get("ids"))]
    return [_result(outcome) for outcome in asked.org.records.purge(ids, asked.caller)]


def _get_updated(asked: _Asked) -> Any:
    return replication.updated_ids(asked.org, *_window(asked))


def _get_deleted(asked: _Asked) -> Any:
    found = replication.deleted_records(asked.org, *_window(asked))
    records = [{"deletedDate": each["deletedDate"], "id": each["id"]} for each in found["deletedRecords"]]
    return {**found, "deletedRecords": records}


def _window(asked: _Asked) -> tuple[SObject, datetime, datetime]:
    start, end = (replication.moment(name, asked.arguments.get(name)) for name in ("startDate", "endDate"))
    return asked.sobject(asked.arguments.get("sObjectType")), start, end


def _convert_lead(asked: _Asked) -> Any:
    conversions = asked.structures("leadConverts")
    _judge_number(conversions, MOST_CONVERSIONS)
    return [_convert(asked, each) for each in conversions]


def _convert(asked: _Asked, sent: Mapping[str, Any]) -> dict[str, Any]:
    try:
        wanted = Conversion(
            lead_id=read_id(sent.get("leadId"), "Lead ID", "leadId", ("00Q",)),
            converted_status=str(sent.get("convertedStatus", "")),
            account_id=_optional_id(sent, "accountId", "001"),
            contact_id=_optional_id(sent, "contactId", "003"),
            opportunity_name=sent.get("opportunityName") or None,
            create_opportunity=sent.get("doNotCreateOpportunity") != "true",
            owner_id=_optional_id(sent, "ownerId", "005"),
        )
        with asked.org.transactions.begin(asked.caller) as transaction:
            made = convert(transaction, wanted)
    except SalesforceError as error:
        return {
            "accountId": None,
            "contactId": None,
            "errors": _errors(error),
            "leadId": sent.get("leadId"),
            "opportunityId": None,
            "success": False,
        }
    return {
        "accountId": made.account_id,
        "contactId": made.contact_id,
        "leadId": made.lead_id,
        "opportunityId": made.opportunity_id,
        "success": True,
    }


def _merge(asked: _Asked) -> Any:
    requests = asked.structures("request")
    _judge_number(requests, MOST_RECORDS)
    return [_merge_one(asked, each) for each in requests]


def _merge_one(asked: _Asked, sent: Mapping[str, Any]) -> dict[str, Any]:
    try:
        master = sent.get("masterRecord")
        kind, row = _row(master if isinstance(master, dict) else {})
        sobject = asked.sobject(kind)
        winner = read_id(row.pop("Id", ""), sobject.label, "Id", (sobject.key_prefix,))
        losers = [read_id(each, sobject.label, "Id") for each in as_list(sent.get("recordToMergeIds"))]
        values = Reader(asked.org.ground, sobject, "edit", asked.caller.user_id).read(row)
        with asked.org.transactions.begin(asked.caller) as transaction:
            moved = merge(transaction, sobject, winner, losers, values)
    except SalesforceError as error:
        return {"errors": _errors(error), "id": None, "success": False}
    return {"id": winner, "mergedRecordIds": losers, "success": True, "updatedRelatedIds": moved}


def _describe(asked: _Asked) -> Any:
    names = as_list(asked.arguments.get("sObjectType"))
    described = [
        asked.org.describe(
            asked.sobject(name),
            asked.caller,
            version=asked.call.version,
            instance_url=asked.call.request.origin,
        )
        for name in names
    ]
    return [
        {name: value for name, value in each.items() if name != "urls"} | _addresses(each["urls"])
        for each in described
    ]


def _addresses(urls: Mapping[str, str]) -> dict[str, str | None]:
    """Where people see, edit and make records: of all addresses of a description, SOAP has these."""
    names = {"urlDetail": "uiDetailTemplate", "urlEdit": "uiEditTemplate", "urlNew": "uiNewRecord"}
    return {name: urls.get(template) for name, template in names.items()}


def _describe_global(asked: _Asked) -> Any:
    readable = asked.org.access.readable(asked.caller.user_id)
    rows = [
        describe_global_row(sobject, version=asked.call.version)
        for sobject in asked.org.schema
        if readable(sobject.name, "Id")
    ]
    named = [{name: value for name, value in row.items() if name != "urls"} for row in rows]
    return {"encoding": "UTF-8", "maxBatchSize": MOST_RECORDS, "sobjects": named}


def _timestamp(asked: _Asked) -> Any:
    return {"timestamp": asked.org.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def _optional_id(sent: Mapping[str, Any], name: str, key_prefix: str) -> str | None:
    return read_id(sent[name], name, name, (key_prefix,)) if sent.get(name) else None


def _result(outcome: Outcome) -> dict[str, Any]:
    """In the order of the WSDL, as all results are: there are clients that read them element by element."""
    if outcome.error:
        return {"errors": _errors(outcome.error), "id": None, "success": False}
    return {"id": outcome.id, "success": True}


def _errors(error: SalesforceError) -> dict[str, Any]:
    return {"fields": list(error.fields), "message": error.message, "statusCode": error.code}


def _judge_number(rows: Sequence[Any], most: int) -> None:
    if not 1 <= len(rows) <= most:
        raise SalesforceError(
            500, "EXCEEDED_ID_LIMIT", f"record limit reached: 1 to {most} records, not {len(rows)}"
        )


_OPERATIONS: dict[str, Callable[[_Asked], Any]] = {
    "login": _login,
    "logout": _logout,
    "getUserInfo": lambda asked: _user(asked.org, asked.caller.user_id),
    "getServerTimestamp": _timestamp,
    "describeGlobal": _describe_global,
    "describeSObject": _describe,
    "describeSObjects": _describe,
    "query": _query,
    "queryAll": lambda asked: _query(asked, include_deleted=True),
    "queryMore": _query_more,
    "search": _search,
    "retrieve": _retrieve,
    "create": _create,
    "update": _update,
    "upsert": _upsert,
    "delete": _delete,
    "undelete": _undelete,
    "emptyRecycleBin": _empty_bin,
    "getUpdated": _get_updated,
    "getDeleted": _get_deleted,
    "convertLead": _convert_lead,
    "merge": _merge,
}
# The arguments of the operations that are sent under other names by clients which real orgs understand.
_ARGUMENTS = {
    "retrieve": ("fieldList", "sObjectType", "ids"),
    "create": ("sObjects",),
    "update": ("sObjects",),
    "upsert": ("externalIDFieldName", "sObjects"),
    "delete": ("ids",),
    "undelete": ("ids",),
    "emptyRecycleBin": ("ids",),
    "convertLead": ("leadConverts",),
    "merge": ("request",),
}
OPERATIONS: tuple[str, ...] = tuple(_OPERATIONS)
