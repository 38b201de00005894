"""The pages that are made from the code say what the code says, and every setting and exit code is told."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from campaignsync.automation.catalogue import ACTIONS, FILTERS, TRIGGERS
from campaignsync.automation.reading import read_definition
from campaignsync.cli.main import EXIT_CODES, app
from campaignsync.domain.fields import ValueKind
from salesforce_sandbox import coverage

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SOURCES = sorted((ROOT / "src" / "campaignsync").rglob("*.py"))


def maker() -> Any:
    spec = importlib.util.spec_from_file_location("make_pages", DOCS / "make_pages.py")
    assert spec is not None
    assert spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    return pages


def made() -> dict[str, str]:
    pages = maker()
    return {
        "commands.md": pages.commands_page(),
        "smart_campaign_words.md": pages.words_page(),
        "sandbox_coverage.md": coverage.page(),
    }


@pytest.mark.parametrize("page", ["commands.md", "smart_campaign_words.md", "sandbox_coverage.md"])
def test_a_page_made_from_the_code_is_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text("utf-8") == made()[page], "write it anew with: ./run docs"


def test_what_the_engine_says_is_among_what_it_ever_said() -> None:
    """It stands in the store from then on, in these words (tests/web/test_wording.py)."""
    pages = maker()
    assert pages.SAID.read_text("utf-8") == pages.said(), "write it anew with: ./run docs"


NAMED = re.compile(
    r"(?:(?<=[:`>] )|(?<=`)|(?<=\$ )|(?<=[\"'])|^ *)campaignsync ((?:--data-dir \S+ )?[a-z][^`\n]*)",
    re.MULTILINE,
)
"""A command as sentences, pages and scripts name it: behind a colon, in backticks, or at the beginning of a line."""
PROSE = {"links", "may", "arrives", "keeps", "mit", "nicht", "antwortet"}


def lacking(typed: str) -> str | None:
    """The command or the option that a line names and that does not exist."""
    command, words = typer.main.get_command(app), re.split(r"[ ,.;)\"']+", typed.partition("  #")[0])
    for word in words[2:] if words[0] == "--data-dir" else words:
        if hasattr(command, "commands") and word in command.commands:
            command = command.commands[word]
        elif hasattr(command, "commands") and not command.invoke_without_command:
            return None if word in PROSE else f"{typed}: {word}"
        elif word in ("and", "or", "then", "campaignsync", "|", "&&"):
            break
        elif re.fullmatch(r"--[a-z-]+", word):
            known = {each for option in command.params for each in (*option.opts, *option.secondary_opts)}
            if word not in known | {"--help", "--data-dir", "--version"}:
                return f"{typed}: {word}"
    return None


def test_every_command_that_is_named_somewhere_exists() -> None:
    files = [
        *SOURCES,
        *(ROOT / "src" / "campaignsync").rglob("*.html"),
        *DOCS.rglob("*.md"),
        ROOT / "README.md",
    ]
    named = {typed for each in files for typed in NAMED.findall(each.read_text("utf-8"))}
    assert len(named) > 150
    assert sorted(filter(None, map(lacking, named))) == []


def test_every_exit_code_is_explained() -> None:
    page = (DOCS / "commands.md").read_text("utf-8")
    assert [code for code in sorted(set(EXIT_CODES.values())) if f"| {code} |" not in page] == []


def test_every_metric_is_explained_and_every_alert_is_about_one() -> None:
    source = (ROOT / "src" / "campaignsync" / "runtime" / "metrics.py").read_text("utf-8")
    counters = re.findall(r'CounterMetricFamily\("(\w+)"', source)
    made = {f"campaignsync_{name}" for name in re.findall(r'_gauge\(\s*"(\w+)"', source)}
    made |= {f"{name}_total" for name in counters} | set(
        re.findall(r'HistogramMetricFamily\("(\w+)"', source)
    )
    told = re.findall(r"^\| `(campaignsync_\w+)` \|", (DOCS / "operate.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(made)
    deployed = [each.read_text("utf-8") for each in (ROOT / "deploy").rglob("*.y*ml")]
    alerted = re.findall(r"expr:.*?(campaignsync_\w+)", "\n".join(deployed))
    assert alerted
    assert set(alerted) <= made


def test_every_setting_is_explained() -> None:
    source = (ROOT / "src" / "campaignsync" / "settings.py").read_text("utf-8")
    settings = set(re.findall(r"CAMPAIGNSYNC_[A-Z_]+|DATABASE_URL", source))
    told = "".join(page.read_text("utf-8") for page in DOCS.glob("*.md"))
    assert [name for name in sorted(settings) if name not in told] == []


@pytest.mark.parametrize(
    "page", sorted((*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "src").rglob("*.md")))
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("room", ["planner", "automation", "salesforce", "store", "runtime"])
def test_the_map_of_the_code_names_every_module_of_a_room(room: str) -> None:
    """ARCHITECTURE.md, the table of rooms: name there what this names."""
    (row,) = re.findall(rf"^\| `{room}/` \|.*$", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE)
    named, there = set(re.findall(r"`([a-z_]+)`", row)), ROOT / "src" / "campaignsync" / room
    modules = {
        each.stem for each in there.iterdir() if each.suffix == ".py" or (each / "__init__.py").exists()
    }
    assert sorted(modules - {"__init__", "migrations"} - named) == []
    assert sorted(named - modules - {"domain", "planner", "automation", "ports"}) == []


def test_the_functions_named_in_the_life_of_a_change_exist() -> None:
    page = (DOCS / "life_of_a_change.md").read_text("utf-8")
    source = "\n".join(path.read_text("utf-8") for path in SOURCES)
    named = {name for name in re.findall(r"`([A-Za-z_.]+)`", page) if "_" in name or "." in name}
    package = ROOT / "src" / "campaignsync"
    modules = {".".join(path.relative_to(package).with_suffix("").parts) for path in SOURCES}
    unknown = [
        name
        for name in sorted(named - modules)
        if not re.search(rf"\b(def|class) {name.split('.')[-1]}\b", source) and not name.startswith("note_")
    ]
    assert unknown == []


def test_every_trigger_filter_action_and_constraint_is_documented_from_its_code() -> None:
    page = (DOCS / "smart_campaign_words.md").read_text("utf-8")
    for entry in (*TRIGGERS, *FILTERS, *ACTIONS):
        told = page.split(f"\n### {entry.name}\n")[1].split("\n### ")[0]
        assert entry.says in told
        assert [name for name in entry.wants if f"| {name} " not in told] == []


def test_the_examples_of_the_page_of_smart_campaigns_are_definitions() -> None:
    page = (DOCS / "smart_campaigns.md").read_text("utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(examples) > 2
    for example in examples:
        read_definition("example", yaml.safe_load(example), {"shoe_size": ValueKind.NUMBER})
