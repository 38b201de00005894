"""What every page has round it: the navigation as far as the rights allow, the theme, what needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from campaignsync.domain.access import Action
from campaignsync.web.access import may, rights_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An entry of the navigation: the name of its url, its icon (Material Symbols), and what whoever sees it may do."""

    url: str
    icon: str
    title: Any
    action: Action


PLACES = (
    Place(url="home", icon="home", title=_("Home"), action=Action.SEE_LINKS),
    Place(url="programs", icon="campaign", title=_("Programs"), action=Action.SEE_PROGRAMS),
    Place(url="runs", icon="sync", title=_("Runs"), action=Action.SEE_RUNS),
    Place(url="approvals", icon="fact_check", title=_("Approvals"), action=Action.SEE_LINKS),
    Place(url="conflicts", icon="call_split", title=_("Conflicts"), action=Action.SEE_PROBLEMS),
    Place(url="problems", icon="error", title=_("Problems"), action=Action.SEE_PROBLEMS),
    Place(url="people", icon="group", title=_("People"), action=Action.SEE_PEOPLE),
    Place(url="smart_campaigns", icon="bolt", title=_("Smart campaigns"), action=Action.SEE_AUTOMATION),
    Place(url="reports", icon="bar_chart", title=_("Reports"), action=Action.SEE_REPORTS),
    Place(url="settings", icon="settings", title=_("Settings"), action=Action.SEE_SETTINGS),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """A context processor."""
    theme = request.COOKIES.get("theme", "")
    user = getattr(request, "user", None)
    known = bool(user and user.is_authenticated)
    return {
        "places": [*_places(request)],
        "is_admin": known and may(request, Action.MANAGE_USERS),
        "sees_people": known and may(request, Action.SEE_PEOPLE),
        "sees_all": known and rights_of(request).allows(Action.SEE_HISTORY),
        "theme": theme if theme in ("light", "dark") else "",
    }


def _places(request: HttpRequest) -> list[dict[str, Any]]:
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return []
    shown = []
    for place in PLACES:
        try:
            address = reverse(place.url)
        except NoReverseMatch:
            continue
        if may(request, place.action):
            here = request.path == address or (address != "/" and request.path.startswith(address))
            shown.append({"address": address, "icon": place.icon, "title": place.title, "here": here})
    return shown
