"""What a filter of the mirror would let in (M3.4), as the org answers now.

Asked by the command line and by the page of a connection before a filter is kept. It writes nothing: the next look is what
follows a filter (docs/adr/0015).
"""

from __future__ import annotations

from campaignsync.domain.errors import UsageError
from campaignsync.domain.mirror_filter import MirrorFilter
from campaignsync.runtime.ports import SalesforceDoor


def fitting(door: SalesforceDoor, wanted: MirrorFilter) -> tuple[int, int]:
    """How many campaigns fit, and how many the sync user sees. UsageError for a record type that the org does not have."""
    _require_record_types(wanted, door)
    return door.campaigns_within(wanted), door.visible_rows()["Campaign"]


def _require_record_types(wanted: MirrorFilter, door: SalesforceDoor) -> None:
    if not wanted.record_types:
        return
    there = door.record_types()
    lacking = [each for each in wanted.record_types if each.lower() not in {name.lower() for name in there}]
    if lacking:
        known = f"There are: {', '.join(there)}." if there else "There is none."
        raise UsageError(f"Campaigns have no record type '{lacking[0]}' in this org. {known}")
