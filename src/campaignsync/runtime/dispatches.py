"""Calls webhooks and mails alerts of flows: each once if it is taken, and again, later each time, if it is not.

Called by `runtime.flow_runner`. A service that fails is spared the rest of this time, so that one which hangs holds up nobody for
long. What a person's fields hold is written so that it cannot be taken for a part of the address, of the JSON or of a header.
"""

from __future__ import annotations

import json
from urllib.parse import quote, urlsplit

import polars as pl

from campaignsync.domain.commands import SETTLED, Dispatch
from campaignsync.domain.errors import RetryableError, UsageError
from campaignsync.runtime.flow_ports import Commands, Courier


def run_dispatches(commands: Commands, courier: Courier) -> int:
    """Do what is due; how many are settled."""
    settled, spared = 0, dict[str, str]()
    while dispatches := commands.dispatches():
        results = [_result(courier, dispatch, spared) for dispatch in dispatches]
        commands.settle(pl.DataFrame(results, schema=SETTLED, orient="row"))
        settled += sum(outcome is not None for _, outcome, _ in results)
    return settled


def _result(courier: Courier, dispatch: Dispatch, spared: dict[str, str]) -> tuple[int, str | None, str]:
    where = _where(dispatch)
    if where in spared:
        return dispatch.command_id, None, spared[where]
    try:
        if dispatch.verb == "webhook":
            courier.call(dispatch.text("url", _in_address), dispatch.method, _body(dispatch), dispatch.key)
        else:
            courier.mail(_addresses(dispatch), _one_line(dispatch.text("subject")), dispatch.text("body"))
    except RetryableError as error:
        spared[where] = str(error)
        return dispatch.command_id, None, str(error)
    except UsageError as error:
        return dispatch.command_id, "failed", str(error)
    return dispatch.command_id, "done", ""


def _where(dispatch: Dispatch) -> str:
    return (
        (urlsplit(dispatch.text("url", _in_address)).hostname or "") if dispatch.verb == "webhook" else "mail"
    )


def _body(dispatch: Dispatch) -> str:
    is_json = dispatch.text("body").lstrip()[:1] in ("{", "[")
    return dispatch.text("body", _in_json if is_json else str)


def _in_address(value: str) -> str:
    return quote(value, safe="")


def _in_json(value: str) -> str:
    """A value between the quotes of a JSON string; where the quotes are missing, it is a string, too, or a number."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _addresses(dispatch: Dispatch) -> list[str]:
    found = [_one_line(each) for each in dispatch.text("to").split(",") if each.strip()]
    if not found:
        raise UsageError("There is no address to send the alert to.")
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split())
