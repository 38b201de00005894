"""Writes docs/benchmarks.md and its plots from the results: medians, ratios, and cost against size on log axes, as SVG."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import median
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
_WIDTH, _HEIGHT, _MARGIN = 560, 320, 60
_COLOURS = ("#0b5cad", "#c0392b", "#27865a", "#8e44ad")
_MEASURES = ("wall_s", "cpu_s", "rss_mb", "calls", "bytes")
_INTRODUCTION = """\
# Benchmarks

Made by `./run bench` from `benchmarks/results`. Whole processes against the sandbox on one machine, medians of the runs
of each row. CPU and memory are of the client process alone, neither the database server's nor the sandbox's; calls are
what the sandbox counts as Salesforce does; bytes are bodies as they travelled. Compare within a row of one run only:
seconds are the machine's, and other work may have run beside it (its load at the start stands with each work).

W1 cold pull of one campaign with its people into PostgreSQL · W4 add people by e-mail address · W5 change both sides ·
W6 a quiet round over so many links · W8 everything read anew and reconciled, against the same bytes only downloaded,
parsed, joined and written · W7 W4 while locks, lost answers, ended sessions and deaths come at random.

F1 smart campaigns over a million people: how long filters take to count, and how the same 20,000 changes are read, and
whom they bring is taken through two steps, while 10, 50 and 200 smart campaigns are active (the size of those rows), of
which the changes concern one · F2 a batch through three steps, two of them in Salesforce. Both in a process that speaks
with the product as its runner does, so that the start of a command is not in them; no peer does the like.

Peers: simple-salesforce by its bulk2 queries and ingests, as scripts under `benchmarks/peers`, each in an environment
of its own. It is given TLS as everybody is. It finds people by reading all that have an address, and keeps no journal,
no mirror of what it wrote, no memory of what was agreed on.

Read with care: what stands here was measured once, on two cores that fifteen other processes shared, so that seconds
say little. Of the command's CPU about three seconds there were its start (half as many on an idle machine), at every
size. The goals of a fifth of the peer's CPU are not met, and cannot be while a hundred thousand rows cost the peer less
than that start. W5, W6 and W8 were not measured to their end yet; nothing at a million was.
"""


def write_page(results: Path) -> None:
    """The page, and one plot a work that was measured at more than one size."""
    parts = [_INTRODUCTION]
    for file in sorted(results.glob("[FW]*.json")):
        whole = json.loads(file.read_text())
        table = _medians(whole["rows"])
        machine = whole["machine"]
        parts += [
            f"## {file.stem}\n",
            f"{whole['at']}, {machine['cpus']} CPUs, load {machine['load_before']} at the end.\n",
            _table(table),
            _exponents(table),
        ]
        if len({row["size"] for row in table}) > 1:
            (DOCS / "plots").mkdir(exist_ok=True)
            (DOCS / "plots" / f"{file.stem}.svg").write_text(_plot(table), encoding="utf-8")
            parts.append(f"![CPU seconds against size](plots/{file.stem}.svg)\n")
    (DOCS / "benchmarks.md").write_text("\n".join(parts), encoding="utf-8")


def _medians(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        came = json.dumps(row["came_of_it"])
        groups.setdefault((row["size"], row["latency_ms"], row["program"], came), []).append(row)
    return [
        {
            "size": size,
            "latency_ms": latency,
            "program": program,
            "came_of_it": came,
            "runs": len(group),
            **{name: median(row[name] for row in group) for name in _MEASURES},
        }
        for (size, latency, program, came), group in sorted(groups.items(), key=lambda item: item[0])
    ]


def _table(table: list[dict[str, Any]]) -> str:
    lines = [
        "| size | ms a call | program | runs | wall s | CPU s | MB | calls | bytes | what came of it |",
        "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {row['size']:,} | {row['latency_ms']} | {row['program']} | {row['runs']} | {row['wall_s']:.1f} | {row['cpu_s']:.2f} |"
        f" {row['rss_mb']:.0f} | {row['calls']:g} | {row['bytes']:,.0f} | {row['came_of_it'].strip('{}')} |"
        for row in table
    ]
    return "\n".join(lines) + "\n"


def _exponents(table: list[dict[str, Any]]) -> str:
    """How CPU grows with size: the exponent between the smallest and the largest of a program."""
    said = []
    for program in sorted({row["program"] for row in table}):
        rows = [row for row in table if row["program"] == program and row["latency_ms"] == 0]
        if len({row["size"] for row in rows}) < 2:
            continue
        small, large = min(rows, key=lambda row: row["size"]), max(rows, key=lambda row: row["size"])
        factor = math.log(large["size"] / small["size"])
        said.append(
            f"{program}: CPU grows with exponent {math.log(large['cpu_s'] / small['cpu_s']) / factor:.2f},"
            f" memory by a factor of {large['rss_mb'] / small['rss_mb']:.2f} from {small['size']:,} to {large['size']:,}."
        )
    return "\n".join(said) + "\n"


def _plot(table: list[dict[str, Any]]) -> str:
    """CPU seconds against size, both axes logarithmic, one line a program."""
    rows = [row for row in table if row["latency_ms"] == 0]
    xs, ys = [row["size"] for row in rows], [row["cpu_s"] for row in rows]
    left, right = math.floor(math.log10(min(xs))), math.ceil(math.log10(max(xs)))
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def x(size: float) -> float:
        return _MARGIN + (math.log10(size) - left) / max(right - left, 1) * (_WIDTH - 2 * _MARGIN)

    def y(seconds: float) -> float:
        return _HEIGHT - _MARGIN - (math.log10(seconds) - low) / max(high - low, 1) * (_HEIGHT - 2 * _MARGIN)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="11">'
    ]
    for power in range(left, right + 1):
        at = x(10**power)
        parts.append(f'<path d="M{at:.0f} {_MARGIN}V{_HEIGHT - _MARGIN}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{at:.0f}" y="{_HEIGHT - _MARGIN + 16}" text-anchor="middle">{10**power:,}</text>'
        )
    for power in range(low, high + 1):
        at = y(10**power)
        parts.append(f'<path d="M{_MARGIN} {at:.0f}H{_WIDTH - _MARGIN}" stroke="#ddd"/>')
        parts.append(f'<text x="{_MARGIN - 6}" y="{at + 4:.0f}" text-anchor="end">{10.0**power:g} s</text>')
    for place, program in enumerate(sorted({row["program"] for row in rows})):
        colour = _COLOURS[place % len(_COLOURS)]
        points = sorted((row["size"], row["cpu_s"]) for row in rows if row["program"] == program)
        path = " ".join(f"{x(size):.1f},{y(seconds):.1f}" for size, seconds in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(s):.1f}" cy="{y(c):.1f}" r="3" fill="{colour}"/>' for s, c in points]
        parts.append(
            f'<text x="{_MARGIN + 8}" y="{_MARGIN - 8 - 14 * place}" fill="{colour}">{program}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"
