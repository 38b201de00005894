"""Addresses of reports."""

from __future__ import annotations

from django.urls import path

from campaignsync.web.reports import views

urlpatterns = [path("", views.report, name="reports")]
