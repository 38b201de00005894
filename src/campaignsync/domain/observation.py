"""What one look at Salesforce brought home, and from where the next look goes on.

The Salesforce door makes these values, the store mirrors them in one transaction together with the cursor (design: one commit
moves the mirror, the cursor and the journal). They say what was seen, never what should be done about it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from campaignsync.domain.fields import PersonField

MOST_LISTED = 100_000
"""Members of campaigns that are listed whole in one go."""
FIRST_READ_FROM_ROWS = 10_000
"""An object of which the org holds as many rows is read page by page at first, each page kept before the next is asked for."""
LIST_IDS_FROM_ROWS = 10_000
"""Of a campaign of which as many members are mirrored, only ids are listed when it shrank: a fifth of the bytes (W2)."""
CURSOR_OBJECTS = ("Campaign", "CampaignMemberStatus", "CampaignMember", "Lead", "Contact")

Cursor = Mapping[str, datetime]
"""By object name, how far was looked: the latest SystemModstamp seen, or when the look was by the org's own clock, whichever is
later (S0.16, docs/delta.md). Absent: read all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Rows that changed since a cursor, by object, and the rows there are now, by campaign.

    `people` holds the people of changed members too, though they themselves have not changed. The counts are of the same look
    but not of the same moment: a row that came between the two makes a campaign be listed whole once more, and no harm. A
    campaign without rows is missing in them.
    """

    campaigns: pl.DataFrame
    statuses: pl.DataFrame
    members: pl.DataFrame
    people: pl.DataFrame
    member_counts: pl.DataFrame
    status_counts: pl.DataFrame
    cursor: Cursor
    lost_fields: Mapping[str, str] = field(default_factory=dict)
    """By our names, why mapped fields of members could not be read: gone, hidden, or of another kind by now (M6.8)."""
    cost_scale: int | None = None
    """How many decimals the org's Campaign.ActualCost has (M5.2); None where nobody knows."""
    fields_read: frozenset[str] = frozenset()
    """By our names, the mapped fields of members that were read."""
    unread: tuple[str, ...] = ()
    """Objects that are read for the first time and of which there are too many rows for one look: nothing of them is in it."""
    person_fields: frozenset[PersonField] | None = None
    """The fields of people that were asked for, as they were mapped; None where nobody knows."""

    def without_people(self) -> Delta:
        """The same without people and their cursors: the next look reads them anew."""
        return replace(
            self,
            people=self.people.clear(),
            cursor={name: at for name, at in self.cursor.items() if name not in ("Lead", "Contact")},
        )

    def portions(self, campaigns: Collection[str], most: int = MOST_LISTED) -> Iterator[frozenset[str]]:
        """Campaigns that are to be listed whole, in portions of so many members, or of one campaign that has more: what is to
        fit into memory, and into one commit. Those with few members first."""
        counted = dict(self.member_counts.rows())
        portion: set[str] = set()
        members = 0
        for campaign in sorted(campaigns, key=lambda each: (counted.get(each, 0), each)):
            if portion and members + counted.get(campaign, 0) > most:
                yield frozenset(portion)
                portion, members = set(), 0
            portion.add(campaign)
            members += counted.get(campaign, 0)
        if portion:
            yield frozenset(portion)

    def members_in(self, campaigns: Collection[str]) -> int:
        """How many members these campaigns have there in all."""
        counts = self.member_counts
        return int(counts.filter(counts["campaign_id"].is_in(list(campaigns)))["rows"].sum())

    def without_cursor_of_members(self) -> Delta:
        """The same, and all members shall be read anew by the next look."""
        return replace(
            self, cursor={name: at for name, at in self.cursor.items() if name != "CampaignMember"}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlace:
    """How far the first read of an object has come: so many of its rows are kept, and the job's results go on at the locator
    (empty: at the beginning; None: there are no more). `latest` is where the next look goes on: when the job was made, by the
    org's clock, or the latest SystemModstamp among the rows."""

    object_name: str
    query: str
    job: str
    locator: str | None = ""
    latest: datetime | None = None
    rows: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Rows as they travelled: CSV with a header, every cell text, an empty one none. The database makes columns of ours of them,
    those that `frame` makes: a million rows are never unpacked in one place."""

    pieces: Callable[[], Iterator[bytes]]
    fields: Mapping[str, str]
    """By column of ours, the field in the header; a column that is not among them has nothing in it."""
    same: Mapping[str, str] = field(default_factory=dict)
    """By column of ours, the text that it has in every row."""
    frame: Callable[[], pl.DataFrame]
    """The same rows as columns of ours, for whoever has no database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPage:
    """Some rows of an object that is read for the first time, and where it goes on once they are kept."""

    rows: pl.DataFrame | Cells
    place: ReadPlace
    person_fields: frozenset[PersonField] | None = None
    """The fields of people that were asked for, as they were mapped; None where these are no people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeLists:
    """Campaigns whose members or statuses were listed whole, since only a whole list proves an absence (S0.1).

    A campaign named in `members_of` with no row in `members` truly has none, unless `gone` says who is not there any more: of a
    big campaign that is mirrored already, ids are listed and compared, and only rows that were new to us are read.
    """

    members_of: frozenset[str] = field(default_factory=frozenset)
    members: pl.DataFrame
    statuses_of: frozenset[str] = field(default_factory=frozenset)
    statuses: pl.DataFrame
    gone: tuple[str, ...] | None = None
    """Ids of mirrored members that a list of ids lacked; None: whoever is not in `members`."""

    def of(self, campaigns: Collection[str]) -> WholeLists:
        """The lists of these campaigns only."""
        wanted = pl.col("campaign_id").is_in(list(campaigns))
        return WholeLists(
            members_of=self.members_of.intersection(campaigns),
            members=self.members.filter(wanted),
            statuses_of=self.statuses_of.intersection(campaigns),
            statuses=self.statuses.filter(wanted),
            gone=self.gone,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncUser:
    """The Salesforce user we log in as (M1.7)."""

    user_id: str
    username: str
    organization_id: str
    is_marketing_user: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUsage:
    """The org's API calls of the last 24 hours, by everybody, as its last answer told (S2.2.9)."""

    used: int
    allowed: int
