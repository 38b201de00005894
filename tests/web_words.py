"""What every test of the pages says: a user with a role, and a client that is logged in as them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.test import Client
    from playwright.sync_api import Page

Look = Callable[["Page", str], None]
"""Looks at a page as a whole: is it accessible? And keeps a picture of it where pictures are wanted."""

PASSWORD = "correct horse battery"


def client(role: str = "admin", name: str = "", password: str | None = None) -> Client:
    """Somebody with this role, logged in; with a password only where it is asked for, since hashing takes its time."""
    from django.contrib.auth.models import User
    from django.test import Client

    from campaignsync.store.models import Grant

    user, made = User.objects.get_or_create(username=name or role)
    if made:
        user.set_password(password)
        user.is_superuser = role == "admin"
        user.save()
        Grant.objects.create(user=user, role=role)
    logged_in = Client(SERVER_NAME="localhost")
    logged_in.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return logged_in


def queries(visitor: Client, page: str) -> int:
    """How often a page asks the database."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as counted:
        visitor.get(page)
    return len(counted)
