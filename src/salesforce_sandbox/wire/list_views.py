"""List views: the views that every org begins with, what they ask for, and what they find.

Registered before the addresses of `sobjects`. Results come from the same queries as everybody's. Rests on the REST guide, "List
Views", "List View Describe" and "List View Results".
"""

from dataclasses import dataclass
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.soql.shape import Answering
from salesforce_sandbox.org.soql.values import record_id
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind="record")

USUAL_ROWS, MOST_ROWS = 25, 2_000
_BASE = "/services/data/v{version:32}/sobjects/{sobject}/listviews"
_NOT_FOUND = SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view. `condition` is a field with the value it must have, if any; `mine` narrows to what the asker owns."""

    id: str
    sobject: str
    name: str
    label: str
    columns: tuple[str, ...]
    condition: tuple[str, str] | None = None
    mine: bool = False

    @property
    def soql(self) -> str:
        scope = " USING SCOPE mine" if self.mine else ""
        where = f" WHERE {' = '.join(self.condition)}" if self.condition else ""
        listed = ", ".join((*self.columns, "Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"))
        order = f"ORDER BY {self.columns[0]} ASC NULLS FIRST, Id ASC NULLS FIRST"
        return f"SELECT {listed} FROM {self.sobject}{scope}{where} {order}"  # noqa: S608 - SOQL


_OPEN, _ACTIVE = ("IsConverted", "false"), ("IsActive", "true")
_STATED: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, str] | None, bool], ...] = (
    ("Account", "AllAccounts", "All Accounts", ("Name", "Phone", "BillingCity"), None, False),
    ("Account", "MyAccounts", "My Accounts", ("Name", "Phone", "BillingCity"), None, True),
    ("Campaign", "AllActiveCampaigns", "All Active Campaigns", ("Name", "Type", "Status"), _ACTIVE, False),
    ("Campaign", "MyActiveCampaigns", "My Active Campaigns", ("Name", "Type", "Status"), _ACTIVE, True),
    ("Contact", "AllContacts", "All Contacts", ("Name", "Email", "Phone"), None, False),
    ("Contact", "MyContacts", "My Contacts", ("Name", "Email", "Phone"), None, True),
    ("Lead", "AllOpenLeads", "All Open Leads", ("Name", "Company", "Email", "Status"), _OPEN, False),
    ("Lead", "MyOpenLeads", "My Open Leads", ("Name", "Company", "Email", "Status"), _OPEN, True),
    ("Opportunity", "AllOpportunities", "All Opportunities", ("Name", "StageName", "CloseDate"), None, False),
)
VIEWS = tuple(
    View(
        id=record_id(f"00B5g{number:010}") or "",
        sobject=sobject,
        name=name,
        label=label,
        columns=columns,
        condition=condition,
        mine=mine,
    )
    for number, (sobject, name, label, columns, condition, mine) in enumerate(_STATED, start=1)
)


@routes.on("GET", _BASE, note="The views that every org begins with.")
def list_views(call: Call) -> Response:
    sobject = _sobject(call)
    return _listed(call, sobject, [view for view in VIEWS if view.sobject == sobject.name])


@routes.on("GET", f"{_BASE}/recent", note="Nobody looks at views here, so none was looked at.")
def recent(call: Call) -> Response:
    return _listed(call, _sobject(call), [])


@routes.on("GET", f"{_BASE}/{{view:id}}")
def about(call: Call) -> Response:
    return Response(body=_about(call, _view(call)))


@routes.on("GET", f"{_BASE}/{{view:id}}/describe")
def describe(call: Call) -> Response:
    view, sobject = _view(call), _sobject(call)
    conditions = [
        {"field": f, "operator": "equals", "values": [v]} for f, v in [view.condition or ("", "")] if f
    ]
    order = [
        {"fieldNameOrPath": name, "nullsPosition": "first", "sortDirection": "ascending"}
        for name in (view.columns[0], "Id")
    ]
    return Response(
        body={
            "columns": _columns(sobject, view),
            "id": view.id,
            "orderBy": order,
            "query": view.soql,
            "scope": "mine" if view.mine else None,
            "sobjectType": view.sobject,
            "whereCondition": {"conditions": conditions, "conjunction": "and"} if conditions else None,
        }
    )


@routes.on("GET", f"{_BASE}/{{view:id}}/results")
def results(call: Call) -> Response:
    view, sobject = _view(call), _sobject(call)
    asked = call.request.query
    limit, offset = min(_number(asked.get("limit"), USUAL_ROWS), MOST_ROWS), _number(asked.get("offset"), 0)
    query = call.org.compile(f"{view.soql} LIMIT {limit} OFFSET {offset}", call.caller)
    rows = call.org.storage.rows(query.sql, *query.params)
    records = [
        {"columns": [{"fieldNameOrPath": name, "value": _text(record[name])} for name in _paths(view)]}
        for record in query.records(rows, Answering(version=call.version))
    ]
    about_view = {"developerName": view.name, "done": True, "id": view.id, "label": view.label}
    return Response(
        body={"columns": _columns(sobject, view), **about_view, "records": records, "size": len(records)}
    )


def _sobject(call: Call) -> SObject:
    sobject = call.org.sobject(call.parameters["sobject"], call.caller)
    if "listviews" not in sobject.urls:
        raise _NOT_FOUND
    return sobject


def _view(call: Call) -> View:
    name, wanted = _sobject(call).name, call.parameters["view"]
    found = next((view for view in VIEWS if view.sobject == name and view.id[:15] == wanted[:15]), None)
    if found is None:
        raise _NOT_FOUND
    return found


def _listed(call: Call, sobject: SObject, views: list[View]) -> Response:
    return Response(
        body={
            "done": True,
            "listviews": [_about(call, view) for view in views],
            "nextRecordsUrl": None,
            "size": len(views),
            "sobjectType": sobject.name,
        }
    )


def _about(call: Call, view: View) -> dict[str, Any]:
    url = f"{call.base}/sobjects/{view.sobject}/listviews/{view.id}"
    return {
        "describeUrl": f"{url}/describe",
        "developerName": view.name,
        "id": view.id,
        "label": view.label,
        "resultsUrl": f"{url}/results",
        "soqlCompatible": True,
        "url": url,
    }


def _paths(view: View) -> tuple[str, ...]:
    return (*view.columns, "Id", "CreatedDate", "LastModifiedDate", "SystemModstamp")


def _columns(sobject: SObject, view: View) -> list[dict[str, Any]]:
    columns = []
    for name in _paths(view):
        field = sobject.field(name)
        assert field is not None  # noqa: S101 - a fact of the schema
        first = name == view.columns[0]
        columns.append(
            {
                "ascendingLabel": "Z-A" if first else None,
                "descendingLabel": "A-Z" if first else None,
                "fieldNameOrPath": name,
                "hidden": name not in view.columns,
                "label": field.label,
                "selectListItem": name,
                "sortDirection": "ascending" if first else None,
                "sortIndex": 0 if first else None,
                "sortable": field.sortable,
                "type": field.type,
            }
        )
    return columns


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(text: str | None, usual: int) -> int:
    return int(text) if text and text.isdecimal() else usual
