"""Every address of the pages. Each noun has a package of its own, with its urls; the API and operations bring theirs."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from campaignsync.web.accounts.first_run import first_run
from campaignsync.web.accounts.views import account
from campaignsync.web.home.views import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("welcome/", first_run, name="first_run"),
    path("accounts/", include("allauth.urls")),
    path("account/", account, name="account"),
    path("language/", set_language, name="set_language"),
]
# Rooms of the house that other parts of the project bring: /api/ (web.api.urls), /healthz and its like (web.operations.urls).
if find_spec("campaignsync.web.api"):
    urlpatterns.append(path("api/", include("campaignsync.web.api.urls")))
if find_spec("campaignsync.web.operations"):
    urlpatterns.append(path("", include("campaignsync.web.operations.urls")))

handler403 = "campaignsync.web.errors.not_allowed"
handler404 = "campaignsync.web.errors.not_found"
handler500 = "campaignsync.web.errors.broken"
