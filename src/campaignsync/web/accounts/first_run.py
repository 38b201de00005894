"""The page of the very first start: it makes the admin, once, and is closed from then on."""

from __future__ import annotations

from django.contrib.auth import get_user_model, login
from django.contrib.auth.forms import BaseUserCreationForm
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaignsync.domain.statuses import DEFAULT_CHANNELS
from campaignsync.web.installation import installation


class FirstAdmin(BaseUserCreationForm):  # type: ignore[type-arg]
    """Name, address and password; the password twice."""

    class Meta:
        model = get_user_model()
        fields = ("username", "email")


def nobody_yet() -> bool:
    """Whether this installation has no user at all."""
    return not get_user_model().objects.exists()


def first_run(request: HttpRequest) -> HttpResponse:
    """Make the admin and let them in."""
    if not nobody_yet():
        return redirect("home")
    form = FirstAdmin(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic(), connection.cursor() as cursor:
            # Two who find an empty installation at once do not both become its admin.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('campaignsync.first admin'))")
            if not nobody_yet():
                return redirect("home")
            user = form.save(commit=False)
            user.is_superuser = user.is_staff = True
            user.save()
        installation().registry.add_channels(DEFAULT_CHANNELS)
        login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return redirect("home")
    return render(request, "web/first_run.html", {"form": form, "title": _("Welcome")})
