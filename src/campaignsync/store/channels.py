"""Brings a channel to what people have changed it to: its type, its alias, its statuses, under old names or new ones.

Called by the registry. A status that members carry stays; nobody's past success changes with a flag (M2.7).
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import ProtectedError

from campaignsync.domain.errors import UsageError
from campaignsync.domain.statuses import Channel
from campaignsync.store import models


def change(row: models.Channel, channel: Channel, renamed: Mapping[str, str]) -> None:
    """Make a kept channel (row) what it is to be; `renamed` says which old name is which new one. UsageError for a status that
    members carry and that would go."""
    with transaction.atomic():
        models.Channel.objects.filter(pk=row.pk).update(
            program_type=channel.program_type, campaign_type=channel.campaign_type
        )
        for place, (old, _new) in enumerate(renamed.items()):
            # By way of names that nobody uses, so that two statuses may change theirs.
            row.statuses.filter(name=old).update(name=f"\x1f{place}")
        for place, new in enumerate(renamed.values()):
            row.statuses.filter(name=f"\x1f{place}").update(name=new)
        wanted = {status.name: status for status in channel.statuses}
        for gone in row.statuses.exclude(name__in=wanted):
            try:
                gone.delete()
            except ProtectedError:
                raise UsageError(
                    f"Status '{gone.name}' of channel '{channel.name}' is carried by members, so that it cannot go."
                ) from None
        for status in wanted.values():
            models.ProgressionStatus.objects.update_or_create(
                channel=row, name=status.name, defaults={"step": status.step, "success": status.success}
            )
