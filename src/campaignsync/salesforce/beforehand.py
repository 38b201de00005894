"""What is asked before very many people are looked for or made: how many have an address, and which assignment rule is active.

Used by `reading`, and by whoever makes a call that has room for these questions, so that none of them is a call of its own. An
answer counts once: by the next time things may have changed. A question that fails is one whose answer nobody knows; none of
them may keep anything back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from campaignsync.salesforce.fields import PEOPLE
from campaignsync.salesforce.pages import Record
from campaignsync.salesforce.soql import Query

PEOPLE_WITH_EMAILS = tuple(
    Query(of=kind, soql=f"SELECT COUNT() FROM {kind} WHERE Email != null", may_fail=True) for kind in PEOPLE
)
"""They say how to look for many. A big org may take too long to count."""
ACTIVE_RULE = Query(
    of="AssignmentRule",
    soql="SELECT Id FROM AssignmentRule WHERE SobjectType = 'Lead' AND Active = true",
    may_fail=True,
)
"""A bulk job runs a rule by its id alone. The sync user may not see rules."""
ALL = (*PEOPLE_WITH_EMAILS, ACTIVE_RULE)


class Beforehand:
    """The answers of one org that were not used yet."""

    def __init__(self) -> None:
        self._answers: dict[Query, Record] = {}

    def forget(self) -> None:
        """What was told is too old by now."""
        self._answers.clear()

    def unasked(self, queries: Sequence[Query] = ALL) -> tuple[Query, ...]:
        """Those of these questions that would have to be asked."""
        return tuple(each for each in queries if each not in self._answers)

    def note(self, queries: Iterable[Query], answers: Iterable[Record]) -> None:
        """Keep what these were answered, in their order; nothing at all for what failed."""
        self._answers |= dict(zip(queries, answers, strict=False))

    def people_with_emails(self) -> int | None:
        """How many leads and contacts have an address; None where nobody knows."""
        sizes = [self._answers.pop(each).get("totalSize") for each in PEOPLE_WITH_EMAILS]
        return None if None in sizes else sum(map(int, filter(None, sizes)))

    def rule(self) -> str | None:
        """The id of the active assignment rule; empty for none; None where nobody knows."""
        told = self._answers.pop(ACTIVE_RULE)
        if "records" not in told:
            return None
        return next((str(row["Id"]) for row in told["records"]), "")
