"""Fields that have no column: each is an SQL expression over its row, worked out whenever it is read.

Used by `facts`, which hangs the expressions on the fields; `{row}` stands for the table alias of the row. A campaign
member's copies of its person (S1.3.9) and a campaign's rollups (S1.1.7, S0.9) can so never disagree with the rows they
come from, and reading through them bumps no SystemModstamp. Labels of the counts: Salesforce Help, "Campaign Fields".
"""

# ruff: noqa: S608 - only fixed names of the fact tables are put into these statements.

_FULL_NAME = "trim(coalesce({row}.\"FirstName\" || ' ', '') || coalesce({row}.\"LastName\", ''))"


def _of_person(lead: str, contact: str) -> str:
    """The contact's value when the member is a contact, otherwise the lead's; `p` is the person's row."""
    return (
        f'CASE WHEN {{row}}."ContactId" IS NOT NULL'
        f' THEN (SELECT {contact} FROM "Contact" p WHERE p."Id" = {{row}}."ContactId")'
        f' ELSE (SELECT {lead} FROM "Lead" p WHERE p."Id" = {{row}}."LeadId") END'
    )


def _of_members(condition: str) -> str:
    """How many live members of the campaigns in `scope` meet a condition on member `m` and its lead `l`."""
    return (
        'SELECT count(*) FROM "CampaignMember" m LEFT JOIN "Lead" l ON l."Id" = m."LeadId"'
        f' WHERE m."IsDeleted" = 0 AND m."CampaignId" IN {{scope}} AND {condition}'
    )


def _of_opportunities(what: str, condition: str = "1") -> str:
    return (
        f'SELECT coalesce({what}, 0) FROM "Opportunity" o'
        f' WHERE o."IsDeleted" = 0 AND o."CampaignId" IN {{scope}} AND {condition}'
    )


def _of_campaigns(column: str) -> str:
    return f'SELECT sum(c."{column}") FROM "Campaign" c WHERE c."Id" IN {{scope}}'


_ITSELF = '({row}."Id")'
# UNION, not UNION ALL: a campaign that is its own ancestor must not turn a read into an endless one.
_WITH_DESCENDANTS = (
    '(WITH RECURSIVE tree(id) AS (SELECT {row}."Id" UNION SELECT c."Id" FROM "Campaign" c'
    ' JOIN tree ON c."ParentId" = tree.id WHERE c."IsDeleted" = 0) SELECT id FROM tree)'
)

_ROLLUPS = {
    "NumberOfLeads": _of_members('m."LeadId" IS NOT NULL'),
    "NumberOfConvertedLeads": _of_members('l."IsConverted" = 1'),
    "NumberOfContacts": _of_members('m."ContactId" IS NOT NULL'),
    "NumberOfResponses": _of_members(
        'm."HasResponded" = 1 AND (m."ContactId" IS NOT NULL OR l."IsConverted" = 0)'
    ),
    "NumberOfOpportunities": _of_opportunities("count(*)"),
    "NumberOfWonOpportunities": _of_opportunities("count(*)", 'o."IsWon" = 1'),
    "AmountAllOpportunities": _of_opportunities('sum(o."Amount")'),
    "AmountWonOpportunities": _of_opportunities('sum(o."Amount")', 'o."IsWon" = 1'),
}
_SUMS = ("NumberSent", "ExpectedRevenue", "BudgetedCost", "ActualCost")

_SAME_ON_BOTH = [
    "Salutation",
    "FirstName",
    "LastName",
    "Title",
    "Email",
    "Phone",
    "Fax",
    "MobilePhone",
    "Description",
    "LeadSource",
    "DoNotCall",
    "HasOptedOutOfEmail",
    "HasOptedOutOfFax",
]
_ADDRESS = ["Street", "City", "State", "PostalCode", "Country"]

DERIVED: dict[tuple[str, str], str] = {
    **{(person, "Name"): _FULL_NAME for person in ("Lead", "Contact", "User")},
    ("CampaignMember", "Name"): _of_person(_FULL_NAME.format(row="p"), _FULL_NAME.format(row="p")),
    **{("CampaignMember", name): _of_person(f'p."{name}"', f'p."{name}"') for name in _SAME_ON_BOTH},
    **{("CampaignMember", name): _of_person(f'p."{name}"', f'p."Mailing{name}"') for name in _ADDRESS},
    ("CampaignMember", "CompanyOrAccount"): _of_person(
        'p."Company"', '(SELECT a."Name" FROM "Account" a WHERE a."Id" = p."AccountId")'
    ),
    ("CampaignMember", "Type"): "CASE WHEN {row}.\"ContactId\" IS NOT NULL THEN 'Contact' ELSE 'Lead' END",
    ("CampaignMember", "LeadOrContactId"): 'coalesce({row}."ContactId", {row}."LeadId")',
    ("CampaignMember", "LeadOrContactOwnerId"): _of_person('p."OwnerId"', 'p."OwnerId"'),
    **{("Campaign", name): f"({rollup.replace('{scope}', _ITSELF)})" for name, rollup in _ROLLUPS.items()},
    **{
        ("Campaign", f"Hierarchy{name}"): f"({rollup.replace('{scope}', _WITH_DESCENDANTS)})"
        for name, rollup in {**_ROLLUPS, **{name: _of_campaigns(name) for name in _SUMS}}.items()
    },
}
