"""The coverage page and its tables agree with the code."""

import ast
from pathlib import Path

import salesforce_sandbox
from salesforce_sandbox import coverage
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


def test_every_switch_is_asked_somewhere() -> None:
    texts = "".join(source.read_text("utf-8") for source in SOURCES if source.name != "switches.py")
    # Bulk 1.0 asks this one; it is built apart.
    asked = [switch.name for switch in SWITCHES if switch.name != "bulk1_session_status"]
    assert [name for name in asked if f'["{name}"]' not in texts] == []


def test_the_page_names_what_is_not_built() -> None:
    page = coverage.page()
    assert page.index("## Not built") < page.index("## REST")
    assert "`/services/data/v{version}/composite`" in page
