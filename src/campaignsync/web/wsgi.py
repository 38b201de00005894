"""The WSGI application of one installation: called by `web.server` and by tests, when Django is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaignsync.bootstrap import Application
from campaignsync.web.installation import serve

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler


def wsgi_application(app: Application) -> WSGIHandler:
    """Pages and API of an installation that was opened with `web.site.site`."""
    from django.core.handlers.wsgi import WSGIHandler

    from campaignsync.web import errand_kinds, errands

    serve(app)
    if errand_kinds.KINDS:
        # What was asked for when an earlier process ended is done now.
        errands.start()
    return WSGIHandler()
