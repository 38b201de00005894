"""Describe answers: an object's row in describeGlobal and its whole description, shaped as the REST API shapes them.

Called by the REST and Bulk layers. Shows only what the caller may read (S1.5.3) and adds what differs between orgs:
host, API version, record types. Rests on the recorded describes (S2.2.4) and the REST guide, "sObject Describe".
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from salesforce_sandbox.org.schema.catalog import Schema
from salesforce_sandbox.org.schema.model import HISTORY, ChildRelationship, Field, PicklistValue, SObject

MASTER_RECORD_TYPE = "012000000000000AAA"

_GLOBAL_FLAGS = [
    "activateable",
    "createable",
    "customSetting",
    "deepCloneable",
    "deletable",
    "deprecatedAndHidden",
    "feedEnabled",
    "hasSubtypes",
    "isInterface",
    "isSubtype",
    "layoutable",
    "mergeable",
    "mruEnabled",
    "queryable",
    "replicateable",
    "retrieveable",
    "searchable",
    "triggerable",
    "undeletable",
    "updateable",
]
_ABSENT = [
    "defaultImplementation",
    "extendedBy",
    "extendsInterfaces",
    "implementedBy",
    "implementsInterfaces",
    "listviewable",
    "lookupLayoutable",
    "networkScopeFieldName",
]
# The resources whose path is not just their name.
_URL_PATHS = {
    "compactLayouts": "describe/compactLayouts",
    "approvalLayouts": "describe/approvalLayouts",
    "layouts": "describe/layouts",
    "namedLayouts": "describe/namedLayouts/{LayoutName}",
    "passwordUtilities": "{ID}/password",
}
_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
    "anyType": "xsd:anyType",
}
_FIELD_NEVER = [
    "aiPredictionField",
    "autoNumber",
    "dependentPicklist",
    "deprecatedAndHidden",
    "displayLocationInDecimal",
    "encrypted",
    "formulaTreatNullNumberAsZero",
    "highScaleNumber",
    "htmlFormatted",
    "writeRequiresMasterRead",
]
_FIELD_ABSENT = [
    "calculatedFormula",
    "controllerName",
    "defaultValueFormula",
    "filteredLookupInfo",
    "inlineHelpText",
    "mask",
    "maskType",
    "referenceTargetField",
    "relationshipOrder",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTypeInfo:
    """A record type of an object, as describe lists it."""

    id: str
    name: str
    developer_name: str
    active: bool = True
    default: bool = False


def describe_global_row(sobject: SObject, *, version: str) -> dict[str, Any]:
    """The object's row in describeGlobal; `version` is the API version of the call, such as `60.0`."""
    row: dict[str, Any] = {flag: flag in sobject.can for flag in _GLOBAL_FLAGS}
    row |= {
        "associateEntityType": HISTORY if sobject.history_of else None,
        "associateParentEntity": sobject.history_of,
        "custom": sobject.custom,
        "keyPrefix": None if sobject.history_of else sobject.key_prefix,
        "label": sobject.label,
        "labelPlural": sobject.label_plural,
        "name": sobject.name,
        "urls": _urls(sobject, version),
    }
    return dict(sorted(row.items()))


def describe_sobject(
    schema: Schema,
    sobject: SObject,
    *,
    version: str,
    instance_url: str,
    record_types: Iterable[RecordTypeInfo] = (),
    readable: Callable[[str, str], bool] = lambda sobject, field: True,
) -> dict[str, Any]:
    """The whole description; `readable(sobject, field)` tells which fields the caller may see."""
    described = describe_global_row(sobject, version=version)
    described |= dict.fromkeys(_ABSENT)
    described |= {
        "actionOverrides": [],
        "childRelationships": [_child_relationship(child) for child in schema.children(sobject.name)],
        "compactLayoutable": "compactLayoutable" in sobject.can,
        "fields": [describe_field(field) for field in sobject.fields if readable(sobject.name, field.name)],
        "namedLayoutInfos": [],
        "recordTypeInfos": _record_types(sobject, version, list(record_types)),
        "searchLayoutable": "searchLayoutable" in sobject.can,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": label, "name": name} for name, label in sobject.scopes.items()],
        "urls": _urls(sobject, version) | _pages(sobject, instance_url),
    }
    return dict(sorted(described.items()))


def describe_field(field: Field) -> dict[str, Any]:
    """One field of a description, keys in the order real answers have."""
    many_targets = len(field.reference_to) > 1
    described: dict[str, Any] = dict.fromkeys(_FIELD_NEVER, False) | dict.fromkeys(_FIELD_ABSENT)
    described |= {
        "aggregatable": field.aggregatable,
        "byteLength": field.byte_length,
        "calculated": field.calculated,
        "cascadeDelete": field.custom and field.cascade_delete,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": field.compound_field_name,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": field.default_value,
        "defaultedOnCreate": field.defaulted_on_create,
        "digits": field.digits,
        "externalId": field.external_id,
        "extraTypeInfo": field.extra_type_info,
        "filterable": field.filterable,
        "groupable": field.groupable,
        "idLookup": field.id_lookup,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": many_targets,
        "nillable": field.nillable,
        "permissionable": field.permissionable,
        "picklistValues": [_picklist_value(value) for value in field.picklist_values],
        "polymorphicForeignKey": many_targets,
        "precision": field.precision,
        "queryByDistance": field.type == "address",
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship_name,
        "restrictedDelete": field.custom and field.restricted_delete,
        "restrictedPicklist": field.restricted_picklist,
        "scale": field.scale,
        "searchPrefilterable": field.search_prefilterable,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.sortable,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable,
    }
    return dict(sorted(described.items()))


def _urls(sobject: SObject, version: str) -> dict[str, str]:
    base = f"/services/data/v{version}/sobjects/{sobject.name}"
    urls = {"rowTemplate": f"{base}/{{ID}}", "sobject": base, "describe": f"{base}/describe"}
    return urls | {name: f"{base}/{_URL_PATHS.get(name, name)}" for name in sobject.urls}


def _pages(sobject: SObject, instance_url: str) -> dict[str, str]:
    return {
        "uiDetailTemplate": f"{instance_url}/{{ID}}",
        "uiEditTemplate": f"{instance_url}/{{ID}}/e",
        "uiNewRecord": f"{instance_url}/{sobject.key_prefix}/e",
    }


def _record_types(sobject: SObject, version: str, record_types: list[RecordTypeInfo]) -> list[dict[str, Any]]:
    """The org's own record types by name; the nameless one, Master, is always there and last."""
    has_default = any(record_type.default for record_type in record_types)
    master = RecordTypeInfo(
        id=MASTER_RECORD_TYPE, name="Master", developer_name="Master", default=not has_default
    )
    return [
        {
            "active": each.active,
            "available": each.active,
            "defaultRecordTypeMapping": each.default,
            "developerName": each.developer_name,
            "master": each.id == MASTER_RECORD_TYPE,
            "name": each.name,
            "recordTypeId": each.id,
            "urls": {
                "layout": f"/services/data/v{version}/sobjects/{sobject.name}/describe/layouts/{each.id}"
            },
        }
        for each in [*sorted(record_types, key=lambda each: each.name), master]
    ]


def _picklist_value(value: PicklistValue) -> dict[str, Any]:
    return {
        "active": value.active,
        "defaultValue": value.default,
        "label": value.label,
        "validFor": None,
        "value": value.value,
    }


def _child_relationship(child: ChildRelationship) -> dict[str, Any]:
    return {
        "cascadeDelete": child.cascade_delete,
        "childSObject": child.child,
        "deprecatedAndHidden": False,
        "field": child.field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": child.name,
        "restrictedDelete": child.restricted_delete,
    }
