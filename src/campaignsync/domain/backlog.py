"""What moves between the two sides and what waits to: throughput, backlog, time to drain, trend (M8.3).

Pure arithmetic over what the store counted as it happened, hour by hour, for each link, object and direction. Hours are of UTC,
so that no day has 23 or 25 of them. A count of what waits holds until the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from campaignsync.domain.problems import Direction
from campaignsync.domain.trees import UTC_TIME, Schema

HOUR = timedelta(hours=1)
ROLLING = 24 * HOUR
STEP, STEPS = 4 * HOUR, 30
GROWING_SINCE = 6 * HOUR
"""A backlog that is greater than it was so long ago is growing."""

TRAFFIC: Schema = {
    "link_id": pl.Int64,  # 0: of the org
    "object": pl.String,
    "direction": pl.String,
    "hour": UTC_TIME,  # its beginning
    "moved": pl.Int64,
    "waiting": pl.Int64,  # at the last count in this hour; null: not counted
    "counted_at": UTC_TIME,
}
LANE = ("object", "direction")
METRICS: Schema = {
    "object": pl.String,
    "direction": pl.String,
    "max_per_hour": pl.Int64,
    "min_per_hour": pl.Int64,
    "average_per_hour": pl.Float64,
    "backlog": pl.Int64,
    "hours_to_drain": pl.Float64,  # null: something waits and nothing moved
    "state": pl.String,  # growing or normal
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """An object in one direction: what is counted by itself."""

    object: str
    direction: Direction


MEMBERS_THERE = Lane(object="CampaignMember", direction=Direction.TO_SALESFORCE)
MEMBERS_HERE = Lane(object="CampaignMember", direction=Direction.FROM_SALESFORCE)
LEADS_THERE = Lane(object="Lead", direction=Direction.TO_SALESFORCE)
CAMPAIGNS_THERE = Lane(object="Campaign", direction=Direction.TO_SALESFORCE)


def metrics(traffic: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """METRICS of each lane that was ever counted, sorted, from TRAFFIC."""
    lanes = traffic.select(LANE).unique()
    earlier = _waiting(traffic, now - GROWING_SINCE).rename({"backlog": "earlier"})
    return (
        lanes.join(_throughput(traffic, now), on=LANE, how="left")
        .join(_waiting(traffic, now), on=LANE, how="left")
        .join(earlier, on=LANE, how="left")
        .with_columns(
            pl.col("max_per_hour", "min_per_hour", "backlog").fill_null(0),
            pl.col("average_per_hour").fill_null(0.0),
        )
        .with_columns(
            pl.when(pl.col("backlog") == 0)
            .then(0.0)
            .when(pl.col("average_per_hour") > 0)
            .then(pl.col("backlog") / pl.col("average_per_hour"))
            .alias("hours_to_drain"),
            pl.when(pl.col("backlog") > pl.col("earlier"))
            .then(pl.lit("growing"))
            .otherwise(pl.lit("normal"))
            .alias("state"),
        )
        .select(*METRICS)
        .sort(LANE)
    )


def trend(traffic: pl.DataFrame, now: datetime) -> list[tuple[datetime, int | None]]:
    """What waited in all lanes at the end of each of the last 30 steps of four hours, the last of them now; None before the
    first count."""
    begin = datetime.fromtimestamp(
        now.timestamp() // STEP.total_seconds() * STEP.total_seconds(), tz=now.tzinfo
    )
    ends = [*(begin - STEP * back for back in reversed(range(STEPS - 1))), now]
    totals = (_waiting(traffic, end)["backlog"] for end in ends)
    return [(end, int(total.sum()) if len(total) else None) for end, total in zip(ends, totals, strict=True)]


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour, in UTC."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _throughput(traffic: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """By lane over the last 24 hours, the one that goes on included; hours in which nothing moved count as 0."""
    hours = ROLLING // HOUR
    recent = traffic.filter(pl.col("hour") > hour_of(now) - ROLLING, pl.col("hour") <= now)
    by_hour = recent.group_by(*LANE, "hour").agg(pl.col("moved").sum())
    return by_hour.group_by(LANE).agg(
        max_per_hour=pl.col("moved").max(),
        min_per_hour=pl.when(pl.len() == hours).then(pl.col("moved").min()).otherwise(0),
        average_per_hour=pl.col("moved").sum() / hours,
    )


def _waiting(traffic: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """By lane, what waited at a moment; lanes that were not counted by then are missing."""
    return (
        traffic.filter(pl.col("waiting").is_not_null() & (pl.col("counted_at") <= at))
        .sort("counted_at")
        .group_by("link_id", *LANE)
        .agg(pl.col("waiting").last())
        .group_by(LANE)
        .agg(backlog=pl.col("waiting").sum())
    )
