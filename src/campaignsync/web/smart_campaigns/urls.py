"""Addresses of smart campaigns. Names may hold anything but are the only handle, so that they come last."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_POST

from campaignsync.web.smart_campaigns import views

urlpatterns = [
    path("", views.smart_campaigns, name="smart_campaigns"),
    path("new/", views.build, name="smart_campaign_new"),
    path("fields/", views.fields, name="smart_fields"),
    path("add/", require_POST(views.add), name="smart_add"),
    path("set/", require_POST(views.set_settings), name="smart_set"),
    path("count/", require_POST(views.count), name="smart_count"),
    path("edit/<path:name>/", views.build, name="smart_campaign_edit"),
    path("preview/<path:name>/", views.preview, name="smart_campaign_preview"),
    path("act/<path:name>/", require_POST(views.act), name="smart_campaign_act"),
    path("of/<path:name>/", views.one, name="smart_campaign"),
]
