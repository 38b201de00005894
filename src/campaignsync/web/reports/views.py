"""Program performance as a table, a chart and CSV."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaignsync.domain.access import Action
from campaignsync.domain.errors import UsageError
from campaignsync.domain.programs import month
from campaignsync.domain.reports import Performance, performance
from campaignsync.planner.explain import safe_csv
from campaignsync.store.shown.programs import choices
from campaignsync.store.shown.reports import months
from campaignsync.web.access import requires, seen_folders
from campaignsync.web.paging import whole
from campaignsync.web.templatetags.words import month as month_name
from campaignsync.web.wording import in_words

_ON_CHART = 12
_SHOWN = 100
_MONTH = {"type": "month", "placeholder": "2026-03"}


class ReportForm(forms.Form):
    """What a report is to be of."""

    by = forms.ChoiceField(label=gettext_lazy("By"), required=False)
    since = forms.CharField(
        label=gettext_lazy("From month"), required=False, widget=forms.TextInput(attrs=_MONTH)
    )
    until = forms.CharField(
        label=gettext_lazy("To month"), required=False, widget=forms.TextInput(attrs=_MONTH)
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), required=False)
    tag = forms.ChoiceField(label=gettext_lazy("Tag"), required=False)

    def __init__(self, *arguments: Any, known: dict[str, list[str]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        names = sorted({tag.partition("=")[0] for tag in known["tags"]})
        every = [("", _("all"))]
        by = [("program", _("program")), ("channel", _("channel")), ("month", _("month"))]
        self._choose("by", [*by, *((f"tag {name}", f"{_('tag')} {name}") for name in names)])
        self._choose("channel", [*every, *((name, name) for name in known["channels"])])
        self._choose("tag", [*every, *((name, name) for name in known["tags"])])

    def _choose(self, name: str, found: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - it was declared as one above.
        field.choices = found

    def _month(self, name: str) -> Any:
        text = self.cleaned_data[name]
        try:
            return month(text) if text else None
        except UsageError as error:
            raise forms.ValidationError(in_words(error)) from None

    def clean_since(self) -> Any:
        """The first month."""
        return self._month("since")

    def clean_until(self) -> Any:
        """The last month."""
        return self._month("until")


@requires(Action.SEE_REPORTS)
def report(request: HttpRequest) -> HttpResponse:
    """The report that was asked for."""
    folders = seen_folders(request, Action.SEE_REPORTS)
    form = ReportForm(request.GET or None, known=choices(folders))
    given: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    by = given.get("by") or "program"
    counted = months(folders, by=by, channel=given.get("channel", ""), tag=given.get("tag", ""))
    found = performance(counted, by=by, since=given.get("since"), until=given.get("until"))
    if "csv" in request.GET:
        return _csv(found)
    start = whole(request.GET.get("after", ""))
    context = {
        "title": _("Program performance"),
        "form": form,
        "by": by,
        "rows": [_row(each) for each in found[start : start + _SHOWN]],
        "found": len(found),
        "next_start": start + _SHOWN if len(found) > start + _SHOWN else None,
        "start": start,
        "sum": _row(_sum(found)),
        "chart": _chart(found, by),
    }
    return render(request, "web/reports/performance.html", context)


def _row(each: Performance) -> dict[str, Any]:
    return {
        "name": each.name,
        "program_id": each.program_id,
        "members": each.members,
        "successes": each.successes,
        "costs": sorted(each.costs.items()),
        "per_member": sorted(each.each(each.members).items()),
        "per_success": sorted(each.each(each.successes).items()),
    }


def _sum(found: list[Performance]) -> Performance:
    costs: dict[str, Decimal] = {}
    for each in found:
        for currency, total in each.costs.items():
            costs[currency] = costs.get(currency, Decimal(0)) + total
    return Performance(
        name=_("Sum"),
        members=sum(each.members for each in found),
        successes=sum(each.successes for each in found),
        costs=costs,
    )


def _chart(found: list[Performance], by: str) -> list[dict[str, Any]]:
    """The rows with most members, or the latest months: members beside successes."""
    shown = found[-_ON_CHART:] if by == "month" else sorted(found, key=lambda each: -each.members)[:_ON_CHART]
    return [
        {
            "label": month_name(each.name, True) if by == "month" else each.name or "–",
            "program": each.members,
            "campaign": each.successes,
        }
        for each in shown
    ]


def _csv(found: list[Performance]) -> HttpResponse:
    rows = [
        {
            "name": each.name,
            "new_members": each.members,
            "successes": each.successes,
            "currency": currency,
            "cost": str(total) if total is not None else None,
            "cost_per_member": _each(total, each.members),
            "cost_per_success": _each(total, each.successes),
        }
        for each in found
        for currency, total in (_costs(each) or [(None, None)])
    ]
    schema = {
        "name": pl.String,
        "new_members": pl.Int64,
        "successes": pl.Int64,
        "currency": pl.String,
        "cost": pl.String,
        "cost_per_member": pl.String,
        "cost_per_success": pl.String,
    }
    answer = HttpResponse(safe_csv(pl.DataFrame(rows, schema=schema)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="programs.csv"'
    return answer


def _costs(each: Performance) -> list[tuple[str | None, Decimal | None]]:
    return [*sorted(each.costs.items())]


def _each(total: Decimal | None, of: int) -> str | None:
    return f"{total / of:.2f}" if total is not None and of else None
