"""Settings that are rows: currencies are entries of picklists, record types of members show as a field (S1.1.2, S1.1.10)."""

from salesforce_sandbox.org.drafts import Batch, Rules
from salesforce_sandbox.org.features import offer_currencies, show_member_record_types


class CurrencyTypeRules(Rules):
    def after_create(self, batch: Batch) -> None:
        offer_currencies(batch.transaction.ground)

    def after_update(self, batch: Batch) -> None:
        offer_currencies(batch.transaction.ground)


class RecordTypeRules(Rules):
    def after_create(self, batch: Batch) -> None:
        show_member_record_types(batch.transaction.ground)
