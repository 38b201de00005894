"""What nobody outside Salesforce has verified: each open question of the contract, with the answers this org can give.

Rules ask `switches["name"]`; seeds and the control endpoint set them. A sync must be right under every answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Answer: TypeAlias = bool | str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One open question; `answers` starts with the one that holds unless somebody chose another."""

    name: str
    rule: str
    question: str
    answers: tuple[Answer, ...]


def _yes(name: str, rule: str, question: str) -> Switch:
    return Switch(name=name, rule=rule, question=question, answers=(True, False))


def _no(name: str, rule: str, question: str) -> Switch:
    return Switch(name=name, rule=rule, question=question, answers=(False, True))


def _which(name: str, rule: str, question: str, *answers: Answer) -> Switch:
    return Switch(name=name, rule=rule, question=question, answers=answers)


SWITCHES: tuple[Switch, ...] = (
    _no("campaign_type_restricted", "S1.1.4", "Has an admin restricted Campaign.Type to its picklist?"),
    _which(
        "campaign_cycle_error",
        "S1.1.6",
        "How is a campaign refused that would be its own ancestor?",
        "CIRCULAR_DEPENDENCY",
        "FIELD_INTEGRITY_EXCEPTION",
    ),
    _which("campaign_levels", "S1.1.6", "How many levels may a campaign hierarchy have?", 5, 10, 1000),
    _no("rollups_bump_campaign", "S1.1.7", "Does a change of members bump the campaign's SystemModstamp?"),
    _yes(
        "campaign_undelete_restores_members", "S1.1.8", "Does undeleting a campaign bring its members back?"
    ),
    _which(
        "status_delete_error",
        "S1.2.5",
        "With which code is deleting a member status refused that is in use?",
        "DELETE_FAILED",
        "FIELD_INTEGRITY_EXCEPTION",
        "DEPENDENCY_EXISTS",
    ),
    _which(
        "second_default_status",
        "S1.2.6",
        "What does IsDefault on another status row do?",
        "moves the default",
        "is refused",
    ),
    _no("rename_cascades", "S1.2.8", "Do members follow when the label of their status is renamed?"),
    _no(
        "first_responded_cleared", "S1.3.3", "Is FirstRespondedDate cleared when a member no longer responds?"
    ),
    _yes("member_upsert", "S1.3.4", "Can members be upserted by a custom external id?"),
    _yes("removed_members_listed", "S1.3.5", "Does getDeleted list removed members?"),
    _yes("person_undelete_restores_members", "S1.3.6", "Does undeleting a person bring memberships back?"),
    _yes("conversion_keeps_lead_id", "S1.3.7", "Does a converted lead's member keep its LeadId?"),
    _which(
        "conversion_of_two_members",
        "S1.3.7",
        "What if the contact is a member already?",
        "both rows stay",
        "the lead's row vanishes",
    ),
    _which(
        "merge_keeps_member", "S1.3.8", "Which row stays if two merged people are members?", "older", "newer"
    ),
    _yes("member_copies_readable", "S1.3.9", "Can members be asked for the copies of their person's fields?"),
    _no("email_opt_out_visible", "S1.4.2", "Has the fresh org field access to HasOptedOutOfEmail?"),
    _no("state_country_picklists", "S1.4.5", "Does the org refuse states and countries as free text?"),
    _yes("method_tunnelling", "S2.2.3", "Does ?_HttpMethod=PATCH turn a POST into a PATCH?"),
    _yes("misfit_fails_call", "S2.2.7", "Does a row that cannot be read fail its whole collection with 400?"),
    _yes("ten_type_chunks", "S2.2.7", "Are mixed collections refused beyond ten runs of one type?"),
    _which(
        "concurrency_message",
        "S2.2.10",
        "How does the org word its limit of concurrent long requests?",
        "ConcurrentPerOrgLongTxn Limit exceeded.",
        "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    ),
    _which("bulk1_session_status", "S2.1.2", "Bulk 1.0's HTTP status for a session that is gone?", 400, 401),
    _yes("duplicate_rules_active", "S1.4.9", "Are the standard duplicate rules switched on?"),
    _no("several_currencies", "S1.1.2", "Has the org several currencies?"),
    _no("accounts_as_members", "S1.3.1", "Can accounts be members of campaigns?"),
    _which("member_status_key_prefix", "S1.2", "How do the ids of member statuses begin?", "01Y", "1CS"),
    _which("status_limit", "S1.2.9", "How many statuses may a campaign have?", 10_000, 50),
)


class Switches:
    """The answers one org gives."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}
        self._switches = {switch.name: switch for switch in SWITCHES}
        self.reset()

    def __getitem__(self, name: str) -> Answer:
        return self._answers[name]

    def __iter__(self) -> Iterator[tuple[Switch, Answer]]:
        return ((switch, self._answers[switch.name]) for switch in SWITCHES)

    def reset(self) -> None:
        self._answers = {switch.name: switch.answers[0] for switch in SWITCHES}

    def answers(self) -> dict[str, Answer]:
        return dict(self._answers)

    def set(self, answers: Mapping[str, Answer]) -> None:
        """Chooses answers; KeyError for an unknown switch, ValueError for an answer it does not have."""
        for name, answer in answers.items():
            if answer not in self._switches[name].answers:
                message = f"switch {name} has the answers {self._switches[name].answers}, not {answer!r}"
                raise ValueError(message)
        self._answers.update(answers)
