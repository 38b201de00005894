"""The coverage page and its tables agree with the code."""

import ast
import re
from pathlib import Path

import salesforce_sandbox
from salesforce_sandbox import coverage
from salesforce_sandbox.contract_rules import RULES
from salesforce_sandbox.org.error_codes import ERROR_CODES
from salesforce_sandbox.org.switches import SWITCHES

SOURCES = sorted(Path(salesforce_sandbox.__file__).parent.rglob("*.py"))
REFUSALS = ("SalesforceError", "refuse", "_refused")


def literal_codes() -> set[str]:
    """The codes that stand as literals where something is refused."""
    found = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) in REFUSALS
            ):
                values = [each.value for each in node.args[:2] if isinstance(each, ast.Constant)]
                found.update(
                    value
                    for value in values
                    if isinstance(value, str) and value.isupper() and " " not in value
                )
    return found


def test_every_error_code_in_the_code_is_explained() -> None:
    assert literal_codes() - set(ERROR_CODES) == set()


def test_every_explained_error_code_is_in_the_code() -> None:
    answers = {str(answer) for switch in SWITCHES for answer in switch.answers}
    assert set(ERROR_CODES) - literal_codes() - answers == set()


# How many rules each part of the contract about Salesforce has.
PARTS = {
    "S0": 20,
    "S1.1": 11,
    "S1.2": 10,
    "S1.3": 10,
    "S1.4": 9,
    "S1.5": 3,
    "S2.1": 3,
    "S2.2": 13,
    "S2.4": 6,
    "S2.5": 2,
    "S2.6": 1,
    "S2.7": 7,
}
CITED = re.compile(r"\b(S\d(?:\.\d)?)\.(\d+)(?:\s*[–-]\s*\1\.(\d+))?")


def test_the_page_tells_of_every_rule_of_the_contract() -> None:
    expected = [f"{part}.{number}" for part, last in PARTS.items() for number in range(1, last + 1)]
    assert [rule for rule, _, _ in RULES] == expected
    assert {state for _, state, _ in RULES} <= {"done", "partly", "not"}


def test_every_rule_that_is_kept_is_cited_by_a_test() -> None:
    cited = set()
    for file in Path(__file__).resolve().parents[1].rglob("*.py"):
        for part, first, last in CITED.findall(file.read_text("utf-8")):
            cited.update(f"{part}.{number}" for number in range(int(first), int(last or first) + 1))
    assert [rule for rule, state, _ in RULES if state != "not" and rule not in cited] == []


def test_every_switch_is_asked_somewhere() -> None:
    texts = "".join(source.read_text("utf-8") for source in SOURCES if source.name != "switches.py")
    # Bulk 1.0 asks this one; it is built apart.
    asked = [switch.name for switch in SWITCHES if switch.name != "bulk1_session_status"]
    assert [name for name in asked if f'["{name}"]' not in texts] == []


def test_the_page_names_what_is_not_built() -> None:
    page = coverage.page()
    assert page.index("## Not built") < page.index("## REST")
    assert "`/services/data/v{version}/composite`" in page
