"""What happens round every page: the database is told who is at work, nobody on the way keeps the answer, and errors of the field
become pages with words."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from campaignsync.bootstrap import introduce
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.web.errors import told

Answer = Callable[[HttpRequest], HttpResponse]
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class WhoMiddleware:
    """What somebody changes stands in the journal under their name; what they see is for them."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in _READING:
            introduce(request.user.get_username() or "nobody who is logged in")
        response = self._answer(request)
        # What somebody saw here is kept by no proxy, nor by a browser for whoever sits there next.
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class ErrorsMiddleware:
    """An error that a person can mend is a page with its words, never a traceback."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return told(request, error) if isinstance(error, CampaignsyncError) else None
