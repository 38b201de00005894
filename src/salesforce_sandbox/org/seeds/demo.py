"""The demo org: a handful of campaigns with people in them, the same in every run."""

from typing import Any


def demo() -> dict[str, Any]:
    """The seed document of the demo."""
    return {"records": []}
