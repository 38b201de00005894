"""What the web process needs of Django beyond the store: apps, middleware, templates, languages, logins, headers.

Handed to `bootstrap.application` as a value by `campaignsync web`, `campaignsync migrate` and the tests. It reads no environment:
whatever a person may choose comes with `settings.WebSettings`.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from campaignsync.settings import WebSettings

HERE = Path(__file__).parent
_APPS = (
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "campaignsync.web",
)
_MIDDLEWARE = (
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "campaignsync.web.middleware.WhoMiddleware",
    "campaignsync.web.middleware.ErrorsMiddleware",
    "campaignsync.web.api.middleware.ApiMiddleware",
)
_PASSWORDS = (
    "UserAttributeSimilarityValidator",
    "MinimumLengthValidator",
    "CommonPasswordValidator",
    "NumericPasswordValidator",
)


def site(chosen: WebSettings) -> dict[str, Any]:
    """Django settings of the pages, for `bootstrap.application(site=…)`."""
    return {
        "INSTALLED_APPS": _APPS,
        "MIDDLEWARE": _MIDDLEWARE,
        "ROOT_URLCONF": "campaignsync.web.urls",
        "ALLOWED_HOSTS": list(chosen.hosts),
        "TEMPLATES": [_TEMPLATES],
        **_languages(),
        **_counted(),
        **_static_files(),
        **_logins(chosen),
        **_protection(chosen),
    }


_TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [HERE / "templates"],
    "APP_DIRS": True,
    "OPTIONS": {
        "context_processors": [
            "django.template.context_processors.request",
            "django.template.context_processors.i18n",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
            "campaignsync.web.frame.frame",
        ],
        "builtins": ["campaignsync.web.templatetags.words", "django.templatetags.i18n"],
    },
}


def _languages() -> dict[str, Any]:
    return {
        "LANGUAGE_CODE": "en",
        "LANGUAGES": [("en", "English"), ("de", "Deutsch")],
        "LOCALE_PATHS": [HERE / "locale"],
        "USE_I18N": True,
        # Numbers for people are written by the filter `number`; what stands in a form or an address is for machines.
        "USE_THOUSAND_SEPARATOR": False,
        "LANGUAGE_COOKIE_SAMESITE": "Lax",
    }


def _counted() -> dict[str, Any]:
    """Failed logins are counted in the database, so that whoever tries finds no more tries at another web process."""
    table = {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "store_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
    return {"CACHES": {"default": table}}


def _static_files() -> dict[str, Any]:
    # Of django-unfold only the files are used: its templates need Alpine, and Alpine needs `unsafe-eval`.
    unfold = find_spec("unfold")
    origin = Path(unfold.origin or "").parent if unfold else HERE
    return {
        "STATIC_URL": "/static/",
        "STATICFILES_DIRS": [origin / "static", HERE / "static"],
        "STATICFILES_FINDERS": ["django.contrib.staticfiles.finders.FileSystemFinder"],
        "WHITENOISE_USE_FINDERS": True,
        "WHITENOISE_AUTOREFRESH": False,
        "WHITENOISE_MAX_AGE": 3600,
    }


def _logins(chosen: WebSettings) -> dict[str, Any]:
    return {
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"django.contrib.auth.password_validation.{name}"} for name in _PASSWORDS
        ],
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "home",
        "ACCOUNT_ADAPTER": "campaignsync.web.accounts.adapter.AccountAdapter",
        "SOCIALACCOUNT_ADAPTER": "campaignsync.web.accounts.adapter.SingleSignOnAdapter",
        "ACCOUNT_FORMS": {"login": "campaignsync.web.accounts.forms.LoginForm"},
        "ACCOUNT_LOGIN_METHODS": {"username", "email"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "email", "password1*", "password2*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": True,
        "ACCOUNT_SESSION_REMEMBER": False,
        "ALLAUTH_TRUSTED_PROXY_COUNT": chosen.proxies,
        "MFA_SUPPORTED_TYPES": ["totp", "recovery_codes"],
        "MFA_TOTP_ISSUER": "campaignsync",
        "SOCIALACCOUNT_LOGIN_ON_GET": False,
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,
        "SOCIALACCOUNT_PROVIDERS": _single_sign_on(chosen),
        "SESSION_COOKIE_AGE": 12 * 3600,
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    }


def _single_sign_on(chosen: WebSettings) -> dict[str, Any]:
    """OpenID Connect, where it is set up."""
    if not chosen.oidc_url:
        return {}
    app = {
        "provider_id": "oidc",
        "name": chosen.oidc_name,
        "client_id": chosen.oidc_client_id,
        "secret": chosen.oidc_client_secret,
        "settings": {"server_url": chosen.oidc_url, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app]}}


def _protection(chosen: WebSettings) -> dict[str, Any]:
    secure = chosen.public_url.startswith("https://")
    return {
        "CONTENT_SECURITY_POLICY": {
            "DIRECTIVES": {
                "default-src": [NONE],
                "script-src": [SELF],
                "style-src": [SELF],
                "font-src": [SELF],
                "img-src": [SELF, "data:"],
                "connect-src": [SELF],
                "form-action": [SELF],
                "frame-ancestors": [NONE],
                "base-uri": [NONE],
            }
        },
        "X_FRAME_OPTIONS": "DENY",
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SECURE_HSTS_SECONDS": 31_536_000 if secure else 0,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if chosen.proxies else None,
        "SESSION_COOKIE_SECURE": secure,
        "CSRF_COOKIE_SECURE": secure,
        "CSRF_COOKIE_HTTPONLY": False,  # The script that sends htmx's requests reads it.
        "CSRF_TRUSTED_ORIGINS": [chosen.public_url] if chosen.public_url else [],
        "CSRF_FAILURE_VIEW": "campaignsync.web.errors.stale_form",
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 4 * 2**20,
        "FILE_UPLOAD_MAX_MEMORY_SIZE": 4 * 2**20,
        "SILENCED_SYSTEM_CHECKS": [],
        "DEBUG": False,
        "LOGGING_CONFIG": None,
    }
