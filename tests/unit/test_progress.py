"""What is shown while something long goes on."""

from __future__ import annotations

import io
import sys

import pytest

from campaignsync.cli.output import progress


class Screen(io.StringIO):
    """A terminal that keeps what it was shown."""

    def isatty(self) -> bool:
        return True


def test_rows_calls_and_the_time_left_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    with progress("reading and writing") as tell:
        tell(2_000, 8_000, 1_234)
    shown = screen.getvalue()
    assert "2000/8000" in shown
    assert "rows, 1,234 API calls," in shown
    assert "left" in shown


def test_nothing_is_shown_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = io.StringIO()
    monkeypatch.setattr(sys, "stderr", quiet)
    with progress("reading and writing") as tell:
        tell(1, 2, 3)
    assert quiet.getvalue() == ""
