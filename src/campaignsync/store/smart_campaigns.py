"""Smart campaigns as people define, start, stop and read them, and lists of people (runtime.flow_ports.SmartCampaignShelf).

Called by `runtime.smart_campaigns`. Definitions are checked before they come here; what they name may not be there, which is told
as a fault and keeps nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from campaignsync.domain.configuration import at
from campaignsync.domain.errors import NOT_THERE, UsageError
from campaignsync.domain.fields import STANDARD_FIELDS, ValueKind
from campaignsync.domain.people import comparable_email
from campaignsync.domain.smart_campaigns import SmartCampaign, SmartCampaignState, SmartList, in_order
from campaignsync.domain.webhooks import Network
from campaignsync.store import faults, models
from campaignsync.store.acting import acting
from campaignsync.store.filtering import generous, people_who
from campaignsync.store.frames import execute, rows
from campaignsync.store.journal import last_entry
from campaignsync.store.naming import kept_names, of_today
from campaignsync.store.outbound import require_public

_STANDARD = frozenset(field.name for field in STANDARD_FIELDS)
_LISTED = """
    SELECT s.id AS number, s.name, g.name AS program,
        CASE WHEN jsonb_array_length(coalesce(NULLIF(s.definition->'triggers', 'null'), '[]')) > 0 THEN 'trigger' ELSE 'batch'
        END AS kind, s.state, s.reason, s.priority, s.next_at, s.changed_at,
        (SELECT count(*) FROM store_journey j WHERE j.smart_campaign_id = s.id AND j.state IN ('ready', 'waiting', 'sent')) AS
        in_flow, (SELECT count(*) FROM store_journey j WHERE j.smart_campaign_id = s.id AND j.state = 'done')
        + (SELECT coalesce(sum(p.times), 0)::bigint FROM store_passage p WHERE p.smart_campaign_id = s.id) AS went_through,
        (SELECT count(*) FROM store_blockedperson b WHERE b.smart_campaign_id = s.id) AS blocked,
        (SELECT count(*) FROM store_stepresult r WHERE r.smart_campaign_id = s.id AND r.outcome IN ('failed', 'refused')) AS
        failed
    FROM store_smartcampaign s LEFT JOIN store_program g ON g.id = s.program_id
"""
_LISTS = (
    "SELECT l.id AS number, l.name, (SELECT count(*) FROM store_listmember m WHERE m.list_id = l.id) AS people"
    " FROM store_peoplelist l"
)


class SmartCampaigns:
    """The smart campaigns of an installation. `allowed` are the private networks that flows may call."""

    def __init__(self, clock: Callable[[], datetime], allowed: Sequence[Network] = ()) -> None:
        self._now = clock
        self._allowed = allowed

    def fields(self) -> Mapping[str, ValueKind]:
        """The custom fields of people."""
        found = models.MappedField.objects.values_list("name", "kind")
        return {name: ValueKind(kind) for name, kind in found if name not in _STANDARD}

    def tokens(self, program: str | None) -> Mapping[str, str]:
        """What {{my.NAME}} stands for in a program."""
        found = models.Program.objects.filter(name=program).values_list("tokens", flat=True).first()
        return dict(found or {})

    def names(self) -> list[str]:
        """The names of all smart campaigns."""
        return list(models.SmartCampaign.objects.order_by("name").values_list("name", flat=True))

    def list(self) -> list[dict[str, Any]]:
        """All by name, with what is going on in them."""
        return rows(f"{_LISTED} ORDER BY s.name")

    def page(self, behind: int, limit: int) -> Sequence[dict[str, Any]]:
        """So many behind a number, in the order in which they were made, as `list` tells them."""
        return rows(f"{_LISTED} WHERE s.id > %s ORDER BY s.id LIMIT %s", (behind, limit))

    def get(self, name: str) -> dict[str, Any]:
        """One, with its definition."""
        row = _row(name)
        (found,) = rows(f"{_LISTED} WHERE s.id = %s", (row.pk,))
        return {**found, "definition": in_order(of_today(row.definition, row.names or ()))}

    def save(self, name: str, definition: Mapping[str, Any], *, who: str) -> bool:
        """Keep a definition that was checked; whether it is new. Its state stays, and the journal tells."""
        program = None
        if definition.get("program"):
            program = models.Program.objects.filter(name=definition["program"]).first()
            if program is None:
                raise UsageError(
                    f"There is no program '{definition['program']}'. List them with: campaignsync program list"
                )
        kept = {
            "definition": dict(definition),
            "names": kept_names(definition),
            "program": program,
            "priority": definition.get("priority", 5),
            "changed_at": self._now(),
        }
        with acting(who=who, why="saved", now=self._now()):
            row, new = models.SmartCampaign.objects.update_or_create(name=name, defaults=kept)
            self._note(row, "smart campaign", None if new else "as it was", "saved", who)
        return new

    def _note(self, row: models.SmartCampaign, noun: str, old: str | None, new: str | None, who: str) -> None:
        models.JournalEntry.objects.create(
            at=self._now(),
            who=who,
            why=row.name,
            side="program",
            program_id=row.program_id,
            noun=noun,
            record_id=str(row.pk),
            old=old,
            new=new,
            campaign_id="",
        )

    def require_public(self, campaign: SmartCampaign) -> None:
        """WrongEntryError for a step that would call a machine in a private network, as far as all people share it."""
        tokens = {**self.tokens(campaign.program), **campaign.tokens}
        for number, step in enumerate(campaign.flow, start=1):
            for values in (step.values, *(choice.values for choice in step.choices)):
                url = faults.filled(str((values or {}).get("url", "")), tokens)
                with at("flow", str(number), "url"):
                    require_public(url, self._allowed)

    def rename(self, name: str, new: str) -> None:
        """Call it otherwise."""
        row = _row(name)
        if models.SmartCampaign.objects.filter(name=new).exists():
            raise UsageError(f"There is a smart campaign '{new}' already.")
        models.SmartCampaign.objects.filter(pk=row.pk).update(name=new, changed_at=self._now())

    def delete(self, name: str) -> None:
        """Forget it with everything that it did."""
        row = _row(name)
        left = row.journeys.filter(state__in=("ready", "waiting", "sent")).count()
        if left:
            raise UsageError(
                f"{left} people are in the flow of '{name}'. Take them out with: campaignsync smart abort \"{name}\""
            )
        with transaction.atomic():
            for table in (
                "store_stepresult",
                "store_journey",
                "store_blockedperson",
                "store_passage",
                "store_batch",
                "store_flowversion",
            ):
                execute(f"DELETE FROM {table} WHERE smart_campaign_id = %s", (row.pk,))
            row.delete()

    def activate(self, name: str, next_at: datetime | None) -> None:
        """Listen to triggers from now on, or begin batches from `next_at` on."""
        row = _row(name)
        since = row.since_entry if row.state == SmartCampaignState.ACTIVE.value else last_entry()
        models.SmartCampaign.objects.filter(pk=row.pk).update(
            state=SmartCampaignState.ACTIVE.value, reason=None, since_entry=since, next_at=next_at
        )

    def deactivate(self, name: str) -> None:
        """Take in nobody any more; who is in the flow goes on."""
        models.SmartCampaign.objects.filter(pk=_row(name).pk).update(
            state=SmartCampaignState.INACTIVE.value, reason=None, next_at=None
        )

    def abort(self, name: str, batch: int | None) -> int:
        """Take everybody, or those of one batch, out of the flow; how many. What was sent already is not taken back."""
        row, now = _row(name), self._now()
        with transaction.atomic():
            going = "smart_campaign_id = %s AND state IN ('ready', 'waiting', 'sent') AND (%s::bigint IS NULL OR batch_id = %s)"
            given = (row.pk, batch, batch)
            execute(
                f"DELETE FROM store_command c USING store_journey j WHERE j.id = c.journey_id AND {going}",
                given,
            )
            aborted = execute(
                f"UPDATE store_journey SET state = 'aborted', ended_at = %s WHERE {going}", (now, *given)
            )
            batches = row.batches.filter(pk=batch) if batch else row.batches.filter(aborted_at=None)
            batches.update(aborted_at=now)
        return aborted

    def faults(self, campaign: SmartCampaign) -> Sequence[str]:
        """What its definition names and is not there, or is not there any more."""
        return faults.faults_of(campaign, self._now())

    def count(self, smart_list: SmartList, sample: int) -> tuple[int, Sequence[dict[str, Any]]]:
        """How many people the filters find, and some of them."""
        with transaction.atomic():
            generous()
            meant = people_who(smart_list, self._now())
            found = rows(
                "WITH found AS MATERIALIZED (SELECT p.id FROM store_person p WHERE p.merged_into_id IS NULL"
                f" AND ({meant.text})) SELECT (SELECT count(*) FROM found) AS people, p.id AS number, p.email, p.first_name,"
                " p.last_name, p.company FROM (SELECT id FROM found ORDER BY id LIMIT %s) f JOIN store_person p ON p.id = f.id"
                " ORDER BY p.id",
                (*meant.values, max(sample, 1)),
            )
        people = found[0]["people"] if found else 0
        return people, [{key: row[key] for key in row if key != "people"} for row in found[:sample]]

    def results(self, name: str) -> dict[str, Any]:
        """What came of it, step by step."""
        number = _row(name).pk
        return {
            "steps": _steps(number),
            "states": rows(
                "SELECT state, count(*) AS people FROM store_journey WHERE smart_campaign_id = %s GROUP BY state ORDER BY state",
                (number,),
            ),
            "batches": rows(
                "SELECT b.id AS batch, b.why, b.started_at, b.qualified, b.blocked, b.aborted_at,"
                " b.error, (SELECT count(*) FROM store_journey j"
                " WHERE j.batch_id = b.id AND j.state IN ('ready', 'waiting', 'sent')) AS in_flow FROM store_batch b"
                " WHERE b.smart_campaign_id = %s ORDER BY b.id DESC LIMIT 100",
                (number,),
            ),
            "blocked": rows(
                "SELECT reason, count(*) AS people FROM store_blockedperson WHERE smart_campaign_id"
                " = %s GROUP BY reason ORDER BY reason",
                (number,),
            ),
        }

    def people(
        self, name: str, *, email: str | None, outcome: str | None, limit: int, before: int | None = None
    ) -> Sequence[dict[str, Any]]:
        """Results person by person, latest first."""
        return rows(
            "SELECT r.id AS number, coalesce(p.email, p.our_id::text) AS email, r.step + 1 AS step, r.action,"
            " r.choice + 1 AS choice, r.outcome, r.message,"
            " r.at, j.entered_at, j.state FROM store_stepresult r JOIN store_journey j ON j.id ="
            " r.journey_id LEFT JOIN store_person p"
            " ON p.id = r.person_id WHERE r.smart_campaign_id = %s AND (%s::text IS NULL OR p.email = %s)"
            " AND (%s::text IS NULL OR r.outcome = %s) AND (%s::bigint IS NULL OR r.id < %s) ORDER BY r.id DESC LIMIT %s",
            (_row(name).pk, email, comparable_email(email or ""), outcome, outcome, before, before, limit),
        )

    def blocked(self, name: str, limit: int, before: int | None = None) -> Sequence[dict[str, Any]]:
        """Who was found and not let in, who was found for the first time last first."""
        return rows(
            "SELECT b.id AS number, coalesce(p.email, p.our_id::text) AS email, b.reason, b.times, b.last_at"
            " FROM store_blockedperson b LEFT JOIN store_person p ON p.id = b.person_id WHERE b.smart_campaign_id = %s"
            " AND (%s::bigint IS NULL OR b.id < %s) ORDER BY b.id DESC LIMIT %s",
            (_row(name).pk, before, before, limit),
        )

    def rehearsed(self, batch: int) -> dict[str, Any]:
        """Within a rehearsal: what became of a batch."""
        row = models.Batch.objects.get(pk=batch)
        return {
            "people": row.qualified,
            "blocked": row.blocked,
            "steps": _steps(row.smart_campaign_id, batch),
            "sample": rows(
                "SELECT coalesce(p.email, p.our_id::text) AS email, r.step + 1 AS step, r.action,"
                " r.outcome, r.message FROM store_stepresult r"
                " JOIN store_journey j ON j.id = r.journey_id JOIN store_person p ON p.id = r.person_id WHERE j.batch_id = %s"
                " AND j.person_id IN (SELECT person_id FROM store_journey WHERE batch_id = %s ORDER BY person_id LIMIT 10)"
                " ORDER BY r.person_id, r.step",
                (batch, batch),
            ),
        }

    def clear_stage(self) -> None:
        """Within a rehearsal: nobody else is in any flow."""
        execute("DELETE FROM store_command")
        execute("UPDATE store_journey SET state = 'aborted' WHERE state IN ('ready', 'waiting', 'sent')")

    def settle_rehearsal(self) -> int:
        """Within a rehearsal: take every command for done, and let those who wait go on; how many."""
        execute(
            "INSERT INTO store_stepresult (journey_id, smart_campaign_id, person_id, step, action, outcome, message, object, at)"
            " SELECT j.id, j.smart_campaign_id, j.person_id, j.position, (CASE c.verb WHEN 'add'"
            " THEN 'Add to SFDC Campaign' WHEN 'status'"
            " THEN 'Change Status in SFDC Campaign' WHEN 'remove' THEN 'Remove from SFDC Campaign'"
            " WHEN 'sync' THEN 'Sync Person to SFDC'"
            " WHEN 'webhook' THEN 'Call Webhook' ELSE 'Send Alert' END), 'done', 'Would be sent.', '', %s FROM store_command c"
            " JOIN store_journey j ON j.id = c.journey_id WHERE j.state = 'sent'",
            (self._now(),),
        )
        went_on = execute(
            "UPDATE store_journey SET state = 'ready', position = position + CASE WHEN state = 'sent' THEN 1 ELSE 0 END"
            " WHERE state IN ('sent', 'waiting')"
        )
        execute("DELETE FROM store_command")
        return went_on

    def lists(self, name: str | None = None) -> Sequence[dict[str, Any]]:
        """The lists of people, or the one of a name."""
        return rows(f"{_LISTS} WHERE %s::text IS NULL OR l.name = %s ORDER BY l.name", (name, name))

    def page_of_lists(self, behind: int, limit: int) -> Sequence[dict[str, Any]]:
        """So many lists of people behind a number, in the order in which they were made."""
        return rows(f"{_LISTS} WHERE l.id > %s ORDER BY l.id LIMIT %s", (behind, limit))

    def make_list(self, name: str) -> None:
        """Make a list; UsageError when there is one of that name."""
        if not name.strip():
            raise UsageError("A list needs a name.")
        if not models.PeopleList.objects.get_or_create(name=name.strip())[1]:
            raise UsageError(f"There is a list '{name}' already.")

    def drop_list(self, name: str) -> None:
        """Forget a list; the people stay."""
        _list(name).delete()

    def on_list(self, name: str, limit: int) -> Sequence[dict[str, Any]]:
        """Who is on a list."""
        return rows(
            "SELECT p.email, p.first_name, p.last_name, m.added_at FROM store_listmember m JOIN"
            " store_person p ON p.id = m.person_id"
            " WHERE m.list_id = %s ORDER BY p.email, p.id LIMIT %s",
            (_list(name).pk, limit),
        )

    def put_on_list(self, name: str, emails: Sequence[str]) -> Sequence[str]:
        """Put people on a list by their addresses; the addresses that nobody here has."""
        row, wanted = _list(name), [comparable_email(each) or "" for each in emails]
        execute(
            "INSERT INTO store_listmember (list_id, person_id, added_at) SELECT %s, p.id, %s FROM store_person p"
            " WHERE p.email = ANY(%s) AND p.merged_into_id IS NULL ON CONFLICT DO NOTHING",
            (row.pk, self._now(), wanted),
        )
        known = set(models.Person.objects.filter(email__in=wanted).values_list("email", flat=True))
        return [each for each in wanted if each not in known]


def _steps(smart_campaign: int, batch: int | None = None) -> Sequence[dict[str, Any]]:
    return rows(
        "SELECT r.step + 1 AS step, r.action, r.outcome, r.message, count(*) AS people FROM store_stepresult r"
        " JOIN store_journey j ON j.id = r.journey_id WHERE r.smart_campaign_id = %s AND (%s::bigint IS NULL OR j.batch_id = %s)"
        " GROUP BY 1, 2, 3, 4 ORDER BY 1, 5 DESC, 3, 4 LIMIT 1000",
        (smart_campaign, batch, batch),
    )


def _row(name: str) -> models.SmartCampaign:
    found = models.SmartCampaign.objects.filter(name=name).first()
    if found is None:
        raise UsageError(
            f"There is no smart campaign '{name}'. List them with: campaignsync smart list", code=NOT_THERE
        )
    return found


def _list(name: str) -> models.PeopleList:
    found = models.PeopleList.objects.filter(name=name).first()
    if found is None:
        raise UsageError(
            f"There is no list '{name}'. List them with: campaignsync people-list list", code=NOT_THERE
        )
    return found
