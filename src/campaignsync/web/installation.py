"""The installation that this process serves: put here once by whoever starts the server, asked for by every page.

Django makes the views' arguments, so that the doors cannot be handed in as such; this is the one place that stands in for it.
"""

from __future__ import annotations

from campaignsync.bootstrap import Application

_served: list[Application] = []


def serve(app: Application) -> None:
    """Pages and the API act on this installation from now on."""
    _served[:] = [app]


def installation() -> Application:
    """The installation that is served."""
    if not _served:
        raise RuntimeError("No installation is served: web.installation.serve comes first.")
    return _served[0]
