"""Layouts: one page with every field of an object, since nobody here arranges pages; compact and approval layouts likewise.

Registered before the addresses of `sobjects`. Rests on the REST guide, "SObject Layouts", "SObject Approval Layouts" and "SObject
CompactLayouts"; what belongs to pages alone, such as buttons and related lists, is empty.
"""

from typing import Any

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.soql.values import record_id
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind="describe")

_BASE = "/services/data/v{version}/sobjects/{sobject}/describe"
_NOTE = "One layout with every field; no buttons, no related lists."
_NOT_FOUND = SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")


@routes.on("GET", f"{_BASE}/layouts", state="partly", note=_NOTE)
def layouts(call: Call) -> Response:
    sobject, described = _described(call, "layouts")
    mappings = [
        {**each, "layoutId": _layout_id(sobject), "picklistsForRecordType": []}
        for each in described["recordTypeInfos"]
    ]
    return Response(
        body={
            "layouts": [_layout(sobject, described)],
            "recordTypeMappings": mappings,
            "recordTypeSelectorRequired": [len(mappings) > 1],
        }
    )


@routes.on("GET", f"{_BASE}/layouts/{{record_type:id}}", state="partly", note=_NOTE)
def layout_of_record_type(call: Call) -> Response:
    sobject, described = _described(call, "layouts")
    known = [each["recordTypeId"][:15] for each in described["recordTypeInfos"]]
    if call.parameters["record_type"][:15] not in known:
        raise _NOT_FOUND
    return Response(body=_layout(sobject, described))


@routes.on("GET", f"{_BASE}/compactLayouts", state="partly", note="The one that every object begins with.")
def compact_layouts(call: Call) -> Response:
    sobject, described = _described(call, "compactLayouts")
    named = [field for field in described["fields"] if field["nameField"]]
    mappings = [
        {
            "available": each["available"],
            "compactLayoutId": None,
            "compactLayoutName": "SYSTEM",
            "recordTypeId": each["recordTypeId"],
            "recordTypeName": each["name"],
            "urls": {},
        }
        for each in described["recordTypeInfos"]
    ]
    layout = {
        "actions": [],
        "fieldItems": [_item(field, editable=False) for field in named],
        "id": None,
        "imageItems": [],
        "label": "System Default",
        "name": "SYSTEM",
        "objectType": sobject.name,
    }
    return Response(
        body={
            "compactLayouts": [layout],
            "defaultCompactLayoutId": None,
            "recordTypeCompactLayoutMappings": mappings,
            "urls": {"primary": f"{call.base}/sobjects/{sobject.name}/describe/compactLayouts/primary"},
        }
    )


@routes.on(
    "GET", f"{_BASE}/approvalLayouts", note="There is no approval process, so there is no layout of one."
)
def approval_layouts(call: Call) -> Response:
    _described(call, "approvalLayouts")
    return Response(body={"approvalLayouts": []})


def _described(call: Call, resource: str) -> tuple[SObject, dict[str, Any]]:
    sobject = call.org.sobject(call.parameters["sobject"], call.caller)
    if resource not in sobject.urls:
        raise _NOT_FOUND
    described = call.org.describe(
        sobject, call.caller, version=call.version, instance_url=call.request.origin
    )
    return sobject, described


def _layout_id(sobject: SObject) -> str:
    return record_id(f"00h5g0000000{sobject.key_prefix}") or ""


def _layout(sobject: SObject, described: dict[str, Any]) -> dict[str, Any]:
    fields = [field for field in described["fields"] if field["type"] != "id"]
    return {
        "buttonLayoutSection": {"detailButtons": []},
        "detailLayoutSections": [_section(sobject, fields, editable=False)],
        "editLayoutSections": [_section(sobject, [f for f in fields if f["updateable"]], editable=True)],
        "feedView": None,
        "highlightsPanelLayoutSection": None,
        "id": _layout_id(sobject),
        "multirowEditLayoutSections": [],
        "offlineLinks": [],
        "quickActionList": {"quickActionListItems": []},
        "relatedContent": None,
        "relatedLists": [],
        "saveOptions": [],
    }


def _section(sobject: SObject, fields: list[dict[str, Any]], *, editable: bool) -> dict[str, Any]:
    rows = [{"layoutItems": [_item(field, editable=editable)], "numItems": 1} for field in fields]
    return {
        "collapsed": False,
        "columns": 1,
        "heading": f"{sobject.label} Information",
        "layoutRows": rows,
        "layoutSectionId": None,
        "parentLayoutId": _layout_id(sobject),
        "rows": len(rows),
        "tabOrder": "LeftToRight",
        "useCollapsibleSection": False,
        "useHeading": True,
    }


def _item(field: dict[str, Any], *, editable: bool) -> dict[str, Any]:
    component = {
        "details": field,
        "displayLines": 1,
        "tabOrder": 1,
        "type": "Field",
        "value": field["name"],
    }
    return {
        "editableForNew": editable and field["createable"],
        "editableForUpdate": editable and field["updateable"],
        "label": field["label"],
        "layoutComponents": [component],
        "placeholder": False,
        "required": editable and not field["nillable"] and not field["defaultedOnCreate"],
    }
