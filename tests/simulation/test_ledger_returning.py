"""What `runtime.ports.Ledger` promises of a campaign that was deleted and undeleted (M6.9, S1.1.8), asked of the store and of its
twin: whoever went with it was removed by nobody, and whoever was removed here meanwhile is not brought back."""

from __future__ import annotations

import polars as pl
import pytest

from campaign_words import Linked, campaigns, counts, delta, member, whole_list
from campaignsync.domain.observation import Delta
from simulation.contract_words import journal, planned, see

ADA = "person1@example.com"
WENT = "went with the campaign in Salesforce"


def agree(linked: Linked) -> None:
    """Ada is a member on both sides."""
    ledger = linked.app.ledger
    see(linked, member(1, "Invited"))
    linked.app.members.set_status("Spring", ADA, "Invited", who="marketing")
    with ledger.run(linked.link, "test") as run:
        ledger.agree(run, ledger.trees(linked.link).program)


def delete(linked: Linked) -> None:
    linked.app.ledger.mirror(
        linked.connection.connection_id,
        delta(campaigns=campaigns(is_deleted=True), member_counts=counts(0)),
    )


def undelete(linked: Linked, *members: dict[str, object]) -> Delta:
    """What the first look sees since the campaign is there again with these members."""
    seen = delta(member_counts=counts(len(members)))
    linked.app.ledger.mirror(linked.connection.connection_id, seen)
    return seen


def listed(linked: Linked, seen: Delta, *members: dict[str, object]) -> None:
    """The rest of that look, which may be another process's."""
    ledger, org = linked.app.ledger, linked.connection.connection_id
    if ledger.campaigns_to_list(org, seen)[0]:
        ledger.mirror_whole(org, whole_list(*members))


HERE = {"left alone": "Invited", "changed": "Registered", "removed": None}
THERE = {"not back": None, "back as they were": "Invited", "back and changed": "Attended"}
ENDS = {
    ("left alone", "not back"): ([], ["Invited"]),
    ("left alone", "back as they were"): ([], []),
    ("left alone", "back and changed"): (["Attended"], []),
    ("changed", "not back"): ([], ["Registered"]),
    ("changed", "back as they were"): ([], ["Registered"]),
    ("changed", "back and changed"): (["Attended"], []),
    ("removed", "not back"): ([], []),
    ("removed", "back as they were"): ([], [None]),
    ("removed", "back and changed"): (["Attended"], []),
}
"""Ada was agreed on as invited when the campaign was deleted: what became of her here meanwhile, and there with the campaign; and
what is planned for the program and for the campaign. Of whoever is back, it is what would be planned without the deletion: an
edit outweighs a removal on the other side (M6.4)."""


@pytest.mark.parametrize(("here", "there"), ENDS, ids=[", ".join(each) for each in ENDS])
def test_whoever_went_with_a_deleted_campaign_was_removed_by_nobody(
    linked: Linked, here: str, there: str
) -> None:
    agree(linked)
    delete(linked)
    if HERE[here] is None:
        linked.app.members.remove("Spring", ADA, who="marketing")
    else:
        linked.app.members.set_status("Spring", ADA, HERE[here], who="marketing")
    back = [] if THERE[there] is None else [member(1, str(THERE[there]))]
    listed(linked, undelete(linked, *back), *back)
    assert planned(linked) == ENDS[here, there]


def test_whoever_was_added_here_while_the_campaign_was_deleted_is_added_to_it(linked: Linked) -> None:
    agree(linked)
    linked.app.members.remove("Spring", ADA, who="marketing")
    with linked.app.ledger.run(linked.link, "test") as run:
        forgotten = pl.DataFrame(
            {"person_id": linked.app.ledger.trees(linked.link).agreed["person_id"], "status": [None]},
            schema_overrides={"status": pl.String},
        )
        linked.app.ledger.agree(run, forgotten)
    linked.app.ledger.mirror_whole(linked.connection.connection_id, whole_list())
    delete(linked)
    linked.app.members.set_status("Spring", ADA, "Registered", who="marketing")
    listed(linked, undelete(linked))
    assert planned(linked) == ([], ["Registered"])


def test_the_journal_says_that_members_went_with_their_campaign(linked: Linked) -> None:
    agree(linked)
    delete(linked)
    listed(linked, undelete(linked))
    assert linked.journal()[-1]["why"] == WENT
    assert journal(linked)[-1] == ("campaign", "Invited", None)


def test_a_process_that_dies_before_the_list_is_followed_by_one_that_knows(linked: Linked) -> None:
    """That the campaign came back is seen in one look only, and the list may come with the next."""
    agree(linked)
    delete(linked)
    undelete(linked)
    later = delta(campaigns=campaigns().clear(), member_counts=counts(0))
    linked.app.ledger.mirror(linked.connection.connection_id, later)
    listed(linked, later)
    assert planned(linked) == ([], ["Invited"])


def test_a_removal_after_the_first_list_is_a_removal_again(linked: Linked) -> None:
    agree(linked)
    delete(linked)
    listed(linked, undelete(linked, member(1, "Invited")), member(1, "Invited"))
    gone = delta(campaigns=campaigns().clear(), member_counts=counts(0))
    linked.app.ledger.mirror(linked.connection.connection_id, gone)
    listed(linked, gone)
    assert planned(linked) == ([None], [])


def test_a_removal_in_salesforce_before_the_campaign_was_deleted_stays_one(linked: Linked) -> None:
    """Nothing was planned of it yet, as when the link is halted."""
    agree(linked)
    linked.app.ledger.mirror_whole(linked.connection.connection_id, whole_list())
    delete(linked)
    listed(linked, undelete(linked))
    assert planned(linked) == ([None], [])
