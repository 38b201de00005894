"""What a step does, to all people at once: the effects of `domain.flows` as set-based SQL over the temporary table `taken`.

Called by `store.flows` inside its turn. What concerns us alone is done here and now; what Salesforce or the world is to do
becomes a
durable command each, and the person waits until that is settled (M9.8). A UsageError says that the whole step cannot be done.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from campaignsync.domain.errors import UsageError
from campaignsync.domain.fields import STANDARD_FIELDS, PersonField, ValueKind, typed
from campaignsync.domain.flows import (
    CallWebhook,
    ChangeCampaign,
    ChangeDataValue,
    ChangeList,
    ChangeProgramStatus,
    Effect,
    Nothing,
    RequestCampaign,
    SendAlert,
    SyncPerson,
    Template,
    Token,
    Wait,
)
from campaignsync.domain.membership import Origin
from campaignsync.domain.smart_campaigns import Taken
from campaignsync.store import models
from campaignsync.store.acting import alone, because
from campaignsync.store.filtering import Sql, custom_field
from campaignsync.store.frames import bulk, execute, rows

_STANDARD = {field.name: field for field in STANDARD_FIELDS}


def carry_out(taken: Taken, choice: int, effect: Effect, now: datetime) -> None:
    """Do to those who were given this choice what it comes to."""
    with because(f"smart campaign '{taken.name}', step {taken.position + 1}"):
        _BY_KIND[type(effect)](taken, choice, effect, now)


def _settle(
    choice: int, outcome: str, message: str = "", *, object_name: str = "", value: Sql | None = None
) -> None:
    """All of them came to the same, unless something came of them already."""
    value = value or Sql("NULL")
    execute(
        f"UPDATE taken t SET outcome = %s, message = %s, object = %s, value = {value.text} FROM store_person p"
        " WHERE p.id = t.person_id AND t.choice = %s AND t.outcome IS NULL",
        (outcome, message, object_name, *value.values, choice),
    )


def sql_of(template: Template) -> Sql:
    """A text with its tokens filled in for person `p`, who came by what `t.event` tells."""
    pieces = [Sql("%s::text", (part,)) if isinstance(part, str) else _token(part) for part in template.parts]
    values = tuple(value for piece in pieces for value in piece.values)
    return Sql(f"concat({', '.join(piece.text for piece in pieces) or repr('')})", values)


def _token(token: Token) -> Sql:
    if token.source == "trigger":
        return Sql("(t.event->>%s)", (token.name,))
    if token.name == "id":
        return Sql("p.our_id::text")
    if token.name == "name":
        return Sql("concat_ws(' ', p.first_name, p.last_name)")
    if token.name in _STANDARD:
        return Sql(f'p."{token.name}"::text')
    return Sql(custom_field(token.name))


def _nothing(_: Taken, choice: int, effect: Nothing, now: datetime) -> None:
    _settle(choice, "skipped", "Do nothing.")


def _change_program_status(_: Taken, choice: int, effect: ChangeProgramStatus, now: datetime) -> None:
    program = models.Program.objects.filter(name=effect.program).first()
    if program is None:
        raise UsageError(f"There is no program '{effect.program}'.")
    alone("members", program.pk)
    wanted = sql_of(effect.status)
    execute(
        "ALTER TABLE taken ADD COLUMN IF NOT EXISTS status_id bigint, ADD COLUMN IF NOT EXISTS member_id bigint"
    )
    execute(
        f"UPDATE taken t SET status_id = s.id, member_id = m.id, value = s.name, object = %s,"
        " outcome = CASE WHEN m.status_id = s.id OR o.step > s.step THEN 'skipped' WHEN s.id IS NULL"
        " THEN 'failed' ELSE 'done' END,"
        " message = CASE WHEN s.id IS NULL THEN format('The program''s channel has no status ''%%s''.', w.name)"
        "  WHEN m.status_id = s.id THEN 'Has the status already.' WHEN o.step > s.step THEN"
        "  format('Stays %%s: members only move forward.', o.name) ELSE '' END"
        f" FROM (SELECT t.journey_id, p.id AS person_id, {wanted.text} AS name FROM taken t JOIN"
        " store_person p ON p.id = t.person_id) w"
        " LEFT JOIN store_progressionstatus s ON s.channel_id = %s AND lower(trim(s.name)) = lower(trim(w.name))"
        " LEFT JOIN store_programmember m ON m.program_id = %s AND m.person_id = w.person_id"
        " LEFT JOIN store_progressionstatus o ON o.id = m.status_id WHERE w.journey_id = t.journey_id AND t.choice = %s",
        (f"program:{program.pk}", *wanted.values, program.channel_id, program.pk, choice),
    )
    execute(
        "UPDATE store_programmember m SET status_id = t.status_id, reached_success_at = CASE WHEN s.success"
        " THEN coalesce(m.reached_success_at, %s) ELSE m.reached_success_at END FROM taken t JOIN store_progressionstatus s"
        " ON s.id = t.status_id WHERE m.id = t.member_id AND t.choice = %s AND t.outcome = 'done'",
        (now, choice),
    )
    bulk(
        "store_programmember",
        "INSERT INTO store_programmember (program_id, person_id, status_id, member_since, reached_success_at, origin)"
        " SELECT %s, t.person_id, t.status_id, %s, CASE WHEN s.success THEN %s::timestamptz END, %s FROM taken t"
        " JOIN store_progressionstatus s ON s.id = t.status_id WHERE t.member_id IS NULL AND"
        " t.choice = %s AND t.outcome = 'done'",
        (program.pk, now, now, Origin.FLOW.value, choice),
    )


def _change_data_value(_: Taken, choice: int, effect: ChangeDataValue, now: datetime) -> None:
    field = _STANDARD.get(effect.field) or _custom(effect.field)
    stored = _stored(field, effect.value)
    current = f'p."{field.name}"' if field.name in _STANDARD else f"(p.custom->'{field.name}')"
    object_name = f"field:{field.name}"
    execute(
        "UPDATE taken t SET outcome = 'skipped', message = 'Holds the value already.', object = %s FROM store_person p"
        f" WHERE p.id = t.person_id AND t.choice = %s AND {current} IS NOT DISTINCT FROM {stored.text}",
        (object_name, choice, *stored.values),
    )
    alone("people")
    setting = (
        f'"{field.name}" = {stored.text}'
        if field.name in _STANDARD
        else f"custom = jsonb_set(p.custom, '{{{field.name}}}', coalesce({stored.text}, 'null'))"
    )
    execute(
        f"UPDATE store_person p SET {setting} FROM taken t WHERE p.id = t.person_id AND t.choice = %s AND t.outcome IS NULL",
        (*stored.values, choice),
    )
    _settle(choice, "done", object_name=object_name, value=Sql(f"({stored.text})::text", stored.values))


def _custom(name: str) -> PersonField:
    custom_field(name)  # Refuses what cannot be a name.
    kinds = set(models.MappedField.objects.filter(name=name).values_list("kind", flat=True))
    if not kinds:
        raise UsageError(f"There is no field '{name}' of people. List them with: campaignsync fields")
    return PersonField(name=name, kind=ValueKind(kinds.pop()), lead=None, contact=None)


def _stored(field: PersonField, template: Template) -> Sql:
    """The value as it is kept. What is the same for all is checked by its kind; tokens fill text alone."""
    custom, text = field.name not in _STANDARD, template.constant
    if text is None:
        if field.kind is not ValueKind.TEXT:
            raise UsageError(f"'{field.name}' is no text: tokens of persons and triggers cannot fill it.")
        made = sql_of(template)
        return Sql(
            f"to_jsonb(NULLIF({made.text}, ''))" if custom else f"NULLIF({made.text}, '')", made.values
        )
    value = typed(field, text)
    if custom:
        return Sql("%s::jsonb", (json.dumps(value),)) if value is not None else Sql("NULL::jsonb")
    kind = {"employees": "bigint", "unsubscribed": "boolean"}.get(field.name, "text")
    if kind == "bigint" and value is not None:
        value = int(float(value))
    if field.name == "annual_revenue" and isinstance(value, float):
        value = f"{value:.15g}"
    return Sql(f"%s::{kind}", (value,))


def _change_list(_: Taken, choice: int, effect: ChangeList, now: datetime) -> None:
    people = models.PeopleList.objects.filter(name=effect.list).first()
    if people is None:
        raise UsageError(
            f"There is no list '{effect.list}'. Make it with: campaignsync people-list create \"{effect.list}\""
        )
    message = "Is on the list already." if effect.add else "Is not on the list."
    on_it = "EXISTS (SELECT FROM store_listmember m WHERE m.list_id = %s AND m.person_id = t.person_id)"
    execute(
        f"UPDATE taken t SET outcome = 'skipped', message = %s WHERE t.choice = %s AND {'' if effect.add else 'NOT '}{on_it}",
        (message, choice, people.pk),
    )
    if effect.add:
        execute(
            "INSERT INTO store_listmember (list_id, person_id, added_at) SELECT DISTINCT %s::bigint,"
            " t.person_id, %s::timestamptz FROM taken t"
            " WHERE t.choice = %s AND t.outcome IS NULL ON CONFLICT DO NOTHING",
            (people.pk, now, choice),
        )
    else:
        execute(
            "DELETE FROM store_listmember m USING taken t WHERE m.list_id = %s AND m.person_id = t.person_id AND t.choice = %s",
            (people.pk, choice),
        )
    _settle(choice, "done", object_name=f"list:{people.pk}")


def _request(_: Taken, choice: int, effect: RequestCampaign, now: datetime) -> None:
    wanted = models.SmartCampaign.objects.filter(name=effect.smart_campaign).first()
    if wanted is None:
        raise UsageError(f"There is no smart campaign '{effect.smart_campaign}'.")
    listens = any(
        each.get("trigger", "").lower() == "campaign is requested"
        for each in wanted.definition.get("triggers") or ()
    )
    if wanted.state != "active" or not listens:
        raise UsageError(
            f"'{wanted.name}' takes nobody in: it must be active and have the trigger Campaign is Requested."
        )
    execute(
        "INSERT INTO store_journalentry (at, who, why, side, campaign_id, person_id, noun, record_id, new) SELECT %s,"
        " 'smart campaign', current_setting('campaignsync.why'), 'program', '', t.person_id, 'request', %s, %s"
        " FROM taken t JOIN store_journey j ON j.id = t.journey_id WHERE t.choice = %s ORDER BY t.journey_id",
        (now, str(wanted.pk), wanted.name, choice),
    )
    _settle(choice, "done", object_name=f"request:{wanted.pk}", value=Sql("%s", (wanted.name,)))


def _wait(_: Taken, choice: int, effect: Wait, now: datetime) -> None:
    if effect.until is None:
        due = now + effect.span if effect.span else effect.moment
        execute(
            "UPDATE taken SET next_state = 'waiting', due_at = %s, outcome = 'done', message ="
            " format('Waits until %%s.', %s::text)"
            " WHERE choice = %s",
            (due, f"{due:%Y-%m-%d %H:%M} UTC", choice),
        )
        return
    text = sql_of(effect.until)
    day = f"left(trim({text.text}), 10)"
    written = f"{day} ~ '^[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'"
    # A 31st of June is the first of July: a day that is wrong by one keeps nobody from going on.
    moment = f"to_date({day}, 'YYYY-MM-DD')::timestamp + make_interval(hours => %s)"
    execute(
        f"UPDATE taken t SET next_state = 'waiting', due_at = ({moment}) AT TIME ZONE %s + %s::interval, outcome = 'done',"
        f" message = format('Waits until %%s.', {day}) FROM store_person p WHERE p.id = t.person_id"
        f" AND t.choice = %s AND {written}",
        (*text.values, effect.hour, effect.zone, effect.shift, *text.values, choice, *text.values),
    )
    execute(
        "UPDATE taken t SET outcome = 'failed', message = format('''%%s'' is no day to wait for.',"
        f" {text.text}) FROM store_person p"
        " WHERE p.id = t.person_id AND t.choice = %s AND t.outcome IS NULL",
        (*text.values, choice),
    )


def _change_campaign(_: Taken, choice: int, effect: ChangeCampaign, now: datetime) -> None:
    campaign = _campaign(effect.campaign)
    status = Sql("%s", (campaign["default_status"],)) if effect.status is None else sql_of(effect.status)
    removes = effect.verb.value == "remove"
    if not removes:
        _require_label(choice, campaign, status)
    _command(
        choice,
        now,
        connection=campaign["connection_id"],
        verb=effect.verb.value,
        campaign_id=campaign["salesforce_id"],
        implied=effect.implied,
        status=Sql("NULL") if removes else status,
    )


def _campaign(text: str) -> dict[str, Any]:
    """The campaign that is meant; UsageError when it is not there, deleted, or one of several."""
    found = rows(
        "SELECT c.connection_id, c.salesforce_id, c.name, c.is_deleted, (SELECT s.label FROM store_campaignmemberstatus s"
        " WHERE s.connection_id = c.connection_id AND s.campaign_id = c.salesforce_id AND s.is_default LIMIT 1) AS default_status"
        " FROM store_campaign c WHERE lower(trim(c.name)) = %s OR c.salesforce_id = %s OR left(c.salesforce_id, 15) = %s",
        (text.lower(), text, text),
    )
    there = [row for row in found if not row["is_deleted"]]
    if len(there) == 1:
        return there[0]
    if there:
        ids = ", ".join(sorted(row["salesforce_id"] for row in there))
        raise UsageError(f"{len(there)} campaigns are called '{text}': say which by its id: {ids}.")
    raise UsageError(
        f"The campaign '{text}' was deleted in Salesforce."
        if found
        else f"There is no campaign '{text}' in what was seen of Salesforce."
    )


def _require_label(choice: int, campaign: dict[str, Any], status: Sql) -> None:
    """Whom the campaign has no such status for is not written: Salesforce would store another one in silence (S0.2)."""
    execute(
        "UPDATE taken t SET outcome = 'failed', message = format('The campaign ''%%s'' has no status"
        " ''%%s''.', %s::text, w.label)"
        f" FROM (SELECT t.journey_id, {status.text} AS label FROM taken t JOIN store_person p ON p.id = t.person_id) w"
        " WHERE w.journey_id = t.journey_id AND t.choice = %s AND NOT EXISTS (SELECT FROM store_campaignmemberstatus s"
        " WHERE s.connection_id = %s AND s.campaign_id = %s AND lower(trim(s.label)) = lower(trim(w.label)))",
        (campaign["name"], *status.values, choice, campaign["connection_id"], campaign["salesforce_id"]),
    )


def _sync(_: Taken, choice: int, effect: SyncPerson, now: datetime) -> None:
    connections = models.Connection.objects.order_by("name")
    named = connections.filter(name=effect.connection) if effect.connection else connections
    if len(named) != 1:
        names = ", ".join(each.name for each in connections) or "none"
        raise UsageError(f"Say which connection: there are {names}.")
    _command(
        choice,
        now,
        connection=named[0].pk,
        verb="sync",
        campaign_id="",
        implied=True,
        status=Sql("%s", (effect.owner,)),
    )


def _command(choice: int, now: datetime, *, status: Sql, **columns: Any) -> None:
    """A durable command for each, and the person waits for what comes of it."""
    names = ", ".join(f"{name}_id" if name == "connection" else name for name in columns)
    execute(
        f"INSERT INTO store_command (journey_id, person_id, noted_at, due_at, payload, tries, status, {names})"
        f" SELECT t.journey_id, t.person_id, %s, %s, '{{}}', 0, {status.text}, {', '.join('%s' for _ in columns)} FROM taken t"
        " JOIN store_person p ON p.id = t.person_id WHERE t.choice = %s AND t.outcome IS NULL ORDER BY t.journey_id",
        (now, now, *status.values, *columns.values(), choice),
    )
    execute("UPDATE taken SET next_state = 'sent' WHERE choice = %s AND outcome IS NULL", (choice,))


def _webhook(taken: Taken, choice: int, effect: CallWebhook, now: datetime) -> None:
    _dispatch(choice, now, "webhook", {"method": effect.method}, {"url": effect.url, "body": effect.body})


def _alert(taken: Taken, choice: int, effect: SendAlert, now: datetime) -> None:
    _dispatch(choice, now, "alert", {}, {"to": effect.to, "subject": effect.subject, "body": effect.body})


def _dispatch(
    choice: int, now: datetime, verb: str, fixed: dict[str, str], texts: dict[str, Template]
) -> None:
    """A command to the world: its texts, and what each person's tokens stood for at this moment."""
    tokens = list(
        dict.fromkeys(part for each in texts.values() for part in each.parts if isinstance(part, Token))
    )
    parts = {
        name: [part if isinstance(part, str) else tokens.index(part) for part in each.parts]
        for name, each in texts.items()
    }
    filled = [_token(token) for token in tokens]
    values = f"jsonb_build_array({', '.join(f'coalesce({each.text}, {str()!r})' for each in filled)})"
    execute(
        "INSERT INTO store_command (journey_id, person_id, verb, campaign_id, implied, noted_at, due_at, tries, payload)"
        " SELECT t.journey_id, t.person_id, %s, '', true, %s, %s, 0, %s::jsonb ||"
        f" jsonb_build_object('values', {values}) FROM taken t"
        " JOIN store_person p ON p.id = t.person_id WHERE t.choice = %s AND t.outcome IS NULL ORDER BY t.journey_id",
        (
            verb,
            now,
            now,
            json.dumps({**fixed, "texts": parts}),
            *(v for each in filled for v in each.values),
            choice,
        ),
    )
    execute("UPDATE taken SET next_state = 'sent' WHERE choice = %s AND outcome IS NULL", (choice,))


_BY_KIND: dict[type, Callable[[Taken, int, Any, datetime], None]] = {
    Nothing: _nothing,
    ChangeProgramStatus: _change_program_status,
    ChangeDataValue: _change_data_value,
    ChangeList: _change_list,
    RequestCampaign: _request,
    Wait: _wait,
    ChangeCampaign: _change_campaign,
    SyncPerson: _sync,
    CallWebhook: _webhook,
    SendAlert: _alert,
}
