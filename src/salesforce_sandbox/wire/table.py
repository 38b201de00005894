"""All endpoints of the sandbox, module by module; what `serve` searches and the coverage page lists."""

from collections.abc import Iterable

from salesforce_sandbox.wire import (
    auth,
    batch,
    bulk1,
    bulk2_control,
    bulk2_ingest,
    bulk2_query,
    collections,
    composite,
    graph,
    layouts,
    limits,
    list_views,
    query,
    relationships,
    replication,
    search,
    soap,
    sobjects,
)
from salesforce_sandbox.wire.control import control_routes
from salesforce_sandbox.wire.routes import Endpoint
from salesforce_sandbox.wire.sandbox import Sandbox

ENDPOINTS: tuple[Endpoint, ...] = (
    *auth.routes.endpoints,
    *soap.routes.endpoints,
    *limits.free_routes.endpoints,
    *limits.routes.endpoints,
    *query.routes.endpoints,
    *search.routes.endpoints,
    *collections.routes.endpoints,
    *composite.routes.endpoints,
    *batch.routes.endpoints,
    *graph.routes.endpoints,
    *bulk2_ingest.routes.endpoints,
    *bulk2_query.routes.endpoints,
    *bulk1.routes.endpoints,
    *replication.routes.endpoints,
    *list_views.routes.endpoints,
    *layouts.routes.endpoints,
    *relationships.routes.endpoints,
    *sobjects.routes.endpoints,
)


def endpoints(sandbox: Sandbox) -> Iterable[Endpoint]:
    """The whole table of one sandbox, its control resources first."""
    return (*control_routes(sandbox).endpoints, *bulk2_control.routes.endpoints, *ENDPOINTS)
