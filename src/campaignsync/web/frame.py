"""What every page has round it: the navigation as far as the role allows, the version, the theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from campaignsync.web.access import may


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An entry of the navigation: the name of its url, its icon (Material Symbols), and from which role on it is seen."""

    url: str
    icon: str
    title: Any
    role: str = "viewer"


PLACES = (
    Place(url="home", icon="home", title=_("Home")),
    Place(url="programs", icon="campaign", title=_("Programs")),
    Place(url="runs", icon="sync", title=_("Runs")),
    Place(url="conflicts", icon="call_split", title=_("Conflicts")),
    Place(url="problems", icon="error", title=_("Problems")),
    Place(url="people", icon="group", title=_("People")),
    Place(url="smart_campaigns", icon="bolt", title=_("Smart campaigns")),
    Place(url="reports", icon="bar_chart", title=_("Reports")),
    Place(url="settings", icon="settings", title=_("Settings"), role="operator"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """A context processor."""
    return {"places": [*_places(request)], "theme": request.COOKIES.get("theme", "")}


def _places(request: HttpRequest) -> list[dict[str, Any]]:
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return []
    shown = []
    for place in PLACES:
        try:
            address = reverse(place.url)
        except NoReverseMatch:
            continue
        if may(request.user, place.role):
            here = request.path == address or (address != "/" and request.path.startswith(address))
            shown.append({"address": address, "icon": place.icon, "title": place.title, "here": here})
    return shown
