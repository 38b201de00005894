"""No promise of a port is without a contract test: each method of `runtime.ports` and its neighbours that the twin keeps is asked
of both stores, and what the twin does not keep is named here with what holds it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaignsync.runtime import member_ports, ports, service_ports, view_ports
from simulation.memory import desk, ledger, service

HERE = Path(__file__).parent
SUITES = (
    "../campaign_words.py",
    "conftest.py",
    "contract_words.py",
    "test_desk_contract.py",
    "test_ledger_contract.py",
    "test_ledger_people.py",
    "test_ledger_runs.py",
    "test_ledger_scope.py",
    "test_service_contract.py",
)
KEPT: dict[type, tuple[type, str]] = {
    ports.Ledger: (ledger.MemoryLedger, "ledger"),
    ports.Registry: (desk.MemoryRegistry, "registry"),
    member_ports.Members: (desk.MemoryMembers, "members"),
    member_ports.Directory: (desk.MemoryDirectory, "directory"),
    view_ports.Views: (desk.MemoryViews, "views"),
    service_ports.Jobs: (service.MemoryJobs, "jobs"),
    service_ports.Pulses: (service.MemoryPulses, "pulses"),
    service_ports.Subscriptions: (service.MemorySubscriptions, "subscriptions"),
}
"""The ports that histories use, their twins, and what the suites call them."""
_FUNCTIONAL = "tests/functional/"
HELD_ELSEWHERE: dict[type, dict[str, str]] = {
    ports.Ledger: {
        "places keep_page read_anew": _FUNCTIONAL + "test_first_read.py",
        "change_values record_values settle_values": _FUNCTIONAL + "test_member_field_sync.py",
        "plan_approved offer_plan": _FUNCTIONAL + "test_approval.py",
    },
    ports.Registry: {
        "set_pubsub": _FUNCTIONAL + "test_listener.py",
        "map_person_field forget_person_field": _FUNCTIONAL + "test_field_mapping.py",
        "connections channels channel change_channel programs clone_program change_program set_tags"
        " new_members_by_month delete_program links_of": _FUNCTIONAL + "test_programs_and_links.py",
        "set_alias": _FUNCTIONAL + "test_both_ways.py",
        "trial_link": _FUNCTIONAL + "test_linking.py",
        "link_of_run": _FUNCTIONAL + "test_undo.py",
        "intend_campaign": _FUNCTIONAL + "test_making_campaigns.py",
    },
    member_ports.Members: {"set_fields": _FUNCTIONAL + "test_member_field_sync.py"},
    member_ports.Directory: {
        "list show members_to_remove records let_go merge delete": _FUNCTIONAL + "test_one_person.py"
    },
    view_ports.Views: {
        "problem_table": _FUNCTIONAL + "test_problem_commands.py",
        "status runs": _FUNCTIONAL + "test_command.py",
        "traffic": _FUNCTIONAL + "test_backlog.py",
    },
    service_ports.Jobs: {"instead leave work": _FUNCTIONAL + "test_worker.py"},
    service_ports.Subscriptions: {"hold let_go leave": _FUNCTIONAL + "test_listener.py"},
}
"""What histories do without: by port, the methods, and the tests of the real store that hold their promises."""
WITHOUT_A_TWIN: dict[type, str] = {
    ports.SalesforceDoor: "tests/contract/salesforce",
    service_ports.Vitals: _FUNCTIONAL + "test_health.py",
    service_ports.Secrets: _FUNCTIONAL + "test_secrets.py",
    service_ports.Events: _FUNCTIONAL + "test_listener.py",
}


def methods(port: type) -> list[str]:
    return [name for name, each in vars(port).items() if not name.startswith("_") and callable(each)]


def asked(name: str) -> Iterator[str]:
    """The methods that the suites call of whatever is called so: `ledger.mirror(…)`, `linked.app.ledger.mirror(…)`."""
    for suite in SUITES:
        for node in ast.walk(ast.parse((HERE / suite).read_text())):
            if isinstance(node, ast.Attribute) and name in (
                getattr(node.value, "attr", None),
                getattr(node.value, "id", None),
            ):
                yield node.attr


@pytest.mark.parametrize("port", KEPT, ids=lambda port: port.__name__)
def test_every_promise_that_a_twin_keeps_is_asked_of_both_stores(port: type) -> None:
    twin, name = KEPT[port]
    elsewhere = {each for listed in HELD_ELSEWHERE.get(port, {}) for each in listed.split()}
    found = set(asked(name))
    missing = [each for each in methods(port) if each not in found | elsewhere]
    assert not missing, f"{port.__name__} promises what no contract test asks for: {', '.join(missing)}"
    assert elsewhere <= set(methods(port)), "every name in the table is a method"
    assert not [each for each in found & set(methods(port)) if not hasattr(twin, each)]


@pytest.mark.parametrize(
    "module", [ports, service_ports], ids=lambda module: module.__name__.rpartition(".")[2]
)
def test_every_port_has_a_twin_or_tests_of_its_own(module: Any) -> None:
    own = {
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if each.__module__ == module.__name__ and getattr(each, "_is_protocol", False)
    }
    assert own <= KEPT.keys() | WITHOUT_A_TWIN.keys()


def test_what_is_held_elsewhere_is_held_there() -> None:
    root = HERE.parents[1]
    named = {
        *WITHOUT_A_TWIN.values(),
        *(path for table in HELD_ELSEWHERE.values() for path in table.values()),
    }
    assert not [path for path in named if not (root / path).exists()]
