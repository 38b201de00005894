"""The API calls that a door made, charged to the budget of its org.

Called by whatever calls an org, in the midst of long work and behind it, by `cycle`, `rounds`, `commands` and bootstrap. Nothing
else charges: what the org told of its own use goes along each time, since a charge without it would be the last one for as long
as nothing more is called.
"""

from __future__ import annotations

from campaignsync.domain.ids import ConnectionId
from campaignsync.runtime.ports import Ledger, SalesforceDoor


def charge(door: SalesforceDoor, ledger: Ledger, org: ConnectionId) -> None:
    """Count the calls that were made since the last time, and keep what the org told in its answers of its use."""
    ledger.charge(org, door.take_calls(), door.api_usage)
