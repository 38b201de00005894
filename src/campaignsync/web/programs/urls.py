"""Addresses of programs."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_POST

from campaignsync.web.programs import editing, importing, members, views

urlpatterns = [
    path("", views.programs, name="programs"),
    path("new/", editing.new, name="program_new"),
    path("<int:number>/", views.program, name="program"),
    path("<int:number>/edit/", editing.edit, name="program_edit"),
    path("<int:number>/clone/", require_POST(editing.clone), name="program_clone"),
    path("<int:number>/delete/", editing.delete, name="program_delete"),
    path("<int:number>/costs/", editing.costs, name="program_costs"),
    path("<int:number>/history/", views.history, name="program_history"),
    path("<int:number>/members/", members.members, name="members"),
    path("<int:number>/members/change/", require_POST(members.change), name="members_change"),
    path("<int:number>/members.csv", members.export, name="members_export"),
    path("<int:number>/import/", importing.begin, name="import"),
    path("<int:number>/import/<str:token>/", importing.mapping, name="import_map"),
]
