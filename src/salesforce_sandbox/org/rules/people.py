"""Leads, contacts and users: converted leads are closed, users start active (contract, sections 1.4 and 1.5)."""

from salesforce_sandbox.org.drafts import Batch, Rules

_FREE_PLACES = ("MailingState", "MailingCountry", "OtherState", "OtherCountry", "State", "Country")


class LeadRules(Rules):
    def before_create(self, batch: Batch) -> None:
        refuse_free_places(batch)

    def before_update(self, batch: Batch) -> None:
        for draft in batch.live:
            if draft.value("IsConverted"):
                # S0.8: even for an admin.
                draft.refuse("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        refuse_free_places(batch)


class ContactRules(Rules):
    def before_create(self, batch: Batch) -> None:
        refuse_free_places(batch)

    def before_update(self, batch: Batch) -> None:
        refuse_free_places(batch)


class UserRules(Rules):
    def before_create(self, batch: Batch) -> None:
        storage = batch.transaction.ground.storage
        for draft in batch.live:
            if "IsActive" not in draft.sent:
                draft.values["IsActive"] = 1
            draft.values["UserType"] = "Standard"
            if storage.rows('SELECT 1 FROM "User" WHERE "Username" = ?', draft.values["Username"]):
                message = "Duplicate Username.<br>The username already exists in this or another Salesforce organization."
                draft.refuse("DUPLICATE_USERNAME", message, "Username")


def refuse_free_places(batch: Batch) -> None:
    """S1.4.5: orgs with state and country picklists want codes in other fields."""
    if not batch.transaction.ground.switches["state_country_picklists"]:
        return
    for draft in batch.live:
        for name in _FREE_PLACES:
            if draft.values.get(name) and name in draft.sent:
                kind = "state" if name.endswith("State") else "country"
                message = f"There's a problem with this {kind}, even though it may appear correct."
                draft.refuse("FIELD_INTEGRITY_EXCEPTION", message, name)
