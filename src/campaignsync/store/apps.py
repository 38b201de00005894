"""The Django app of the store."""

from __future__ import annotations

from django.apps import AppConfig

from campaignsync.store.lists import spell_lists_whole


class StoreConfig(AppConfig):
    """Named `store`, so that its tables are `store_program`, `store_link` and so on."""

    name = "campaignsync.store"
    label = "store"

    def ready(self) -> None:
        """Before the first session."""
        spell_lists_whole()
