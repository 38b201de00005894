"""Marks and words that every template needs: icons, numbers and times by the reader's language, states as badges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from campaignsync.domain.fields import STANDARD_FIELDS
from campaignsync.web import wording
from campaignsync.web.problems import advice

register = template.Library()
_FIELDS = frozenset(("program_status", *(field.name for field in STANDARD_FIELDS)))
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d|$)")
_CHOSEN = frozenset(("program_type", "kind", "direction", "winner", "role", "decision", "duplicate_rule"))
"""Columns that hold one of the engine's own words."""
_MADE_BY_US = ("policy",)

_STATES = {
    "active": ("ok", "check", gettext_lazy("In sync")),
    "halted": ("bad", "pan_tool", gettext_lazy("Halted")),
    "paused": ("warn", "pause", gettext_lazy("Paused")),
    "suspended": ("warn", "visibility_off", gettext_lazy("Suspended")),
    "broken": ("bad", "link_off", gettext_lazy("Broken")),
    "none": ("", "link_off", gettext_lazy("Not linked")),
}


@register.simple_tag
def icon(name: str, more: str = "") -> SafeString:
    """A Material Symbol; it says nothing to a screen reader, since a word stands beside it."""
    return format_html('<span class="icon {}" aria-hidden="true">{}</span>', more, name)


@register.filter
def number(value: Any, decimals: int = 0) -> str:
    """A number with the separators of the reader's language; a dash for none."""
    return "–" if value is None else formats.number_format(value, decimals, force_grouping=True)


@register.filter
def money(value: Any, currency: str | None = "") -> str:
    """An amount with two decimals and its currency."""
    if value is None:
        return "–"
    return f"{formats.number_format(Decimal(str(value)), 2, force_grouping=True)} {currency or ''}".strip()


@register.filter
def month(value: Any, short: bool = False) -> str:
    """A month as people say it, from a date or its first seven characters; anything else as it is."""
    text = str(value or "")[:7]
    if not re.fullmatch(r"\d{4}-\d\d", text) or len(str(value)) not in (7, 10):
        return str(value or "")
    first = date(int(text[:4]), int(text[5:]), 1)
    return formats.date_format(first, "M y" if short else "YEAR_MONTH_FORMAT")


@register.filter
def percent(part: Any, whole: Any) -> str:
    """A share of a whole, in percent; a dash where there is no whole."""
    return f"{formats.number_format(100 * part / whole, 1)} %" if whole else "–"


@register.filter
def moment(value: Any) -> str | SafeString:
    """A moment as people say it, with the exact time for whoever asks."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not at:
        return "–"
    return format_html(
        '<time datetime="{}" title="{} UTC" class="nowrap">{}</time>',
        at.isoformat(),
        formats.date_format(at, "SHORT_DATETIME_FORMAT"),
        _ago(at),
    )


def _ago(at: datetime) -> str:
    seconds = (timezone.now() - at).total_seconds()
    if seconds < -60:
        minutes = int(-seconds // 60)
        return (
            ngettext("in %(n)s minute", "in %(n)s minutes", minutes) % {"n": minutes}
            if minutes < 100
            else formats.date_format(at, "SHORT_DATETIME_FORMAT")
        )
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        minutes = int(seconds // 60)
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    if seconds < 24 * 3600:
        hours = int(seconds // 3600)
        return ngettext("%(n)s hour ago", "%(n)s hours ago", hours) % {"n": hours}
    return formats.date_format(at, "SHORT_DATETIME_FORMAT")


@register.filter
def without_commands(words: str | None) -> str:
    """An account without the sentence that says what to type: on pages there is a button for it."""
    return wording.in_words(words or "")


@register.filter
def worded(value: Any) -> str:
    """What the engine calls something, in the reader's language."""
    return wording.worded(str(value)) if value else ""


@register.filter
def foreign(words: str | None) -> SafeString:
    """The attribute of an element whose words stay English on a page that is not, such as Salesforce's own."""
    return mark_safe(' lang="en"') if wording.foreign(words or "") else mark_safe("")


@register.filter
def field_name(name: str) -> str:
    """A field of people, or a noun of the journal, as people say it; a field that somebody made keeps its name."""
    return capfirst(wording.worded(name.replace("_", " "))) if name in _FIELDS else wording.worded(name)


@register.filter
def column(name: str) -> str:
    """A column of a table in the audit log, as people say it."""
    return pgettext("column", name.removesuffix("_id").replace("_", " "))


@register.filter
def plain(value: Any, name: str = "") -> str:
    """A value of a column in the audit log as people write it: a dash for none, yes and no, lists with commas, moments by the
    language; what the engine lets choose, in its words."""
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(plain(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {plain(each)}" for name, each in value.items())
    if isinstance(value, str) and _MOMENT.match(value):
        at = datetime.fromisoformat(value)
        return formats.date_format(at, "SHORT_DATETIME_FORMAT" if "T" in value else "SHORT_DATE_FORMAT")
    return wording.worded(str(value)) if name in _CHOSEN else str(value)


@register.filter
def heading(code: str) -> str:
    """What kind of problem a code stands for, in a word or two."""
    return str(advice.heading(code))


@register.filter
def value_of(value: Any, noun: str) -> str:
    """What the journal says that something was: of the choices of a link the engine's words, of all else what people typed."""
    return worded(value) if noun in _MADE_BY_US else str(value or "")


@register.filter
def plan_counts(counts: Mapping[str, int] | None) -> str:
    """What a plan would do, in a line."""
    found = counts or {}
    return _(
        "Changes here: %(here)s, in Salesforce: %(there)s, of fields: %(fields)s; conflicts: %(conflicts)s"
    ) % {
        "here": number(found.get("to program", 0)),
        "there": number(found.get("to campaign", 0)),
        "conflicts": number(found.get("conflict", 0)),
        "fields": number(found.get("fields", 0)),
    }


@register.filter
def state(value: str | None) -> SafeString:
    """The state of a link as a badge."""
    tone, mark, word = _STATES.get(value or "none", ("", "help", value))
    return format_html(
        '<span class="badge {}"><span class="icon" aria-hidden="true">{}</span>{}</span>', tone, mark, word
    )


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """What a mapping holds for a key."""
    return mapping.get(key) if mapping else None


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """The query of this page with some of it changed; None takes a part away."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}"
