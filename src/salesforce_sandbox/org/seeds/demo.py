"""The demo org: a small company's campaigns with people in them, the same in every run.

Some people of the webinar campaign carry e-mail addresses that also occur among the registrants of the demo of whoever
syncs with this org: as leads, as contacts, once as both, once as a converted lead. The names are all made up.
"""

from collections.abc import Iterator
from typing import Any

# (first name, last name, e-mail, company): people who also register for the webinar.
_REGISTERED_LEADS = (
    ("Victor", "Keller", "victor.keller@blueharbor.example", "Blue Harbor Logistics"),
    ("Zoë", "Álvarez", "zoe.alvarez42@mail.example", "Fjordline Energy"),
    ("Grace", "Rosen", "grace.rosen53@mail.example", "Lumen & Vale"),
    ("美咲", "佐藤", "misaki.sato44@verde-agri.example", "Verde Agritech"),
    ("Liam", "Rosen", "liam.rosen@fjordline.example", "Fjordline Energy"),
    ("Ada", "Haugen", "ada.haugen67@mail.example", "Quantum Looms"),
    ("Marcus", "Weiß", "marcus.weiss5@mail.example", "Northwind Optics"),
    ("Clara", "Álvarez", "clara.alvarez@blueharbor.example", "Blue Harbor Logistics"),
    ("Oliver", "O'Shea", "oliver.oshea@atlascarto.example", "Atlas Cartography"),
    ("Ingrid", "Achterberg", "ingrid.achterberg97@mail.example", "Independent"),
    ("Samuel", "Sørensen", "samuel.sorensen77@mail.example", "Blue Harbor Logistics"),
    ("Noah", "Ferreira", "noah.ferreira34@mail.example", "Lumen & Vale"),
    ("Mia", "Keller", "mia.keller@quantumlooms.example", "Quantum Looms"),
)
_REGISTERED_CONTACTS = (
    ("Hannah", "Whitfield", "hannah.whitfield@blueharbor.example", "Blue Harbor Logistics"),
    ("Julia", "Petrova", "julia.petrova@ironbridge.example", "Ironbridge Robotics"),
    ("Nina", "Okafor", "nina.okafor@northwind-optics.example", "Northwind Optics"),
    ("Samuel", "O'Shea", "samuel.oshea@atlascarto.example", "Atlas Cartography"),
    ("Priya", "Mensah", "priya.mensah@pinecrest.example", "Pinecrest Dental"),
    ("Kofi", "Haddad", "kofi.haddad@tidewater.example", "Tidewater Bank"),
    ("Victor", "Lindqvist", "victor.lindqvist@pinecrest.example", "Pinecrest Dental"),
    ("Julia", "Whitfield", "julia.whitfield@sable.example", "Sable Insurance"),
    ("Grace", "Haugen", "grace.haugen@sable.example", "Sable Insurance"),
    ("Eva", "Haddad", "eva.haddad@atlascarto.example", "Atlas Cartography"),
)
_LEAD_AND_CONTACT = ("Sofia", "Bell", "sofia.bell@atlascarto.example", "Atlas Cartography")
_CONVERTED = ("Kofi", "Ferreira", "kofi.ferreira@marigold.example", "Marigold Press")

_COMPANIES = (
    "Atlas Cartography",
    "Blue Harbor Logistics",
    "Fjordline Energy",
    "Halcyon Hotels",
    "Ironbridge Robotics",
    "Lumen & Vale",
    "Northwind Optics",
    "Pinecrest Dental",
    "Sable Insurance",
    "Tidewater Bank",
    "Verde Agritech",
)
_FIRST = "Alma Bruno Carla Dario Edith Farid Greta Hugo Irene Jonas Katja Luis Maren Nils Olga Paul".split()  # noqa: SIM905
_LAST = "Abel Brandt Castell Duarte Engel Fontaine Grimm Holm Ibsen Juhl Kramer Lund Moreau".split()  # noqa: SIM905
_TITLES = ("Head of Marketing", "Buyer", "Engineer", "Founder", "Analyst")
_LEADS, _CONTACTS = 170, 110

_WEBINAR_STATUSES = [
    ["Invited", True, False],
    ["Registered", False, False],
    ["No Show", False, False],
    ["Attended", False, True],
]
# name, type, status, start and end, budgeted cost, member statuses
_CAMPAIGNS = (
    (
        "webinar",
        "Spring Webinar 2026",
        "Webinar",
        "In Progress",
        "2026-03-01",
        "2026-03-24",
        4_000,
        _WEBINAR_STATUSES,
    ),
    ("expo", "Optics Expo Munich", "Trade Show", "Planned", "2026-06-09", "2026-06-12", 25_000, None),
    ("news", "Newsletter 2026", "Email", "In Progress", "2026-01-01", "2026-12-31", 1_200, None),
    (
        "refer",
        "Bring a Colleague",
        "Referral Program",
        "In Progress",
        "2026-02-01",
        "2026-08-31",
        6_000,
        None,
    ),
    (
        "autumn",
        "Autumn Webinar 2025",
        "Webinar",
        "Completed",
        "2025-10-01",
        "2025-10-21",
        3_500,
        _WEBINAR_STATUSES,
    ),
    ("mail", "Postcards to Old Friends", "Direct Mail", "Aborted", "2025-11-01", "2025-11-30", 900, None),
)


def demo() -> dict[str, Any]:
    """The seed document of the demo."""
    records = [*_accounts(), *_campaigns(), *_registered(), *_others(), *_members()]
    return {"records": records, "conversions": ["converted"]}


def _accounts() -> Iterator[dict[str, Any]]:
    for index, company in enumerate(_COMPANIES):
        yield {
            "type": "Account",
            "name": company,
            "Name": company,
            "Industry": ("Transportation", "Energy", "Hospitality", "Insurance")[index % 4],
            "BillingCountry": ("Germany", "Norway", "Spain", "Canada")[index % 4],
        }


def _campaigns() -> Iterator[dict[str, Any]]:
    for name, title, kind, status, start, end, cost, statuses in _CAMPAIGNS:
        yield {
            "type": "Campaign",
            "name": name,
            "Name": title,
            "Type": kind,
            "Status": status,
            "StartDate": start,
            "EndDate": end,
            "BudgetedCost": cost,
            "IsActive": status in ("In Progress", "Planned"),
            "statuses": statuses,
        }


def _registered() -> Iterator[dict[str, Any]]:
    for index, person in enumerate(_REGISTERED_LEADS):
        yield _lead(f"registered lead {index}", person)
    for index, person in enumerate(_REGISTERED_CONTACTS):
        yield _contact(f"registered contact {index}", person)
    yield _lead("both as lead", _LEAD_AND_CONTACT)
    yield _contact("both as contact", _LEAD_AND_CONTACT)
    yield _lead("converted", _CONVERTED)


def _others() -> Iterator[dict[str, Any]]:
    for index in range(_LEADS):
        yield _lead(f"lead {index}", _somebody(index))
    for index in range(_CONTACTS):
        yield _contact(f"contact {index}", _somebody(_LEADS + index))


def _somebody(index: int) -> tuple[str, str, str, str]:
    first, last = _FIRST[index % len(_FIRST)], _LAST[index // 3 % len(_LAST)]
    email = f"{first}.{last}{index}@customers.example".lower()
    return first, last, email, _COMPANIES[index % len(_COMPANIES)]


def _lead(name: str, person: tuple[str, str, str, str]) -> dict[str, Any]:
    first, last, email, company = person
    return {
        "type": "Lead",
        "name": name,
        "FirstName": first,
        "LastName": last,
        "Email": email,
        "Company": company,
        "Title": _TITLES[len(email) % len(_TITLES)],
        "LeadSource": ("Web", "Partner Referral", "Purchased List")[len(last) % 3],
    }


def _contact(name: str, person: tuple[str, str, str, str]) -> dict[str, Any]:
    first, last, email, company = person
    return {
        "type": "Contact",
        "name": name,
        "FirstName": first,
        "LastName": last,
        "Email": email,
        "AccountId": f"@{company}",
        "Title": _TITLES[len(email) % len(_TITLES)],
    }


def _members() -> Iterator[dict[str, Any]]:
    for index in range(8):
        yield _member("webinar", "LeadId", f"registered lead {index}", "Invited")
    for index in range(5):
        yield _member(
            "webinar", "ContactId", f"registered contact {index}", ("Invited", "Registered")[index % 2]
        )
    yield _member("webinar", "LeadId", "converted", "Registered")
    for index in range(16):
        yield _member("webinar", "LeadId", f"lead {index}", ("Invited", "Registered")[index % 2])
    for index in range(10):
        yield _member(
            "webinar", "ContactId", f"contact {index}", ("Invited", "Invited", "Registered")[index % 3]
        )
    for index in range(30):
        yield _member(
            "autumn", "LeadId", f"lead {20 + index}", ("Attended", "No Show", "Registered")[index % 3]
        )
        yield _member("news", "ContactId", f"contact {20 + index}", ("Sent", "Responded")[index % 5 == 0])
    for index in range(12):
        yield _member("expo", "LeadId", f"lead {100 + index}", "Sent")


def _member(campaign: str, kind: str, person: str, status: str) -> dict[str, Any]:
    return {"type": "CampaignMember", "CampaignId": f"@{campaign}", kind: f"@{person}", "Status": status}
