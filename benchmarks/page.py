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
_MEASURES = ("wall_s", "cpu_s", "sandbox_cpu_s", "database_cpu_s", "rss_mb", "calls", "bytes")
_ON_THE_WAY = ("deaths", "lives")
_INTRODUCTION = """\
# Benchmarks

Made by `./run bench` from `benchmarks/results`. Whole processes against the sandbox on one machine, medians of the runs
of each row. CPU and memory are of the client process alone, neither the database server's nor the sandbox's; calls are
what the sandbox counts as Salesforce does; bytes are bodies as they travelled. Compare within a row of one run only:
seconds are the machine's, and other work may have run beside it (its load at the start stands with each work).

W1 cold pull of one campaign with its people into PostgreSQL · W2 a thousand changes of every kind, pulled: late commits, ties,
removals, deletions, undeletions · W3 add known people with six statuses, by bulk jobs and by collections only · W4 add
people by e-mail address: leads, contacts, both at once, converted leads, unknown people · W5 one in a hundred changes, half
on each side, some on both, and some leave either side; against moving as many rows in a world that has no others · W6 a quiet
round over so many links, with 2 and with 20 members each · W7 adding and changing while locks, lost answers, half-failed jobs
and ended sessions come at random, killed at every thousandth row that is written on
either side · W8 everything read anew and reconciled,
against the floor: the same bytes only downloaded, parsed, joined and written with Polars and COPY · lanes (`./run bench lanes`)
the same rows by collections and by a bulk job, by pages and by a bulk query, each lane by itself.

What came of it is judged afterwards by both sides' own rows. A work that has no quiet beginning at a size is prepared once and
kept as a snapshot and a database template; `sandbox s` is the processor time that answering took, which is in everybody's wall
clock; `database s` is the database server's, where it was measured.

F1 smart campaigns over a million people: how long filters take to count, and how the same 20,000 changes are read, and
whom they bring is taken through two steps, while 10, 50 and 200 smart campaigns are active (the size of those rows), of
which the changes concern one · F2 a batch through three steps, two of them in Salesforce. Both in a process that speaks
with the product as its runner does, so that the start of a command is not in them; no peer does the like.

Peers, each in an environment of its own, as its documentation shows: simple-salesforce by bulk2 queries and ingests;
tap-salesforce by Bulk API 1.0, to a file and not into a database; CumulusCI by `load_dataset`, told the ids of the leads.
None of them keeps a journal, a mirror of what it wrote, or a memory of what was agreed on.

Read with care: each row says of how many runs it is the median. All of them on two cores that other processes shared, so
that seconds say little between rows; calls and what came of it say all they can. Of the command's CPU 0.7 s is its start,
at every size. Until 2026-11-29T17:28 a program's memory was told as no less than that of the benchmark itself, to which it
had been a child: rows of W3, W6, W7 and F are older, and upper bounds. W1 and W8 at a million were run beside a process that
had what the cores left over.

What misses its goal, and why; and how near the others are.

- **W1** reaches it at a million since PostgreSQL makes columns of the CSV itself: about a fifth of simple-salesforce's CPU,
  26 calls against 44. At 100,000 it takes three fifths of it, and at 10,000 more than it: a fifth of either is less than it takes
  to import Django, Polars, requests and psycopg and do nothing with them (0.41 s; requests alone 0.10, Polars alone 0.17),
  so that there the goal is out of reach for a command that ends after each sync. It is not done in the database's time
  instead: 100,000 members take 2.8 s of that, and 3.1 s when the command made the columns; most of it is keys, indexes and
  the journal. Memory is flat: 144 to 152 MB from 10,000 to a million.
- **W8** takes two fifths of its floor's CPU at a million and a fifth at five million, 1.5 and 1.7 times as long, and 170 MB;
  with the database's CPU it is 2.6 times the floor's at a million and 3.2 times at five million: the floor writes into
  tables without a key, and compares with nothing. Looked at statement by statement at 200,000: a fifth joins the three sides
  of everybody, which reading anew calls for, a quarter finds four merges with nothing to write, the rest takes the CSV in.
- **W4** takes no more calls than simple-salesforce, 16 against 17 and 20 against 20, and an eighth and two thirds of its
  time. Its CPU is 1.0 s against 0.34 at 10,000, where a fifth is less than importing requests alone takes, and 2.6 s
  against 1.4 at 100,000: 0.7 s are the start, 0.7 what Polars does with 200,000 people of 25 fields each, 0.3 the unpacking
  of what came, and the rest the rows on their way into PostgreSQL, which remembers them, and out of it.
- **W5** at a million costs less than twice of moving only the changed rows: 1.06 times the CPU, 1.4 times with the database's,
  23 calls against 20, and 1.95 times as long (1.5 times at 120 ms a call). Half of the time is the sandbox's, which counts
  the members and lists a million ids, as listing whole is the only way to see who was removed (S0.1). A plan joins those
  whom a change concerns (docs/adr/0017).
- **W6** is flat: 3 calls over 5,000 links, whether they hold 10,000 or 100,000 members; its preparation takes the marks of
  new links away by hand. **W7** at 10,000 ends in a minute.

A first load of linked members wrote each lead twice, and each person's tie to it, until that was counted row by row; it writes
both once since, and nobody's fields need comparing who was made of a lead. Five million members and as many people took half an
hour beside three other jobs on the same two cores, of it some 14 minutes the database's CPU.
"""


_SERVICE = """\
## A service as a whole

Latency: a service of one worker and one listener, half of the changes on each side of one org, 20 ms an API call. A time
counts from before a change is sent until a look, ten times a second, first shows it on the other side, so that it is an upper
bound. It was measured on a machine that did nothing else. Failover: three workers, a listener and two orgs, killed with SIGKILL
at random, PostgreSQL too; *met* are edits of somebody whom the other side had edited last. A takeover counts from the last sign
of life of the dead worker to the beginning of the next round of its org.
"""


def write_page(results: Path) -> None:
    """The page, and one plot a work that was measured at more than one size."""
    parts = [_INTRODUCTION]
    for file in sorted(results.glob("[FLW]*.json")):
        whole = json.loads(file.read_text())
        table = _medians(whole["rows"])
        machine = whole["machine"]
        parts += [
            f"## {file.stem}\n",
            f"{whole['at']}, {machine['cpus']} CPUs, load {machine['load_before']} at the end.\n",
            _table(table),
            # A lane is measured in this process, whose memory says nothing of it.
            *([] if file.stem == "LANES" else [_exponents(table)]),
        ]
        # The sizes of F works are people in one row and smart campaigns in another: no curve runs through them.
        if len({row["size"] for row in table}) > 1 and file.stem.startswith("W"):
            (DOCS / "plots").mkdir(exist_ok=True)
            (DOCS / "plots" / f"{file.stem}.svg").write_text(_plot(table), encoding="utf-8")
            parts.append(f"![CPU seconds against size](plots/{file.stem}.svg)\n")
    parts += _pages(results)
    parts += [_SERVICE, *_service(results)]
    (DOCS / "benchmarks.md").write_text("\n".join(parts), encoding="utf-8")


def _pages(results: Path) -> list[str]:
    """How long each page takes the server, the slowest first."""
    file = results / "pages.json"
    if not file.exists():
        return []
    whole = json.loads(file.read_text())
    rows = sorted(whole["rows"], key=lambda row: -row["p95_ms"])
    kept = sum(row["p95_ms"] <= whole["most_ms"] for row in rows)
    lines = [
        f"| {row['page']} | `{row['address']}` | {row['median_ms']} | {row['p95_ms']} | {row['cpu_ms']} | {row['queries']} |"
        for row in rows
    ]
    many, programs, most, machine = (whole[name] for name in ("members", "programs", "most_ms", "machine"))
    said = (
        f"{whole['at']}, {machine['cpus']} CPUs, load {machine['load']} at the end. {many:,} people, each a member of one of"
        f" {programs:,} programs and of its campaign, two fifths of them of one; an entry of the journal for each. Of {len(rows)}"
        f" pages {kept} keep p95 within {most} ms of the server, each asked for {rows[0]['runs']} times.\n"
    )
    head = [
        "| page | address | median ms | p95 ms | CPU ms | queries |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    return ["## ./run bench pages\n", said, "\n".join([*head, *lines]) + "\n"]


def _service(results: Path) -> list[str]:
    """What was measured of a whole service: how soon a change is on the other side, and what is lost when all is killed."""
    parts = []
    for name in ("latency", "failover"):
        file = results / f"{name}.json"
        if not file.exists():
            continue
        whole = json.loads(file.read_text())
        at, machine = whole.pop("at"), whole.pop("machine")
        rows = [f"| {key.replace('_', ' ')} | {_as_text(value)} |" for key, value in whole.items()]
        parts += [
            f"## ./run bench {name}\n",
            f"{at}, {machine['cpus']} CPUs, load {machine['load_before']} at the end.\n",
            "\n".join(["| what | figure |", "| --- | --- |", *rows]) + "\n",
        ]
    return parts


def _as_text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {each}" for key, each in value.items())
    return str(value)


def _medians(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        came = json.dumps({name: each for name, each in row["came_of_it"].items() if name not in _ON_THE_WAY})
        groups.setdefault((row["size"], row["latency_ms"], row["program"], came), []).append(row)
    return [
        {
            "size": size,
            "latency_ms": latency,
            "program": program,
            "came_of_it": came.strip("{}") + _on_the_way(group),
            "runs": len(group),
            **{name: median(row.get(name, 0) for row in group) for name in _MEASURES},
        }
        for (size, latency, program, came), group in sorted(groups.items(), key=lambda item: item[0])
    ]


def _on_the_way(group: list[dict[str, Any]]) -> str:
    """What happened before it came to that, which is up to chance: from least to most."""
    seen = {
        name: [row["came_of_it"][name] for row in group if name in row["came_of_it"]] for name in _ON_THE_WAY
    }
    return "".join(f"; {name}: {min(each)} to {max(each)}" for name, each in seen.items() if each)


def _table(table: list[dict[str, Any]]) -> str:
    lines = [
        "| size | ms a call | program | runs | wall s | CPU s | sandbox s | database s | MB | calls | bytes | what came of it |",
        "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {row['size']:,} | {row['latency_ms']} | {row['program']} | {row['runs']} | {row['wall_s']:.1f} | {row['cpu_s']:.2f} |"
        f" {row['sandbox_cpu_s']:.2f} | {row['database_cpu_s']:.2f} |"
        f" {row['rss_mb']:.0f} | {row['calls']:g} | {row['bytes']:,.0f} | {row['came_of_it']} |"
        for row in table
    ]
    return "\n".join(lines) + "\n"


def _exponents(table: list[dict[str, Any]]) -> str:
    """How CPU grows with size, alone and with the database's: the exponent between the smallest and the largest of a program."""
    said = []
    for program in sorted({row["program"] for row in table}):
        rows = [row for row in table if row["program"] == program and row["latency_ms"] == 0]
        if len({row["size"] for row in rows}) < 2:
            continue
        small, large = min(rows, key=lambda row: row["size"]), max(rows, key=lambda row: row["size"])
        told = f"CPU grows with exponent {_exponent(small, large, 'cpu_s'):.2f}"
        if min(small["database_cpu_s"], large["database_cpu_s"]) > 0:
            told += f", with the database's {_exponent(small, large, 'cpu_s', 'database_cpu_s'):.2f}"
        said.append(
            f"{program}: {told},"
            f" memory by a factor of {large['rss_mb'] / small['rss_mb']:.2f} from {small['size']:,} to {large['size']:,}."
        )
    return "\n".join(said) + "\n"


def _exponent(small: dict[str, Any], large: dict[str, Any], *costs: str) -> float:
    growth = sum(large[cost] for cost in costs) / sum(small[cost] for cost in costs)
    return math.log(growth) / math.log(large["size"] / small["size"])


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
