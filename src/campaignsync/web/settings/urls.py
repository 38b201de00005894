"""Addresses of settings."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_POST

from campaignsync.web.settings import channels, connections, fields, mirroring, people, watching

urlpatterns = [
    path("", connections.connections, name="settings"),
    path("connections/new/", connections.new, name="connection_new"),
    path("connections/<int:number>/", connections.connection, name="connection"),
    path("connections/<int:number>/check/", connections.check, name="connection_check"),
    path("connections/<int:number>/compare/", require_POST(connections.compare), name="connection_compare"),
    path("connections/<int:number>/credentials/", connections.credentials, name="connection_credentials"),
    path("connections/<int:number>/mirror/", mirroring.mirroring, name="mirroring"),
    path("connections/<int:number>/mapping/", fields.mapping, name="field_mapping"),
    path("connections/<int:number>/member-mapping/", fields.member_mapping, name="member_mapping"),
    path("channels/", channels.channels, name="channels"),
    path("channels/new/", channels.channel, name="channel_new"),
    path("channels/<int:number>/", channels.channel, name="channel"),
    path("fields/", fields.fields, name="fields"),
    path("fields/members/", require_POST(fields.member_field), name="member_field"),
    path("alerts/", watching.alerts, name="alerts"),
    path("alerts/webhook/", require_POST(watching.webhook), name="webhook"),
    path("users/", people.users, name="users"),
    path("users/change/", require_POST(people.user), name="user_change"),
    path("keys/", people.keys, name="keys"),
    path("keys/revoke/", require_POST(people.revoke_key), name="key_revoke"),
    path("history/", watching.everything, name="history"),
    path("audit/", watching.audit, name="audit"),
]
