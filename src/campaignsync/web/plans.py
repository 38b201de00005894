"""A plan for reading on a page, from what was kept of it: the sums, and the rows that are asked for, a page of them.

Used by the pages of plans, of undos, of links about to be made, and of plans that wait for approval. What is kept is what
`planner.explain.kept` made: a mapping about the whole, and a table of members.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from campaignsync.planner.decide import Verdict
from campaignsync.planner.explain import safe_csv, searched
from campaignsync.web.installation import installation
from campaignsync.web.paging import PAGE, whole

SIDES = {
    Verdict.TO_PROGRAM.value: gettext_lazy("In the program"),
    Verdict.TO_CAMPAIGN.value: gettext_lazy("In the campaign"),
    Verdict.CONFLICT.value: gettext_lazy("Conflicts"),
    Verdict.HOLD.value: gettext_lazy("Waiting"),
    Verdict.AGREE.value: gettext_lazy("Equal already"),
    Verdict.NOTHING.value: gettext_lazy("Kept apart"),
}


def table_of(errand: Mapping[str, Any]) -> pl.DataFrame:
    """The members of a plan that an errand made."""
    return installation().errands.table(errand["id"])


def plan_context(request: HttpRequest, told: Mapping[str, Any], rows: pl.DataFrame) -> dict[str, Any]:
    """What the page of a plan shows of it."""
    side, search = request.GET.get("side", ""), request.GET.get("search", "")
    counts = told["counts"]
    if side in SIDES:
        rows = rows.filter(pl.col("verdict") == side)
    else:
        rows = rows.filter(~pl.col("verdict").is_in([Verdict.AGREE.value, Verdict.NOTHING.value]))
    rows = searched(rows, search)
    start = whole(request.GET.get("after", ""))
    return {
        "plan": told,
        "digest": told["digest"],
        "sides": [(value, word, counts[value]) for value, word in SIDES.items() if counts[value]],
        "side": side,
        "search": search,
        "fields": told["fields"],
        "values": told["member_fields"][:PAGE],
        "rows": [{**row, "before": _before(row)} for row in rows.slice(start, PAGE).to_dicts()],
        "found": rows.height,
        "next_start": start + PAGE if rows.height > start + PAGE else None,
        "start": start,
        "nothing": told["writes_nothing"],
    }


def _before(row: Mapping[str, Any]) -> Any:
    """Where somebody stands now on the side that would be changed."""
    return row["program"] if row["verdict"] == Verdict.TO_PROGRAM.value else row["campaign"]


def csv_of(rows: pl.DataFrame) -> HttpResponse:
    """The rows of a plan as a file."""
    answer = HttpResponse(safe_csv(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="plan.csv"'
    return answer
