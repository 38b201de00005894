"""The program that a page is about, found by its number, and only by whoever may do what the page does."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from campaignsync.domain.access import Action
from campaignsync.store.models import Program
from campaignsync.web.access import rights_of


def program_of(request: HttpRequest, number: int, action: Action) -> Program:
    """A program; 404 when there is none, UsageError when this action is not allowed in its folder."""
    found = Program.objects.select_related("channel").filter(pk=number).first()
    if found is None:
        raise Http404
    rights_of(request).require(action, found.folder)
    return found
