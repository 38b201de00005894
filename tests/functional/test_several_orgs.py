"""Several orgs at once: a program may be linked in each of them, and each has its own round (M4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox_org import CLIENT_ID, CLIENT_SECRET, SandboxOrg
from shell import BornShell, Shell


@pytest.fixture(scope="module")
def emea(sandbox: SandboxOrg) -> SandboxOrg:
    sandbox.reset()
    return sandbox


@pytest.fixture(scope="module")
def apac() -> Iterator[SandboxOrg]:
    org = SandboxOrg("--seed", "empty", "--org-number", "1")
    yield org
    org.stop()


@pytest.fixture(scope="module")
def shell(ready_folder: Callable[[str], Path], emea: SandboxOrg, apac: SandboxOrg) -> Iterator[Shell]:
    """An installation that is connected to two orgs."""
    shell = BornShell(ready_folder("several"))
    Shell(shell.data_dir).well("init")
    for name, org in (("emea", emea), ("apac", apac)):
        key = ("--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET, "--campaign-sync")
        shell.well("connect", name, "--url", org.url, *key)
    yield shell
    shell.close()


@pytest.fixture
def program(shell: Shell, request: pytest.FixtureRequest) -> str:
    """A program that is linked with a campaign of its name in each org."""
    name = request.node.name[:70]
    shell.well("program", "create", name, "--channel", "Webinar")
    for org in ("emea", "apac"):
        shell.well("link", name, "--create", name, "--connection", org)
    return name


def campaign(org: SandboxOrg, name: str) -> str:
    return str(org.query(f"SELECT Id FROM Campaign WHERE Name = '{name}'")[0]["Id"])


def test_a_change_in_one_org_travels_through_the_program_to_the_other(
    shell: Shell, program: str, emea: SandboxOrg, apac: SandboxOrg
) -> None:
    """The same person is another lead in each."""
    lead = emea.add_lead(campaign(emea, program), "ada@example.com", "Registered")
    for _ in range(2):
        shell.well("sync", program)
    assert (
        emea.members(campaign(emea, program))
        == apac.members(campaign(apac, program))
        == {"ada@example.com": "Registered"}
    )
    theirs = apac.query("SELECT Id FROM Lead WHERE Email = 'ada@example.com'")[0]["Id"]
    for name, known in (("emea", lead), ("apac", theirs)):
        assert shell.json("members", program, "--connection", name)[0]["salesforce_id"] == known  # type: ignore[index]
    assert lead != theirs
    apac.update(
        "CampaignMember", apac.member_id(campaign(apac, program), "ada@example.com"), Status="Attended"
    )
    for _ in range(2):
        shell.well("sync")
    assert emea.members(campaign(emea, program)) == {"ada@example.com": "Attended"}


def test_one_org_that_is_out_of_reach_keeps_no_other_from_its_round(
    shell: Shell, program: str, emea: SandboxOrg, apac: SandboxOrg
) -> None:
    shell.well("member", "set", program, "ada@example.com", "--status", "Registered")
    down = {"match": {"path": "/services/data", "probability": 1}, "action": {"status": 503}}
    apac.control("POST", "/sandbox/faults", {"rules": [down]})
    code, said = shell.refused("sync")
    assert code == 4
    assert "503" in said
    assert emea.members(campaign(emea, program)) == {"ada@example.com": "Registered"}
    apac.control("DELETE", "/sandbox/faults")
    shell.well("sync")
    assert apac.members(campaign(apac, program)) == {"ada@example.com": "Registered"}


def test_where_several_links_may_be_meant_one_is_asked_for(shell: Shell, program: str) -> None:
    for command in ("plan", "members", "policy", "unlink"):
        code, said = shell.refused(command, program)
        assert code == 2
        assert "say which with --connection. They are: apac, emea" in said
    shell.well("unlink", program, "--connection", "apac")
    assert shell.json("members", program) == []


def test_a_saved_plan_is_carried_out_in_the_org_it_was_made_for(
    shell: Shell, program: str, emea: SandboxOrg, apac: SandboxOrg, tmp_path: Path
) -> None:
    shell.well("member", "set", program, "ada@example.com", "--status", "Registered")
    file = str(tmp_path / "plan.json")
    shell.well("plan", program, "--connection", "apac", "--out", file)
    shell.well("apply", file)
    assert apac.members(campaign(apac, program)) == {"ada@example.com": "Registered"}
    assert emea.members(campaign(emea, program)) == {}
    shell.well("unlink", program, "--connection", "apac")
    assert "is not linked in 'apac'" in shell.refused("apply", file)[1]


def test_one_org_is_one_connection(shell: Shell, emea: SandboxOrg) -> None:
    """M4.1: by two connections to one org, a campaign could follow two programs."""
    key = ("--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET)
    code, said = shell.refused("connect", "twin", "--url", emea.url, *key)
    assert code == 2
    assert "is connection 'emea' already" in said
