"""Fields that have no column: each is an SQL expression over its row, worked out whenever it is read.

Used by `facts`, which hangs the expressions on the fields; `{row}` stands for the table alias of the row. A campaign
member's copies of its person (S1.3.9) and a campaign's rollups (S1.1.7, S0.9) can so never disagree with the rows they
come from, and reading through them bumps no SystemModstamp. Labels of the counts: Salesforce Help, "Campaign Fields".
"""

# ruff: noqa: S608 - only fixed names of the fact tables are put into these statements.

_FULL_NAME = "trim(coalesce({row}.\"FirstName\" || ' ', '') || coalesce({row}.\"LastName\", ''))"


def _of_person(lead: str, contact: str, account: str = "") -> str:
    """The contact's value when the member is a contact, otherwise the lead's; `p` is the person's row.

    `account` is given where accounts can be members (S1.3.1), whose values come last.
    """
    companies = (
        f' WHEN {{row}}."AccountId" IS NOT NULL'
        f' THEN (SELECT {account} FROM "Account" p WHERE p."Id" = {{row}}."AccountId")'
    )
    return (
        f'CASE WHEN {{row}}."ContactId" IS NOT NULL'
        f' THEN (SELECT {contact} FROM "Contact" p WHERE p."Id" = {{row}}."ContactId")'
        f"{companies if account else ''}"
        f' ELSE (SELECT {lead} FROM "Lead" p WHERE p."Id" = {{row}}."LeadId") END'
    )


def _of_members(condition: str) -> str:
    """How many live members of the campaigns in `scope` meet a condition on member `m`; an index holds all that these ask for."""
    return (
        'SELECT count(*) FROM "CampaignMember" m'
        f' WHERE m."IsDeleted" = 0 AND m."CampaignId" IN {{scope}} AND {condition}'
    )


def rate_of(row: str) -> str:
    """How much of a row's currency one unit of the org's own is worth (S1.1.2)."""
    return f'(SELECT t."ConversionRate" FROM "CurrencyType" t WHERE t."IsoCode" = {row}."CurrencyIsoCode")'


def _of_opportunities(what: str, condition: str = "1") -> str:
    return (
        f'SELECT coalesce({what}, 0) FROM "Opportunity" o'
        f' WHERE o."IsDeleted" = 0 AND o."CampaignId" IN {{scope}} AND {condition}'
    )


def _of_campaigns(amount: str) -> str:
    return f'SELECT sum({amount}) FROM "Campaign" c WHERE c."Id" IN {{scope}}'


def _converted(amount: str, row: str, currencies: bool) -> str:
    """An amount of a row in the currency of the campaign it is summed up for."""
    return " ".join((amount, "/", rate_of(row), "*", rate_of("{row}"))) if currencies else amount


_ITSELF = '({row}."Id")'
# UNION, not UNION ALL: a campaign that is its own ancestor must not turn a read into an endless one.
_WITH_DESCENDANTS = (
    '(WITH RECURSIVE tree(id) AS (SELECT {row}."Id" UNION SELECT c."Id" FROM "Campaign" c'
    ' JOIN tree ON c."ParentId" = tree.id WHERE c."IsDeleted" = 0) SELECT id FROM tree)'
)

_IS_PARENT = 'EXISTS (SELECT 1 FROM "Campaign" c WHERE c."ParentId" = {row}."Id")'

_CONVERTED = '(SELECT l."Id" FROM "Lead" l WHERE l."IsConverted" = 1)'

_COUNTS = {
    "NumberOfLeads": _of_members('m."LeadId" IS NOT NULL'),
    "NumberOfConvertedLeads": _of_members(f'm."LeadId" IN {_CONVERTED}'),
    "NumberOfContacts": _of_members('m."ContactId" IS NOT NULL'),
    "NumberOfResponses": _of_members(
        f'm."HasResponded" = 1 AND (m."ContactId" IS NOT NULL OR m."LeadId" NOT IN {_CONVERTED})'
    ),
    "NumberOfOpportunities": _of_opportunities("count(*)"),
    "NumberOfWonOpportunities": _of_opportunities("count(*)", 'o."IsWon" = 1'),
}
_SUMS = ("NumberSent", "ExpectedRevenue", "BudgetedCost", "ActualCost")

# Which of the account's own fields a member that is an account shows.
_OF_BOTH = {
    **dict.fromkeys(("Salutation", "FirstName", "LastName", "Title", "Email", "MobilePhone"), "NULL"),
    **dict.fromkeys(("LeadSource", "DoNotCall", "HasOptedOutOfEmail", "HasOptedOutOfFax"), "NULL"),
    **{name: f'p."{name}"' for name in ("Phone", "Fax", "Description")},
}
_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")
# What members hold of their person alone; the reference says that nobody can ask for it (S1.3.9).
COPIES = (*_OF_BOTH, *_ADDRESS)


def member_copies(*, accounts: bool = False) -> dict[str, str]:
    """What members show of who they are, by field; `accounts` where accounts can be members."""
    full_name, company = _FULL_NAME.format(row="p"), 'p."Name"'
    of_lead_or_contact = (
        f"CASE WHEN {{row}}.\"AccountId\" IS NOT NULL THEN 'Account' ELSE {_KIND} END" if accounts else _KIND
    )
    by_field = {
        "Name": (full_name, full_name, company),
        **{name: (f'p."{name}"', f'p."{name}"', own) for name, own in _OF_BOTH.items()},
        **{name: (f'p."{name}"', f'p."Mailing{name}"', f'p."Billing{name}"') for name in _ADDRESS},
        "CompanyOrAccount": (
            'p."Company"',
            '(SELECT a."Name" FROM "Account" a WHERE a."Id" = p."AccountId")',
            company,
        ),
        "LeadOrContactOwnerId": ('p."OwnerId"', 'p."OwnerId"', "NULL"),
    }
    copies = {
        name: _of_person(lead, contact, account if accounts else "")
        for name, (lead, contact, account) in by_field.items()
    }
    return copies | {
        "Type": of_lead_or_contact,
        "LeadOrContactId": 'coalesce({row}."ContactId", {row}."LeadId")',
    }


_KIND = "CASE WHEN {row}.\"ContactId\" IS NOT NULL THEN 'Contact' ELSE 'Lead' END"
# Shown once there are record types of members, which are their campaign's choice (S1.1.10).
MEMBER_RECORD_TYPE = (
    '(SELECT c."CampaignMemberRecordTypeId" FROM "Campaign" c WHERE c."Id" = {row}."CampaignId")'
)


_AMOUNT = 'o."Amount"'


def campaign_rollups(*, currencies: bool = False) -> dict[str, str]:
    """What campaigns sum up, by field; amounts are converted where the org has several `currencies`."""
    amount = f"sum({_converted(_AMOUNT, 'o', currencies)})"
    rollups = _COUNTS | {
        "AmountAllOpportunities": _of_opportunities(amount),
        "AmountWonOpportunities": _of_opportunities(amount, 'o."IsWon" = 1'),
    }
    sums = {
        name: _of_campaigns(_converted(f'c."{name}"', "c", currencies and name != "NumberSent"))
        for name in _SUMS
    }
    return {
        **{name: _rollup(rollup, _ITSELF) for name, rollup in rollups.items()},
        **{f"Hierarchy{name}": _of_hierarchy(rollup) for name, rollup in {**rollups, **sums}.items()},
    }


def _rollup(rollup: str, scope: str) -> str:
    return f"({rollup.replace('{scope}', scope)})"


def _of_hierarchy(rollup: str) -> str:
    """What a campaign and those below it sum up. Most have nobody below them, and walking a tree of one row takes far longer than
    looking at that row."""
    whole, own = _rollup(rollup, _WITH_DESCENDANTS), _rollup(rollup, _ITSELF)
    return f"CASE WHEN {_IS_PARENT} THEN {whole} ELSE {own} END"


DERIVED: dict[tuple[str, str], str] = {
    **{(person, "Name"): _FULL_NAME for person in ("Lead", "Contact", "User")},
    **{("CampaignMember", name): copy for name, copy in member_copies().items()},
    **{("Campaign", name): rollup for name, rollup in campaign_rollups().items()},
}
