"""One file for channels, programs, links and settings: shown before it is applied, whole or not at all, and only once."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaignsync.cli import config_file
from campaignsync.domain.configuration import Difference
from campaignsync.domain.errors import UsageError
from campaignsync.runtime.configuring import Configuring
from desk import Desk
from terminal import Terminal


class Office:
    """Somebody who keeps the configuration in a file."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.app = desk.app
        self.file = folder / "campaignsync.yaml"
        self.configuring = Configuring(
            configurations=desk.app.configurations,
            registry=desk.app.registry,
            member_fields=desk.app.member_fields,
            ledger=desk.app.ledger,
            smart_campaigns=desk.app.smart_campaigns,
            open_door=desk.app.door,
        )

    def export(self) -> str:
        return config_file.as_yaml(self.app.configurations.read())

    def apply(self, text: str, *, prune: bool = False) -> list[Difference]:
        self.file.write_text(text, encoding="utf-8")
        return self.configuring.apply(config_file.read(self.file), prune=prune, who="ada")


@pytest.fixture
def office(desk: Desk, tmp_path: Path) -> Office:
    return Office(desk, tmp_path)


def example() -> str:
    page = Path(__file__).parents[2] / "docs" / "config.md"
    return page.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]


def test_the_example_of_the_page_is_applied_with_its_link_and_only_once(desk: Desk, office: Office) -> None:
    campaign = desk.org.webinar("Invited", "Registered", "Came")
    desk.org.add_lead(campaign, "ada@example.com", "Came")
    give_diet(desk)
    text = example().replace("701Sb0000000001IAA", campaign).replace("main:", "org:")
    changed = office.apply(text)
    assert "+ programs / Roadshow Vienna / links / org / labels / Came / means: Attended" in map(str, changed)
    link, _ = desk.app.registry.link_of("Roadshow Vienna")
    facts = desk.app.ledger.link(link)
    assert (facts.policy.removed_in_campaign, facts.label("Attended")) == ("keep", "Came")
    assert office.apply(text) == []
    desk.program = "Roadshow Vienna"
    desk.sync()
    assert desk.here() == {"ada@example.com": "Attended"}


def give_diet(desk: Desk) -> None:
    field = {"object": "CampaignMember", "name": "Diet__c", "type": "string(20)"}
    desk.org.control("POST", "/sandbox/seed", {"fields": [field]})


def test_mappings_of_fields_come_and_go_with_the_file(desk: Desk, office: Office) -> None:
    """M6.8, M7.5: only where they fit, all of them or none, and a second time nothing."""
    give_diet(desk)
    mappings = (
        "campaignsync: 1\nmember_fields:\n  Diet: {kind: text}\nconnections:\n  org:\n"
        "    member_fields: {Diet: DIET__C}\n    fields:\n      title: {direction: off}\n"
        "      nickname: {lead: MiddleName__c}\n"
    )
    with pytest.raises(UsageError, match="sees no field 'MiddleName__c' of Lead"):
        office.apply(mappings)
    assert desk.app.member_fields.list() == []
    text = mappings.replace("DIET__C", "Diet__c").replace("MiddleName__c", "Department__c")
    lead = {"object": "Lead", "name": "Department__c", "type": "string(20)"}
    desk.org.control("POST", "/sandbox/seed", {"fields": [lead]})
    office.apply(text)
    assert office.apply(text) == []
    assert office.apply(office.export(), prune=True) == []
    org = desk.connection.connection_id
    assert [each.salesforce_field for each in desk.app.member_fields.mappings(org)] == ["Diet__c"]
    fields = {each.name: each for each in desk.app.registry.person_fields(org)}
    assert (fields["title"].direction, fields["nickname"].lead) == ("off", "Department__c")
    with pytest.raises(UsageError, match="'Diet' is mapped in connection 'org'"):
        office.apply("campaignsync: 1\nmember_fields: {}\n", prune=True)
    with pytest.raises(UsageError, match="Lead has no field 'Nope__c' that could hold our ids"):
        office.apply("campaignsync: 1\nconnections:\n  org: {external_id_field: Nope__c}\n")
    empty = "campaignsync: 1\nmember_fields: {}\nconnections:\n  org: {member_fields: {}, fields: {}}\n"
    assert office.apply(empty) == []
    assert "- connections / org / member_fields / Diet" in map(str, office.apply(empty, prune=True))
    assert (desk.app.member_fields.list(), office.apply(empty, prune=True)) == ([], [])
    assert {each.name: each.direction for each in desk.app.registry.person_fields(org)}["title"] == "both"


def test_what_was_exported_changes_nothing_where_it_is_applied(desk: Desk, office: Office) -> None:
    desk.give(ada="Registered")
    desk.link()
    assert office.apply(office.export(), prune=True) == []


def test_a_link_that_does_not_fit_leaves_nothing_behind(desk: Desk, office: Office) -> None:
    """M4.3: not the program, not the channel, nothing."""
    give_diet(desk)
    campaign = desk.org.webinar("Invited", "Elsewhere")
    before = office.export()
    with pytest.raises(UsageError, match="has no label 'Came'"):
        office.apply(example().replace("701Sb0000000001IAA", campaign).replace("main:", "org:"))
    assert office.export() == before


def test_a_file_takes_away_only_what_it_is_told_to(desk: Desk, office: Office) -> None:
    with_tags = "campaignsync: 1\nprograms:\n  Fair: {channel: Tradeshow, tags: {a: b, c: d}}\n"
    office.apply(with_tags)
    less = "campaignsync: 1\nprograms:\n  Fair: {channel: Tradeshow, tags: {a: b}}\n"
    assert office.apply(less) == []
    removed = office.apply(less, prune=True)
    assert [str(each) for each in removed] == [
        "- programs / Fair / tags / c",
        "- programs / Spring Webinar",
    ]
    assert [row["name"] for row in desk.app.registry.programs()] == ["Fair"]
    assert desk.app.registry.program("Fair")["tags"] == {"a": "b"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("campaignsync: 1\nchannels:\n  A:\n    typ: event\n", "line 4: channels / A / typ: is not known"),
        ("campaignsync: 1\nprograms:\n  P: {channel: Nowhere}\n", "There is no channel 'Nowhere'"),
        ("campaignsync: 1\nchannels:\n  A: {type: event}\n", "needs at least one progression status"),
        ("campaignsync: 1\nchannels: &x\n  A: *x\n", "anchors and aliases are not taken"),
        ("campaignsync: 1\nchannels: !!python/object:os.system {}\n", "line 2"),
        ("campaignsync: 1\nprograms:\n  P: {channel: A}\n  P: {channel: B}\n", "line 4: programs / P: is there twice"),
        ("campaignsync: [\n", "is no YAML"),
        ("", "a mapping is wanted"),
        ("campaignsync: 1\nconnections:\n  other: {campaign_sync: true}\n", "There is no connection 'other'"),
        ("campaignsync: 1\nchannels:\n  Webinar: {statuses: {Invited: {step: 10}}}\n", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_changed(office: Office, text: str, words: str | None) -> None:
    before = office.export()
    if words is None:
        assert office.apply(text) == []
        return
    with pytest.raises(UsageError, match=words.replace("(", r"\(")):
        office.apply(text)
    assert office.export() == before


def test_a_status_that_members_carry_cannot_be_pruned(desk: Desk, office: Office) -> None:
    desk.give(ada="No Show")
    text = "campaignsync: 1\nchannels:\n  Webinar: {statuses: {Invited: {step: 10}}}\n"
    with pytest.raises(UsageError, match="Status 'No Show' of channel 'Webinar' is carried by members"):
        office.apply(text, prune=True)


def test_what_only_applying_finds_wrong_is_named_by_its_line_too(
    desk: Desk, office: Office, tmp_path: Path
) -> None:
    """All of the file or nothing: the first program is not made either."""
    file = tmp_path / "wrong.yaml"
    file.write_text(
        "campaignsync: 1\nprograms:\n  Fair: {channel: Tradeshow}\n  Show:\n    channel: Nowhere\n"
    )
    with pytest.raises(
        UsageError, match=r"wrong.yaml, line 4: programs / Show: There is no channel 'Nowhere'"
    ):
        Terminal(desk.app)("config", "apply", str(file), "--yes")
    file.write_text(
        "campaignsync: 1\nprograms:\n  Fair:\n    channel: Tradeshow\n    links:\n"
        "      org: {campaign: 701000000000001AAA}\n"
    )
    with pytest.raises(UsageError, match=r"line 6: programs / Fair / links / org: There is no campaign 701"):
        Terminal(desk.app)("config", "apply", str(file), "--yes")
    assert [row["name"] for row in desk.app.registry.programs()] == ["Spring Webinar"]


def test_the_filter_of_the_mirror_is_part_of_the_file(desk: Desk, office: Office) -> None:
    """M3.4: as a plan first, only once, and what the file does not name stays."""
    head = "campaignsync: 1\nconnections:\n  org:\n    mirror_filter:\n"
    text = f"{head}      active_only: true\n      types: [Webinar, ' Trade Show ']\n"
    assert list(map(str, office.apply(text))) == [
        "~ connections / org / mirror_filter / active_only: False → True",
        "~ connections / org / mirror_filter / types: [] → ['Trade Show', 'Webinar']",
    ]
    assert office.apply(text) == []
    assert office.apply(office.export(), prune=True) == []
    office.apply(f"{head}      types: []\n      created_since: '2026-01-01'\n")
    assert str(desk.app.registry.connection("org").mirror_filter) == "active only, created since 2026-01-01"
    with pytest.raises(UsageError, match="mirror_filter / types: a list of names is wanted"):
        office.apply(f"{head}      types: Webinar\n")
