"""The decision table, read as a table and then proved over every combination of statuses and policies (M2, M4.5, M6)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from campaignsync.domain.links import LinkPolicy, Removal, StepBack, Winner
from campaignsync.planner.decide import Decision, Rules, Verdict, decide
from planner_words import LIVE_EVENT

AGREE, NOTHING, CONFLICT, HOLD = Verdict.AGREE, Verdict.NOTHING, Verdict.CONFLICT, Verdict.HOLD
TO_PROGRAM, TO_CAMPAIGN = Verdict.TO_PROGRAM, Verdict.TO_CAMPAIGN
Status = str | None
State = tuple[Status, Status, Status]

DEFAULT = LinkPolicy()
PUT_BACK, ACCEPT, ASK_BACK = (LinkPolicy(step_back=choice) for choice in StepBack)
PROGRAM_WINS, CAMPAIGN_WINS, ASK = (
    LinkPolicy(winner=choice) for choice in (Winner.PROGRAM, Winner.CAMPAIGN, Winner.ASK)
)
CAMPAIGN_WINS_ALWAYS = LinkPolicy(winner=Winner.CAMPAIGN, step_back=StepBack.ACCEPT)
CAMPAIGN_WINS_OR_ASKS = LinkPolicy(winner=Winner.CAMPAIGN, step_back=StepBack.ASK)
KEPT_IN_CAMPAIGN = LinkPolicy(removed_in_program=Removal.KEEP)
KEPT_IN_PROGRAM = LinkPolicy(removed_in_campaign=Removal.KEEP)
NONE = None


@pytest.mark.parametrize(
    ("agreed", "program", "campaign", "policy", "verdict", "becomes"),
    [
        # Both sides say the same.
        ("Invited", "Invited", "Invited", DEFAULT, AGREE, "Invited"),
        ("Invited", "Attended", "Attended", DEFAULT, AGREE, "Attended"),
        (NONE, "Invited", "Invited", DEFAULT, AGREE, "Invited"),
        ("Invited", NONE, NONE, DEFAULT, AGREE, NONE),
        # One side changed (M6.1).
        ("Invited", "Invited", "Attended", DEFAULT, TO_PROGRAM, "Attended"),
        ("Invited", "Attended", "Invited", DEFAULT, TO_CAMPAIGN, "Attended"),
        ("Registered", "Registered", "Waitlisted", DEFAULT, TO_PROGRAM, "Waitlisted"),
        # One side added somebody (M4.5, M6.1).
        (NONE, NONE, "Registered", DEFAULT, TO_PROGRAM, "Registered"),
        (NONE, "Registered", NONE, DEFAULT, TO_CAMPAIGN, "Registered"),
        # A step back made in Salesforce (M6.2); one made by us is an admin's correction (M2.3) and goes over.
        ("Attended", "Attended", "Invited", PUT_BACK, TO_CAMPAIGN, "Attended"),
        ("Attended", "Attended", "Invited", ACCEPT, TO_PROGRAM, "Invited"),
        ("Attended", "Attended", "Invited", ASK_BACK, CONFLICT, NONE),
        ("Attended", "Invited", "Attended", PUT_BACK, TO_CAMPAIGN, "Invited"),
        # Removed on one side, unchanged on the other (M6.4).
        ("Invited", "Invited", NONE, DEFAULT, TO_PROGRAM, NONE),
        ("Invited", NONE, "Invited", DEFAULT, TO_CAMPAIGN, NONE),
        ("Invited", "Invited", NONE, KEPT_IN_PROGRAM, NOTHING, NONE),
        ("Invited", NONE, "Invited", KEPT_IN_CAMPAIGN, NOTHING, NONE),
        ("Invited", "Invited", NONE, KEPT_IN_CAMPAIGN, TO_PROGRAM, NONE),
        ("Invited", NONE, "Invited", KEPT_IN_PROGRAM, TO_CAMPAIGN, NONE),
        # Removed on one side, changed on the other: the member comes back, whatever is kept (M6.4), and starts over (M2.6).
        ("Invited", "Attended", NONE, DEFAULT, TO_CAMPAIGN, "Attended"),
        ("Invited", "Attended", NONE, KEPT_IN_PROGRAM, TO_CAMPAIGN, "Attended"),
        ("Attended", NONE, "Invited", DEFAULT, TO_PROGRAM, "Invited"),
        ("Attended", NONE, "Invited", KEPT_IN_CAMPAIGN, TO_PROGRAM, "Invited"),
        # Both changed (M6.3).
        ("Invited", "Registered", "Attended", DEFAULT, TO_PROGRAM, "Attended"),
        ("Invited", "Attended", "Registered", DEFAULT, TO_CAMPAIGN, "Attended"),
        ("Invited", "Registered", "Waitlisted", DEFAULT, CONFLICT, NONE),
        ("Invited", "Registered", "Attended", PROGRAM_WINS, TO_CAMPAIGN, "Registered"),
        ("Invited", "Registered", "Attended", CAMPAIGN_WINS, TO_PROGRAM, "Attended"),
        ("Invited", "Registered", "Waitlisted", CAMPAIGN_WINS, TO_PROGRAM, "Waitlisted"),
        ("Invited", "Registered", "Attended", ASK, CONFLICT, NONE),
        # Salesforce wins, but that would be a step back (M6.3 with M6.2).
        ("Invited", "Attended", "Registered", CAMPAIGN_WINS, TO_CAMPAIGN, "Attended"),
        ("Invited", "Attended", "Registered", CAMPAIGN_WINS_ALWAYS, TO_PROGRAM, "Registered"),
        ("Invited", "Attended", "Registered", CAMPAIGN_WINS_OR_ASKS, CONFLICT, NONE),
        # Two lists meet: the further step whoever wins later (M4.5); equal steps leave it to the policy (M6.3).
        (NONE, "Invited", "Attended", DEFAULT, TO_PROGRAM, "Attended"),
        (NONE, "Attended", "Invited", CAMPAIGN_WINS_ALWAYS, TO_CAMPAIGN, "Attended"),
        (NONE, "Invited", "Attended", PROGRAM_WINS, TO_PROGRAM, "Attended"),
        (NONE, "Invited", "Attended", ASK, TO_PROGRAM, "Attended"),
        (NONE, "Registered", "Waitlisted", DEFAULT, CONFLICT, NONE),
        (NONE, "Registered", "Waitlisted", PROGRAM_WINS, TO_CAMPAIGN, "Registered"),
        (NONE, "Registered", "Waitlisted", CAMPAIGN_WINS, TO_PROGRAM, "Waitlisted"),
        # A label that the channel lacks waits for a person (M6.5), unless the program overwrites it anyway.
        (NONE, NONE, "On a Whim", DEFAULT, HOLD, NONE),
        ("Invited", "Invited", "On a Whim", DEFAULT, HOLD, NONE),
        ("Invited", NONE, "On a Whim", DEFAULT, HOLD, NONE),
        ("Invited", "Attended", "On a Whim", DEFAULT, HOLD, NONE),
        ("Invited", "Attended", "On a Whim", ASK, HOLD, NONE),
        ("Invited", "Attended", "On a Whim", CAMPAIGN_WINS_ALWAYS, HOLD, NONE),
        ("Invited", "Attended", "On a Whim", PROGRAM_WINS, TO_CAMPAIGN, "Attended"),
        # Our own write was stored as the campaign's default, which was read back and agreed on (S0.2): write again.
        ("Sent", "Registered", "Sent", DEFAULT, TO_CAMPAIGN, "Registered"),
        ("Sent", NONE, "Sent", DEFAULT, TO_CAMPAIGN, NONE),
    ],
)  # fmt: skip
def test_the_decision_table(  # noqa: PLR0913, RUF100
    agreed: Status, program: Status, campaign: Status, policy: LinkPolicy, verdict: Verdict, becomes: Status
) -> None:
    decision = decide(agreed, program, campaign, Rules.of(LIVE_EVENT, policy))
    assert (decision.verdict, decision.becomes) == (verdict, becomes)


STATUSES: tuple[Status, ...] = (None, "Invited", "Registered", "Waitlisted", "On a Whim")
STATES: tuple[State, ...] = tuple(product(STATUSES, repeat=3))
POLICIES = tuple(
    LinkPolicy(winner=winner, step_back=back, removed_in_program=program, removed_in_campaign=campaign)
    for winner, back, program, campaign in product(Winner, StepBack, Removal, Removal)
)
WRITES = (TO_PROGRAM, TO_CAMPAIGN)


def every_decision() -> Iterator[tuple[State, Decision, Rules]]:
    """All 125 states under all 48 policies."""
    for policy in POLICIES:
        rules = Rules.of(LIVE_EVENT, policy)
        for state in STATES:
            yield state, decide(*state, rules), rules


def after(state: State, decision: Decision) -> State:
    """The three statuses once a decision is carried out and read back."""
    agreed, program, campaign = state
    match decision.verdict:
        case Verdict.AGREE | Verdict.TO_PROGRAM | Verdict.TO_CAMPAIGN:
            return decision.becomes, decision.becomes, decision.becomes
        case _:
            return agreed, program, campaign


def test_afterwards_all_three_are_equal_unless_a_person_is_asked_or_chose_otherwise() -> None:
    for state, decision, _ in every_decision():
        unequal = len(set(after(state, decision))) > 1
        assert unequal <= (decision.verdict in (CONFLICT, HOLD, NOTHING)), (state, decision)


def test_deciding_again_changes_nothing() -> None:
    for state, decision, rules in every_decision():
        second = after(state, decision)
        again = decide(*second, rules)
        assert again.verdict not in WRITES, (state, decision, again)
        assert after(second, again) == second, (state, decision, again)


def test_nothing_is_invented_and_the_written_side_gets_what_the_other_says() -> None:
    for state, decision, _ in every_decision():
        _, program, campaign = state
        said = {AGREE: program, TO_PROGRAM: campaign, TO_CAMPAIGN: program}.get(decision.verdict)
        assert decision.becomes == said, (state, decision)


def test_equal_sides_are_never_written() -> None:
    for state, decision, _ in every_decision():
        assert (state[1] == state[2]) == (decision.verdict is AGREE), (state, decision)


def test_a_conflict_and_a_held_member_touch_nothing() -> None:
    for state, decision, _ in every_decision():
        if decision.verdict in (CONFLICT, HOLD, NOTHING):
            assert decision.becomes is None
            assert after(state, decision) == state


def test_a_lone_edit_in_the_program_is_never_lost() -> None:
    for (agreed, program, campaign), decision, _ in every_decision():
        if campaign == agreed != program and program is not None:
            assert (decision.verdict, decision.becomes) == (TO_CAMPAIGN, program)


def test_a_lone_edit_in_the_campaign_goes_over_unless_it_is_a_step_back_or_unknown() -> None:
    """M6.2, M6.5."""
    for (agreed, program, campaign), decision, rules in every_decision():
        if program == agreed != campaign and campaign is not None:
            if campaign not in rules.steps:
                assert decision.verdict is HOLD
            elif rules.goes_back(program, campaign):
                choice = rules.policy.step_back
                expected = {
                    StepBack.PUT_BACK: TO_CAMPAIGN,
                    StepBack.ACCEPT: TO_PROGRAM,
                    StepBack.ASK: CONFLICT,
                }
                assert decision.verdict is expected[choice]
            else:
                assert (decision.verdict, decision.becomes) == (TO_PROGRAM, campaign)


def test_an_edit_outlives_a_removal_under_every_policy() -> None:
    """M6.4."""
    for (agreed, program, campaign), decision, _ in every_decision():
        if agreed is None or len({agreed, program, campaign}) < 3:
            continue
        if campaign is None:
            assert (decision.verdict, decision.becomes) == (TO_CAMPAIGN, program)
        if program is None:
            assert decision.verdict in (TO_PROGRAM, HOLD)


def test_nobody_leaves_unless_the_other_side_removed_whom_both_had_agreed_on() -> None:
    for (agreed, program, campaign), decision, _ in every_decision():
        if decision.verdict in WRITES and decision.becomes is None:
            assert agreed is not None
            assert agreed == (program if decision.verdict is TO_PROGRAM else campaign)


def test_a_member_of_the_program_never_steps_back_unless_that_is_accepted() -> None:
    """M2.2, M6.2."""
    for (_, program, _), decision, rules in every_decision():
        if (
            decision.verdict is TO_PROGRAM
            and decision.becomes is not None
            and rules.goes_back(program, decision.becomes)
        ):
            assert rules.policy.step_back is StepBack.ACCEPT


def test_a_label_that_the_channel_lacks_never_enters_the_program() -> None:
    """M6.5."""
    for state, decision, rules in every_decision():
        if decision.verdict is TO_PROGRAM:
            assert decision.becomes is None or decision.becomes in rules.steps, state
        if decision.verdict is HOLD:
            assert state[2] not in rules.steps
            assert f"'{state[2]}'" in decision.why


def test_two_lists_that_meet_get_the_further_step_whoever_wins_later() -> None:
    """M4.5."""
    for (agreed, program, campaign), decision, rules in every_decision():
        if (
            agreed is None
            and program is not None
            and campaign is not None
            and {program, campaign} <= rules.steps.keys()
        ):
            steps = rules.steps[program], rules.steps[campaign]
            if steps[0] != steps[1]:
                assert decision.verdict is (TO_CAMPAIGN if steps[0] > steps[1] else TO_PROGRAM)


def test_members_are_kept_apart_only_where_that_was_chosen() -> None:
    """M6.4."""
    for (agreed, program, campaign), decision, rules in every_decision():
        if decision.verdict is NOTHING:
            left = rules.policy.removed_in_program if program is None else rules.policy.removed_in_campaign
            assert left is Removal.KEEP
            assert agreed in (program, campaign)


def test_every_decision_says_why() -> None:
    assert all(decision.why for _, decision, _ in every_decision())
