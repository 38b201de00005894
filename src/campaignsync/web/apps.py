"""The Django app of the pages. It has no tables: those are the store's."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Named `web`."""

    name = "campaignsync.web"
    label = "web"
