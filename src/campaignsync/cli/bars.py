"""The bar of a long command: how many rows of how many, API calls, and the time that is left, in one line at any width.

Loaded by `output.progress` where somebody looks, and by nobody else: it costs every command that draws none its start. It draws
on the error stream alone, so that what a command answers stays on standard output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

_LONG, _WIDE, _MIDDLE, _NARROW = 112, 88, 76, 54
"""Columns from which on a bar has its full length, from which on there is room for one, and for what is being done, and below
which only numbers are shown."""


@contextmanager
def drawn(what: str, console: Console) -> Iterator[Callable[[int, int, int], None]]:
    """A bar that is gone when it is done; what moves it is `runtime.progress.Tell`."""
    bar = Progress(*_columns(console.width), console=console, transient=True, redirect_stdout=False)
    with bar:
        task = bar.add_task(what, total=None, calls=0)
        yield lambda done, of, calls: bar.update(task, completed=done, total=of or None, calls=calls)


class _TimeLeft(TimeRemainingColumn):
    """The time that is left; where nobody knows, how long it has taken so far."""

    def render(self, task: Task) -> Text:
        """The time, and which of both it is."""
        if task.total is None:
            return Text(f"{int(task.elapsed or 0)} s so far", no_wrap=True)
        return super().render(task).append(" left")


def _columns(width: int) -> list[ProgressColumn]:
    """What fits into one line of a terminal of this width."""
    rows = MofNCompleteColumn(table_column=_line())
    if width < _NARROW:
        calls = TextColumn("{task.fields[calls]} calls", table_column=_line())
        return [rows, calls, _TimeLeft(compact=True, table_column=_line())]
    calls = TextColumn("rows, {task.fields[calls]:,} API calls,", table_column=_line())
    shown: list[ProgressColumn] = [rows, calls, _TimeLeft(table_column=_line())]
    if width >= _WIDE:
        shown.insert(0, BarColumn(bar_width=None if width < _LONG else 40))
    if width >= _MIDDLE:
        shown.insert(0, TextColumn("{task.description}", table_column=_line()))
    return shown


def _line() -> Column:
    return Column(no_wrap=True)
