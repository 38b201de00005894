"""`./run simulate`: plays histories on all cores and prints the figures; for a violation the scenario and exit code 1."""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import time

os.environ.setdefault("POLARS_MAX_THREADS", "1")

from simulation.many import Sum, play_many


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, help="how many histories (10,000 unless --minutes is given)")
    parser.add_argument("--seed", type=int, help="play this one and print all that happens")
    parser.add_argument("--first", type=int, default=0, help="the seed to begin with")
    parser.add_argument("--processes", type=int, help="how many play at once (one a core)")
    parser.add_argument("--minutes", type=float, help="stop after so many minutes")
    asked = parser.parse_args()
    if asked.seed is not None:
        return one(asked.seed)
    return many(asked)


def one(seed: int) -> int:
    """One history, told line by line."""
    from simulation.history import made_from
    from simulation.narrate import told
    from simulation.shrink import smallest, violations_of

    history = made_from(seed)
    found = violations_of(history, tell=print)
    if found:
        report(seed, found)
        print(told(smallest(history), found))
    return 1 if found else 0


def many(asked: argparse.Namespace) -> int:
    number = asked.seeds or (None if asked.minutes else 10_000)
    seeds = itertools.count(asked.first) if number is None else range(asked.first, asked.first + number)
    until = time.monotonic() + 60 * asked.minutes if asked.minutes else None
    whole = Sum()
    for part in play_many(seeds, until=until, workers=asked.processes):
        whole.add(part)
        if sys.stderr.isatty():
            print(
                f"\r{whole.histories:,} histories, {len(whole.violations)} violations",
                end="",
                file=sys.stderr,
            )
    print("to be written down in docs/simulation.md:", row(asked.first, whole))
    print("\n".join(whole.lines()))
    for seed, found in sorted(whole.violations.items())[:3]:
        explain(seed, found)
    return 1 if whole.violations else 0


def row(first: int, whole: Sum) -> str:
    """What was played, as a row of the table in docs/simulation.md: seeds are played in their order, so they are one range."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return (
        f"| {first:,} to {first + whole.histories - 1:,} | {commit or 'unknown'} | {whole.edits.total():,}"
        f" | {whole.faults.total():,} | {len(whole.violations)} |"
    )


def explain(seed: int, found: list[str]) -> None:
    """A failing history, made as small as it gets, as a scenario that a person can read."""
    from simulation.history import made_from
    from simulation.narrate import told
    from simulation.shrink import smallest

    report(seed, found)
    small = smallest(made_from(seed))
    print(told(small, found))


def report(seed: int, found: list[str]) -> None:
    print(f"\nseed {seed}: replay it with ./run simulate --seed {seed}")
    for each in found:
        print(f"  {each}")


if __name__ == "__main__":
    sys.exit(main())
