"""Files that people are about to bring in, between choosing one and saying that it is the one.

Called by the pages of the import; whichever web process is asked next finds the file here. Only its owner gets it, of each
owner the latest few are kept, and nothing for longer than an hour: `forget_old` is called with every file that comes and by the
hourly tidying of `pulse`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from campaignsync.domain.errors import UsageError
from campaignsync.store import models

LARGEST = 20 * 2**20
"""How many bytes a file has at the most."""
KEPT = timedelta(hours=1)
_OF_ONE = 5
"""How many files of one owner are kept: of more, the oldest go."""


class Uploads:
    """Uploaded files in PostgreSQL. An owner is the number of a user."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    def keep(self, owner: int, content: bytes) -> str:
        """Keep a file; the token it is got back by. UsageError for one that is too large."""
        if len(content) > LARGEST:
            raise UsageError(f"The file has {len(content):,} bytes, and {LARGEST:,} are the most.")
        token, mine = secrets.token_urlsafe(18), models.Upload.objects.filter(owner_id=owner)
        with transaction.atomic():
            models.Upload.objects.create(owner_id=owner, token=token, content=content, at=self._now())
            latest = mine.order_by("-pk").values_list("pk", flat=True)[:_OF_ONE]
            mine.exclude(pk__in=list(latest)).delete()
        forget_old(self._now())
        return token

    def read(self, owner: int, token: str) -> bytes | None:
        """A file of this owner; None where it is another's, or is kept no more."""
        found = models.Upload.objects.filter(owner_id=owner, token=token, at__gt=self._now() - KEPT)
        content = found.values_list("content", flat=True).first()
        return None if content is None else bytes(content)

    def forget(self, owner: int, token: str) -> bool:
        """The file is brought in; False where it is not there any more. Whoever asks at the same time waits for the first."""
        return bool(models.Upload.objects.filter(owner_id=owner, token=token).delete()[0])


def forget_old(now: datetime) -> int:
    """Delete what nobody came back for; how many files."""
    return models.Upload.objects.filter(at__lte=now - KEPT).delete()[0]
