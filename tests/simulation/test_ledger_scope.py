"""What `runtime.ports.Ledger` promises of the filter of the mirror (M3.4, docs/adr/0015), asked of the store and of its twin."""

from __future__ import annotations

import polars as pl
import pytest

from campaign_words import CAMPAIGN_ID, Linked, campaigns, delta, lead, member
from campaignsync.domain.mirror_filter import MirrorFilter
from campaignsync.domain.observation import Delta, WholeLists
from campaignsync.domain.trees import CAMPAIGN_MEMBERS, CAMPAIGN_STATUSES, COUNTS
from simulation.contract_words import journal, listed, see

FAIR = "701000000000002AAA"
ACTIVE = MirrorFilter(active_only=True)
TOLD = ("campaign", None, "Invited")


def there(*, is_active: bool, members: int = 1) -> Delta:
    """A look that brings a campaign nobody links, and one member of it for each."""
    seen = delta(
        *(member(number, "Invited", campaign_id=FAIR) for number in range(1, members + 1)),
        campaigns=pl.concat([campaigns(), campaigns(id=FAIR, name="Fair", is_active=is_active)]),
        member_counts=pl.DataFrame([(FAIR, members)] if members else [], schema=COUNTS, orient="row"),
    )
    seen.status_counts.extend(pl.DataFrame([(FAIR, 4)], schema=COUNTS, orient="row"))
    return seen


def narrow(linked: Linked, chosen: MirrorFilter) -> None:
    linked.app.registry.set_mirror_filter(linked.connection.connection_id, chosen)


def held(linked: Linked) -> set[str]:
    """The ids of the members that are mirrored."""
    return set(linked.app.dump(linked.connection.connection_id).mirrored)  # type: ignore[attr-defined]


def whole(*numbers: int) -> WholeLists:
    return WholeLists(
        members_of=frozenset({FAIR}),
        members=pl.DataFrame(
            [member(each, "Invited", campaign_id=FAIR) for each in numbers], schema=CAMPAIGN_MEMBERS
        ),
        statuses_of=frozenset(),
        statuses=pl.DataFrame(schema=CAMPAIGN_STATUSES),
    )


def test_members_of_campaigns_outside_are_not_mirrored(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    narrow(linked, ACTIVE)
    ledger.mirror(org, there(is_active=False))
    assert held(linked) == set()
    assert ledger.campaigns_to_list(org, there(is_active=False))[0] == frozenset()


def test_who_leaves_the_mirror_is_forgotten_without_a_word(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    ledger.mirror(org, there(is_active=False))
    assert held(linked) == {member(1, "")["id"]}
    narrow(linked, ACTIVE)
    ledger.mirror(org, delta())
    while ledger.prune(org):
        """Some at a time."""
    assert held(linked) == set()
    assert journal(linked) == [TOLD]
    gone = str(member(1, "")["id"])
    assert ledger.compare_members(org, CAMPAIGN_ID, [listed(gone)]) == ([gone], [])


def test_who_comes_in_is_listed_whole_and_inside_from_then_on(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    narrow(linked, ACTIVE)
    ledger.mirror(org, there(is_active=False))
    narrow(linked, MirrorFilter())
    seen = there(is_active=False)
    ledger.mirror(org, seen)
    assert ledger.campaigns_to_list(org, seen)[0] == {FAIR}
    ledger.mirror_whole(org, whole(1))
    assert held(linked) == {member(1, "")["id"]}
    assert ledger.campaigns_to_list(org, seen)[0] == frozenset()


def test_a_campaign_without_members_comes_in_at_once(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    narrow(linked, ACTIVE)
    ledger.mirror(org, there(is_active=False, members=0))
    narrow(linked, MirrorFilter())
    ledger.mirror(org, there(is_active=False, members=0))
    ledger.mirror(org, there(is_active=False))
    assert held(linked) == {member(1, "")["id"]}


def test_a_linked_campaign_is_mirrored_whatever_the_filter_says(linked: Linked) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    narrow(linked, MirrorFilter(types=("Fair",)))
    see(linked, member(1, "Invited"))
    assert linked.tree("campaign") == {lead(1)["email"]: "Invited"}
    scope = ledger.mirror_scope(org)
    assert (scope.chosen.narrows, scope.besides) == (True, (CAMPAIGN_ID,))


@pytest.mark.parametrize("outside", [True, False])
def test_a_campaign_that_is_asked_for_by_its_id_is_listed_if_it_is_outside(
    linked: Linked, outside: bool
) -> None:
    ledger, org = linked.app.ledger, linked.connection.connection_id
    narrow(linked, ACTIVE)
    ledger.mirror(org, there(is_active=not outside))
    if not outside:
        ledger.mirror_whole(org, whole(1))
    assert ledger.call_in(org, FAIR) is outside
    ledger.mirror_whole(org, whole(1, 2))
    assert held(linked) == {member(number, "")["id"] for number in (1, 2)}
