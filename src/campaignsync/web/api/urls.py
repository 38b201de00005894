"""The addresses of the API."""

from __future__ import annotations

from django.urls import path

from campaignsync.web.api.application import api

urlpatterns = [path("v1/", api.urls)]
