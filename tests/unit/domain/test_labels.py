"""What the labels of a campaign mean in a channel, and how an admin says so (M4.3, M4.4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.errors import UsageError
from campaignsync.domain.labels import LabelChanges, LabelMapping, Vocabulary, changed, parsed
from campaignsync.domain.statuses import DEFAULT_CHANNELS

WEBINAR = next(channel for channel in DEFAULT_CHANNELS if channel.name == "Webinar")
KNOWN = ["Invited", "Registered", "No Show", "Attended Live", "Watched Later", "Sent"]


def vocabulary(*pairs: str) -> Vocabulary:
    """A webinar's, with these mappings written as LABEL=STATUS."""
    return changed(Vocabulary(channel=WEBINAR), LabelChanges(mapped=tuple(map(parsed, pairs))), KNOWN)


def means(words: Vocabulary, label: str) -> str | None:
    status = words.status(label)
    return status and status.name


def test_many_labels_may_mean_one_status() -> None:
    """M4.4."""
    words = vocabulary("Attended Live=Attended", "watched later = attended")
    assert [means(words, label) for label in ("attended live ", "Watched Later", "Attended", "Sent")] == [
        "Attended",
        "Attended",
        "Attended",
        None,
    ]


@pytest.mark.parametrize(
    ("offered", "written"),
    [
        pytest.param(["Attended Live", "Watched Later", "ATTENDED"], "ATTENDED", id="its own name"),
        pytest.param(["Watched Later", "Attended Live"], "Attended Live", id="else the one mapped first"),
        pytest.param(["Watched Later"], "Watched Later", id="of those that the campaign still offers"),
        pytest.param(["Sent"], "Attended", id="its own name where there is none"),
    ],
)
def test_one_label_of_a_status_is_written(offered: list[str], written: str) -> None:
    """M4.4."""
    words = vocabulary("Attended Live=Attended", "Watched Later=Attended")
    assert words.written("Attended", offered) == written


def test_an_admin_may_choose_which_label_is_written_and_choose_again() -> None:
    """M4.4: exactly one of them is."""
    offered = ["Attended", "Attended Live", "Watched Later"]
    words = vocabulary("Attended Live=Attended", "Watched Later=Attended")
    for label in ("Watched Later", "Attended Live", "attended"):
        words = changed(words, LabelChanges(written=(label,)), KNOWN)
        assert words.written("Attended", offered).casefold() == label.casefold()
        assert sum(each.written for each in words.mapped) == (label != "attended")


def test_mapping_a_label_anew_and_taking_its_mapping_away() -> None:
    words = vocabulary("Sent=Invited", "Sent=Registered")
    assert words.mapped == (LabelMapping(label="Sent", status="Registered"),)
    assert changed(words, LabelChanges(unmapped=("sent",)), KNOWN).mapped == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (LabelChanges(mapped=(parsed("Sent=Napping"),)), "Invited, Registered, No Show, Attended"),
        (LabelChanges(mapped=(parsed("No Show=Attended"),)), "means itself"),
        (LabelChanges(mapped=(parsed("Nowhere=Attended"),)), "Its labels are: Attended Live, Invited"),
        (LabelChanges(unmapped=("Sent",)), "'Sent' is not mapped"),
        (LabelChanges(written=("Sent",)), '--map "Sent=STATUS"'),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_choices(changes: LabelChanges, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        changed(vocabulary(), changes, KNOWN)
    assert says in str(refused.value)


@pytest.mark.parametrize("text", ["", "Attended Live", "=Attended", "Attended Live=", " = "])
def test_a_mapping_is_written_with_both_its_ends(text: str) -> None:
    with pytest.raises(UsageError, match="LABEL=STATUS"):
        parsed(text)


def test_a_label_with_an_equals_sign_is_a_label() -> None:
    assert parsed("a=b=Attended") == LabelMapping(label="a=b", status="Attended")


def test_a_mapping_whose_status_the_channel_lost_means_nothing() -> None:
    lost = Vocabulary(channel=WEBINAR, mapped=(LabelMapping(label="Sent", status="Mailed"),))
    assert lost.status("Sent") is None


@given(st.sets(st.sampled_from([*KNOWN, "invited", " SENT", "Elsewhere", "elsewhere"])))
def test_labels_are_brought_to_one_spelling_for_good(labels: set[str]) -> None:
    """M4.3, M4.4: a spelling spelled again is itself, and labels that mean the same are the same."""
    words = vocabulary("Attended Live=Attended", "Sent=Invited")
    spelled = words.spelling(labels)
    assert spelled.keys() == labels
    assert words.spelling(set(spelled.values())) == {each: each for each in spelled.values()}
    for one in labels:
        for other in labels:
            same = means(words, one) == means(words, other) and (
                means(words, one) is not None or one.strip().casefold() == other.strip().casefold()
            )
            assert (spelled[one] == spelled[other]) == same
