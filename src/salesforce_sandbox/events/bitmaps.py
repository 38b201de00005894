"""Bitmaps: how an event names fields, as hexadecimal numbers whose bit i is the schema's field i (S2.7.4).

Used by `encoding` for changedFields and nulledFields. Parts of compound fields come in further numbers behind the
position of the compound, such as `4-0x10`. Rests on the Pub/Sub guide, "Event Deserialization Considerations".
"""

from collections.abc import Iterable

from salesforce_sandbox.events.schemas import Place


def bitmaps(places: Iterable[Place]) -> list[str]:
    """The bitmaps that name these places: the schema's own first, if any, then those of compounds in order."""
    bits: dict[int, int] = {}
    for place in places:
        # Minus one is the schema itself.
        within, position = (-1, place.position) if place.inner is None else (place.position, place.inner)
        bits[within] = bits.get(within, 0) | 1 << position
    return [
        _text(number) if within < 0 else f"{within}-{_text(number)}"
        for within, number in sorted(bits.items())
    ]


def _text(number: int) -> str:
    return "0x" + number.to_bytes((number.bit_length() + 7) // 8, "big").hex().upper()
