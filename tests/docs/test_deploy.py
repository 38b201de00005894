"""What `deploy/` asks for is there: its files can be read, and the commands, settings and metrics that they name exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from campaignsync.cli.main import app as command
from campaignsync.domain.health import Facts, OrgFacts, Thresholds
from campaignsync.domain.ids import ConnectionId
from campaignsync.runtime.metrics import exposition

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
YAML = [path for path in FILES if path.suffix in (".yaml", ".yml")]


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def commands() -> Iterator[list[str]]:
    """Every command line of ours that a file of deploy/ starts."""
    for service in documents(DEPLOY / "compose.yaml")[0]["services"].values():
        if "dockerfile" in str(service.get("build", "")):
            yield service["command"]
    for path in (DEPLOY / "kubernetes").glob("*.yaml"):
        for found in documents(path):
            pod = found.get("spec", {}).get("template", {}).get("spec", {})
            for container in (*pod.get("initContainers", ()), *pod.get("containers", ())):
                if "args" in container:
                    yield container["args"]
    for path in (DEPLOY / "systemd").iterdir():
        yield re.findall(r"(?m)^ExecStart=\S+/campaignsync (.*)$", path.read_text("utf-8"))[0].split()
    image = (DEPLOY / "Containerfile").read_text("utf-8")
    yield yaml.safe_load(re.findall(r"(?m)^CMD (.*)$", image)[0])


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_every_file_can_be_read(path: Path) -> None:
    assert all(documents(path))


@pytest.mark.parametrize("line", list(commands()), ids=" ".join)
def test_every_command_that_is_started_exists_with_its_options(line: list[str]) -> None:
    done = CliRunner().invoke(command, [*line, "--help"])
    assert done.exit_code == 0, done.output


def pinned(lock: str) -> dict[str, str]:
    """The packages that a lock file pins, by name, each with all it says of it."""
    text = (ROOT / "locks" / lock).read_text("utf-8")
    return {each.partition("==")[0]: each for each in re.split(r"(?m)\n(?=\S)", text.strip())}


def test_a_container_gets_what_runs_and_nothing_that_only_developers_need() -> None:
    everything, product, builder = (pinned(lock) for lock in ("packages.txt", "product.txt", "builder.txt"))
    versions = {name: each.partition(" ")[0] for name, each in everything.items()}
    assert {
        name: each.partition(" ")[0] for name, each in {**product, **builder}.items()
    }.items() <= versions.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = {re.split(r"[\[>]", line)[0] for line in project["project"]["dependencies"]}
    tools = {re.split(r"[\[>]", line)[0] for line in project["dependency-groups"]["dev"]}
    assert asked <= product.keys()
    assert not tools & product.keys()
    assert {re.split(r"[\[>]", line)[0] for line in project["build-system"]["requires"]} <= builder.keys()


def test_every_setting_that_is_named_exists() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    named = {name for path in FILES for name in re.findall(r"CAMPAIGNSYNC_[A-Z_]+", path.read_text("utf-8"))}
    assert {name for name in named if f'"{name}"' not in sources} == set()


def test_every_metric_that_alarms_ask_for_is_told() -> None:
    org = OrgFacts(connection_id=ConnectionId(1), name="org", round_at=None, within=(1,))
    told = exposition(Facts(at=datetime(2026, 3, 1, tzinfo=UTC), orgs=(org,)), Thresholds()).decode()
    rules = documents(DEPLOY / "alerts.yml")[0]["groups"][0]["rules"]
    named = {name for rule in rules for name in re.findall(r"campaignsync_\w+", rule["expr"])}
    assert named
    assert {name for name in named if f"\n{name}" not in told} == set()


def test_a_grace_ends_before_whoever_waits_for_it_loses_patience() -> None:
    """A worker's rounds get 25 seconds unless said otherwise; `serve` waits ten more for its parts."""
    unit = (DEPLOY / "systemd" / "campaignsync.service").read_text("utf-8")
    assert int(re.findall(r"TimeoutStopSec=(\d+)", unit)[0]) > 25 + 10
    assert documents(DEPLOY / "compose.yaml")[0]["x-part"]["stop_grace_period"] == "60s"
    pod = documents(DEPLOY / "kubernetes" / "part.yaml")[0]["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > 25 + 10


def test_an_image_is_made_of_what_a_clone_holds_and_of_no_secrets() -> None:
    taken = [
        line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")
    ]
    assert taken == ["!LICENSE", "!README.md", "!pyproject.toml", "!locks", "!src"]


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not here")
def test_what_kubernetes_is_given_is_whole() -> None:
    made = subprocess.run(
        ["kubectl", "kustomize", str(DEPLOY / "kubernetes")], capture_output=True, text=True, check=True
    )
    found = list(yaml.safe_load_all(made.stdout))
    assert sorted(each["kind"] for each in found) == [
        "ConfigMap",
        *["Deployment"] * 3,
        "Ingress",
        "Service",
    ]
    config = next(each for each in found if each["kind"] == "ConfigMap")["metadata"]["name"]
    for each in (each for each in found if each["kind"] == "Deployment"):
        pod = each["spec"]["template"]["spec"]
        (part,), (migrate,) = pod["containers"], pod["initContainers"]
        assert part["image"] == migrate["image"] != "campaignsync"
        assert part["envFrom"] == migrate["envFrom"]
        assert part["envFrom"][0]["configMapRef"]["name"] == config
        assert part["args"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_the_unit_is_understood(tmp_path: Path) -> None:
    unit = tmp_path / "campaignsync.service"
    text = (DEPLOY / "systemd" / "campaignsync.service").read_text("utf-8")
    unit.write_text(text.replace("/opt/campaignsync/bin/campaignsync", "/bin/true"), "utf-8")
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert "campaignsync.service" not in said.stderr, said.stderr
