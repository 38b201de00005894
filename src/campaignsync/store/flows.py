"""Flows as they are kept: who is where, what is done next, what came of it (runtime.flow_ports.Flows).

Called by `runtime.flow_runner`. A turn is one transaction that holds the lock of all flows, so that the journal is read,
people move
and what is done to them is done in one commit, by one worker at a time; a worker that dies leaves nothing half done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from django.db import DataError, ProgrammingError, transaction

from campaignsync.domain.errors import UsageError
from campaignsync.domain.flows import Effect
from campaignsync.domain.smart_campaigns import Condition, SmartCampaign, SmartCampaignState, Taken
from campaignsync.store import effects, flow_entry, models
from campaignsync.store.acting import acting
from campaignsync.store.filtering import condition, generous
from campaignsync.store.frames import execute, rows, table
from campaignsync.store.journal import committed_until, last_entry
from campaignsync.store.naming import called, kept_names, of_today

EVENTS_A_TURN = 50_000
PEOPLE_A_TURN = 25_000
_READER = "flows"


class Flows:
    """The flows of all smart campaigns."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    def now(self) -> datetime:
        return self._now()

    def due(self) -> bool:
        """Whether anything is to be done: somebody can go on, a command or a batch is due, or the journal has more for those who
        listen."""
        (row,) = rows(_DUE, {"now": self._now(), "reader": _READER})
        return bool(row["due"])

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """One commit, by nobody else meanwhile."""
        with acting(who="smart campaign", why="flow", now=self._now()):
            models.JournalReader.objects.get_or_create(name=_READER)
            models.JournalReader.objects.select_for_update().get(name=_READER)
            _keep_names()
            yield

    @contextlib.contextmanager
    def rehearsal(self) -> Iterator[None]:
        """A turn of which nothing stays."""
        with self.turn():
            yield
            transaction.set_rollback(True)

    def listening(self) -> list[tuple[int, str, dict[str, Any], int]]:
        """The smart campaigns that listen to triggers: number, name, definition, since which entry."""
        active = models.SmartCampaign.objects.filter(state=SmartCampaignState.ACTIVE.value)
        listening = [row for row in active.order_by("priority", "pk") if row.definition.get("triggers")]
        return [
            (row.pk, row.name, definition, row.since_entry)
            for row, definition in zip(listening, _meant(listening), strict=True)
        ]

    def events(self, fields: Sequence[str]) -> tuple[pl.DataFrame, int]:
        """The next changes in the journal (EVENTS), and until which entry that is all."""
        reader = models.JournalReader.objects.get(name=_READER)
        return flow_entry.read_events(
            reader.entry_id, committed_until(), list(fields), EVENTS_A_TURN, self._now()
        )

    def read_until(self, entry: int | None) -> bool:
        """The journal was read until this entry, or, with None, nobody cares what is in it. Whether that was any further."""
        reached = committed_until() if entry is None else entry
        return bool(
            models.JournalReader.objects.filter(name=_READER, entry_id__lt=reached).update(entry_id=reached)
        )

    def let_in(self, smart_campaign: int, campaign: SmartCampaign, fired: pl.DataFrame) -> int:
        """Let in whom changes brought (EVENTS), if they pass the filters and qualify; how many. UsageError
        for filters that cannot be asked."""
        row = models.SmartCampaign.objects.get(pk=smart_campaign)
        with _whole():
            return flow_entry.by_events(row, self._version(row), campaign, fired, self._now())

    def begin_batch(self, smart_campaign: int, campaign: SmartCampaign, why: str) -> tuple[int, int]:
        """Let in everybody who is meant and qualifies: the number of the batch, and how many."""
        row = models.SmartCampaign.objects.get(pk=smart_campaign)
        with _whole():
            batch = models.Batch.objects.create(smart_campaign=row, why=why, started_at=self._now())
            return batch.pk, flow_entry.by_batch(row, self._version(row), campaign, batch, self._now())

    def batches_due(self) -> list[tuple[int, str, dict[str, object]]]:
        """The smart campaigns whose schedule says now: number, name, definition."""
        found = models.SmartCampaign.objects.filter(
            next_at__lte=self._now(), state=SmartCampaignState.ACTIVE.value
        )
        due = list(found.order_by("next_at", "priority", "pk"))
        return [(row.pk, row.name, definition) for row, definition in zip(due, _meant(due), strict=True)]

    def next_batch(self, smart_campaign: int, at: datetime | None, error: str | None = None) -> None:
        """When the next batch of a smart campaign begins; None: none does any more, and it is not active."""
        found = models.SmartCampaign.objects.filter(pk=smart_campaign)
        found.update(next_at=at, **({} if at else {"state": SmartCampaignState.INACTIVE.value}))
        if error:
            models.Batch.objects.create(
                smart_campaign_id=smart_campaign, why="schedule", started_at=self._now(), error=error
            )

    def halt(self, smart_campaign: int, reason: str) -> None:
        """Let no more people in, and nobody on, until a person activates it again."""
        models.SmartCampaign.objects.filter(pk=smart_campaign).update(
            state=SmartCampaignState.HALTED.value, reason=reason
        )

    def _version(self, row: models.SmartCampaign) -> int:
        """The version of the definition as it is now."""
        latest = row.versions.order_by("-pk").first()
        if latest is None or (latest.definition, latest.names) != (row.definition, row.names):
            latest = models.FlowVersion.objects.create(
                smart_campaign=row, definition=row.definition, names=row.names, made_at=self._now()
            )
        return int(latest.pk)

    def wake(self) -> int:
        """Let people go on whose wait is over; how many."""
        return execute(
            "UPDATE store_journey SET state = 'ready', due_at = NULL WHERE state = 'waiting' AND due_at <= %s",
            (self._now(),),
        )

    def take(self) -> Taken | None:
        """The people who are next, at the same step of the same flow; None: nobody is."""
        first: list[dict[str, Any]] = []
        while not first:
            table("taken", _TAKE, (PEOPLE_A_TURN,))
            if not rows("SELECT journey_id FROM taken LIMIT 1"):
                return None
            _part_from_the_gone(self._now())
            first = rows(
                "SELECT v.definition, v.names, s.id, s.name, t.position, count(*) AS people,"
                " g.name AS program, g.start_date, g.end_date, g.tokens,"
                " EXISTS (SELECT FROM store_link l WHERE l.program_id = g.id) AS linked FROM taken t JOIN store_flowversion v"
                " ON v.id = t.version_id JOIN store_smartcampaign s ON s.id = v.smart_campaign_id LEFT JOIN store_program g"
                " ON g.id = s.program_id GROUP BY v.id, s.id, t.position, g.id"
            )
        row = first[0]
        return Taken(
            smart_campaign_id=row["id"],
            definition=of_today(row["definition"], row["names"] or (), campaigns_by_id=True),
            name=row["name"],
            position=row["position"],
            people=row["people"],
            program=row["program"],
            program_dates=(row["start_date"], row["end_date"]),
            program_tokens=row["tokens"] or {},
            implied=not row["linked"],
        )

    def choose(self, conditions: Sequence[Condition]) -> list[int]:
        """Give each of the people who were taken the first condition that fits, else -1; which were given to anybody."""
        with _whole():
            generous()
            made = [condition(each, self._now()) for each in conditions]
            cases = " ".join(f"WHEN {each.text} THEN {number}" for number, each in enumerate(made))
            execute(
                f"UPDATE taken t SET choice = CASE {cases} ELSE -1 END FROM store_person p WHERE p.id = t.person_id",
                [value for each in made for value in each.values],
            )
        return [row["choice"] for row in rows("SELECT DISTINCT choice FROM taken ORDER BY choice DESC")]

    def carry_out(self, taken: Taken, choice: int, effect: Effect) -> None:
        """Do to those who were given this choice what it comes to; UsageError when it cannot be done, and nothing was."""
        with _whole():
            effects.carry_out(taken, choice, effect, self._now())

    def fail(self, choice: int, message: str) -> None:
        """What was to be done to these people cannot be done."""
        execute("UPDATE taken SET outcome = 'failed', message = %s WHERE choice = %s", (message, choice))

    def moved_on(self, action: str, steps: int) -> None:
        """Keep what was done to the people who were taken, and let them go on."""
        execute(
            "INSERT INTO store_stepresult (journey_id, smart_campaign_id, person_id, step, choice,"
            " action, outcome, message, object,"
            " value, at) SELECT t.journey_id, j.smart_campaign_id, t.person_id, t.position,"
            " NULLIF(t.choice, -1), %s, t.outcome, t.message,"
            " t.object, t.value, %s FROM taken t JOIN store_journey j ON j.id = t.journey_id WHERE t.outcome IS NOT NULL"
            " ORDER BY t.journey_id",
            (action, self._now()),
        )
        execute(
            "UPDATE store_journey j SET position = t.position + CASE WHEN t.next_state = 'sent' THEN 0 ELSE 1 END,"
            " due_at = t.due_at, state = coalesce(t.next_state, CASE WHEN t.position + 1 >= %s THEN 'done' ELSE 'ready' END),"
            " ended_at = CASE WHEN t.next_state IS NULL AND t.position + 1 >= %s THEN %s::timestamptz END"
            " FROM taken t WHERE t.journey_id = j.id",
            (steps, steps, self._now()),
        )

    def finish(self) -> None:
        """The people who were taken are at the end."""
        execute(
            "UPDATE store_journey j SET state = 'done', ended_at = %s FROM taken t WHERE t.journey_id = j.id",
            (self._now(),),
        )

    def last_entry(self) -> int:
        """The latest entry of the journal that anybody was given."""
        return last_entry()


def _meant(found: Sequence[models.SmartCampaign]) -> Iterator[dict[str, Any]]:
    """The definitions of smart campaigns with the names of today."""
    names = called(row.names or () for row in found)
    return (of_today(row.definition, row.names or (), names, campaigns_by_id=True) for row in found)


def _keep_names() -> None:
    """Definitions that were kept by a version of before learn which things they name."""
    for model in (models.SmartCampaign, models.FlowVersion):
        for row in model.objects.filter(names__isnull=True).only("definition"):
            model.objects.filter(pk=row.pk).update(names=kept_names(row.definition))


@contextlib.contextmanager
def _whole() -> Iterator[None]:
    """All of it or nothing; UsageError for values that the database cannot work with, so that they keep nobody else."""
    try:
        with transaction.atomic():
            yield
    except (DataError, ProgrammingError) as error:
        raise UsageError(
            f"The database cannot work with these values: {' '.join(str(error).split())}"
        ) from None


_DUE = """
    SELECT EXISTS (SELECT FROM store_journey j JOIN store_smartcampaign s ON s.id = j.smart_campaign_id AND s.state <> 'halted'
            WHERE j.state = 'ready')
        OR EXISTS (SELECT FROM store_journey WHERE state = 'waiting' AND due_at <= %(now)s)
        OR EXISTS (SELECT FROM store_command WHERE due_at <= %(now)s)
        OR EXISTS (SELECT FROM store_smartcampaign WHERE state = 'active' AND next_at <= %(now)s)
        OR EXISTS (SELECT FROM store_smartcampaign WHERE state = 'active' AND next_at IS NULL) AND EXISTS (SELECT FROM
            store_journalentry WHERE id > coalesce((SELECT entry_id FROM store_journalreader WHERE name = %(reader)s), 0)) AS due
"""
_TAKE = """
    WITH first AS (
        SELECT DISTINCT ON (j.person_id) j.id, j.person_id, j.version_id, j.position, j.priority FROM store_journey j
        JOIN store_smartcampaign s ON s.id = j.smart_campaign_id AND s.state <> 'halted' WHERE j.state = 'ready'
        ORDER BY j.person_id, j.priority, j.id
    ), chosen AS (SELECT version_id, position FROM first ORDER BY priority, id LIMIT 1)
    SELECT f.id AS journey_id, f.person_id, f.version_id, f.position, j.event, -1 AS choice, NULL::text AS outcome, '' AS message,
        '' AS object, NULL::text AS value, NULL::text AS next_state, NULL::timestamptz AS due_at
    FROM first f JOIN chosen USING (version_id, position) JOIN store_journey j ON j.id = f.id ORDER BY f.priority, f.id LIMIT %s
"""


def _part_from_the_gone(now: datetime) -> None:
    """Who was merged into somebody else goes on as that person; who was deleted does not go on."""
    execute(
        "UPDATE taken t SET person_id = p.merged_into_id FROM store_person p"
        " WHERE p.id = t.person_id AND p.merged_into_id IS NOT NULL"
    )
    execute(
        "UPDATE store_journey j SET person_id = t.person_id FROM taken t WHERE t.journey_id = j.id AND j.person_id <> t.person_id"
    )
    # Two who became one go one after the other.
    execute(
        "DELETE FROM taken t USING taken o WHERE o.person_id = t.person_id AND o.journey_id < t.journey_id"
    )
    gone = "NOT EXISTS (SELECT FROM store_person p WHERE p.id = t.person_id AND p.merged_into_id IS NULL)"
    execute(
        "INSERT INTO store_stepresult (journey_id, smart_campaign_id, person_id, step, action, outcome, message, object, at)"
        " SELECT t.journey_id, j.smart_campaign_id, t.person_id, t.position, '', 'failed', 'The person was deleted.', '', %s"
        f" FROM taken t JOIN store_journey j ON j.id = t.journey_id WHERE {gone}",
        (now,),
    )
    execute(
        f"UPDATE store_journey j SET state = 'gone', ended_at = %s FROM taken t WHERE t.journey_id = j.id AND {gone}",
        (now,),
    )
    execute(f"DELETE FROM taken t WHERE {gone}")
