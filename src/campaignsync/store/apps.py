"""The Django app of the store."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Named `store`, so that its tables are `store_program`, `store_link` and so on."""

    name = "campaignsync.store"
    label = "store"
