"""Records by way of others: `/sobjects/CampaignMember/ID/Lead`, `/sobjects/Campaign/ID/CampaignMembers`.

Registered before the addresses of `sobjects`, whose keys are never as long as an id. A parent's address stands for the
parent's own; children are the answer of a query. Rests on the REST guide, "sObject Relationships".
"""

from dataclasses import replace

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import SObject
from salesforce_sandbox.org.values import read_id
from salesforce_sandbox.wire.messages import Response
from salesforce_sandbox.wire.query import first_page
from salesforce_sandbox.wire.routes import Call, Routes

routes = Routes(kind="record")

_PATH = "/services/data/v{version:36}/sobjects/{sobject}/{id:id}/{relationship}"
_NOT_FOUND = SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")


@routes.on("GET PATCH DELETE", _PATH, rules="S1.2.2 S2.2.3")
def related(call: Call) -> Response:
    sobject = call.org.sobject(call.parameters["sobject"], call.caller)
    record_id = read_id(call.parameters["id"], f"{sobject.label} ID", "Id", (sobject.key_prefix,))
    row = call.org.storage.records(sobject.name, [record_id]).get(record_id)
    if row is None or row.get("IsDeleted"):
        raise _NOT_FOUND
    parent = sobject.parent_field(call.parameters["relationship"])
    if parent is None:
        return _children(call, sobject, record_id)
    found = call.org.schema.by_key_prefix(row[parent.name]) if row[parent.name] else None
    if found is None:
        raise _NOT_FOUND
    own = f"{call.base}/sobjects/{found.name}/{row[parent.name]}"
    return call.dispatch(replace(call.request, path=own))


def _children(call: Call, sobject: SObject, record_id: str) -> Response:
    wanted = call.parameters["relationship"].lower()
    child = next(
        (each for each in call.org.schema.children(sobject.name) if (each.name or "").lower() == wanted), None
    )
    if child is None:
        raise _NOT_FOUND
    if call.request.method != "GET":
        message = f"HTTP Method '{call.request.method}' not allowed. Allowed are HEAD,GET"
        raise SalesforceError(405, "METHOD_NOT_ALLOWED", message)
    table = call.org.sobject(child.child, call.caller)
    fields = call.request.query.get("fields") or ",".join(call.org.readable_fields(table, call.caller))
    return first_page(call, f"SELECT {fields} FROM {table.name} WHERE {child.field} = '{record_id}'")  # noqa: S608 - SOQL
