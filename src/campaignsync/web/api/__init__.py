"""The REST API `/api/v1`: the same doors as the pages and the command line, as JSON for programs (docs/api.md).

Law of this folder: a route names the action of `domain.access` that it is, reads its request, asks, and answers; what has no
action cannot be a route. Errors are problem+json with the next step, lists come page by page, a write is one transaction with
its answer, and whatever goes to Salesforce is an errand that is answered with 202.
"""
