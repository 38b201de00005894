"""`/healthz`: this process lives. `/readyz`: it can serve. `/metrics`: numbers for Prometheus, and how everything is.

Called by orchestrators and monitoring. Whoever comes from another machine and brings no token learns yes or no and nothing else.
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaignsync.bootstrap import pending
from campaignsync.domain.errors import CampaignsyncError
from campaignsync.domain.health import Facts, judged, worst
from campaignsync.runtime.metrics import CONTENT_TYPE, exposition
from campaignsync.web.installation import installation


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; whatever else is wrong, starting it again would mend nothing."""
    return JsonResponse({"alive": True})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether requests can be served: the database answers and is up to date. To whoever may know, also how everything is."""
    facts, error = _facts()
    ready = facts is not None and not pending()
    told: dict[str, object] = {"ready": ready}
    if _may_know(request):
        told["error"] = error
        if facts is not None:
            checks = judged(facts, installation().settings.thresholds)
            told |= {
                "level": worst(checks),
                "checks": [
                    {
                        "code": c.code,
                        "connection": c.name or None,
                        "level": c.level,
                        "said": c.said,
                        "to_do": c.to_do,
                    }
                    for c in checks
                ],
            }
    return JsonResponse(told, status=200 if ready else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Numbers, for this machine and for whoever brings CAMPAIGNSYNC_METRICS_TOKEN."""
    if not _may_know(request):
        return HttpResponse(
            "Bring the token of CAMPAIGNSYNC_METRICS_TOKEN.\n", status=401, content_type="text/plain"
        )
    facts, _ = _facts()
    return HttpResponse(exposition(facts, installation().settings.thresholds), content_type=CONTENT_TYPE)


def _facts() -> tuple[Facts | None, str | None]:
    try:
        return installation().vitals.facts(), None
    except CampaignsyncError as error:
        return None, str(error)


def _may_know(request: HttpRequest) -> bool:
    """Whether somebody is on this machine, and not only their proxy is, or brings the token."""
    token = installation().settings.metrics_token
    brought = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(brought.encode(), token.encode()):
        return True
    return "X-Forwarded-For" not in request.headers and _is_here(request.META.get("REMOTE_ADDR", ""))


def _is_here(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
