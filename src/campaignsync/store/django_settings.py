"""Django's settings, read from the environment that `bootstrap` has prepared (DATABASE_URL, CAMPAIGNSYNC_SECRET_KEY)."""

from __future__ import annotations

import os
from urllib.parse import parse_qsl, unquote, urlsplit

_url = urlsplit(os.environ.get("DATABASE_URL", "postgresql://localhost/campaignsync"))
_options = dict(parse_qsl(_url.query))

SECRET_KEY = os.environ.get("CAMPAIGNSYNC_SECRET_KEY", "not-used-before-bootstrap-sets-it")
INSTALLED_APPS = ["pgtrigger", "campaignsync.store"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(_url.path.lstrip("/")),
        "USER": unquote(_url.username or ""),
        "PASSWORD": unquote(_url.password or ""),
        "HOST": _options.pop("host", None) or unquote(_url.hostname or ""),
        "PORT": str(_url.port or ""),
        "OPTIONS": {**_options, "application_name": "campaignsync"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
