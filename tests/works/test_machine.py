"""What a benchmark says of a program's memory is the program's alone."""

from __future__ import annotations

import sys

from benchmarks.machine import run


def test_the_memory_of_a_program_is_not_that_of_whoever_measures_it() -> None:
    """To the kernel a child's peak begins with its parent's."""
    of_the_measurer = bytearray(b"x" * 300_000_000)
    cost = run([sys.executable, "-S", "-c", "print(len(b'x' * 40_000_000))"])
    assert cost.said == "40000000\n"
    assert 40 < cost.rss_mb < 100 < len(of_the_measurer) / 1_000_000
