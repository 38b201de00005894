"""Secrets at rest: encrypted by Fernet with a key made from the installation's secret key, and read with older ones, too."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from campaignsync.domain.errors import UsageError
from campaignsync.store import models


def encrypted(text: str) -> str:
    """A text as it is kept in a table."""
    return _fernet().encrypt(text.encode()).decode()


def decrypted(token: str) -> str:
    """The text again; UsageError when the installation's key is another now."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken:
        raise UsageError(
            "The secrets of this connection were encrypted with another key. Set CAMPAIGNSYNC_SECRET_KEY to the one"
            " that was in use (or CAMPAIGNSYNC_OLD_SECRET_KEY, beside a new one), or give the secrets again with:"
            " campaignsync connect",
            code="WRONG_KEY",
        ) from None


class Secrets:
    """All secrets at rest, whatever table they are in (runtime.service_ports.Secrets)."""

    def rotate(self) -> int:
        """Encrypt all secrets anew with the key in use, or none of them; how many."""
        fernet = _fernet()
        with transaction.atomic():
            kept = [(row, name, decrypted(getattr(row, name))) for row, name in _kept()]
            for row, name, text in kept:
                setattr(row, name, fernet.encrypt(text.encode()).decode())
                row.save(update_fields=[name])
        return len(kept)

    def require_one_key(self) -> None:
        """UsageError while something can be read with an old key only."""
        first = _key(settings.SECRET_KEYS_NOW()[0])
        with transaction.atomic():
            kept = list(_kept())
        for row, name in kept:
            try:
                first.decrypt(getattr(row, name).encode())
            except InvalidToken:
                raise UsageError(
                    f"{row} can be read with an old key only. First: campaignsync secrets rotate"
                ) from None


def _kept() -> Iterator[tuple[Any, str]]:
    """Every row that holds a secret, and in which column."""
    for connection in models.Connection.objects.select_for_update().order_by("pk"):
        yield connection, "credentials"
    for webhook in models.Webhook.objects.select_for_update().order_by("pk"):
        yield webhook, "secret"


def _fernet() -> MultiFernet:
    return MultiFernet([_key(key) for key in settings.SECRET_KEYS_NOW()])


def _key(text: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()))
