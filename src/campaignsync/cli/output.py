"""How commands speak: tables for people, JSON for programs, progress on the error stream, errors in one sentence.

Whatever was typed by a person or came from Salesforce is printed as plain text: no markup of the terminal library is read in it,
and control characters are taken out. The terminal library is loaded by whoever prints with it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import typer

from campaignsync.domain.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

_PIPED = 240
"""Columns of what no terminal shows: wide enough that tables are not folded on their way to a file, a mail or another program.
"""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    piped = not (sys.stderr if stderr else sys.stdout).isatty() and "COLUMNS" not in os.environ
    width = _PIPED if piped else None
    return Console(stderr=stderr, highlight=False, markup=False, soft_wrap=True, width=width)


def say(sentence: str) -> None:
    """A sentence for a person, on standard output."""
    _console().print(clean(sentence))


def counted(number: int, one: str, many: str | None = None) -> str:
    """So many of something: 1 field, 2,000 fields."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def answer(value: Mapping[str, Any], sentence: str, *, as_json: bool) -> None:
    """What a command that changes something did: a sentence for a person, or its facts as JSON."""
    if as_json:
        print_json(value)
    else:
        say(sentence)


def complain(sentence: str) -> None:
    """A sentence about what went wrong, on the error stream."""
    (_under_way[-1] if _under_way else _console(stderr=True)).print(clean(sentence))


def clean(value: object) -> str:
    """A value as text without control characters, which could play tricks on a terminal."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _CONTROL.sub("", str(value))


def print_json(value: object) -> None:
    """A value as JSON: times in UTC and ISO 8601, money as text."""
    text = orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
    sys.stdout.write(text.decode() + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def print_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> None:
    """Rows as a table; `columns` says which keys and their headings; `empty` is what stands where there is no row."""
    if not rows:
        say(empty)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(row.get(key))) for key in columns))
    _console().print(table)


def print_entry(heading: str, text: str) -> None:
    """An entry of a list whose texts are too long for a table: its heading, and the text indented beneath."""
    say(heading)
    say(f"    {text}")


def show(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str, as_json: bool) -> None:
    """Rows as a table, or all they hold as JSON."""
    if as_json:
        print_json(rows)
    else:
        print_table(rows, columns, empty=empty)


def agreed(question: str, how: str, *, yes: bool) -> bool:
    """Whether to go on, asked at a terminal. Where nobody sits, --yes is wanted: UsageError that tells `how`."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(how)
    return typer.confirm(question)


_under_way: list[Console] = []
"""The screens on which bars are drawn: what is complained of meanwhile stands above them."""


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int, int], None]]:
    """A bar on the error stream while something long goes on: rows, API calls, the time that is left. Nothing where that is no
    terminal."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from campaignsync.cli.bars import drawn

    console = _console(stderr=True)
    _under_way.append(console)
    try:
        with drawn(what, console) as tell:
            yield tell
    finally:
        _under_way.pop()
