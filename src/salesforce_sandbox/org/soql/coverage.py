"""Which parts of SOQL the sandbox speaks, each with an example; the coverage page prints it, a test compiles it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the language. `state` is done, partly or not; what is not built is refused with 501."""

    name: str
    state: str
    example: str
    note: str = ""


_DONE = {
    "fields, parents up to five levels": "SELECT Id, Campaign.Owner.Name FROM CampaignMember",
    "aliases of the object and of parents": "SELECT m.Id, c.Name FROM CampaignMember m, m.Campaign c",
    "COUNT() and aggregates": "SELECT COUNT(Id) n, COUNT_DISTINCT(Company), MAX(SystemModstamp) FROM Lead",
    "GROUP BY, HAVING": "SELECT Status, COUNT(Id) FROM Lead GROUP BY Status HAVING COUNT(Id) > 1",
    "ROLLUP, CUBE, GROUPING()": "SELECT Status, GROUPING(Status), COUNT(Id) FROM Lead GROUP BY ROLLUP(Status)",
    "date functions": "SELECT CALENDAR_YEAR(CreatedDate), COUNT(Id) FROM Lead GROUP BY CALENDAR_YEAR(CreatedDate)",
    "AND, OR, NOT": "SELECT Id FROM Lead WHERE NOT (Status = 'x' OR Email = null)",
    "LIKE, IN, NOT IN": "SELECT Id FROM Lead WHERE Email LIKE '%.example' AND Status NOT IN ('x', null)",
    "INCLUDES, EXCLUDES": "SELECT Id FROM Lead WHERE Interests__c INCLUDES ('a;b', 'c')",
    "semi-joins and anti-joins": "SELECT Id FROM Lead WHERE Id NOT IN (SELECT LeadId FROM CampaignMember)",
    "dates and date literals": "SELECT Id FROM Lead WHERE CreatedDate >= LAST_N_DAYS:30",
    "ORDER BY, LIMIT, OFFSET": "SELECT Id FROM Lead ORDER BY Email DESC NULLS LAST LIMIT 10 OFFSET 20",
    "child subqueries up to five levels": "SELECT Id, (SELECT Id FROM CampaignMembers) FROM Campaign",
    "TYPEOF": "SELECT TYPEOF Owner WHEN User THEN Email ELSE Name END FROM Lead",
    "FIELDS()": "SELECT FIELDS(ALL) FROM Lead LIMIT 200",
    "compound addresses": "SELECT MailingAddress FROM Contact",
    "text compared without regard to case": "SELECT Id FROM Lead WHERE LastName = 'ÅSLING'",
    "DISTANCE, GEOLOCATION": "SELECT Id FROM Lead WHERE DISTANCE(Address, GEOLOCATION(48.1, 11.6), 'km') < 5",
}

COVERAGE: tuple[Part, ...] = (
    *(Part(name=name, state="done", example=example) for name, example in _DONE.items()),
    Part(
        name="USING SCOPE",
        state="partly",
        example="SELECT Id FROM Lead USING SCOPE mine",
        note="Those by owner narrow: mine, queue_owned, user_owned; of teams and territories nothing is known.",
    ),
    Part(
        name="toLabel(), convertCurrency(), FORMAT()",
        state="partly",
        example="SELECT toLabel(Status), FORMAT(AnnualRevenue) FROM Lead",
        note="One locale, en_US, and the dollar sign before every amount that FORMAT shows.",
    ),
    Part(
        name="FOR VIEW, FOR REFERENCE, FOR UPDATE, ALL ROWS",
        state="partly",
        example="SELECT Id FROM Lead FOR VIEW",
        note="Understood; nothing is marked as viewed or locked.",
    ),
)
