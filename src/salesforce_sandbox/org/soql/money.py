"""Amounts in orgs with several currencies: which currency a column is in, and what it is worth in another (S1.1.2).

Called by expressions and conditions; in orgs with one currency everything is worth what it says. Rests on the SOQL reference,
"Querying Currency Fields in Multi-currency Orgs", and on the rates of CurrencyType.
"""

from salesforce_sandbox.org.schema import CURRENCY_TYPE
from salesforce_sandbox.org.schema.derived import rate_of
from salesforce_sandbox.org.soql.rows import Column, Rows

# How much of the currency named by a bound parameter one unit of the org's own is worth.
RATE_OF_CODE = '(SELECT t."ConversionRate" FROM "CurrencyType" t WHERE t."IsoCode" = ?)'
_OF_USER = (
    '(SELECT t."ConversionRate" FROM "CurrencyType" t JOIN "User" u ON u."DefaultCurrencyIsoCode" = t."IsoCode"'
    " WHERE u.\"Id\" = '{user}')"
)


def rate(rows: Rows, column: Column) -> str | None:
    """The SQL of the rate of the row's currency; None for what is no amount, and in orgs with one currency."""
    if column.field.type != "currency" or rows.context.schema.find(CURRENCY_TYPE.name) is None:
        return None
    sobject, alias = column.source.rows[0]
    return rate_of(alias) if sobject.field("CurrencyIsoCode") else None


def in_org_currency(rows: Rows, column: Column, sql: str) -> str:
    """An amount in the org's own currency, as aggregates are."""
    of_row = rate(rows, column)
    return f"({sql} / {of_row})" if of_row else sql


def in_user_currency(rows: Rows, column: Column, sql: str) -> str:
    """An amount as convertCurrency() gives it; who has no currency of their own has the org's."""
    of_row = rate(rows, column)
    user = rows.context.user_id
    if not of_row or not user.isalnum():
        return sql
    return f"({sql} / {of_row} * coalesce({_OF_USER.format(user=user)}, 1))"
