"""One tree perturbed twice, as both sides edit what they had agreed on; and plans carried out in shuffled batches, any of which
may never arrive: all ends as if it had been carried out at once, within a limit of rounds (after unison and mutagen).

`test_reconcile` has independent trees, which mostly differ everywhere; here most members are the same, as they are in life.
"""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from campaignsync.domain.links import LinkPolicy, Removal, StepBack, Winner
from campaignsync.domain.runs import LinkFacts
from campaignsync.domain.trees import Trees
from campaignsync.planner.decide import Rules, Verdict, decide
from campaignsync.planner.reconcile import reconcile
from planner_words import LIVE_EVENT, link_facts, three_trees

Status = str | None
Side = Mapping[int, Status]
State = tuple[Status, Status, Status]

MOST_ROUNDS = 12
"""Far more than ever needed: a plan that is carried out in part, as often as it takes."""
ACTED_ON = (Verdict.AGREE, Verdict.TO_PROGRAM, Verdict.TO_CAMPAIGN)
STATUS = st.sampled_from([None, *LIVE_EVENT.names])
TREE = st.dictionaries(st.integers(1, 30), st.sampled_from(LIVE_EVENT.names), max_size=30)
EDITS = st.dictionaries(st.integers(1, 33), STATUS, max_size=8)
POLICIES = st.builds(
    LinkPolicy,
    winner=st.sampled_from(Winner),
    step_back=st.sampled_from(StepBack),
    removed_in_program=st.sampled_from(Removal),
    removed_in_campaign=st.sampled_from(Removal),
)


def perturbed(tree: Mapping[int, str], here: Side, there: Side) -> dict[int, State]:
    """The tree as it was agreed on, with the edits of either side."""
    people = {*tree, *here, *there}
    return {
        each: (tree.get(each), here.get(each, tree.get(each)), there.get(each, tree.get(each)))
        for each in people
    }


def trees_of(states: Mapping[int, State]) -> Trees:
    agreed, program, campaign = (
        {person: status for person, state in states.items() if (status := state[side]) is not None}
        for side in range(3)
    )
    return three_trees(agreed=agreed, program=program, campaign=campaign)


def planned(facts: LinkFacts, states: Mapping[int, State]) -> dict[int, Status]:
    """Whom the plan acts on, and what they become."""
    rows = reconcile(facts, trees_of(states)).members.select("person_id", "verdict", "becomes").rows()
    return {person: becomes for person, verdict, becomes in rows if verdict in ACTED_ON}


def carried_out(states: Mapping[int, State], writes: Mapping[int, Status]) -> dict[int, State]:
    return {**states, **{person: (becomes,) * 3 for person, becomes in writes.items()}}


@given(TREE, EDITS, EDITS, POLICIES)
def test_only_whom_somebody_edited_is_in_the_plan_and_as_the_table_says(
    tree: dict[int, str], here: dict[int, Status], there: dict[int, Status], policy: LinkPolicy
) -> None:
    facts, states = link_facts(policy=policy), perturbed(tree, here, there)
    members = reconcile(facts, trees_of(states)).members
    told = {row["person_id"]: (row["verdict"], row["becomes"]) for row in members.to_dicts()}
    rules = Rules.of(LIVE_EVENT, policy)
    differ = {person: state for person, state in states.items() if len(set(state)) > 1}
    assert told.keys() == differ.keys()
    assert told.keys() <= {*here, *there}
    for person, state in differ.items():
        decision = decide(*state, rules)
        assert told[person] == (decision.verdict.value, decision.becomes)


@given(TREE, EDITS)
def test_a_lone_edit_is_never_lost_whichever_side_made_it(
    tree: dict[int, str], edits: dict[int, Status]
) -> None:
    """M6.1; with steps back accepted, all edits of one side alone are what both sides are in the end."""
    facts = link_facts(policy=LinkPolicy(step_back=StepBack.ACCEPT))
    for states in (perturbed(tree, edits, {}), perturbed(tree, {}, edits)):
        ended = carried_out(states, planned(facts, states))
        for person, status in edits.items():
            assert ended[person] == (status,) * 3
        for person in tree.keys() - edits.keys():
            assert ended[person] == (tree[person],) * 3


@given(TREE, EDITS, EDITS, POLICIES, st.randoms(use_true_random=False))
def test_batches_in_any_order_any_of_which_is_lost_end_as_one_that_arrives_whole(
    tree: dict[int, str],
    here: dict[int, Status],
    there: dict[int, Status],
    policy: LinkPolicy,
    random: st.RandomType,
) -> None:
    facts, states = link_facts(policy=policy), perturbed(tree, here, there)
    whole = carried_out(states, planned(facts, states))
    rounds = 0
    while writes := list(planned(facts, states).items()):
        rounds += 1
        assert rounds <= MOST_ROUNDS, "the rounds come to no end"
        random.shuffle(writes)
        size = random.randint(1, 4)
        batches = [dict(writes[start : start + size]) for start in range(0, len(writes), size)]
        # The last rounds lose nothing, or chance could lose every batch for ever.
        arrived = [each for each in batches if rounds > MOST_ROUNDS // 2 or random.random() < 0.6]
        for batch in arrived:
            states = carried_out(states, batch)
    assert states == whole


@given(TREE, st.lists(st.tuples(EDITS, EDITS), max_size=4), POLICIES)
def test_edits_between_rounds_come_to_rest_in_one_round_behind_the_last(
    tree: dict[int, str], rounds: list[tuple[dict[int, Status], dict[int, Status]]], policy: LinkPolicy
) -> None:
    facts, states = link_facts(policy=policy), perturbed(tree, {}, {})
    for here, there in rounds:
        for person in {*here, *there}:
            agreed, program, campaign = states.get(person, (None, None, None))
            states[person] = (agreed, here.get(person, program), there.get(person, campaign))
        states = carried_out(states, planned(facts, states))
        assert reconcile(facts, trees_of(states)).writes_nothing
        assert planned(facts, states) == {}
