"""Histories that once went wrong, each a folder of `given.yaml`, `steps.yaml` and `expected.yaml`: they hold, and end as is told.

`./run simulate` prints the first two of a history that fails. `CAMPAIGNSYNC_REWRITE_SCENARIOS=1` writes the third as it is now.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulation.clock import SimulatedClock
from simulation.narrate import read_scenario
from simulation.play import Play
from simulation.stores import InMemory

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/given.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_scenario_holds_and_ends_as_is_told(folder: Path) -> None:
    clock = SimulatedClock()
    played = Play(read_scenario(folder), InMemory(clock), clock)
    outcome = played.run()
    assert outcome.violations == []
    ended = ended_in(played)
    file = folder / "expected.yaml"
    if os.environ.get("CAMPAIGNSYNC_REWRITE_SCENARIOS"):
        file.write_text(yaml.safe_dump(ended, sort_keys=False, allow_unicode=True, width=110), "utf-8")
    assert ended == yaml.safe_load(file.read_text("utf-8"))


def ended_in(played: Play) -> dict[str, Any]:
    """Who is in each program and its campaign, and what the journal tells of members and their fields."""
    world = played.worlds[0]
    dump = world.dump()
    names = {number: row.get("email") or row.get("last_name") for number, row in dump.people.items()}
    return {
        "program": {
            each: world.members(each) for each in world.campaigns if each not in world.given.unlinked
        },
        "campaign": {
            program: {
                person.name: status
                for person in world.given.people
                if (status := world.there(program, person.name))
            }
            for program in world.campaigns
        },
        "journal": [
            f"{line['side']}: {names.get(line['person'], '')} {line['noun']} {line['old']} → {line['new']} ({line['why']})"
            for line in dump.journal
        ],
    }
