"""What the org's objects are: facts about objects, fields and picklists, and the describe answers made of them.

Law of the folder: facts stand in the tables of `facts/`, one line a field, and agree flag by flag with what real orgs
describe; code here only reads, widens and shows them. Nothing here knows rows, users or HTTP. Everybody in the sandbox
who must know what a field is asks the org's own `Schema`, never the constant OBJECTS, since each org may be widened.
"""

from salesforce_sandbox.org.schema.catalog import CURRENCY_TYPE, INDEXED, OBJECTS, Memo, Schema
from salesforce_sandbox.org.schema.describe import RecordTypeInfo, describe_global_row, describe_sobject
from salesforce_sandbox.org.schema.facts import custom_object, make_field
from salesforce_sandbox.org.schema.model import HISTORY, ChildRelationship, Field, PicklistValue, SObject

__all__ = [
    "CURRENCY_TYPE",
    "HISTORY",
    "INDEXED",
    "OBJECTS",
    "ChildRelationship",
    "Field",
    "Memo",
    "PicklistValue",
    "RecordTypeInfo",
    "SObject",
    "Schema",
    "custom_object",
    "describe_global_row",
    "describe_sobject",
    "make_field",
]
