"""Charts as SVG, drawn on the server: they need no script, print well, follow the theme and are read out by their title.

Called by templates with plain lists. A chart never stands alone: the numbers are in a table or in words beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from campaignsync.web.templatetags.words import number

register = template.Library()

_WIDTH = 480


@register.simple_tag
def funnel(rows: Sequence[dict[str, Any]], title: str) -> SafeString:
    """Statuses with how many stand there on each side: rows of label, program, campaign (None: no such side)."""
    most = max([row[side] or 0 for row in rows for side in ("program", "campaign")] or [0]) or 1
    both = any(row["campaign"] is not None for row in rows)
    step = 44 if both else 30
    body = format_html_join(
        "", "{}", ((_bars(row, place * step, most, both),) for place, row in enumerate(rows))
    )
    return _svg(body, title, len(rows) * step)


def _bars(row: dict[str, Any], top: int, most: int, both: bool) -> SafeString:
    label = format_html(
        '<text class="label" x="0" y="{}">{}<title>{}</title></text>',
        top + (22 if both else 17),
        _cut(str(row["label"])),
        row["label"],
    )
    bars = [_bar("program", row["program"] or 0, top + 4, most)]
    if both:
        bars.append(_bar("campaign", row["campaign"] or 0, top + 21, most))
    return format_html("{}{}", label, format_html_join("", "{}", ((bar,) for bar in bars)))


def _bar(side: str, count: int, top: int, most: int) -> SafeString:
    length = round(270 * count / most)
    return format_html(
        '<rect class="track" x="140" y="{0}" width="270" height="14" rx="4"/>'
        '<rect class="{1}" x="140" y="{0}" width="{2}" height="14" rx="4"/>'
        '<text class="value" x="418" y="{3}">{4}</text>',
        top,
        side,
        max(length, 3) if count else 0,
        top + 11,
        number(count),
    )


@register.simple_tag
def columns(points: Sequence[tuple[str, float]], title: str, side: str = "program") -> SafeString:
    """A column for each point (label, value)."""
    most = max([float(value) for _label, value in points] or [0]) or 1
    gap = _WIDTH / max(len(points), 1)
    parts = []
    for place, (label, value) in enumerate(points):
        height = round(120 * float(value) / most)
        middle = gap * place + gap / 2
        wide = min(gap * 0.62, 40)
        parts.append(
            format_html(
                '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="4"><title>{}: {}</title></rect>'
                '<text x="{}" y="158" text-anchor="middle">{}</text>',
                side,
                round(middle - wide / 2, 1),
                138 - height,
                round(wide, 1),
                height,
                label,
                number(value, 2 if value % 1 else 0),
                round(middle, 1),
                label if len(points) <= 14 or place % 3 == 0 else "",
            )
        )
        if len(points) <= 14 and value:
            parts.append(
                format_html(
                    '<text class="value" x="{}" y="{}" text-anchor="middle">{}</text>',
                    round(middle, 1),
                    132 - height,
                    number(value),
                )
            )
    body = format_html(
        '<line class="grid-line" x1="0" x2="{}" y1="138.5" y2="138.5"/>{}',
        _WIDTH,
        format_html_join("", "{}", ((part,) for part in parts)),
    )
    return _svg(body, title, 164)


@register.simple_tag
def line(points: Sequence[tuple[str, float | None]], title: str) -> SafeString:
    """A line through points (label, value); None is a gap at the left, before anything was counted."""
    known = [(place, value) for place, (_label, value) in enumerate(points) if value is not None]
    most = max([value for _place, value in known] or [0]) or 1
    gap = (_WIDTH - 16) / max(len(points) - 1, 1)
    spots = [(round(8 + place * gap, 1), round(120 - 100 * value / most, 1)) for place, value in known]
    path = " ".join(f"{x},{y}" for x, y in spots)
    area = f"{spots[0][0]},120 {path} {spots[-1][0]},120" if spots else ""
    marks = format_html_join(
        "",
        '<text x="{}" y="140" text-anchor="{}">{}</text>',
        (
            (
                round(8 + place * gap, 1),
                "start" if place == 0 else "end" if place == len(points) - 1 else "middle",
                label,
            )
            for place, (label, _value) in enumerate(points)
            if place in (0, len(points) // 2, len(points) - 1)
        ),
    )
    body = format_html(
        '<line class="grid-line" x1="0" x2="{0}" y1="120.5" y2="120.5"/><line class="grid-line" x1="0" x2="{0}"'
        ' y1="20.5" y2="20.5"/>'
        '<text x="0" y="14">{1}</text><polygon class="program area" points="{2}"/><polyline class="line program"'
        ' points="{3}"/>{4}{5}',
        _WIDTH,
        _("at most %(most)s") % {"most": number(most if known else 0)},
        area,
        path,
        marks,
        _dot(spots),
    )
    return _svg(body, title, 146)


def _dot(spots: Sequence[tuple[float, float]]) -> SafeString:
    """Where the line has come to."""
    last = spots[-1:]
    return format_html_join("", '<circle class="program" cx="{}" cy="{}" r="3.5"/>', last)


def _svg(body: SafeString, title: str, height: int) -> SafeString:
    return format_html(
        '<svg class="chart" role="img" viewBox="0 0 {} {}" aria-label="{}"><title>{}</title>{}</svg>',
        _WIDTH,
        height,
        title,
        title,
        body,
    )


def _cut(text: str) -> str:
    """A name that has room beside its bar; its end stays, since that is where months and places stand."""
    return text if len(text) <= 20 else f"{text[:9].rstrip()}…{text[-10:].lstrip()}"
