"""The slow full comparison: everything of an org is listed whole, so that what no look and no event told is found.

Called by the worker once a day, and when an org could not tell what changed: a gap, an overflow, a place in the stream that is
no more (S2.7.5). It finds and mirrors; what is to be done about it, the round behind it sees as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from campaignsync.domain.connections import Connection
from campaignsync.runtime.cycle import list_whole, observe, turn
from campaignsync.runtime.linking import require_campaign_sync
from campaignsync.runtime.ports import Ledger, SalesforceDoor
from campaignsync.runtime.rounds import failure_kept
from campaignsync.runtime.service_ports import Pulses

_AT_ONCE = 20
"""Campaigns that are listed in one go: what has to fit into memory."""


def compare(door: SalesforceDoor, ledger: Ledger, pulses: Pulses, connection: Connection) -> bool:
    """List all campaigns of an org whole, some at a time; False: it waits as backfills do, until there are more API calls.
    RetryableError when the org's budget is spent."""
    require_campaign_sync(connection)
    org = connection.connection_id
    with turn(door, ledger, org), failure_kept(ledger, org):
        budget = ledger.budget(org)
        budget.require(connection.name)
        if budget.reason_to_hold(backfill=True):
            return False
        pulses.comparing(org)
        observe(door, ledger, org)
        for campaigns in _portions(pulses.campaigns(org)):
            list_whole(door, ledger, org, members_of=campaigns, statuses_of=campaigns)
        pulses.compared(org)
    return True


def _portions(campaigns: Sequence[str]) -> Iterator[Sequence[str]]:
    return (campaigns[start : start + _AT_ONCE] for start in range(0, len(campaigns), _AT_ONCE))
