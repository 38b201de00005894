"""What smart campaigns name is found again under another name, and told when it is gone; tokens of programs (M9.2, M10.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignsync.bootstrap import Application
from campaignsync.domain.errors import UsageError
from conftest import Clock
from flow_words import Marketer, people


def to_list(name: str) -> dict[str, Any]:
    return {"action": "Add to List", "list": name}


@pytest.fixture
def marketer(app: Application, clock: Clock) -> Marketer:
    for name in ("Spring", "Nurture"):
        app.registry.create_program(name, "Webinar", {})
    found = Marketer(app=app, clock=clock)
    for name in ("A", "B"):
        found.smart.shelf.make_list(name)
    return found


def test_what_a_definition_names_is_found_again_when_it_is_called_otherwise(marketer: Marketer) -> None:
    """Programs, statuses, lists and smart campaigns: kept by id, shown by name; the old name may be another thing's by then."""
    people(marketer.app, {"email": "ann@example.com"})
    listening = {"triggers": [{"trigger": "Campaign is Requested"}], "flow": [to_list("B")]}
    marketer.activate("Second", **listening)
    marketer.activate(
        "Thank",
        program="Spring",
        triggers=[{"trigger": "Program Status is Changed", "program": "Spring", "new status": "Attended"}],
        filters=[{"filter": "Not Member of Program", "program": "Nurture", "status": "Attended"}],
        flow=[
            {"action": "Change Program Status", "program": "Nurture", "status": "Attended"},
            {"action": "Request Campaign", "smart campaign": "Second"},
        ],
    )
    marketer.give(ann="Registered")
    registry = marketer.app.registry
    channel = registry.channel("Webinar")
    came = replace(
        channel,
        statuses=tuple(replace(s, name="Came") if s.name == "Attended" else s for s in channel.statuses),
    )
    registry.change_channel(came, {"Attended": "Came"})
    registry.change_program("Spring", {"name": "Spring 2026"})
    registry.change_program("Nurture", {"name": "Nurture 2026"})
    registry.create_program("Nurture", "Webinar", {})
    marketer.smart.rename("Second", "Then")
    marketer.program = "Spring 2026"
    marketer.give(ann="Came")
    marketer.run()
    assert marketer.results("Thank") == [("ann", 1, "done", ""), ("ann", 2, "done", "")]
    assert marketer.statuses("Nurture 2026") == {"ann": "Came"}
    assert (marketer.statuses("Nurture"), marketer.on_list("B")) == ({}, ["ann"])
    shown = marketer.smart.show("Thank")
    assert shown["faults"] == []
    assert shown["definition"]["program"] == "Spring 2026"
    assert shown["definition"]["triggers"][0]["new status"] == "Came"
    assert shown["definition"]["flow"][0] == {
        "action": "Change Program Status",
        "program": "Nurture 2026",
        "status": "Came",
    }
    assert shown["definition"]["flow"][1]["smart campaign"] == "Then"


def test_what_is_gone_is_named_by_the_name_it_had_and_others_go_on(marketer: Marketer) -> None:
    people(marketer.app, {"email": "ann@example.com"})
    marketer.save("All", program="Nurture", flow=[to_list("A"), to_list("B")])
    marketer.smart.shelf.drop_list("A")
    marketer.app.registry.delete_program("Nurture")
    assert marketer.smart.show("All")["faults"] == [
        "there is no program 'Nurture'.",
        "step 1: there is no list 'A'.",
    ]
    marketer.smart.run("All", who="ada")
    marketer.run()
    assert [outcome for _, _, outcome, _ in marketer.results("All")] == ["failed", "done"]


def test_tokens_of_a_program_are_those_of_its_smart_campaigns(marketer: Marketer) -> None:
    """M9.2: a campaign, a status, a text may come from a my-token; what the smart campaign says itself counts first."""
    people(marketer.app, {"email": "ann@example.com"})
    marketer.app.registry.change_program(
        "Spring", {"tokens": {"room": "hall 4", "day": "Monday", "list": "A"}}
    )
    write = {"action": "Change Data Value", "field": "notes"}
    marketer.save(
        "Fill",
        program="Spring",
        tokens={"day": "Friday"},
        flow=[{**write, "value": "{{my.room}} on {{my.day}}"}, to_list("B")],
    )
    with pytest.raises(
        UsageError, match=r"'\{\{my.room\}\}' is not among `tokens`, here or of the program: none"
    ):
        marketer.save("Elsewhere", flow=[{**write, "value": "{{my.room}}"}])
    marketer.batch("Fill")
    shown = marketer.app.directory.show(marketer.app.directory.find("ann@example.com"))
    assert shown["notes"] == "hall 4 on Friday"
    marketer.app.registry.clone_program("Spring", "Autumn")
    assert marketer.app.registry.program("Autumn")["tokens"]["room"] == "hall 4"
    # A token that is taken away in mid-flow fails the step that needs it, and says so where the definition is shown.
    marketer.app.registry.change_program("Spring", {"tokens": {}})
    marketer.save("Again", flow=[to_list("B")])
    assert marketer.smart.show("Fill")["faults"] == [
        "flow / 1 / value: the token '{{my.room}}' is not among `tokens`, here or of the program: day"
    ]
