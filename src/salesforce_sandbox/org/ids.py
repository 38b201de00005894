"""Record ids: key prefix, a place for the org, a counter in base 62, and the three letters that make 15 letters 18.

Ids grow in the order of creation and never depend on chance, so that a run can be repeated to the letter (S1.5.2).
"""

from collections import Counter

from salesforce_sandbox.org.soql.values import record_id

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PLACE = "Sb"
_PLACE_WIDTH = 5
_COUNTER_WIDTH = 7


class Ids:
    """Hands out ids by key prefix; `counters` says how many each prefix has had. Orgs of another number give other ids."""

    def __init__(self, org_number: int = 0) -> None:
        self._place = f"{_PLACE}{org_number:0{_PLACE_WIDTH - len(_PLACE)}}"
        self.counters: Counter[str] = Counter()

    def take(self, key_prefix: str) -> str:
        self.counters[key_prefix] += 1
        digits = ""
        number = self.counters[key_prefix]
        for _ in range(_COUNTER_WIDTH):
            number, digit = divmod(number, 62)
            digits = _DIGITS[digit] + digits
        made = record_id(f"{key_prefix}{self._place}{digits}")
        if made is None:
            message = f"{key_prefix!r} is no key prefix: three letters or digits are"
            raise ValueError(message)
        return made
