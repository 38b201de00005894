"""Which campaigns are mirrored: a filter per connection (M3.4) that costs no link a member, fires nothing and removes nobody."""

from __future__ import annotations

from typing import Any

import pytest

from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.domain.mirror_filter import MirrorFilter
from campaignsync.domain.observation import Delta, WholeLists
from campaignsync.runtime import cycle
from campaignsync.runtime.comparing import compare
from campaignsync.runtime.cycle import look
from campaignsync.runtime.doctor import examine
from campaignsync.runtime.flow_runner import run_flows
from campaignsync.runtime.linking import ExistingCampaign, Linking
from campaignsync.salesforce import bulk
from campaignsync.salesforce.org import SalesforceOrg
from campaignsync.store.frames import rows
from desk import Desk, login
from terminal import Terminal

ACTIVE = MirrorFilter(active_only=True)


def observe(desk: Desk, door: SalesforceOrg | None = None) -> None:
    look(door or desk.app.door(desk.connection), desk.app.ledger, desk.connection.connection_id)


def narrow(desk: Desk, chosen: MirrorFilter) -> None:
    desk.app.registry.set_mirror_filter(desk.connection.connection_id, chosen)


def mirrored() -> dict[str, int]:
    """By the names of campaigns whose members are mirrored, how many those are."""
    found = rows(
        "SELECT c.name, count(m.id) AS members FROM store_campaign c JOIN store_campaignmember m"
        " ON m.connection_id = c.connection_id AND m.campaign_id = c.salesforce_id GROUP BY c.id ORDER BY c.name"
    )
    return {row["name"]: row["members"] for row in found}


def journal(side: str = "campaign") -> list[tuple[Any, ...]]:
    found = rows(
        "SELECT g.name, e.why, e.old, e.new FROM store_journalentry e JOIN store_campaign g ON g.salesforce_id = e.campaign_id"
        " WHERE e.side = %s AND e.noun = 'member' ORDER BY e.id",
        (side,),
    )
    return [tuple(row.values()) for row in found]


def campaign(desk: Desk, name: str, members: int = 2, **fields: object) -> str:
    made = desk.org.create("Campaign", **{"Name": name, "IsActive": True, **fields})
    for number in range(members):
        desk.org.add_lead(made, f"{name.lower().replace(' ', '')}{number}@example.com", "Sent")
    return made


@pytest.fixture
def several(desk: Desk) -> Desk:
    """Campaigns of several kinds; the old ones were made in the year before."""
    types = [
        {"Name": name, "DeveloperName": name, "SobjectType": "Campaign", "IsActive": True}
        for name in ("Field", "Digital")
    ]
    field, digital = (desk.org.create("RecordType", **each) for each in types)
    campaign(desk, "Asleep", IsActive=False, Type="Webinar", RecordTypeId=digital)
    campaign(desk, "Fair", Type="Trade Show", RecordTypeId=field)
    desk.org.control("POST", "/sandbox/clock", {"advance_s": 400 * 86_400})
    desk.org.forget_token()
    campaign(desk, "Talk", Type="Webinar", RecordTypeId=digital)
    campaign(desk, "Typeless")
    return desk


def new_year(desk: Desk) -> MirrorFilter:
    made = desk.org.query("SELECT CreatedDate FROM Campaign WHERE Name = 'Talk'")[0]["CreatedDate"]
    return MirrorFilter.of({"created_since": made[:10]})


FILTERS = [
    (MirrorFilter(), {"Asleep", "Fair", "Talk", "Typeless"}),
    (ACTIVE, {"Fair", "Talk", "Typeless"}),
    (MirrorFilter(types=("webinar",)), {"Asleep", "Talk"}),
    (MirrorFilter(types=("Trade Show", "Webinar"), active_only=True), {"Fair", "Talk"}),
    (MirrorFilter(record_types=("DIGITAL",)), {"Asleep", "Talk"}),
    (MirrorFilter(record_types=("Digital", "Field"), active_only=True), {"Fair", "Talk"}),
    (None, {"Talk", "Typeless"}),
    (MirrorFilter(record_types=("Nothing",)), set()),
]


@pytest.mark.parametrize(("chosen", "inside"), FILTERS)
@pytest.mark.parametrize("by_pages", [False, True])
def test_the_first_look_brings_who_is_in_campaigns_of_the_filter_and_nobody_else(
    several: Desk,
    monkeypatch: pytest.MonkeyPatch,
    chosen: MirrorFilter | None,
    inside: set[str],
    by_pages: bool,
) -> None:
    """M3.4: nothing else is even asked for."""
    if by_pages:
        monkeypatch.setattr(cycle, "FIRST_READ_FROM_ROWS", 1)
        monkeypatch.setattr(bulk, "ROWS_A_PAGE", 3)
    narrow(several, chosen or new_year(several))
    observe(several)
    assert mirrored() == dict.fromkeys(inside, 2)
    (people,) = rows(
        "SELECT count(*) AS people FROM store_salesforceperson WHERE system_modstamp IS NOT NULL"
    )
    assert people["people"] == 2 * len(inside)
    assert {why for _, why, _, _ in journal()} <= {"first read"}


@pytest.mark.parametrize(("chosen", "inside"), FILTERS)
def test_a_filter_that_is_changed_leaves_out_and_brings_in_without_a_word_of_changes(
    several: Desk, chosen: MirrorFilter | None, inside: set[str]
) -> None:
    """M3.4, M10.3: from all to some, from those to the rest, and back to all."""
    observe(several)
    before = journal()
    narrow(several, chosen or new_year(several))
    observe(several)
    assert mirrored() == dict.fromkeys(inside, 2)
    assert journal() == before, "leaving the mirror is no removal"
    narrow(several, MirrorFilter())
    observe(several)
    assert mirrored() == dict.fromkeys(("Asleep", "Fair", "Talk", "Typeless"), 2)
    assert {why for _, why, _, _ in journal()} == {"first read"}
    (unseen,) = rows("SELECT count(*) AS people FROM store_salesforceperson WHERE system_modstamp IS NULL")
    assert unseen["people"] == 0, "who they are is known as well"


def test_a_quiet_look_costs_no_more_with_a_filter(several: Desk) -> None:
    """What is outside is not counted as missing, again and again."""
    narrow(several, ACTIVE)
    observe(several)
    door = several.app.door(several.connection)
    observe(several, door)  # type: ignore[arg-type]
    assert door.api_calls == 2


def test_a_campaign_that_is_made_active_comes_in_whole_and_is_heard_from_then_on(several: Desk) -> None:
    """M3.4, M10.3: who was in it is no news, who is added afterwards is."""
    narrow(several, ACTIVE)
    observe(several)
    (asleep,) = several.org.query("SELECT Id FROM Campaign WHERE Name = 'Asleep'")
    several.org.add_lead(asleep["Id"], "unheard@example.com", "Sent")
    observe(several)
    assert "Asleep" not in mirrored()
    several.org.update("Campaign", asleep["Id"], IsActive=True)
    observe(several)
    assert mirrored()["Asleep"] == 3
    assert {why for name, why, _, _ in journal() if name == "Asleep"} == {"first read"}
    several.org.add_lead(asleep["Id"], "heard@example.com", "Sent")
    observe(several)
    assert [each for each in journal() if each[0] == "Asleep"][-1] == ("Asleep", "observed", None, "Sent")
    several.org.update("Campaign", asleep["Id"], IsActive=False)
    before = journal()
    observe(several)
    assert "Asleep" not in mirrored()
    assert journal() == before


def test_a_campaign_without_members_that_comes_in_is_heard_at_once(desk: Desk) -> None:
    empty = campaign(desk, "Empty", members=0, IsActive=False)
    narrow(desk, ACTIVE)
    observe(desk)
    desk.org.update("Campaign", empty, IsActive=True)
    observe(desk)
    desk.org.add_lead(empty, "first@example.com", "Sent")
    observe(desk)
    assert journal() == [("Empty", "observed", None, "Sent")]


class DiesBehind(SalesforceOrg):
    """A door whose process dies when so many lists were read."""

    lists_left = 0

    def whole_lists(self, **wanted: Any) -> WholeLists:
        if not self.lists_left:
            raise RetryableError("killed", retry_after_s=1)
        self.lists_left -= 1
        return super().whole_lists(**wanted)


@pytest.mark.parametrize("lists", range(4))
def test_killed_while_campaigns_come_in_the_next_look_goes_on(
    several: Desk, monkeypatch: pytest.MonkeyPatch, lists: int
) -> None:
    """Each campaign here is a portion of its own; what was brought in is not read again."""
    narrow(several, MirrorFilter(types=("Nothing",)))
    observe(several)
    narrow(several, MirrorFilter())
    plain = Delta.portions
    monkeypatch.setattr(Delta, "portions", lambda self, campaigns: plain(self, campaigns, most=2))
    doomed = DiesBehind(login(several.org))
    doomed.lists_left = lists
    with pytest.raises(RetryableError, match="killed"):
        observe(several, doomed)
    assert list(mirrored().values()) == [2] * lists
    second = DiesBehind(login(several.org))
    second.lists_left = 4 - lists
    observe(several, second)
    assert mirrored() == dict.fromkeys(("Asleep", "Fair", "Talk", "Typeless"), 2)
    assert {why for _, why, _, _ in journal()} == {"first read"}


def test_what_leaves_is_deleted_in_portions(several: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each portion is a commit, and what is left is seen from what is there."""
    observe(several)
    monkeypatch.setattr("campaignsync.store.scope.AT_ONCE", 1)
    narrow(several, MirrorFilter(types=("Trade Show",)))
    ledger, org = several.app.ledger, several.connection.connection_id
    ledger.mirror(org, several.app.door(several.connection).changes_since(ledger.cursor(org)))
    left = sum(mirrored().values())
    assert ledger.prune(org)
    assert sum(mirrored().values()) == left - 1
    observe(several)
    assert mirrored() == {"Fair": 2}
    (people,) = rows("SELECT count(*) AS people FROM store_salesforceperson")
    assert people["people"] == 2


@pytest.mark.parametrize("chosen", [ACTIVE, MirrorFilter(types=("Conference",))])
def test_a_linked_campaign_stays_whatever_the_filter_says(desk: Desk, chosen: MirrorFilter) -> None:
    """M3.4, M6.9: leaving the filter is never read as the removal of members, and changes go on both ways."""
    desk.give(ada="Invited", ben="Registered")
    desk.link()
    desk.sync()
    before = desk.equal()
    narrow(desk, MirrorFilter(types=("Nobody",), active_only=chosen.active_only))
    desk.org.update("CampaignMember", desk.org.member_id(desk.campaign, "ada@example.com"), Status="Attended")
    assert desk.sync().halted is None
    assert desk.equal() == {**before, "ada@example.com": "Attended"}
    desk.org.update("Campaign", desk.campaign, IsActive=False)
    assert "set inactive" in str(desk.sync().halted)
    assert desk.equal()
    desk.org.update("Campaign", desk.campaign, IsActive=True)
    desk.org.delete("CampaignMember", desk.org.member_id(desk.campaign, "ben@example.com"))
    desk.sync()
    assert desk.equal() == {"ada@example.com": "Attended"}


def test_a_linked_campaign_outside_the_filter_is_read_anew_with_the_rest(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first read asks for it beside those that fit."""
    desk.give(ada="Invited")
    desk.link()
    desk.sync()
    narrow(desk, MirrorFilter(types=("Nobody",)))
    monkeypatch.setattr(cycle, "FIRST_READ_FROM_ROWS", 1)
    desk.org.update("CampaignMember", desk.org.member_id(desk.campaign, "ada@example.com"), Status="Attended")
    desk.app.ledger.read_anew(desk.connection.connection_id)
    observe(desk)
    assert rows("SELECT status FROM store_campaignmember") == [{"status": "Attended"}]


def test_who_was_linked_leaves_in_silence_when_the_link_ends(desk: Desk) -> None:
    """M4.7: both lists stay; what is not mirrored any more was not removed."""
    desk.give(ada="Invited")
    desk.link()
    desk.sync()
    narrow(desk, MirrorFilter(types=("Nobody",)))
    before = journal()
    desk.app.registry.unlink(desk.app.registry.link_of(desk.program)[0])
    observe(desk)
    assert mirrored() == {}
    assert journal() == before
    assert desk.here() == desk.there() == {"ada@example.com": "Invited"}


def test_a_campaign_outside_the_filter_is_linked_by_its_id(desk: Desk) -> None:
    """M4.3, M4.5: its members are known before anything is promised, and it is mirrored from then on."""
    there = desk.org.webinar()
    desk.org.add_lead(there, "cem@example.com", "Attended")
    desk.give(ada="Invited")
    narrow(desk, MirrorFilter(types=("Nobody",)))
    observe(desk)
    assert mirrored() == {}
    linking = Linking(
        registry=desk.app.registry,
        ledger=desk.app.ledger,
        door=desk.app.door(desk.connection),
        connection=desk.connection,
    )
    seen = linking.preview_existing(ExistingCampaign(program=desk.program, campaign=there))
    assert seen.labels.carried == {"Attended": 1}
    assert seen.planned.plan.for_program.height == 1
    observe(desk)
    assert mirrored() == {}, "a preview lets nobody in for good"
    desk.link(there)
    desk.sync()
    assert desk.equal() == {"ada@example.com": "Invited", "cem@example.com": "Attended"}


def test_a_flow_reaches_a_campaign_outside_the_filter(desk: Desk) -> None:
    """M9.2: who is in it already is skipped and keeps their status, though nobody had looked at it before."""
    outside = campaign(desk, "Outside", members=0)
    desk.org.add_lead(outside, "ada@example.com", "Responded")
    desk.give(ada="Attended", ben="Attended")
    narrow(desk, MirrorFilter(types=("Nobody",)))
    observe(desk)
    everybody = [{"filter": "Member of Program", "program": desk.program}]
    step = {"action": "Add to SFDC Campaign", "campaign": "Outside", "status": "Sent"}
    desk.app.smart_campaigns.save("Invite", {"filters": everybody, "flow": [step]}, who="ada")
    desk.app.smart_campaigns.run("Invite", who="ada")
    assert run_flows(desk.app.flow_doors).failures == {}
    assert desk.org.members(outside) == {"ada@example.com": "Responded", "ben@example.com": "Sent"}
    observe(desk)
    assert mirrored() == {}


def test_a_trigger_on_a_campaign_outside_the_filter_says_that_it_hears_nothing(desk: Desk) -> None:
    """M10.3."""
    campaign(desk, "Outside")
    narrow(desk, MirrorFilter(types=("Nobody",)))
    observe(desk)
    definition = {
        "triggers": [{"trigger": "Added to SFDC Campaign", "campaign": "Outside"}],
        "flow": [{"action": "Change Program Status", "program": desk.program, "status": "Invited"}],
    }
    desk.app.smart_campaigns.save("Deaf", definition, who="ada")
    (fault,) = desk.app.smart_campaigns.show("Deaf")["faults"]
    assert "'Outside' is outside the filter of connection 'org'" in fault
    assert "campaignsync mirror --connection org" in fault


def test_the_full_comparison_leaves_out_what_the_filter_does(several: Desk) -> None:
    narrow(several, ACTIVE)
    door = several.app.door(several.connection)
    compare(door, several.app.ledger, several.app.pulses, several.connection)
    assert set(mirrored()) == {"Fair", "Talk", "Typeless"}


def test_doctor_says_when_the_filter_hides_all_campaigns(several: Desk) -> None:
    """M3.3: the last of the causes."""
    for chosen, well in ((ACTIVE, True), (MirrorFilter(types=("Nobody",)), False)):
        narrow(several, chosen)
        connection = several.app.registry.connection("org")
        found = {each.check: each for each in examine(connection, several.app.door(connection))}
        assert found["filter of the mirror"].well is well
    assert found["filter of the mirror"].seen.startswith("0 of 4 campaigns fit (of type Nobody)")
    assert found["filter of the mirror"].to_do.endswith("campaignsync mirror --connection org --all")


def test_the_filter_is_chosen_and_shown_at_the_terminal(several: Desk) -> None:
    terminal = Terminal(several.app)
    assert "all that the sync user sees. 4 of 4 campaigns fit" in terminal("mirror")
    said = terminal(
        "mirror", "--active-only", "--type", "Webinar", "--type", "webinar ", "--record-type", "digital"
    )
    assert "active only, of type Webinar, of record type digital. 1 of 4 campaigns fit" in said
    assert "campaignsync sync" in said
    told = terminal.json("mirror", "--type", "", "--created-since", "2001-02-03")
    assert told == {
        "connection": "org",
        "active_only": True,
        "types": [],
        "record_types": ["digital"],
        "created_since": "2001-02-03",
        "campaigns": 1,
        "campaigns_seen": 4,
    }
    assert [row["name"] for row in terminal.json("campaigns")] == ["Talk"]
    shown = {row["name"]: (row["mirrored"], row["members"]) for row in terminal.json("campaigns", "--all")}
    assert shown == {
        "Asleep": (False, None),
        "Fair": (False, None),
        "Talk": (True, 2),
        "Typeless": (False, None),
    }
    assert terminal.json("mirror", "--all")["campaigns"] == 4


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--record-type", "Nowhere"), "no record type 'Nowhere' in this org. There are: Digital, Field."),
        (("--created-since", "soon"), "'soon' is no day: write it as 2026-03-17."),
        (("--all", "--active-only"), "--all lets every campaign in"),
        (("--type", " "), "A type is a text of 1 to 255 characters."),
        (("--connection", "nobody"), "There is no connection 'nobody'"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_and_nothing_is_kept(
    several: Desk, wrong: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said.replace("(", r"\(")):
        Terminal(several.app)("mirror", *wrong)
    assert not several.app.registry.connection("org").mirror_filter.narrows
