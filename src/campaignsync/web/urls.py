"""Every address of the pages. Each noun has a package of its own; the API and operations bring theirs."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from campaignsync.web import errand_pages
from campaignsync.web.accounts import sign_on
from campaignsync.web.accounts.first_run import first_run
from campaignsync.web.accounts.views import account, closed, kept
from campaignsync.web.home.views import home
from campaignsync.web.links import choices, making
from campaignsync.web.people import views as people
from campaignsync.web.problems import views as problems
from campaignsync.web.runs import approving, doing
from campaignsync.web.runs import views as runs

CLOSED = ("signup", "email", "password/reset", "confirm-email")
LINK = "programs/<int:number>/link"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("welcome/", first_run, name="first_run"),
    path("accounts/oidc/<str:provider_id>/login/", sign_on.begin),
    # Users are made by an admin, and no mail is sent to them: of django-allauth's pages these would promise what nobody does.
    *(path(f"accounts/{each}/", closed) for each in CLOSED),
    *(path(f"accounts/{each}/<path:rest>", closed) for each in CLOSED),
    path("accounts/", include("allauth.urls")),
    path("account/", account, name="account"),
    path("kept/", kept, name="kept"),
    path("language/", set_language, name="set_language"),
    path("errands/<int:number>/", errand_pages.view, name="errand"),
    path("programs/", include("campaignsync.web.programs.urls")),
    path("programs/<int:number>/sync/", require_POST(doing.sync_program), name="sync_program"),
    path("programs/<int:number>/plan/", require_POST(doing.plan_begin), name="plan_begin"),
    path("programs/<int:number>/plan/<int:link>/", runs.plan, name="plan"),
    path("approvals/", approving.approvals, name="approvals"),
    path("programs/<int:number>/approval/<int:link>/", approving.approval, name="approval"),
    path(f"{LINK}/", making.begin, name="link_begin"),
    path(f"{LINK}/refresh/", require_POST(making.refresh), name="link_refresh"),
    path(f"{LINK}/try/", require_POST(making.try_out), name="link_try"),
    path(f"{LINK}/preview/", making.preview, name="link_preview"),
    path(f"{LINK}/save/", require_POST(making.save), name="link_save"),
    path(f"{LINK}/<int:link>/", choices.choices, name="link_choices"),
    path(f"{LINK}/<int:link>/labels/", require_POST(choices.change_labels), name="link_labels"),
    path(f"{LINK}/<int:link>/resume/", require_POST(choices.resume), name="link_resume"),
    path(f"{LINK}/<int:link>/end/", require_POST(choices.unlink), name="link_end"),
    path("sync/", require_POST(doing.sync_all), name="sync_all"),
    path("runs/", runs.runs, name="runs"),
    path("runs/<int:number>/", runs.run, name="run"),
    path("runs/<int:number>/undo/", runs.undo, name="undo"),
    path("runs/<int:number>/undo/plan/", require_POST(doing.undo_begin), name="undo_begin"),
    path("runs/<int:number>/undo/go/", require_POST(doing.undo_carry_out), name="undo_go"),
    path("conflicts/", problems.conflicts, name="conflicts"),
    path("conflicts/settle/", require_POST(problems.settle), name="conflicts_settle"),
    path("problems/", problems.problems, name="problems"),
    path("problems/retry/", require_POST(problems.retry), name="problems_retry"),
    path("problems/export.csv", problems.export, name="problems_export"),
    path("problems/<int:connection>/<path:code>/", problems.group, name="problem_group"),
    path("people/", people.people, name="people"),
    path("people/<int:number>/", people.person, name="person"),
    path("people/<int:number>/edit/", people.edit, name="person_edit"),
    path("people/<int:number>/sync/", require_POST(people.sync), name="person_sync"),
    path("people/<int:number>/merge/", require_POST(people.merge), name="person_merge"),
    path("settings/", include("campaignsync.web.settings.urls")),
    path("smart-campaigns/", include("campaignsync.web.smart_campaigns.urls")),
    path("reports/", include("campaignsync.web.reports.urls")),
    path("api/", include("campaignsync.web.api.urls")),
    path("", include("campaignsync.web.operations.urls")),
]

handler403 = "campaignsync.web.errors.not_allowed"
handler404 = "campaignsync.web.errors.not_found"
handler500 = "campaignsync.web.errors.broken"
