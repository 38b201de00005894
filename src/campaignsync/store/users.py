"""The people who use an installation, their roles and rights, and the API keys that act for them.

Called by the command line, the pages and the API. Users are Django's own; what one may do is `domain.access.Rights`, read here.
A key is shown once, when it is made: only its digest is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import get_password_validators, validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from campaignsync.domain.access import Rights, Role, Scope, folder_path
from campaignsync.domain.errors import ALREADY_THERE, NOT_THERE, UsageError
from campaignsync.store import models
from campaignsync.store.frames import rows

_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
_KEY_MARK = "cs"
_KEY = re.compile(rf"({_KEY_MARK}_[0-9a-f]{{8}})_[A-Za-z0-9_-]{{43}}")
_USED_EVERY = timedelta(minutes=1)
"""How exactly the last use of a key is noted: not every request is worth a write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key as it is shown the one time."""

    key: str
    prefix: str
    name: str
    user: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


_LISTED = (
    "SELECT u.id AS number, u.username AS user, u.email, u.is_active AS active, CASE WHEN u.is_superuser THEN 'admin' ELSE"
    " (SELECT g.role FROM store_grant g WHERE g.user_id = u.id AND g.folder = '') END AS role,"
    " coalesce((SELECT jsonb_object_agg(g.folder, g.role) FROM store_grant g WHERE g.user_id = u.id AND g.folder <> ''),"
    "  '{}') AS folders, (SELECT count(*) FROM store_apikey k WHERE k.user_id = u.id AND k.revoked_at IS NULL) AS keys,"
    " u.last_login FROM auth_user u"
)


class Users:
    """Users with their rights and keys."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    def list(
        self, search: str = "", *, name: str | None = None, after: str = "", limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Users by name, behind `after` where that is given; all, those whose name or address holds a text, or one by their
        name: number, user, email, active, role (everywhere), folders, keys, last_login."""
        return rows(
            f"{_LISTED} WHERE (%(name)s::text IS NULL OR u.username = %(name)s)"
            " AND (%(after)s = '' OR u.username > %(after)s) AND (%(search)s = ''"
            "  OR strpos(lower(u.username), lower(%(search)s)) > 0 OR strpos(lower(u.email), lower(%(search)s)) > 0)"
            " ORDER BY u.username LIMIT %(limit)s",
            {"search": search, "name": name, "after": after, "limit": limit},
        )

    def page(self, behind: int, limit: int) -> Sequence[dict[str, Any]]:
        """So many users behind a number, in the order in which they were added, as `list` tells them."""
        return rows(f"{_LISTED} WHERE u.id > %s ORDER BY u.id LIMIT %s", (behind, limit))

    def one(self, name: str) -> dict[str, Any]:
        """One user, as `list` tells them."""
        self._user(name)
        return self.list(name=name)[0]

    def add(
        self, name: str, *, email: str = "", password: str | None = None, role: Role | None = None
    ) -> None:
        """A new user; without a password nobody can log in as them, only keys act for them."""
        name = name.strip()
        try:
            User.username_validator(name)
            if email:
                validate_email(email)
        except ValidationError as error:
            raise UsageError(f"'{name[:40]}' cannot be added: {' '.join(error.messages)}") from None
        if not 0 < len(name) <= 150:
            raise UsageError("A user's name has 1 to 150 characters.")
        with transaction.atomic():
            if User.objects.filter(username__iexact=name).exists():
                raise UsageError(f"There is a user '{name}' already.", code=ALREADY_THERE)
            user = User(username=name, email=email)
            _set_password(user, password)
            user.save()
            if role:
                models.Grant.objects.create(user=user, folder="", role=role.value)

    def set_password(self, name: str, password: str) -> None:
        """Another password, as Django's validators take it; sessions that are open end with it."""
        user = self._user(name)
        _set_password(user, password)
        user.save(update_fields=["password"])

    def set_active(self, name: str, *, active: bool) -> None:
        """Whether a user, and any key of theirs, is let in."""
        User.objects.filter(pk=self._user(name).pk).update(is_active=active)

    def remove(self, name: str) -> None:
        """Remove a user with rights and keys; the journal keeps the name. UsageError for the last admin."""
        user = self._user(name)
        with transaction.atomic():
            user.delete()
            self._require_admin()

    def grant(self, name: str, role: Role, folder: str = "") -> None:
        """Give a user a role in a folder and below; in the empty folder, for the whole installation."""
        user = self._user(name)
        with transaction.atomic():
            models.Grant.objects.update_or_create(
                user=user, folder=folder_path(folder), defaults={"role": role.value}
            )
            self._require_admin()

    def revoke(self, name: str, folder: str = "") -> None:
        """Take a role in a folder back."""
        user, path = self._user(name), folder_path(folder)
        with transaction.atomic():
            if not models.Grant.objects.filter(user=user, folder=path).delete()[0]:
                where = f" in folder '{path}'" if path else ""
                raise UsageError(f"'{name}' holds no role{where}.", code=NOT_THERE)
            self._require_admin()

    def rights(self, name: str) -> Rights:
        """What a user may do; nothing where they are not let in."""
        return _rights(self._user(name))

    def rights_of(self, user: User) -> Rights:
        """What a user who has logged in may do."""
        return _rights(user)

    def create_key(
        self, name: str, label: str, scopes: Iterable[Scope], *, lives: timedelta | None = None
    ) -> NewKey:
        """A new key of a user. It may what they may, within its scopes, as long as it `lives`."""
        user, now, label = self._user(name), self._now(), label.strip()
        if not 0 < len(label) <= 100:
            raise UsageError("An API key needs a name of 1 to 100 characters, such as what will use it.")
        prefix = f"{_KEY_MARK}_{secrets.token_hex(4)}"
        key = f"{prefix}_{secrets.token_urlsafe(32)}"
        names = tuple(sorted(scope.value for scope in scopes))
        row = models.ApiKey.objects.create(
            user=user,
            name=label,
            prefix=prefix,
            digest=_digest(key),
            scopes=list(names),
            created_at=now,
            expires_at=now + lives if lives else None,
        )
        return NewKey(key=key, prefix=prefix, name=label, user=name, scopes=names, expires_at=row.expires_at)

    def keys(
        self, name: str | None = None, *, before: int | None = None, limit: int | None = None
    ) -> Sequence[dict[str, Any]]:
        """Keys of a user, or of all, the latest first, those before a number where one is given: number, user, name, prefix,
        scopes, created_at, expires_at, revoked_at, last_used_at."""
        return rows(
            "SELECT k.id AS number, u.username AS user, k.name, k.prefix, k.scopes, k.created_at, k.expires_at,"
            " k.revoked_at, k.last_used_at"
            " FROM store_apikey k JOIN auth_user u ON u.id = k.user_id WHERE (%(name)s::text IS NULL OR u.username = %(name)s)"
            " AND (%(before)s::bigint IS NULL OR k.id < %(before)s) ORDER BY k.id DESC LIMIT %(limit)s",
            {"name": name, "before": before, "limit": limit},
        )

    def revoke_key(self, prefix: str) -> None:
        """A key is taken no more from now on."""
        found = models.ApiKey.objects.filter(prefix=prefix)
        if not found.exists():
            raise UsageError(
                f"There is no API key '{prefix[:20]}'. List them with: campaignsync api-key list",
                code=NOT_THERE,
            )
        found.filter(revoked_at=None).update(revoked_at=self._now())

    def rights_by_key(self, key: str) -> Rights | None:
        """What whoever shows a key may do; None for a key that is none, is no more, or is of somebody who is not let in."""
        form = _KEY.fullmatch(key)
        prefix = form[1] if form else ""
        row = models.ApiKey.objects.select_related("user").filter(prefix=prefix).first()
        # Compared in one time for all, so that nobody learns a key letter by letter.
        if not hmac.compare_digest(_digest(key), row.digest if row else _digest("")) or row is None:
            return None
        now = self._now()
        if row.revoked_at or (row.expires_at and row.expires_at <= now) or not row.user.is_active:
            return None
        if row.last_used_at is None or now - row.last_used_at >= _USED_EVERY:
            models.ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
        known = {scope.value for scope in Scope}
        scopes = frozenset(Scope(each) for each in row.scopes if each in known)
        return _rights(row.user, scopes=scopes, key=row.prefix)

    def _user(self, name: str) -> User:
        found = User.objects.filter(username=name).first()
        if found is None:
            raise UsageError(
                f"There is no user '{name[:40]}'. List them with: campaignsync user list", code=NOT_THERE
            )
        return found

    def _require_admin(self) -> None:
        """Somebody can do everything: the last admin is not locked out, and no page offers to make another first one."""
        admins = models.Grant.objects.filter(folder="", role=Role.ADMIN.value, user__is_active=True)
        supers = User.objects.filter(is_superuser=True, is_active=True)
        if not (admins.exists() or supers.exists()):
            raise UsageError("That would leave nobody who is admin: make somebody else admin first.")


def _rights(user: User, *, scopes: frozenset[Scope] | None = None, key: str = "") -> Rights:
    held = {grant.folder: Role(grant.role) for grant in models.Grant.objects.filter(user=user)}
    role = Role.ADMIN if user.is_superuser else held.pop("", None)
    held.pop("", None)
    if not user.is_active:
        role, held = None, {}
    return Rights(who=user.username, role=role, folders=held, scopes=scopes, key=key)


def _set_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user, get_password_validators(_VALIDATORS))
    except ValidationError as error:
        raise UsageError(f"This password is not taken: {' '.join(error.messages)}") from None
    user.set_password(password)


def _digest(key: str) -> str:
    """A key has 256 random bits: one round of SHA-256 hides it, where a password would want many."""
    return hashlib.sha256(key.encode()).hexdigest()
