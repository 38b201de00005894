"""Django's settings: `configure` gives them to a process; as a module they serve tools, such as the type checker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SECRET_KEY = "not used: bootstrap brings the installation's own"  # noqa: S105 - a sentence, not a secret.


def SECRET_KEYS_NOW() -> tuple[str, ...]:  # noqa: N802 - Django takes only capitals for a setting.
    """The keys that secrets are encrypted and read with, as they are now."""
    return (SECRET_KEY,)


INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "pgtrigger",
    "procrastinate.contrib.django",
    "campaignsync.store",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"


def database(url: str) -> dict[str, Any]:
    """A database URL as Django wants it."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": {**options, "application_name": "campaignsync"},
    }


DATABASES = {"default": database("postgresql://localhost/campaignsync")}


def configure(url: str, keys: Callable[[], tuple[str, ...]], site: Mapping[str, Any] | None = None) -> None:
    """Give this process its settings and make the models usable; a second call changes nothing. `site` is what the web process
    has beyond everybody's: apps (`INSTALLED_APPS`, added to ours), middleware, urls, templates."""
    import django
    from django.conf import settings

    if settings.configured:
        return
    more = dict(site or {})
    settings.configure(
        SECRET_KEY=keys()[0],
        SECRET_KEY_FALLBACKS=keys()[1:],
        SECRET_KEYS_NOW=keys,
        INSTALLED_APPS=[*INSTALLED_APPS, *more.pop("INSTALLED_APPS", ())],
        DATABASES={"default": database(url)},
        DEFAULT_AUTO_FIELD=DEFAULT_AUTO_FIELD,
        USE_TZ=USE_TZ,
        TIME_ZONE=TIME_ZONE,
        **more,
    )
    django.setup()
