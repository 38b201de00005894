"""The Django app of the store."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from campaignsync.store.lists import spell_lists_whole


class StoreConfig(AppConfig):
    """Named `store`, so that its tables are `store_program`, `store_link` and so on."""

    name = "campaignsync.store"
    label = "store"

    def ready(self) -> None:
        """Before the first session."""
        spell_lists_whole()
        connection_created.connect(_expect_memory)


def _expect_memory(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Unless somebody has told the server otherwise, it takes a row found by an index for four times as dear as one that is read
    along, as on a disk that turns; a few thousand changes would be joined by reading millions of rows along."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('random_page_cost', '1.1', false) WHERE current_setting('random_page_cost') = '4'"
        )
