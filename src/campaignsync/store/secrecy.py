"""Secrets at rest: encrypted by Fernet with a key made from the installation's secret key."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from campaignsync.domain.errors import UsageError


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
            " that was in use, or give the secrets again with: campaignsync connect"
        ) from None


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(settings.SECRET_KEY.encode()).digest()))
