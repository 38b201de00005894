"""Seed documents: what an org holds besides its birth, as JSON; the demo is one, files and the control endpoint bring others.

Every part is optional: switches, limits, users, apps, refresh_tokens, fields, objects, validation_rules, duplicate_rules,
assignment_rules, denied_fields, denied_objects, audit_writers, tracked_fields, crowd, records, conversions. Records are given
in order and may point at earlier ones by `@name`; conversions name leads to convert at last.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from salesforce_sandbox.org.access import Caller, ConnectedApp
from salesforce_sandbox.org.conversion import Conversion, convert
from salesforce_sandbox.org.drafts import Outcome
from salesforce_sandbox.org.ground import DuplicateRule, ValidationRule
from salesforce_sandbox.org.org import Org
from salesforce_sandbox.org.schema import HISTORY, PicklistValue, SObject, custom_object, make_field
from salesforce_sandbox.org.seeds.birth import PROFILE_ID
from salesforce_sandbox.org.seeds.choices import follow_switches
from salesforce_sandbox.org.seeds.crowd import plant_crowd

Document = Mapping[str, Any]

_USER = {
    "ProfileId": PROFILE_ID,
    "Alias": "user",
    "TimeZoneSidKey": "GMT",
    "LocaleSidKey": "en_US",
    "LanguageLocaleKey": "en_US",
    "EmailEncodingKey": "UTF-8",
}


def plant(org: Org, document: Document, caller: Caller) -> dict[str, str]:
    """Adds all that a document says; returns the ids of its named records. ValueError says what it got wrong."""
    parts = (*_PARTS, "records", "conversions")
    unknown = set(document) - set(parts)
    if unknown:
        message = f"a seed has no part {', '.join(sorted(unknown))}; it may have {', '.join(parts)}"
        raise ValueError(message)
    for part, take in _PARTS.items():
        if part in document:
            take(org, document[part], caller)
    follow_switches(org)
    names: dict[str, str] = {}
    # Seeds state facts; a rule that warns people about doubles does not speak to them.
    author = Caller(user_id=caller.user_id, save_duplicates=True)
    for record in document.get("records", ()):
        _plant_record(org, dict(record), names, author)
    for lead in document.get("conversions", ()):
        with org.transactions.begin(author) as transaction:
            asked = Conversion(
                lead_id=names[lead], converted_status="Closed - Converted", create_opportunity=False
            )
            convert(transaction, asked)
    return names


def _plant_record(org: Org, record: dict[str, Any], names: dict[str, str], caller: Caller) -> None:
    sobject = _find(org, record.pop("type"))
    name, statuses = record.pop("name", None), record.pop("statuses", None)
    row = {key: names[value[1:]] if _is_reference(value) else value for key, value in record.items()}
    (outcome,) = org.records.create(sobject, [row], caller)
    record_id = _needed(outcome, sobject, row)
    if name:
        names[name] = record_id
    if statuses:
        _replace_statuses(org, record_id, statuses, caller)


def _replace_statuses(org: Org, campaign: str, statuses: list[list[Any]], caller: Caller) -> None:
    """Gives a campaign the member statuses `[label, is default, has responded]` instead of its first two."""
    status = _find(org, "CampaignMemberStatus")
    first = org.storage.rows('SELECT "Id" FROM "CampaignMemberStatus" WHERE "CampaignId" = ?', campaign)
    labels = [label.lower() for label, _, _ in statuses]
    rows = [
        {
            "CampaignId": campaign,
            "Label": label,
            "IsDefault": default,
            "HasResponded": responded,
            "SortOrder": order,
        }
        for order, (label, default, responded) in enumerate(statuses, start=3)
        if label.lower() not in ("sent", "responded")
    ]
    for row, outcome in zip(rows, org.records.create(status, rows, caller), strict=True):
        _needed(outcome, status, row)
    superfluous = [
        record_id
        for record_id, row in org.storage.records("CampaignMemberStatus", [each for (each,) in first]).items()
        if row["Label"].lower() not in labels
    ]
    for record_id, outcome in zip(superfluous, org.records.delete(superfluous, caller), strict=True):
        _needed(outcome, status, {"Id": record_id})


def _switches(org: Org, stated: Mapping[str, Any], caller: Caller) -> None:
    org.switches.set(stated)


def _limits(org: Org, stated: Mapping[str, int], caller: Caller) -> None:
    org.set_limits(stated)


def _users(org: Org, stated: list[dict[str, Any]], caller: Caller) -> None:
    user = _find(org, "User")
    for each in stated:
        row = {**_USER, **each}
        password = row.pop("Password", "sandbox")
        row.setdefault("Email", row["Username"])
        row.setdefault("CommunityNickname", row["Username"].partition("@")[0])
        (outcome,) = org.records.create(user, [row], caller)
        org.access.passwords[_needed(outcome, user, row)] = str(password)


def _apps(org: Org, stated: list[dict[str, Any]], caller: Caller) -> None:
    for each in stated:
        approved = each.get("approved")
        app = ConnectedApp(
            client_id=each["client_id"],
            client_secret=each.get("client_secret", ""),
            run_as=each.get("run_as"),
            certificates=tuple(each.get("certificates", ())),
            name=each.get("name", ""),
            approved=None if approved is None else frozenset(approved),
        )
        org.access.apps[app.client_id] = app
        if "daily_calls" in each:
            org.accounting.app_quotas[app.name or app.client_id] = int(each["daily_calls"])
            org.access.apps[app.client_id] = replace(app, name=app.name or app.client_id)


def _refresh_tokens(org: Org, stated: Mapping[str, str], caller: Caller) -> None:
    """Token → username."""
    for token, username in stated.items():
        user_id = org.access.user_named(username)
        if user_id is None:
            message = f"a refresh token names the user {username}, and there is none"
            raise ValueError(message)
        org.access.refresh_tokens[token] = user_id


def _fields(org: Org, stated: list[dict[str, Any]], caller: Caller) -> None:
    """Custom fields in the shorthand of the schema's fact tables: object, name, type, flags, label, values."""
    for each in stated:
        values = [PicklistValue(value=value, label=value) for value in each.get("values", ())]
        label = each.get("label", each["name"].removesuffix("__c").replace("_", " "))
        field = make_field(each["name"], each["type"], each.get("flags", "cunp"), label, {}, values)
        org.schema.put_field(each["object"], field)
    org.storage.follow_schema()


def _objects(org: Org, stated: list[dict[str, Any]], caller: Caller) -> None:
    for each in stated:
        org.schema.put(custom_object(each["name"], each["key_prefix"], each["label"], each["label_plural"]))
    org.storage.follow_schema()


def _validation_rules(org: Org, stated: list[dict[str, Any]], caller: Caller) -> None:
    org.admin.validation.extend(ValidationRule(**each) for each in stated)


def _duplicate_rules(org: Org, stated: list[dict[str, Any]], caller: Caller) -> None:
    """The rules there are from now on; none are the standard ones unless they are named."""
    texts = [{name: tuple(each.get(name, ())) for name in ("same", "alike")} for each in stated]
    if not all(each["same"] for each in texts):
        message = "a duplicate rule needs at least one field in `same`"
        raise ValueError(message)
    org.admin.duplicates[:] = [
        DuplicateRule(**{**each, **fields}) for each, fields in zip(stated, texts, strict=True)
    ]


def _assignment_rules(org: Org, stated: list[dict[str, Any]], caller: Caller) -> None:
    """Rules for leads, `{"Name", "Active"}`: clients find them and name them; what they would do is not built."""
    rule = _find(org, "AssignmentRule")
    with org.transactions.begin(caller) as transaction:
        rows = [transaction.new_row(rule) | {"SobjectType": "Lead", "Active": 1, **each} for each in stated]
        transaction.insert(rule, rows)
        transaction.pending.clear()


def _denied_fields(org: Org, stated: list[list[str]], caller: Caller) -> None:
    """`[user or *, object, field, read or edit]`."""
    org.access.denied_fields.update((user, sobject, name, right) for user, sobject, name, right in stated)


def _denied_objects(org: Org, stated: list[list[str]], caller: Caller) -> None:
    """`[user or *, object, read, create, edit, delete or view_all]`."""
    org.access.denied_objects.update((user, sobject, right) for user, sobject, right in stated)


def _tracked_fields(org: Org, stated: Mapping[str, list[str]], caller: Caller) -> None:
    """Object → the fields whose changes its history keeps (S1.1.11)."""
    for name, fields in stated.items():
        sobject = _find(org, name)
        if org.schema.find(f"{sobject.name}{HISTORY}") is None:
            message = f"no history is kept of {sobject.name}"
            raise ValueError(message)
        known = {field.name for each in fields if (field := sobject.field(each))}
        if len(known) < len(fields):
            message = f"{sobject.name} has not all of the fields {', '.join(fields)}"
            raise ValueError(message)
        org.admin.tracked_fields[sobject.name] = frozenset(known)


def _audit_writers(org: Org, stated: list[str], caller: Caller) -> None:
    """Usernames, or * for everybody: who may say when and by whom a new record was made (S1.5.1)."""
    for name in stated:
        user_id = "*" if name == "*" else org.access.user_named(name)
        if user_id is None:
            message = f"the audit writers name the user {name}, and there is none"
            raise ValueError(message)
        org.access.audit_writers.add(user_id)


# In the order in which they are planted: records may need fields, users and switches.
_PARTS: dict[str, Callable[[Org, Any, Caller], None]] = {
    "switches": _switches,
    "limits": _limits,
    "objects": _objects,
    "fields": _fields,
    "users": _users,
    "apps": _apps,
    "refresh_tokens": _refresh_tokens,
    "validation_rules": _validation_rules,
    "duplicate_rules": _duplicate_rules,
    "assignment_rules": _assignment_rules,
    "denied_fields": _denied_fields,
    "denied_objects": _denied_objects,
    "audit_writers": _audit_writers,
    "tracked_fields": _tracked_fields,
    "crowd": plant_crowd,
}


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("@")


def _find(org: Org, name: str) -> SObject:
    found = org.schema.find(name)
    if found is None:
        message = f"a seed names the object {name}, and there is none"
        raise ValueError(message)
    return found


def _needed(outcome: Outcome, sobject: SObject, row: Mapping[str, Any]) -> str:
    if outcome.error or outcome.id is None:
        message = f"a seed's {sobject.name} {dict(row)} was refused: {outcome.error}"
        raise ValueError(message)
    return outcome.id
