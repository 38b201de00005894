"""The rows a SELECT reads: its object's table and the parents joined to it, and which SQL column a path means.

Called by everything that resolves names. Each parent is joined once, however often it is named, and from the left,
so that a row without the parent stays (as in Salesforce, where `Parent.X = null` finds it).
"""

from copy import copy
from dataclasses import dataclass

from salesforce_sandbox.org.schema import Field, SObject
from salesforce_sandbox.org.soql.context import Context
from salesforce_sandbox.org.soql.refusals import no_such_column, no_such_parent, refuse
from salesforce_sandbox.org.soql.syntax import Path

MOST_PARENTS = 5
# What may be asked of an owner or other parent of many types: the fields of Salesforce's own "Name" object.
NAME_FIELDS = (
    "Id",
    "Name",
    "FirstName",
    "LastName",
    "Type",
    "Email",
    "Phone",
    "Title",
    "Alias",
    "Username",
    "IsActive",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One joined row: what it may be of and under which alias; more than one entry when the parent has many types."""

    rows: tuple[tuple[SObject, str], ...]
    # The canonical relationship names that lead here from the SELECT's own object.
    path: tuple[str, ...]
    # The reference field that was followed; None for the SELECT's own object.
    reference: Field | None = None

    @property
    def polymorphic(self) -> bool:
        return len(self.rows) > 1

    @property
    def entity(self) -> str:
        return "Name" if self.polymorphic else self.rows[0][0].name

    @property
    def id_sql(self) -> str:
        return _coalesce([f'{alias}."Id"' for _, alias in self.rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A resolved path: the field, where it is and its value in SQL."""

    field: Field
    source: Source
    sql: str

    @property
    def name(self) -> str:
        """The path in canonical spelling."""
        return ".".join((*self.source.path, self.field.name))


class Rows:
    """FROM of one SELECT; grows joins as paths are resolved. `depth` says how many SELECTs it lies within."""

    def __init__(self, context: Context, sobject: SObject, alias: str | None, *, depth: int = 0) -> None:
        self.context = context
        self.depth = depth
        self.sobject = sobject
        self.root = Source(rows=((sobject, context.alias()),), path=())
        self._own_names = {sobject.name.lower(), (alias or sobject.name).lower()}
        self._sources: dict[tuple[str, ...], Source] = {(): self.root}
        self._joins: list[str] = []
        self._named: dict[str, tuple[str, ...]] = {}

    def name(self, alias: str, path: Path) -> None:
        """Lets an alias stand for a relationship from now on: `m.Campaign c`."""
        relationships = self._own(path.parts)
        self.source(relationships, path.at)
        self._named[alias.lower()] = relationships

    def within(self, context: Context) -> "Rows":
        """The same rows for another query, which may join more."""
        twin = copy(self)
        twin.__dict__ |= {"context": context, "_sources": dict(self._sources), "_joins": list(self._joins)}
        return twin

    @property
    def alias(self) -> str:
        return self.root.rows[0][1]

    @property
    def sql(self) -> str:
        return "".join([f'"{self.sobject.name}" {self.alias}', *self._joins])

    def column(self, path: Path) -> Column:
        """The column a path means; SalesforceError INVALID_FIELD when there is none the asker may read."""
        *parents, name = path.parts
        source = self.source(self._own(tuple(parents)), path.at)
        if source.polymorphic:
            return self._column_of_many(source, name, path.at)
        sobject, alias = source.rows[0]
        field = self.context.need_field(sobject, name, path.at)
        return Column(field=field, source=source, sql=field.sql(alias))

    def _own(self, parents: tuple[str, ...]) -> tuple[str, ...]:
        """Relationships from the SELECT's own object on, whatever alias they begin with."""
        if not parents:
            return parents
        first = parents[0].lower()
        if first in self._named:
            return (*self._named[first], *parents[1:])
        if first in self._own_names and not self.sobject.parent_field(parents[0]):
            return parents[1:]
        return parents

    def source(self, relationships: tuple[str, ...], at: int) -> Source:
        """The row that relationships lead to from the SELECT's own object."""
        if len(relationships) > MOST_PARENTS:
            message = f"SOQL relationships in field path cannot go up more than {MOST_PARENTS} levels"
            raise refuse("MALFORMED_QUERY", message, self.context.text, at)
        key = tuple(relationship.lower() for relationship in relationships)
        if key not in self._sources:
            child = self.source(relationships[:-1], at)
            self._sources[key] = self._join(child, relationships[-1], at)
        return self._sources[key]

    def _join(self, child: Source, relationship: str, at: int) -> Source:
        sobject, child_alias = child.rows[0]
        reference = None if child.polymorphic else sobject.parent_field(relationship)
        if reference is None or not self.context.field(sobject, reference.name):
            raise no_such_parent(relationship, self.context.text, at)
        parents = [parent for name in reference.reference_to if (parent := self.context.object(name))]
        if not parents:
            raise no_such_parent(relationship, self.context.text, at)
        rows = tuple((parent, self.context.alias()) for parent in parents)
        for parent, alias in rows:
            key = reference.sql(child_alias)
            self._joins.append(f' LEFT JOIN "{parent.name}" {alias} ON {alias}."Id" = {key}')
        return Source(rows=rows, path=(*child.path, str(reference.relationship_name)), reference=reference)

    def _column_of_many(self, source: Source, name: str, at: int) -> Column:
        named = next((known for known in NAME_FIELDS if known.lower() == name.lower()), None)
        holders = [
            (sobject, alias) for sobject, alias in source.rows if named and self.context.field(sobject, named)
        ]
        if named == "Type":
            kinds = [
                f"WHEN {alias}.\"Id\" IS NOT NULL THEN '{sobject.name}'" for sobject, alias in source.rows
            ]
            return Column(field=_TYPE, source=source, sql=f"CASE {' '.join(kinds)} END")
        if named is None or not holders:
            raise no_such_column(name, source.entity, self.context.text, at)
        fields = [(self.context.need_field(sobject, named, at), alias) for sobject, alias in holders]
        return Column(field=fields[0][0], source=source, sql=_coalesce([f.sql(alias) for f, alias in fields]))


_TYPE = Field(name="Type", label="Type", type="string", length=40)


def _coalesce(values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"
