"""Every problem has a name and a way out of its own, in both languages (M8.2)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from campaignsync.bootstrap import Application
from campaignsync.domain.health import ALARMS
from campaignsync.domain.problems import STANDING
from campaignsync.domain.runs import field_code
from campaignsync.salesforce.errors import MEANINGS
from campaignsync.web.problems.advice import KNOWN, advice, heading
from campaignsync.web.problems.causes import CAUSES
from engine_texts import modules
from web_words import client

CODE = re.compile(r"[A-Z]+(_[A-Z]+)+")
NO_PROBLEM = re.compile(
    r"CAMPAIGNSYNC_\w+|LC_ALL|PG_VERSION|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|OTEL_\w+|INSTALLED_APPS|\w+_ZONE"
)
"""What is written like a code and is a setting of the environment."""


def raised() -> Iterator[str]:
    """The codes that stand in the engine: written out, or as the code of an error's class."""
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and [getattr(each, "id", "") for each in node.targets] == [
                "code"
            ]:
                yield from _text(node.value)
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and name != "salesforce/errors.py"
            ):
                yield from (
                    code for code in _text(node) if CODE.fullmatch(code) and not NO_PROBLEM.fullmatch(code)
                )


def _text(node: ast.AST) -> list[str]:
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def test_every_code_that_the_engine_raises_has_a_cause_and_advice() -> None:
    """Add to web/problems/causes.py what this names."""
    from campaignsync.salesforce.login import UNREACHABLE

    ours = {
        *raised(),
        *STANDING,
        *ALARMS,
        UNREACHABLE,
        "CONFLICT",
        field_code("Type"),
        field_code("ActualCost"),
    }
    assert {"BUDGET_SPENT", "EMAIL_TAKEN", "LOGIN_REFUSED", "MEND_FIRST", "UNKNOWN_STATUS"} <= ours
    assert sorted((ours | MEANINGS.keys()) - KNOWN.keys()) == []
    codes = [code for cause in CAUSES for code in cause.codes.split()]
    assert len(codes) == len(set(codes)) > 250


def test_what_a_package_of_the_org_invents_is_told_in_its_own_words(app: Application) -> None:
    assert heading("ACME_SAYS_NO") == "ACME_SAYS_NO"
    assert "Salesforce's words" in str(advice("ACME_SAYS_NO"))


def test_problems_are_called_and_advised_in_the_language_of_the_reader(site: str, app: Application) -> None:
    from web_org import populate

    populate(app, programs=1)
    visitor = client()
    for language, words in (
        ("en", ("Possible duplicate", "Merge them there")),
        ("de", ("Mögliches Duplikat", "Führen Sie sie dort zusammen")),
    ):
        visitor.cookies["django_language"] = language
        for page in ("/problems/", "/problems/1/DUPLICATES_DETECTED/"):
            text = visitor.get(page).content.decode()
            assert all(each in text for each in (*words, "<code>DUPLICATES_DETECTED</code>")), page
        assert words[0] in visitor.get("/").content.decode()
