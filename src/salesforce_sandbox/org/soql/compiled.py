"""CompiledQuery: what the compiler hands out; the SQL to run and what makes answers of its rows.

Used by the REST, SOAP and Bulk layers, which run the statements themselves. REST takes `records`, Bulk takes `header` and
`flat`. Rests on S2.2.5 and S2.4.5, and for the text of numbers on what Bulk files of real orgs show (S0.7).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.schema import Field, SObject
from salesforce_sandbox.org.soql.columns import columns_of
from salesforce_sandbox.org.soql.shape import Answering, Record, Row
from salesforce_sandbox.org.soql.values import Said, moment

MOST_GROUPS = 2_000


def _said_in(text: str, value: Any) -> Any:
    """A parameter as another text says it where this one is from; None where that is no moment."""
    if not isinstance(value, Said):
        return value
    moment_said = moment(text[value.at : value.at + value.length])
    return None if moment_said is None else Said.by(moment_said, value.at, value.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledQuery:
    """A query ready to run.

    `count_sql` gives totalSize without reading the rows; it is None for grouped queries, whose rows are few. A bare
    COUNT() has no records: its answer is the count alone. `features` names what Bulk refuses: aggregate, subselect,
    compound, typeof, offset.
    """

    sobject: SObject
    sql: str
    params: tuple[Any, ...]
    count_sql: str | None
    count_params: tuple[Any, ...]
    record: Record
    flat_columns: tuple[tuple[str, int, Field], ...]
    features: frozenset[str]
    bare_count: bool = False

    @property
    def moments(self) -> int:
        """How many of its parameters are moments that its text says."""
        return sum(isinstance(each, Said) for each in self.params)

    def of_other_moments(self, text: str) -> "CompiledQuery | None":
        """The same for a text that differs in its moments alone; None where it says one that is none."""
        if not self.moments:
            return self
        params = tuple(_said_in(text, each) for each in self.params)
        if any(now is None and then is not None for now, then in zip(params, self.params, strict=True)):
            return None
        return replace(self, params=params, count_params=tuple(_said_in(text, p) for p in self.count_params))

    def records(self, rows: Sequence[Row], answering: Answering | None = None) -> list[dict[str, Any]]:
        """The rows as REST records; SalesforceError when an aggregate query has more groups than one answer holds."""
        if self.bare_count:
            return []
        if "aggregate" in self.features and len(rows) > MOST_GROUPS:
            message = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
            raise SalesforceError(400, "EXCEEDED_ID_LIMIT", message)
        return list(map(self.record.read(answering or Answering(version="60.0")), rows))

    @property
    def header(self) -> list[str]:
        """The names of the flat columns, parents dotted."""
        return [name for name, _, _ in self.flat_columns]

    def flat(self, rows: Iterable[Row]) -> Iterator[list[str]]:
        """The rows as texts, one for each name of the header, as Bulk writes them into CSV; null is empty."""
        columns = [(index, field.type) for _, index, field in self.flat_columns]
        return ([csv_text(row[index], kind) for index, kind in columns] for row in rows)

    def columns(self) -> dict[str, Any]:
        """The answer's part about columns, for `?columns=true`."""
        return {
            "columnMetadata": columns_of(self.record),
            "entityName": self.sobject.name,
            "groupBy": "aggregate" in self.features,
            "idSelected": any(cell.name == "Id" for cell in self.record.cells),
            "keyPrefix": self.sobject.key_prefix,
        }


def csv_text(value: Any, kind: str) -> str:
    """One stored value as Bulk writes it."""
    if value is None:
        return ""
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "datetime":
        return str(value).replace("+0000", "Z")
    if kind in ("double", "currency", "percent"):
        return java_double(float(value))
    return str(value)


def java_double(value: float) -> str:
    """A number as Java prints a double: 5.0, 0.25, 9.12260031E8."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value) if "e" not in repr(value) else f"{value:f}".rstrip("0")
    digits, exponent = f"{value:.16e}".split("e")
    shortest = min((f"{value:.{n}e}" for n in range(17)), key=lambda text: (float(text) != value, len(text)))
    digits = shortest.split("e")[0]
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"
