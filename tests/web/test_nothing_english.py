"""Every page in German, beside the same in English: what reads the same in both is a name, a code, or a word that is the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import product
from types import ModuleType

from campaignsync.automation.catalogue import ACTIONS, FILTERS, TRIGGERS
from campaignsync.bootstrap import Application
from campaignsync.domain.links import LinkState
from campaignsync.domain.problems import Direction
from web_reading import texts
from web_routes import FORMS, LISTS, addresses, filled
from web_words import client

SAME_IN_BOTH = {
    *(
        "Name",
        "Tag",
        "Tags",
        "Status",
        "Org",
        "Filter",
        "Plan",
        "Definition",
        "Webhook",
        "Webhooks",
        "Fax",
        "Website",
    ),
    *(
        "Test",
        "Tokens",
        "Token",
        "Text",
        "Code",
        "Login",
        "Smart Campaign",
        "Engagement",
        "Journal",
        "Import",
        "Export",
    ),
    *(
        "E-mail",
        "normal",
        "campaignsync",
        "Deutsch",
        "English",
        "JWT",
        "UTC",
        "CSV",
        "Start",
        "Lead",
        "in Salesforce",
        "In Salesforce",
        "System",
        "Marketing User",
    ),
}
"""Words that are the same in German: compared without what stands before and after them."""
DATA = re.compile(
    r"[\w.+-]+@[\w.-]+"  # addresses
    r"|\w{15}|\w{18}|[A-Za-z]?\d*[A-Z]{3}|user\d+"  # ids
    r"|https?://\S+|[\w/+-]+/[\w/+-]+"  # places and time zones
    r"|[A-Z]+(_[A-Z]+)+"  # codes
    r"|[a-z]+:[a-z]+"  # scopes
    r"|(Jan|Feb|Apr|Jun|Jul|Aug|Sep|Nov|April|August|September|November) \d+(: \d+)?"  # months that are called the same
)
NAMED = {
    "Program": ("name", "folder"),
    "ProgramTag": ("name", "value"),
    "Channel": ("name", "campaign_type"),
    "ProgressionStatus": ("name",),
    "Campaign": ("name", "type"),
    "Connection": (
        "name",
        "sync_username",
        "instance_url",
        "organization_id",
        "default_last_name",
        "default_company",
    ),
    "Person": ("first_name", "last_name", "company"),
    "SmartCampaign": ("name",),
    "ApiKey": ("name", "prefix"),
    "JournalEntry": ("who", "old", "new"),
    "AuditEntry": ("who", "record"),
    "MemberField": ("name",),
}
"""What people name as they like: columns whose values stand on pages as they are."""
HALT = "The campaign is suddenly empty: all of its 40 agreed members are gone."
NO_WORDS = ("csv", "operations", "healthz", "readyz", "metrics", "/kept/")


def test_no_page_shows_a_german_what_was_written_in_english(
    site: str, app: Application, bench: ModuleType
) -> None:
    _furnish(app, bench)
    german, english = client(), client()
    german.cookies["django_language"], english.cookies["django_language"] = "de", "en"
    names, shown, read = _names(), dict[str, str](), 0
    for address in _pages(bench):
        pages = [visitor.get(address) for visitor in (german, english)]
        if any(
            page.status_code not in (200, 400, 404) or "html" not in page["Content-Type"] for page in pages
        ):
            continue
        read += 1
        here, there = (page.content.decode() for page in pages)
        for text in texts(here, "de") & texts(there, "en"):
            if not _is_data(text, names):
                shown.setdefault(text, address)
    assert read > 110
    assert not shown, "\n".join(f"{text!r} on {address}" for text, address in sorted(shown.items()))


def _pages(bench: ModuleType) -> list[str]:
    """Every page that is measured, listed or has an address, and the fields of every entry of the builder."""
    found = [page.format(middle=5) for page in bench.PAGES.values()]
    found += [*LISTS, *FORMS, "/nowhere/", "/errands/999/", "/settings/connections/1/check/", *_causes()]
    found += [filled(path) for path, _view in addresses()]
    kinds = {"trigger": TRIGGERS, "filter": FILTERS, "action": ACTIONS}
    found += [
        f"/smart-campaigns/fields/?entry={kind}:{entry.name}"
        for kind, entries in kinds.items()
        for entry in entries
    ]
    return [page for page in dict.fromkeys(found) if not any(word in page for word in NO_WORDS)]


def _causes() -> Iterator[str]:
    from campaignsync.web.problems.causes import CAUSES

    return (f"/problems/1/{cause.codes.split()[0]}/" for cause in CAUSES)


def _furnish(app: Application, bench: ModuleType) -> None:
    """What is measured, and beside it: a problem of every cause, links in every state, a journal of all kinds, notices."""
    from django.db import connection

    from campaignsync.store.models import Link, MemberField

    with connection.cursor() as cursor:
        bench.fill(app, cursor.execute, people=20, programs=10)
    bench.finish(app)
    MemberField.objects.create(name="Diet", kind="text")
    for number, state in enumerate(LinkState, 2):
        Link.objects.filter(program=number).update(state=state.value, reason=HALT)
    _problems()
    _journal()


def _problems() -> None:
    """A problem of every cause; those of jobs are told in notices, too."""
    from campaignsync.store.models import Connection, Person, Problem
    from campaignsync.web.problems.causes import CAUSES

    org, now = Connection.objects.get(), datetime.now(UTC)
    ways = [way.value for way in Direction]
    for place, cause in enumerate(CAUSES):
        person = Person.objects.order_by("pk")[place] if place < 20 else None
        Problem.objects.create(
            connection=org,
            noun="person" if person else "job",
            person=person,
            direction=ways[place % len(ways)],
            code=cause.codes.split()[0],
            message="Its words." if person else HALT,
            first_seen=now,
            last_seen=now,
        )


def _journal() -> None:
    from campaignsync.store.models import JournalEntry, Run

    reasons = [
        "import",
        "observed",
        "first read",
        "changed here",
        "conflict decided for the program",
        "one way, from the program",
    ]
    nouns = [
        "member",
        "status",
        "first_name",
        "policy",
        "link",
        "period cost",
        "decision",
        "created",
        "label",
        "approval",
    ]
    now = datetime.now(UTC)
    for place, (noun, why) in enumerate(product(nouns, reasons)):
        JournalEntry.objects.create(
            at=now,
            who="somebody in Salesforce" if place % 2 else "campaign sync",
            why=why,
            noun=noun,
            side="campaign" if place % 2 else "program",
            program_id=1,
            person_id=5,
            old=None,
            new="Registered",
        )
    Run.objects.filter(pk=1).update(
        report={
            "program_changes": 0,
            "campaign_changes": 0,
            "refused": 0,
            "conflicts": 0,
            "api_calls": 2,
            "halted": HALT,
        }
    )


def _names() -> set[str]:
    from django.apps import apps

    found = set[str]()
    for model, columns in NAMED.items():
        for row in apps.get_model("store", model).objects.values_list(*columns):
            found.update(str(value) for value in row if value)
    return found


def _is_data(text: str, names: Iterable[str]) -> bool:
    """Whether nothing is left of a text without names, codes and words that are the same in both languages."""
    if text in SAME_IN_BOTH or DATA.fullmatch(text):
        return True
    rest = text
    for name in sorted((*names, *SAME_IN_BOTH), key=len, reverse=True):
        rest = rest.replace(name, " ")
    rest = " ".join(word for word in rest.split() if not DATA.fullmatch(word.strip("(),;·→⇄–")))
    return not re.search(r"[^\W\d_]{2}", rest)
