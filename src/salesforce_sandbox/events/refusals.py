"""Refusal: the one way in which the event bus refuses something, and the table of all reasons it has.

The server turns it into a gRPC status with the code in the trailer `error-code` (S2.7.6). Rests on the guide's page
"Handle Errors"; where the page's own code is not known to us, the table says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """`status` is a name of gRPC's status codes; `verified` tells whether the code was read or seen rather than guessed."""

    status: str
    code: str
    message: str
    verified: bool = True


_PREFIX = "sfdc.platform.eventbus.grpc."
_FETCH = f"{_PREFIX}subscription.fetch."

REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "auth": Reason(
            status="UNAUTHENTICATED",
            code=f"{_PREFIX}service.auth.error",
            message="An authentication exception occurred. Provide valid authentication via metadata headers.",
        ),
        "unavailable": Reason(
            status="UNAVAILABLE",
            code=f"{_PREFIX}service.unavailable",
            message="The service is unavailable. Try again later.",
        ),
        "topic_unknown": Reason(
            status="NOT_FOUND",
            code=f"{_PREFIX}topic.not.found",
            message="The topic information for org {org} and topic {topic} not found."
            " Ensure the topic name is correct and that the topic exists.",
            verified=False,
        ),
        "topic_changed": Reason(
            status="INVALID_ARGUMENT",
            code=f"{_FETCH}topic.invalid",
            message="The topic cannot change from {topic} to {other} within one subscription.",
            verified=False,
        ),
        "no_permission": Reason(
            status="PERMISSION_DENIED",
            code=f"{_PREFIX}subscription.permission.denied",
            message="The user does not have permission to subscribe to {topic}.",
            verified=False,
        ),
        "schema_unknown": Reason(
            status="NOT_FOUND",
            code=f"{_PREFIX}schema.not.found",
            message="The schema {schema} was not found.",
            verified=False,
        ),
        "replay_missing": Reason(
            status="INVALID_ARGUMENT",
            code=f"{_FETCH}replayid.validation.failed",
            message="The Replay ID validation failed. Provide a replay_id with the CUSTOM preset.",
        ),
        "replay_corrupted": Reason(
            status="INVALID_ARGUMENT",
            code=f"{_FETCH}replayid.corrupted",
            message="Ensure that the replay_id field value is valid and refers to an event that is within"
            " the retention window.",
        ),
        "nothing_requested": Reason(
            status="INVALID_ARGUMENT",
            code=f"{_FETCH}requested.events.invalid",
            message="The number of requested events must be greater than zero, not {number}.",
        ),
        "limit_exceeded": Reason(
            status="RESOURCE_EXHAUSTED",
            code=f"{_PREFIX}subscription.limit.exceeded",
            message="You have exceeded the event delivery limit for your org.",
        ),
        "subscription_unknown": Reason(
            status="NOT_FOUND",
            code=f"{_PREFIX}managed.subscription.not.found",
            message="There is no managed event subscription {subscription}.",
            verified=False,
        ),
        "changes_only_by_org": Reason(
            status="PERMISSION_DENIED",
            code=f"{_PREFIX}publish.permission.denied",
            message="Change events are published by the org alone; {topic} takes none.",
            verified=False,
        ),
        "cannot_publish": Reason(
            status="UNIMPLEMENTED",
            code="NOT_IMPLEMENTED_BY_SANDBOX",
            message="The sandbox publishes changes of its own records only; see docs/sandbox_coverage.md.",
        ),
    }
)


class Refusal(Exception):  # noqa: N818 - it is answered, not raised to a programmer.
    """Why a call ends, by its name in REASONS; what the message's braces stand for comes with it."""

    def __init__(self, name: str, **facts: object) -> None:
        self.reason = REASONS[name]
        super().__init__(self.reason.message.format(**facts))
