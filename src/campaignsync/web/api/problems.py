"""Problems and conflicts: what is open, in Salesforce's own words; having it tried again; deciding who wins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import Field, model_validator

from campaignsync.domain.access import Action
from campaignsync.domain.errors import UsageError
from campaignsync.domain.links import Winner
from campaignsync.domain.problems import ProblemFilter, ProblemNoun
from campaignsync.planner.explain import safe_csv
from campaignsync.runtime.conflicts import resolve
from campaignsync.web.api.forms import Body, Cursor, Limit, Name, Number, Page, Text, page, position
from campaignsync.web.api.guard import Asking, Routes, folders
from campaignsync.web.api.programs import csv_answer
from campaignsync.web.installation import installation

routes = Routes("problems")


class ProblemRow(Schema):
    """One open problem, or one that was solved and is still kept."""

    number: int
    connection: str
    program: str | None
    noun: ProblemNoun
    object: str | None
    person_id: int | None
    email: str | None
    salesforce_id: str | None
    campaign_id: str | None
    direction: str
    code: str
    message: str
    wanted: str | None
    first_seen: datetime
    last_seen: datetime
    tries: int
    retry_at: datetime | None
    solved_at: datetime | None


class Wanted(Schema):
    """Which problems are meant; what is left out does not narrow."""

    program: Text | None = None
    connection: Text | None = None
    email: Text | None = None
    noun: ProblemNoun | None = None
    code: Text | None = None
    since: datetime | None = None
    until: datetime | None = None
    solved: bool = False

    def as_filter(self) -> ProblemFilter:
        registry = installation().registry
        moments = {name: _aware(getattr(self, name)) for name in ("since", "until")}
        return ProblemFilter(
            connection=registry.connection(self.connection).connection_id if self.connection else None,
            email=self.email,
            nouns=(self.noun,) if self.noun else tuple(ProblemNoun),
            code=self.code.upper() if self.code else None,
            since=moments["since"],
            until=moments["until"],
            solved=self.solved,
        )


def _aware(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise UsageError("A time needs its zone, such as 2026-03-01T12:00:00Z.")
    return moment


class WhichProblems(Body):
    """Which problems are to be tried again: those of a program, or all."""

    program: Name | None = None
    connection: Name | None = None
    email: Text | None = None
    code: Text | None = None


class Retried(Schema):
    """How many will be tried again at the next sync."""

    retried: int


class Decision(Body):
    """Who wins, and whose conflicts it is about: addresses or Salesforce ids, or all."""

    winner: Literal["program", "campaign"]
    people: Annotated[list[Name], Field(max_length=1000)] = []
    everybody: bool = False
    connection: Name | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Decision:
        if bool(self.people) == self.everybody:
            raise ValueError("say whose conflicts: people, or everybody")
        return self


class Decided(Schema):
    """A conflict that was decided."""

    email: str | None
    salesforce_id: str | None
    program: str | None
    campaign: str | None
    becomes: str | None


@routes.get("/problems", Action.SEE_PROBLEMS, Page[ProblemRow])
def list_problems(request: HttpRequest, wanted: Query[Wanted], cursor: Cursor, limit: Limit) -> Any:
    """List problems, latest first."""
    found = installation().listings.problems(
        folders(request, Action.SEE_PROBLEMS),
        wanted.program,
        wanted.as_filter(),
        before=position(cursor, None),
        limit=limit + 1,
    )
    return page(found, limit)


@routes.get("/programs/{program}/problems.csv", Action.SEE_PROBLEMS, None)
def export_problems(request: HttpRequest, program: Number) -> Any:
    """The open problems of a program as CSV that is safe to open in a spreadsheet."""
    table = installation().views.problem_table(cast("Asking", request).program, ProblemFilter())
    return csv_answer(safe_csv(table), "problems.csv")


@routes.post("/problems/retry", Action.SETTLE_PROBLEMS, Retried)
def retry_problems(request: HttpRequest, which: WhichProblems) -> Any:
    """Have problems tried again at the next sync. Without a program, whoever asks must hold the role everywhere."""
    auth, app = cast("Asking", request).auth, installation()
    folder = None
    if which.program is not None:
        found = app.listings.program_named(app.listings.number_of(which.program))
        folder = found[1] if found else None
    auth.require(Action.SETTLE_PROBLEMS, folder)
    wanted = Wanted(connection=which.connection, email=which.email, code=which.code).as_filter()
    return {"retried": app.views.retry_problems(which.program, wanted)}


@routes.get("/programs/{program}/conflicts", Action.SEE_PROBLEMS, Page[ProblemRow])
def list_conflicts(request: HttpRequest, program: Number, cursor: Cursor, limit: Limit) -> Any:
    """List the conflicts of a program: members whom both sides changed (M6.3)."""
    found = installation().listings.problems(
        None,
        cast("Asking", request).program,
        ProblemFilter(code="CONFLICT"),
        before=position(cursor, None),
        limit=limit + 1,
    )
    return page(found, limit)


@routes.post("/programs/{program}/conflicts/resolve", Action.SETTLE_PROBLEMS, list[Decided])
def resolve_conflicts(request: HttpRequest, program: Number, decision: Decision) -> Any:
    """Decide conflicts, for the program or for the campaign; the next sync makes both sides the same."""
    asking, app = cast("Asking", request), installation()
    link, _ = app.registry.link_of(asking.program, decision.connection)
    winner, people = Winner(decision.winner), decision.people or None
    decided = resolve(app.ledger, link, winner, who=asking.auth.name, people=people)
    return decided.select("email", "salesforce_id", "program", "campaign", becomes=winner.value).to_dicts()
