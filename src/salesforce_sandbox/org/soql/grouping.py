"""GROUP BY → its grouping sets: one for plain groups, several where ROLLUP or CUBE asks for subtotals.

Pure; the compiler makes one SELECT of each set. Rests on the SOQL reference, "GROUP BY ROLLUP" and "GROUP BY CUBE".
"""

from itertools import combinations

from salesforce_sandbox.org.soql.refusals import malformed
from salesforce_sandbox.org.soql.syntax import Call, Literal, Operand

MOST_SUBTOTALLED = 3


def grouping_sets(group_by: tuple[Operand, ...]) -> tuple[tuple[Operand, ...], list[tuple[Operand, ...]]]:
    """All operands that are grouped by, and which of them each set keeps, the fullest first."""
    (first, *others) = group_by or (None,)
    if not isinstance(first, Call) or first.function not in ("ROLLUP", "CUBE"):
        return group_by, [group_by]
    whole = tuple(each for each in first.arguments if not isinstance(each, Literal))
    if others or len(whole) < len(first.arguments) or not 1 <= len(whole) <= MOST_SUBTOTALLED:
        raise malformed(
            f"GROUP BY {first.function} takes 1 to {MOST_SUBTOTALLED} fields and nothing beside it"
        )
    sizes = range(len(whole), -1, -1)
    if first.function == "ROLLUP":
        return whole, [whole[:size] for size in sizes]
    return whole, [kept for size in sizes for kept in combinations(whole, size)]
