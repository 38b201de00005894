"""What a SOQL text says, as values: the tree that `parse` builds and the compiler reads.

Nothing is resolved yet: names are as written, literals as spelled. `at` is the offset in the text, for error carets.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A field or a walk over parents to one: `Email`, `Campaign.Owner.Name`."""

    parts: tuple[str, ...]
    at: int

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function over operands; `function` in upper case. COUNT() has no arguments."""

    function: str
    arguments: tuple["Operand | Literal", ...]
    at: int

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


Operand: TypeAlias = Path | Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    operand: Operand
    alias: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subselect:
    """A child subquery; its `query.sobject` names a child relationship."""

    query: "Query"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeOf:
    """TYPEOF over a polymorphic relationship: which fields for which object."""

    relationship: Path
    whens: tuple[tuple[Path, tuple[Path, ...]], ...]
    otherwise: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value as spelled. `kind`: string, number, currency, datetime, date, boolean, null or period (TODAY …)."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`operator` is in upper case: = != < <= > >= LIKE IN "NOT IN" INCLUDES EXCLUDES."""

    operand: Operand
    operator: str
    value: "Literal | tuple[Literal, ...] | Query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    condition: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    conditions: tuple["Condition", ...]


Condition: TypeAlias = Comparison | Negation | AllOf | AnyOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    operand: Operand
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    select: tuple[Selected | Subselect | TypeOf, ...]
    sobject: Path
    alias: str | None = None
    # Names given to relationships, as in FROM CampaignMember m, m.Campaign c: each with the path it stands for.
    related: tuple[tuple[str, Path], ...] = ()
    scope: str | None = None
    where: Condition | None = None
    group_by: tuple[Operand, ...] = ()
    having: Condition | None = None
    order_by: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int | None = None
    all_rows: bool = False

    @property
    def says_when(self) -> bool:
        """Whether it means something else on another day: TODAY and its like."""
        children = (item.query for item in self.select if isinstance(item, Subselect))
        return _says_when(self.where) or _says_when(self.having) or any(map(_says_when, children))


def _says_when(said: "Condition | Literal | tuple[Literal, ...] | Query | None") -> bool:
    match said:
        case Literal():
            return said.kind == "period"
        case tuple():
            return any(map(_says_when, said))
        case AllOf() | AnyOf():
            return any(map(_says_when, said.conditions))
        case Negation():
            return _says_when(said.condition)
        case Comparison():
            return _says_when(said.value)
        case Query():
            return said.says_when
        case _:
            return False
