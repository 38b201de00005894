"""The addresses for machines."""

from __future__ import annotations

from django.urls import path

from campaignsync.web.operations.views import healthz, metrics, readyz

urlpatterns = [path("healthz", healthz), path("readyz", readyz), path("metrics", metrics)]
