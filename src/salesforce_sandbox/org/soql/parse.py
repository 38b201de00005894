"""Text → `syntax.Query`, by the grammar beside this file. The same text again costs next to nothing.

Called by the compiler. Refuses only what no org could understand; names and types are the compiler's matter.
"""

import re
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, NoReturn

from lark import (
    Lark,
    Token,
    Transformer,
    UnexpectedCharacters,
    UnexpectedEOF,
    UnexpectedInput,
    UnexpectedToken,
    v_args,
)

from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.soql.refusals import malformed, refuse
from salesforce_sandbox.org.soql.syntax import (
    AllOf,
    AnyOf,
    Call,
    Comparison,
    Literal,
    Negation,
    Operand,
    Ordering,
    Path,
    Query,
    Selected,
    Subselect,
    TypeOf,
)

LONGEST_QUERY = 100_000
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)", re.IGNORECASE)
_SOME_MOMENT = "2000-01-01T00:00:00"
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)


def parse(text: str) -> Query:
    """The query a text says; SalesforceError MALFORMED_QUERY when it says none.

    Texts that differ in their moments alone are taken apart once: whoever looks again asks the same since a later one.
    """
    alike = alike_but_for_moments(text)[0]
    if alike == text:
        return _parsed(text)
    try:
        query = _parsed(alike)
    except SalesforceError:
        # It is refused in words about the text itself.
        return _parsed(text)
    nested = any(isinstance(item, Subselect) for item in query.select)
    return _parsed(text) if nested else _at_own_moments(query, text)


def alike_but_for_moments(text: str) -> tuple[str, int]:
    """The text that all share which differ in their moments alone, and how many moments it has; itself where it has strings."""
    if "'" in text:
        return text, 0
    return _MOMENT.subn(lambda found: _SOME_MOMENT + found[0][19:], text)


def _at_own_moments(query: Query, text: str) -> Query:
    """The query with the moments that stand in the text, in the places of others."""
    return replace(query, where=_own(query.where, text), having=_own(query.having, text))


def _own(said: Any, text: str) -> Any:
    if isinstance(said, AllOf | AnyOf):
        return replace(said, conditions=tuple(_own(each, text) for each in said.conditions))
    if isinstance(said, Negation):
        return replace(said, condition=_own(said.condition, text))
    if isinstance(said, Comparison):
        return replace(said, value=_own(said.value, text))
    if isinstance(said, Query):
        return _at_own_moments(said, text)
    if isinstance(said, tuple):
        return tuple(_own(each, text) for each in said)
    if isinstance(said, Literal) and said.kind == "datetime":
        return replace(said, text=text[said.at : said.at + len(said.text)])
    return said


@lru_cache(maxsize=2_000)
def _parsed(text: str) -> Query:
    if len(text) > LONGEST_QUERY:
        raise malformed(f"SOQL statements cannot be longer than {LONGEST_QUERY} characters.")
    try:
        query: Query = _PARSER.parse(text)  # type: ignore[assignment]
    except UnexpectedInput as surprise:
        _refuse(surprise, text)
    return query


def _refuse(surprise: UnexpectedInput, text: str) -> NoReturn:
    if isinstance(surprise, UnexpectedToken) and surprise.token.type != "$END":
        token = surprise.token
        raise refuse("MALFORMED_QUERY", f"unexpected token: '{token}'", text, token.start_pos) from None
    if isinstance(surprise, UnexpectedCharacters):
        character, place = text[surprise.pos_in_stream or 0], f"{surprise.line}:{surprise.column - 1}"
        if character == "'":
            raise malformed(f"line {place} mismatched character '<EOF>' expecting '''") from None
        if character == ":":
            raise malformed("Bind variables only allowed in Apex code") from None
        raise malformed(f"line {place} no viable alternative at character '{character}'") from None
    assert isinstance(surprise, UnexpectedToken | UnexpectedEOF)  # noqa: S101 - the parser has no fourth way
    raise refuse("MALFORMED_QUERY", "unexpected token: '<EOF>'", text, len(text)) from None


def _path(name: Token) -> Path:
    return Path(parts=tuple(name.split(".")), at=name.start_pos or 0)


def _paths(names: tuple[Token, ...]) -> tuple[Path, ...]:
    return tuple(map(_path, names))


def _literal(kind: str) -> Any:
    def build(_: "_Builder", token: Token) -> Literal:
        return Literal(kind=kind, text=str(token), at=token.start_pos or 0)

    return build


def _clause(name: str) -> Any:
    def build(_: "_Builder", *values: Any) -> tuple[str, Any]:
        return name, values

    return build


@v_args(inline=True)
class _Builder(Transformer[Token, Query]):
    """Turns each rule of the grammar into its value while the text is being parsed."""

    number, currency, datetime, date = map(_literal, ("number", "currency", "datetime", "date"))
    true, false, null, period = map(_literal, ("boolean", "boolean", "null", "period"))
    where, having, group_by, order_by = map(_clause, ("where", "having", "group_by", "order_by"))
    limit, offset, scope, all_rows = map(_clause, ("limit", "offset", "scope", "all_rows"))

    def start(self, query: Query) -> Query:
        return query

    def query(self, *parts: Any) -> Query:
        """Selected items, the object, then clauses as pairs of name and values."""
        select = tuple(part for part in parts if isinstance(part, Selected | Subselect | TypeOf))
        name, alias = parts[len(select)]
        related = tuple(part for part in parts[len(select) + 1 :] if isinstance(part[1], Path))
        clauses = _in_order(parts[len(select) + 1 + len(related) :])
        bare = Query(select=select, sobject=_path(name), alias=alias and str(alias), related=related)
        return replace(bare, **{clause: _clause_value(clause, values) for clause, values in clauses.items()})

    def object(self, name: Token, alias: Token | None = None) -> tuple[Token, Token | None]:
        return name, alias

    def related(self, name: Token, alias: Token) -> tuple[str, Path]:
        return str(alias), _path(name)

    def selected(self, operand: Operand, alias: Token | None = None) -> Selected:
        return Selected(operand=operand, alias=alias and str(alias))

    def subselect(self, query: Query) -> Subselect:
        return Subselect(query=query)

    def typeof(self, name: Token, *branches: Any) -> TypeOf:
        whens = tuple(
            branch for branch in branches if isinstance(branch[0], Path) and isinstance(branch[1], tuple)
        )
        otherwise = branches[len(whens)][1:] if len(branches) > len(whens) else ()
        return TypeOf(relationship=_path(name), whens=whens, otherwise=otherwise)

    def when(self, name: Token, *fields: Token) -> tuple[Path, tuple[Path, ...]]:
        return _path(name), _paths(fields)

    def otherwise(self, *fields: Token) -> tuple[Any, ...]:
        return (None, *_paths(fields))

    def path(self, name: Token) -> Path:
        return _path(name)

    def call(self, name: Token, *arguments: Operand | Literal) -> Call:
        return Call(function=name.upper(), arguments=arguments, at=name.start_pos or 0)

    def ordering(self, operand: Operand, *words: Token) -> Ordering:
        said = {word.upper() for word in words}
        return Ordering(operand=operand, descending="DESC" in said, nulls_last="LAST" in said)

    def all(self, *conditions: Any) -> AllOf:
        return AllOf(conditions=conditions)

    def any(self, *conditions: Any) -> AnyOf:
        return AnyOf(conditions=conditions)

    def negation(self, condition: Any) -> Negation:
        return Negation(condition=condition)

    def comparison(self, operand: Operand, operator: Token, value: Any) -> Comparison:
        spelled = operator.upper().replace("<>", "!=")
        return Comparison(operand=operand, operator=spelled, value=value)

    def anti_comparison(self, operand: Operand, operator: Token, value: Any) -> Comparison:
        return Comparison(operand=operand, operator="NOT IN", value=value)

    def string(self, token: Token) -> Literal:
        return Literal(kind="string", text=token[1:-1], at=token.start_pos or 0)

    def strings(self, token: Token) -> tuple[Literal, ...]:
        at = token.start_pos or 0
        return tuple(Literal(kind="string", text=text, at=at) for text in _STRING.findall(token))

    def values(self, *literals: Literal) -> tuple[Literal, ...]:
        return literals

    def subquery(self, query: Query) -> Query:
        return query


_CLAUSE_ORDER = ("scope", "where", "group_by", "having", "order_by", "limit", "offset", "all_rows")


def _in_order(clauses: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    """The clauses by name; each may come once, and only in the order of the language."""
    places = [_CLAUSE_ORDER.index(name) for name, _ in clauses]
    for before, after in pairwise(places):
        if before >= after:
            raise malformed(f"unexpected token: '{_CLAUSE_ORDER[after].split('_')[0].upper()}'")
    return dict(clauses)


def _clause_value(clause: str, values: tuple[Any, ...]) -> Any:
    if clause in ("group_by", "order_by"):
        return values
    if clause == "all_rows":
        return True
    if clause == "scope":
        return str(values[0])
    if clause in ("limit", "offset"):
        if not values[0].isdecimal():
            raise malformed(f"unexpected token: '{values[0]}'")
        return int(values[0])
    return values[0]


_PARSER = Lark.open(
    "grammar.lark", rel_to=__file__, parser="lalr", transformer=_Builder(), maybe_placeholders=False
)
