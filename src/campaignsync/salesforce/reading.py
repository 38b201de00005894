"""Reads what changed in an org: a fixed number of calls for all links together, whole lists where an absence must be proved.

Used by `org`. Deltas look back ten minutes behind the latest SystemModstamp seen, since rows appear behind it (S0.16, section
2.8); the store drops what it has seen already. Only fields that the sync user can see are asked for (M7.5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import polars as pl

from campaignsync.domain.observation import CURSOR_OBJECTS, Cursor, Delta, WholeLists
from campaignsync.domain.trees import COUNTS
from campaignsync.salesforce.errors import call_error
from campaignsync.salesforce.fields import OBJECTS, frame
from campaignsync.salesforce.soql import listed, lists, moment
from campaignsync.salesforce.wire import MOST_QUERIES, Part, Wire

LOOK_BACK = timedelta(minutes=10)
_GROUPS_A_PAGE = 2000  # Aggregate queries have no further pages (S2.2.5).
_DESCRIBED = ("Campaign", "Lead", "Contact", "Account")


class Reader:
    """Reads one org over its wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._columns: Mapping[str, tuple[str, ...]] | None = None

    def changes_since(self, cursor: Cursor) -> Delta:
        """All rows changed since the cursor less the look-back, and the counts by campaign."""
        queries = [
            ("Campaign", self._delta("Campaign", cursor), "queryAll"),
            ("CampaignMemberStatus", self._delta("CampaignMemberStatus", cursor), "query"),
            ("CampaignMember", self._delta("CampaignMember", cursor), "query"),
            ("Lead", self._delta("Lead", cursor, _in_a_campaign("Lead")), "query"),
            ("Contact", self._delta("Contact", cursor, _in_a_campaign("Contact")), "query"),
        ]
        gone = [
            ("Lead", self._delta("Lead", cursor, "(IsDeleted = true OR IsConverted = true)"), "queryAll"),
            ("Contact", self._delta("Contact", cursor, "IsDeleted = true"), "queryAll"),
        ]
        if not cursor:
            # Whoever was gone before the first look has never been ours.
            gone = []
        counts = [(name, _counted(name, ""), "query") for name in ("CampaignMember", "CampaignMemberStatus")]
        answers = self._run([*queries, *gone, *counts])
        frames = [
            frame(name, records) for (name, _, _), records in zip(queries + gone, answers, strict=False)
        ]
        people = pl.concat(frames[3:]).unique("salesforce_id", keep="last", maintain_order=True)
        seen = {
            name: part["system_modstamp"].max() for name, part in zip(CURSOR_OBJECTS, frames[:5], strict=True)
        }
        return Delta(
            campaigns=frames[0],
            statuses=frames[1],
            members=frames[2],
            people=people,
            member_counts=self._all_groups("CampaignMember", answers[-2]),
            status_counts=self._all_groups("CampaignMemberStatus", answers[-1]),
            cursor={
                **cursor,
                **{name: latest for name, latest in seen.items() if isinstance(latest, datetime)},
            },
        )

    def visible_rows(self) -> dict[str, int]:
        """How many rows of each object the sync user sees."""
        queries = [(name, f"SELECT COUNT() FROM {name}", "query") for name in OBJECTS]
        return {name: body["totalSize"] for name, body in zip(OBJECTS, self._composite(queries), strict=True)}

    def whole_lists(self, *, members_of: Collection[str], statuses_of: Collection[str]) -> WholeLists:
        """All members and all statuses of the campaigns named, read to the last page."""
        return WholeLists(
            members_of=frozenset(members_of),
            members=self._of_campaigns("CampaignMember", members_of),
            statuses_of=frozenset(statuses_of),
            statuses=self._of_campaigns("CampaignMemberStatus", statuses_of),
        )

    def people(self, column: str, values: Collection[str]) -> pl.DataFrame:
        """Leads and contacts whose field is one of the values, deleted ones too."""
        queries = [
            (name, f"SELECT {self._select(name)} FROM {name} WHERE {column} IN {listed(part)}", "queryAll")
            for part in lists(values)
            for name in ("Lead", "Contact")
        ]
        return self._people(queries)

    def leads_made_by(self, user_id: str, since: datetime) -> pl.DataFrame:
        """Leads that a user created since a moment."""
        condition = f"CreatedById IN {listed([user_id])} AND CreatedDate >= {moment(since)}"
        return self._people([("Lead", f"SELECT {self._select('Lead')} FROM Lead WHERE {condition}", "query")])

    def records(self, soql: str) -> list[dict[str, Any]]:
        """The records of one query, to the last page."""
        return self._to_the_end(self._wire.get("/query", q=soql))

    def _people(self, queries: Sequence[tuple[str, str, str]]) -> pl.DataFrame:
        answers = self._run(queries)
        frames = [frame(name, records) for (name, _, _), records in zip(queries, answers, strict=True)]
        return pl.concat(frames) if frames else frame("Lead", [])

    def _of_campaigns(self, object_name: str, campaigns: Collection[str]) -> pl.DataFrame:
        queries = [
            (
                object_name,
                f"SELECT {self._select(object_name)} FROM {object_name} WHERE CampaignId IN {listed(part)}",
                "query",
            )
            for part in lists(campaigns)
        ]
        rows = [record for records in self._run(queries) for record in records]
        return frame(object_name, rows)

    def _run(self, queries: Sequence[tuple[str, str, str]]) -> list[list[dict[str, Any]]]:
        """The records of several queries, five a call, each to its last page."""
        return [
            self._to_the_end(body)
            for start in range(0, len(queries), MOST_QUERIES)
            for body in self._composite(queries[start : start + MOST_QUERIES])
        ]

    def _composite(self, queries: Sequence[tuple[str, str, str]]) -> Iterator[dict[str, Any]]:
        parts = [Part(method="GET", path=f"/{verb}?q={quote(soql)}") for _, soql, verb in queries]
        for (name, _, _), answer in zip(queries, self._wire.composite(parts, writes=False), strict=True):
            if answer.status >= 300:
                raise call_error(answer.status, answer.body, writes=False, what=f"Reading {name}")
            yield answer.body

    def _to_the_end(self, page: dict[str, Any]) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = list(page["records"])
        while not page["done"]:
            page = self._wire.get(page["nextRecordsUrl"])
            records.extend(page["records"])
        return records

    def _all_groups(self, object_name: str, groups: list[dict[str, Any]]) -> pl.DataFrame:
        whole = list(groups)
        while len(groups) == _GROUPS_A_PAGE:
            groups = self.records(_counted(object_name, f"AND CampaignId > '{groups[-1]['CampaignId']}'"))
            whole.extend(groups)
        return pl.DataFrame(
            [(group["CampaignId"], group["found"]) for group in whole], schema=COUNTS, orient="row"
        )

    def _delta(self, object_name: str, cursor: Cursor, condition: str = "") -> str:
        conditions = [condition] if condition else []
        if object_name in cursor:
            conditions.append(f"SystemModstamp >= {moment(cursor[object_name] - LOOK_BACK)}")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {self._select(object_name)} FROM {object_name}{where} ORDER BY SystemModstamp, Id"

    def _select(self, object_name: str) -> str:
        """The fields of ours that the sync user can see."""
        if self._columns is None:
            self._columns = self._visible()
        return ", ".join(self._columns[object_name])

    def _visible(self) -> Mapping[str, tuple[str, ...]]:
        parts = [Part(method="GET", path=f"/sobjects/{name}/describe") for name in _DESCRIBED]
        seen: dict[str, set[str]] = {}
        for name, answer in zip(_DESCRIBED, self._wire.composite(parts, writes=False), strict=True):
            if answer.status < 300:
                seen[name] = {field["name"] for field in answer.body["fields"]}
            elif name != "Account":
                raise call_error(answer.status, answer.body, writes=False, what=f"Looking at what {name} is")
        accounts = {f"Account.{name}" for name in seen.get("Account", ())}
        return {
            name: tuple(
                path
                for path in columns.values()
                if name not in seen or path in seen[name] or path in accounts
            )
            for name, columns in OBJECTS.items()
        }


def _in_a_campaign(kind: str) -> str:
    return f"Id IN (SELECT {kind}Id FROM CampaignMember WHERE {kind}Id != null)"


def _counted(object_name: str, after: str) -> str:
    return (
        f"SELECT CampaignId, COUNT(Id) found FROM {object_name} WHERE CampaignId != null {after}"
        f" GROUP BY CampaignId ORDER BY CampaignId LIMIT {_GROUPS_A_PAGE}"
    )
