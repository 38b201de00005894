"""What the names of a file's columns mean for one object: its fields, or a parent named by one of the parent's keys.

Asked by `saving` once for each name. `Owner.Email` looks the owner up by e-mail address, `User:Owner.Email` says of which
type an owner of several types is. Rests on S2.4.2 and the Bulk guide, "Relationship Fields in a Header Row".
"""

from dataclasses import dataclass

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.ground import Ground
from salesforce_sandbox.org.schema import Field, SObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A field of the object; `parent` and `by` are set when the cell holds a key of the parent instead of its id."""

    field: Field
    parent: SObject | None = None
    by: Field | None = None


class Columns:
    """The columns of one object as one user may name them."""

    def __init__(self, ground: Ground, sobject: SObject, user_id: str) -> None:
        self._ground = ground
        self._sobject = sobject
        self._user_id = user_id
        self._known: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        """SalesforceError InvalidBatch, with which a whole batch fails, for a name that means nothing."""
        if name not in self._known:
            self._known[name] = self._column(name)
        return self._known[name]

    def _column(self, name: str) -> Column:
        if "." in name:
            return self._key_of_parent(name)
        field = self._field(self._sobject, name)
        if field is None:
            raise no_such_name(name)
        return Column(field=field)

    def _key_of_parent(self, name: str) -> Column:
        path, _, key = name.rpartition(".")
        type_name, colon, relationship = path.rpartition(":")
        field = self._sobject.parent_field(relationship)
        if field is None:
            raise _refused(f"Unable to find relationship: {relationship}") if colon else no_such_name(name)
        if colon and len(field.reference_to) == 1:
            message = f"type is not needed for non polymorphic foreign key references: {relationship}"
            raise _refused(message)
        known = (
            field.reference_to
            if not colon
            else [n for n in field.reference_to if n.lower() == type_name.lower()]
        )
        if not known:
            raise _refused(f"Unable to find object: {type_name}")
        for parent in filter(None, map(self._ground.schema.find, known)):
            by = self._field(parent, key)
            if by and (by.external_id or by.id_lookup or by.name == "Id"):
                return Column(field=field, parent=parent, by=by)
        raise no_such_name(name)

    def _field(self, sobject: SObject, name: str) -> Field | None:
        field = sobject.field(name)
        access = self._ground.access
        if field is None or not access.may_field(self._user_id, sobject.name, field.name, "read"):
            return None
        return field


def no_such_name(name: str) -> SalesforceError:
    return _refused(f"Field name not found : {name}")


def _refused(message: str) -> SalesforceError:
    return SalesforceError(400, "InvalidBatch", message)
