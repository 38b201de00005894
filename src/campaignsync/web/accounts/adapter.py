"""What we ask of django-allauth: nobody signs up by themselves; who comes by single sign-on begins as a viewer."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an admin."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Whoever the identity provider lets in is let in here, to look."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        return True
