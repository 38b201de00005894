"""Every address of the pages: the lists and forms that are there with some data, and what stands in the table of addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

LISTS = [
    "/",
    "/programs/",
    "/programs/1/",
    "/programs/1/members/",
    "/programs/1/costs/",
    "/programs/1/history/",
    "/runs/",
    "/runs/1/",
    "/approvals/",
    "/conflicts/",
    "/problems/",
    "/problems/1/DUPLICATES_DETECTED/",
    "/people/",
    "/people/1/",
    "/smart-campaigns/",
    "/reports/",
    "/reports/?by=channel",
    "/reports/?by=month",
    "/reports/?by=tag Region",
    "/settings/",
    "/settings/connections/1/",
    "/settings/channels/",
    "/settings/fields/",
    "/settings/users/",
    "/settings/keys/",
    "/settings/alerts/",
    "/settings/audit/",
    "/settings/history/",
]
FORMS = [
    "/programs/new/",
    "/programs/1/edit/",
    "/programs/1/delete/",
    "/programs/1/import/",
    "/programs/1/link/",
    "/people/1/edit/",
    "/settings/connections/new/",
    "/settings/channels/new/",
    "/settings/channels/1/",
    "/settings/connections/1/mirror/",
    "/settings/connections/1/mapping/",
    "/settings/connections/1/mapping/?field=email",
    "/account/",
    "/smart-campaigns/new/",
    "/programs/1/members.csv",
    "/problems/export.csv",
    "/reports/?csv=1",
]


def addresses() -> Iterator[tuple[str, Any]]:
    """Every address of ours with its view."""
    from django.urls import URLPattern, URLResolver, get_resolver

    def walk(found: list[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, Any]]:
        for each in found:
            path = before + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, path)
            elif str(getattr(each.callback, "__module__", "")).startswith("campaignsync.web."):
                yield path, each.callback

    for path, view in walk(get_resolver().url_patterns, "/"):
        if not path.startswith(("/api/", "/accounts/")):
            yield path, view


def filled(path: str) -> str:
    """An address with numbers in it."""
    path = re.sub(r"<int:\w+>", "1", path)
    return re.sub(r"<\w+:\w+>", "X", path)
