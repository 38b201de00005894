"""What to do about a problem, by its code: a sentence for a person. Salesforce's own words stand beside it always."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

_ADVICE = {
    "UNABLE_TO_LOCK_ROW": _("Somebody else was writing the same record. It is tried again by itself."),
    "DUPLICATES_DETECTED": _(
        "A duplicate rule of the org says that this person is there already. Merge them there, or let duplicates be"
        " saved in the connection's settings."
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": _(
        "A validation rule of the org says no. Mend the person's fields, or have the rule changed, then try again."
    ),
    "REQUIRED_FIELD_MISSING": _(
        "The org wants a field that is empty. Fill it here, or give a default in the connection's settings, then try again."
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": _(
        "The sync user lacks a right. The connection's check list says which."
    ),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _(
        "The sync user may not use the record that this one points at. Share it with them."
    ),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": _(
        "The org's picklist lacks this value. Add it there, or give the channel another campaign type."
    ),
    "FIELD_TYPE": _(
        "The campaign's type could not be written. Add the value to the picklist there, or give the channel another"
        " campaign type."
    ),
    "FIELD_ACTUALCOST": _(
        "The campaign's cost could not be written. Usually a rate between two currencies is missing: see the"
        " connection's settings."
    ),
    "REQUEST_LIMIT_EXCEEDED": _(
        "The org has used its API calls of the day. It goes on by itself when calls are free again."
    ),
    "BUDGET_SPENT": _(
        "The budget that you gave this connection is spent. It goes on by itself, or give it more in Settings."
    ),
    "UNKNOWN_STATUS": _(
        "Somebody carries a label that the channel lacks. Say what it means under Choices of the link."
    ),
    "LINK_HALTED": _(
        "More would be removed than the limits allow. Read the plan, then let the link go on or mend the cause."
    ),
    "LINK_BROKEN": _("The campaign was deleted. End the link, or have the campaign undeleted."),
    "LINK_PAUSED": _("The campaign was set inactive. Set it active in Salesforce to go on."),
    "LINK_SUSPENDED": _("The campaign cannot be seen any more. Share it with the sync user."),
    "RUN_DIED": _("A run was broken off. The next one judges what became of it."),
}
_OTHER = _("Read Salesforce's words, mend the cause, then try again.")


def advice(code: str) -> object:
    """What to do, in a sentence."""
    return _ADVICE.get(code, _OTHER)
