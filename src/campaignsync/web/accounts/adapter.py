"""What we ask of django-allauth: nobody signs up by themselves; who comes by single sign-on begins with the role that was set: to
look, or nothing; and never before there is an admin."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from campaignsync.web.accounts.first_run import nobody_yet
from campaignsync.web.installation import installation


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an admin."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # The library counts by the address that was asked as well, whose port whoever asks may write as they like.
        return str(credentials.get("email") or credentials.get("username") or "").lower()


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Whoever the identity provider lets in is let in here, once somebody runs this installation."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        return not nobody_yet()

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        """Keep somebody who comes for the first time, with the role that was set for them."""
        user = super().save_user(request, sociallogin, form)
        first = installation().settings.web.oidc_first_role
        if first:
            installation().users.grant(user.get_username(), first)
        return user
