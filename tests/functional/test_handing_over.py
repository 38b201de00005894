"""A worker that is told to stop ends what it is at, or hands it over: nothing is done twice and nothing is left undone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from eventful_org import EventfulOrg
from service_run import Clerk, Part
from waiting import until

MEMBERS = 1000
"""Five calls of members' writes, each with time enough to be told to stop."""


@contextmanager
def org_and_clerk(data_dir: Path, latency_ms: int) -> Iterator[tuple[EventfulOrg, Clerk, str]]:
    """A slow org whose campaign has nobody yet, and a program of very many."""
    org, clerk = EventfulOrg("--latency-ms", str(latency_ms)), Clerk(data_dir)
    try:
        campaign = clerk.insist("found", name="org0", url=org.url, events=org.events, channel="Webinar")
        clerk.insist("bring in", program="org0", who="p", number=MEMBERS, status="Registered")
        yield org, clerk, campaign
    finally:
        clerk.stop()
        org.stop()


def there(org: EventfulOrg, campaign: str) -> int:
    """How many members the campaign has."""
    counted = org.query(f"SELECT count(Id) number FROM CampaignMember WHERE CampaignId = '{campaign}'")
    return int(counted[0]["number"])


def test_a_round_that_takes_longer_than_the_grace_is_handed_over(
    ready_folder: Callable[[str], Path],
) -> None:
    data_dir = ready_folder("over")
    with org_and_clerk(data_dir, latency_ms=300) as (org, clerk, campaign):
        first = Part(data_dir, data_dir.parent, "first", "worker", "--grace", "0")
        until(lambda: there(org, campaign) > 0, "the first members, there", every_s=0.05)
        first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(timeout=120) == 0, first.log.read_text()
        assert 0 < there(org, campaign) < MEMBERS, "it did not wait for the end of its round"
        assert "worker stopped" in [line["event"] for line in first.lines()]
        second = Part(data_dir, data_dir.parent, "second", "worker")
        until(
            lambda: clerk.wish("members", program="org0") == org.members(campaign),
            "both sides equal",
            every_s=0.3,
        )
        assert second.stop() == 0, second.log.read_text()
        assert len(org.members(campaign)) == MEMBERS
        assert len(org.query("SELECT Id FROM Lead")) == MEMBERS
        assert clerk.wish("problems") == []


def test_a_round_that_ends_in_time_is_ended(ready_folder: Callable[[str], Path]) -> None:
    data_dir = ready_folder("ended")
    with org_and_clerk(data_dir, latency_ms=50) as (org, _, campaign):
        worker = Part(data_dir, data_dir.parent, "worker", "worker", "--grace", "100")
        until(lambda: there(org, campaign) > 0, "the first members, there", every_s=0.05)
        assert worker.stop() == 0, worker.log.read_text()
        assert there(org, campaign) == MEMBERS
        assert [line["campaign_changes"] for line in worker.lines() if line["event"] == "round"] == [MEMBERS]
