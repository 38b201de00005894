"""What we ask of django-allauth: nobody signs up by themselves; who comes by single sign-on begins as a viewer."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from campaignsync.domain.access import Role
from campaignsync.web.installation import installation


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an admin."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Whoever the identity provider lets in is let in here, to look."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        return True

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        """Keep somebody who comes for the first time, with the role to look."""
        user = super().save_user(request, sociallogin, form)
        installation().users.grant(user.get_username(), Role.VIEWER)
        return user
