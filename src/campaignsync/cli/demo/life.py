"""Both sides of the demo changing by themselves, slowly, and a sync every now and then; until the sandbox is gone.

A process of its own, started by the demo: `python -m campaignsync.cli.demo.life DATA_DIR SANDBOX_URL`.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

from campaignsync.bootstrap import Application, application
from campaignsync.cli.demo.sandbox import SandboxOrg
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.runtime.flow_runner import run_flows
from campaignsync.settings import read_settings

_PAUSE_S = 8
_ROUND_EVERY = 4


def live(data_dir: Path, url: str) -> None:
    """Change something every few seconds, here or there."""
    sandbox, dice = SandboxOrg(url=url), random.Random()  # noqa: S311 - which member moves is of no weight.
    with application(read_settings(data_dir), who="marketing") as app:
        for step in range(10_000):
            time.sleep(_PAUSE_S)
            try:
                _change(app, sandbox, dice, there=bool(step % 2))
                if step % _ROUND_EVERY == _ROUND_EVERY - 1:
                    app.sync_now(app.registry.connection(None))
                    run_flows(app.flow_doors)
            except CampaignsyncError:
                continue  # The pages tell of it.
            except OSError:
                return


def _change(app: Application, sandbox: SandboxOrg, dice: random.Random, *, there: bool) -> None:
    """Move somebody of an active link a step on."""
    asking = {plan["program"] for plan in app.approvals.waiting(None)}
    rows = [row for row in app.views.status() if row["state"] == "active" and row["program"] not in asking]
    if not rows:
        return
    link = dice.choice(rows)
    channel = app.registry.program_channel(link["program"])
    steps = {status.name: status.step for status in channel.statuses}
    org = app.registry.connection(None).connection_id
    members = [row for row in app.members.list(link["program"], org) if row["campaign_member_id"]]
    movable = [row for row in members if steps[row["status"]] < max(steps.values())]
    if not movable:
        return
    chosen: dict[str, Any] = dice.choice(movable)
    following = min((step, name) for name, step in steps.items() if step > steps[chosen["status"]])[1]
    if there:
        sandbox.update("CampaignMember", chosen["campaign_member_id"], Status=following)
    else:
        app.members.set_status(link["program"], chosen["email"], following, who="marketing")


if __name__ == "__main__":
    live(Path(sys.argv[1]), sys.argv[2])
