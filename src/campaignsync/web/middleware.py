"""What happens round every page: the database is told who is at work; errors of the field become pages with words."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from campaignsync.bootstrap import introduce
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.web.errors import told

Answer = Callable[[HttpRequest], HttpResponse]
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class WhoMiddleware:
    """What somebody changes stands in the journal under their name; reading changes nothing and asks for nothing."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in _READING:
            introduce(request.user.get_username() or "nobody who is logged in")
        return self._answer(request)


class ErrorsMiddleware:
    """An error that a person can mend is a page with its words, never a traceback."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return told(request, error) if isinstance(error, CampaignsyncError) else None
