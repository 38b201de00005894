"""Plans that wait for a person: what is kept of one, and what a person may say to it.

A link may ask that each plan of its rounds is approved first (`LinkPolicy.approval`). Offered by `runtime.approval`, kept by
`store.approvals`, decided on pages, by the API and the command line. What is approved is one plan, named by its digest, and no
other: whatever changes meanwhile makes another plan, which has to be read anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl

SHORTEST_DIGEST = 8
"""Digits of a digest that are enough to name the plan that waits."""


class PlanDecision(StrEnum):
    """What a person said to a plan."""

    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedPlan:
    """A plan as it is kept until somebody decides: `told` is what planner.explain tells of the whole, `rows` its members."""

    digest: str
    told: Mapping[str, Any]
    rows: pl.DataFrame
