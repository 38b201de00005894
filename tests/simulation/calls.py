"""Which calls to Salesforce a round made, by what they were for, and how many it may make (docs/delta.md, "A busy round").

`World` tells each call that Salesforce charges, `play` when a round begins, `properties` asks what went beyond the bound. All is
taken from what was sent over the wire, nothing from what the engine says of itself.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from urllib.parse import unquote_plus

import orjson

from salesforce_sandbox.wire.messages import Request

LOOK, LIST, BY_ADDRESS, BY_ID, INTENDED = "look", "list whole", "find by address", "look up by id", "intended"
JOB, LOOK_AT_JOB, READ_BACK = "bulk job", "look at a bulk job", "read back a bulk job"
FIELD, MADE, PEOPLE = "field of a campaign", "lead made", "fields of people"
ADDED, CHANGED, REMOVED = "member added", "member changed", "member removed"
A_CALL: Mapping[str, int] = {FIELD: 1, MADE: 200, PEOPLE: 200, ADDED: 400, CHANGED: 200, REMOVED: 200}
"""How many rows ride in one call."""
_OF_JOB = 5
"""Made, sent, closed, and its refused and its done rows."""
_LANES = 3
_LOOKS = 2
"""How often a bulk job is looked at that is not slow."""
_READS = (
    (re.compile(r"GROUP BY CampaignId|ORDER BY SystemModstamp, Id"), LOOK),
    (re.compile(r" IN \('[^']*@"), BY_ADDRESS),
    (re.compile(r"CreatedById = |Our_Id__c IN "), INTENDED),
    (re.compile(r"FROM CampaignMember(Status)? WHERE CampaignId IN "), LIST),
    (re.compile(r"FROM (Lead|Contact) WHERE Id IN "), BY_ID),
    (re.compile(r"FROM CampaignMember WHERE (CampaignId = |Id IN )"), READ_BACK),
)
Parts = list[dict[str, Any]]
"""The subrequests of a call."""
_CAMPAIGN = re.compile(r"CampaignId = '(\w+)'")


@dataclass
class Asked:
    """One round of one process: its calls by what they were for, and the rows of each lane that were sent."""

    links: int
    """How many links the org has as the round begins."""
    compares: bool = True
    """Whether it is no round, but the daily comparison."""
    left: int = 0
    """How many bulk jobs a dead process left, whose end must be waited for."""
    calls: Counter[str] = field(default_factory=Counter)
    rows: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """By lane and campaign (or object): who or what was written, each once."""

    @property
    def total(self) -> int:
        return self.calls.total()

    def note(self, request: Request) -> None:
        """A call that Salesforce charges."""
        parts = _parts(request)
        for lane, place, key in (found := list(_written(request, parts))):
            self.rows[lane, place].add(key)
        self.calls[found[0][0] if found else _read(request, parts)] += 1

    def allowed(self, *, looks: int = 1) -> Counter[str]:
        """What a round may ask in which nothing went wrong (docs/delta.md); a slow job is looked at more often."""
        lanes: Counter[str] = Counter()
        for (lane, _), keys in self.rows.items():
            lanes[lane] += ceil(len(keys) / A_CALL[lane])
        jobs = min(ceil(self.calls[JOB] / _OF_JOB), _LANES * self.links)
        if self.rows:
            # Each link's run makes its own, and nothing that is sent says whose they are.
            lanes[MADE] += self.links - 1
        finds = min(self.calls[BY_ADDRESS], self.links)
        return lanes + Counter(
            {
                LOOK: 2,
                LIST: 1 + self.compares,
                BY_ADDRESS: self.links,
                # Before strangers in a campaign become people, and before leads are made.
                INTENDED: 2 * self.links,
                BY_ID: STEPS + finds + bool(self.calls[LIST]) + min(self.calls[INTENDED], self.links),
                JOB: _OF_JOB * jobs,
                LOOK_AT_JOB: _LOOKS * looks * (jobs + self.left),
                READ_BACK: 2 * jobs,
            }
        )

    def beyond(self, *, wrongs: int, looks: int) -> Iterator[str]:
        """What went beyond the bound; each thing that went wrong allows `AGAIN` calls more, of whatever kind."""
        allowed = self.allowed(looks=looks)
        over = {kind: more for kind, made in self.calls.items() if (more := made - allowed[kind]) > 0}
        if sum(over.values()) > AGAIN * wrongs:
            sent = {lane: len(keys) for (lane, _), keys in self.rows.items()}
            yield (
                f"a round made more calls than it may: {over} ({wrongs} things went wrong meanwhile; it made"
                f" {dict(self.calls)} and sent rows: {sent})"
            )


STEPS = 2
"""A converted lead's contact, and whom that was merged into: steps from a record that changed to one not seen yet."""
AGAIN = 1
"""A read is sent once more, a member gets back what was written over."""


def _read(request: Request, parts: Parts) -> str:
    if "/jobs/" in request.path:
        looks = request.method == "GET" and not request.path.endswith("Results")
        return LOOK_AT_JOB if looks else JOB
    asked = " ".join(_queries(request, parts))
    return next((kind for wanted, kind in _READS if wanted.search(asked)), f"{request.method} {request.path}")


def _queries(request: Request, parts: Parts) -> Iterator[str]:
    if "q" in request.query:
        yield request.query["q"]
    for part in parts:
        yield _plain(part["url"])


def _plain(url: str) -> str:
    # Most of what is spelled otherwise in an address are spaces, and those are quickly brought back.
    return unquote_plus(url.replace("%20", " "))


def _parts(request: Request) -> Parts:
    if not request.path.endswith("/composite"):
        return []
    parts: Parts = orjson.loads(request.body)["compositeRequest"]
    return parts


def _written(request: Request, parts: Parts) -> Iterator[tuple[str, str, str]]:
    """(lane, campaign or object, who or what) of each row that a call writes."""
    campaign = ""
    if writes := [part for part in parts if part["method"] != "GET"]:
        told = " ".join(_plain(part["url"]) for part in parts if part["method"] == "GET")
        campaign = found[1] if (found := _CAMPAIGN.search(told)) else ""
        for part in writes:
            yield from _rows(part["method"], part["url"], part.get("body") or {}, campaign)
    if "/composite/sobjects" in request.path:
        body = orjson.loads(request.body) if request.body else {}
        yield from _rows(request.method, request.path, body, campaign)


def _rows(method: str, url: str, body: Mapping[str, Any], campaign: str) -> Iterator[tuple[str, str, str]]:
    if method == "DELETE":
        yield from (
            (REMOVED, campaign, each) for each in url.partition("ids=")[2].partition("&")[0].split(",")
        )
    elif "/sobjects/Campaign/" in url:
        yield from ((FIELD, url, name) for name in body)
    for record in body.get("records", ()):
        kind = record["attributes"]["type"]
        if kind == "CampaignMember":
            who = record.get("Id") or record.get("LeadId") or record.get("ContactId")
            yield (ADDED if method == "POST" else CHANGED), campaign, str(who)
        elif method == "POST" or "/sobjects/Lead/" in url:
            yield MADE, kind, orjson.dumps(record).decode()
        else:
            yield PEOPLE, kind, str(record["Id"])
