"""Duplicate rules: no second record of one person, unless the rule only warns and the caller insists (S1.4.9).

Called by `records` before records are created. Of a rule's fields those in `same` must be equal, those in `alike` may differ
as the spellings of one name do. Rests on the recorded refusals and on Salesforce Help, "Standard Contact Matching Rule".
"""

# ruff: noqa: S608 - what is put into statements are names of the schema.

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from salesforce_sandbox.org.drafts import Batch, Draft
from salesforce_sandbox.org.ground import DuplicateRule
from salesforce_sandbox.org.storage import as_list, spellings

ALIKE_CONFIDENCE = 90.0
# Names as long as this may differ in one letter.
LONG_ENOUGH_TO_ERR = 5


@dataclass(frozen=True, slots=True)
class Match:
    """A record that is the same person, and how surely; `values` are those of the rule's fields."""

    record_id: str
    confidence: float
    values: dict[str, Any]


def check_duplicates(batch: Batch) -> None:
    """Refuses what a rule finds a record of already."""
    ground, caller = batch.transaction.ground, batch.transaction.caller
    if not ground.switches["duplicate_rules_active"]:
        return
    for rule in (rule for rule in ground.admin.duplicates if rule.sobject == batch.sobject.name):
        if rule.allow_save and caller.save_duplicates:
            continue
        for draft, matched in _matches(batch, rule):
            result = _result(rule, matched, caller.version, detailed=caller.duplicate_details)
            draft.refuse("DUPLICATES_DETECTED", rule.message, duplicateResut=result)


def alike(one: object, other: object) -> bool:
    """Whether two texts may be spellings of one name: accents, signs, an initial, a letter more or less aside."""
    left, right = _plain(one), _plain(other)
    if left == right:
        return True
    shorter, longer = sorted((left, right), key=len)
    if not shorter:
        return False
    if len(shorter) == 1:
        return longer.startswith(shorter)
    return len(shorter) >= LONG_ENOUGH_TO_ERR and _one_slip_apart(shorter, longer)


def _plain(value: object) -> str:
    letters = unicodedata.normalize("NFKD", str(value or "")).lower()
    return "".join(letter for letter in letters if letter.isalnum())


def _one_slip_apart(shorter: str, longer: str) -> bool:
    """Whether one letter was added, left out or mistaken."""
    if len(longer) - len(shorter) > 1:
        return False
    at = next((i for i, letter in enumerate(shorter) if letter != longer[i]), len(shorter))
    return shorter[at:] == longer[at + 1 :] or shorter[at + 1 :] == longer[at + 1 :]


def _matches(batch: Batch, rule: DuplicateRule) -> Iterable[tuple[Draft, list[Match]]]:
    names = (*rule.same, *rule.alike)
    key = names[0]
    keyed = [draft for draft in batch.live if draft.values.get(key)]
    if not keyed:
        return
    listed = ", ".join(f'"{name}"' for name in ("Id", *names))
    by_key: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for record_id, *values in batch.transaction.ground.storage.rows(
        f'SELECT {listed} FROM "{rule.sobject}" WHERE "{key}" IN (SELECT value FROM json_each(?)) AND "IsDeleted" = 0',
        as_list(spellings(draft.values[key] for draft in keyed)),
    ):
        by_key.setdefault(_folded(values[0]), []).append((record_id, dict(zip(names, values, strict=True))))
    for draft in keyed:
        candidates = by_key.get(_folded(draft.values[key]), [])
        matched = [
            Match(record_id, confidence, values)
            for record_id, values in candidates
            if (confidence := _confidence(rule, draft.values, values))
        ]
        if matched:
            yield draft, matched


def _confidence(rule: DuplicateRule, new: dict[str, Any], known: dict[str, Any]) -> float:
    """How surely two are the same, in percent; 0 when they are not."""
    if any(_folded(new.get(name)) != _folded(known[name]) for name in rule.same):
        return 0
    if not all(alike(new.get(name), known[name]) for name in rule.alike):
        return 0
    equal = all(_folded(new.get(name)) == _folded(known[name]) for name in rule.alike)
    return 100.0 if equal else ALIKE_CONFIDENCE


def _folded(value: object) -> str:
    return str(value or "").lower()


def _result(rule: DuplicateRule, matched: list[Match], version: str, *, detailed: bool) -> dict[str, Any]:
    base = f"/services/data/v{version}/sobjects/{rule.sobject}"
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": each.confidence,
            "record": {
                "attributes": {"type": rule.sobject, "url": f"{base}/{each.record_id}"},
                "Id": each.record_id,
                **(each.values if detailed else {}),
            },
        }
        for each in matched
    ]
    result = {
        "entityType": rule.sobject,
        "errors": [],
        "matchEngine": "FuzzyMatchEngine",
        "matchRecords": records,
        "rule": f"{rule.sobject}_Matching_Rule",
        "size": len(records),
        "success": True,
    }
    return {
        "allowSave": rule.allow_save,
        "duplicateRule": rule.name,
        "duplicateRuleEntityType": rule.sobject,
        "errorMessage": rule.message,
        "matchResults": [result],
    }
