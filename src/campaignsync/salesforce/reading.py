"""Asks an org: five queries a call, every page to the last, and only for fields that the sync user can see (M7.5).

Used by the other modules of this folder. Pages become columns one by one, so that no list of JSON grows with the org; a query
whose first page tells of very many rows is asked once more as a bulk job, which costs fewer calls and far less work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from operator import itemgetter

import polars as pl

from campaignsync.domain.fields import STANDARD_FIELDS, Access, FieldRule, PersonField, kind_of
from campaignsync.domain.member_fields import FieldMapping
from campaignsync.domain.mirror_filter import MirrorFilter
from campaignsync.domain.observation import Cells, WholeLists
from campaignsync.domain.people import SalesforceField
from campaignsync.domain.trees import SALESFORCE_PEOPLE
from campaignsync.salesforce import bulk
from campaignsync.salesforce.beforehand import ACTIVE_RULE, ALL, PEOPLE_WITH_EMAILS, Beforehand
from campaignsync.salesforce.errors import call_error
from campaignsync.salesforce.fields import PEOPLE, frame, layout_of_members, layouts
from campaignsync.salesforce.pages import CsvPage, JsonPage, Page, Record
from campaignsync.salesforce.soql import Query, listed, lists, moment, text
from campaignsync.salesforce.wire import MOST_QUERIES, Part, PartAnswer, Wire

BULK_FROM_ROWS = 10_000
"""From here on a bulk job takes fewer calls than pages of 2,000 rows do."""
BULK_FIND_FROM = 8_000
"""So many addresses fill nine calls as lists (./run bench lanes). Two bulk jobs take eight where they end at once (W4), and
fourteen, as many as 12,000 addresses, where they take two seconds each (lanes); they come as columns, a third of the work."""
MOST_READ_FOR_ONE = 50
"""Rows of the org that may be read for each address that is looked for."""
_PREFIXES = {"Lead": "00Q", "Contact": "003"}
_DESCRIBED = (*PEOPLE, "Account", "Campaign")
_MEMBERS = "CampaignMember"


class Reader:
    """Reads one org over its wire."""

    def __init__(
        self,
        wire: Wire,
        fields: Sequence[PersonField] = STANDARD_FIELDS,
        member_fields: Sequence[FieldMapping] = (),
    ) -> None:
        self._wire = wire
        self._fields = fields
        self.person_field_mapping = frozenset(fields)
        self._member_fields = member_fields
        self.layouts = dict(layouts(tuple(fields)))
        self._described: Mapping[str, Mapping[str, SalesforceField]] = {}
        self._rules: tuple[FieldRule, ...] = ()
        self._to_describe = (*_DESCRIBED, *((_MEMBERS,) if member_fields else ()))
        self._record_types: Mapping[str, str] = {}
        self.beforehand = Beforehand()

    def ask(self, queries: Sequence[Query], *, describing: bool = False) -> Iterator[Record]:
        """The first page of each query, five queries a call; with `describing`, people are described in the first call, unless
        they are already: describes are not counted among the five."""
        for start in range(0, len(queries), MOST_QUERIES):
            chunk = queries[start : start + MOST_QUERIES]
            extra = self._to_describe if describing and not start and not self._described else ()
            parts = [
                *(Part(method="GET", path=query.path) for query in chunk),
                *(Part(method="GET", path=f"/sobjects/{name}/describe") for name in extra),
            ]
            answers = self._wire.composite(parts, writes=False)
            if extra:
                self._know(answers[len(chunk) :])
            for query, answer in zip(chunk, answers, strict=False):
                if answer.status >= 300 and not query.may_fail:
                    raise call_error(answer.status, answer.body, writes=False, what=f"Reading {query.of}")
                yield answer.body if answer.status < 300 else {}

    def pages(self, query: Query, first: Record) -> Iterator[Page]:
        """The rows of a query, page by page, when its first page is there. A bulk job gives them in no order: with one, the
        job could not be cut into chunks (S2.4.5)."""
        if first["totalSize"] >= BULK_FROM_ROWS and not first["done"]:
            for csv in bulk.query(self._wire, query.soql, deleted_too=query.deleted_too):
                yield CsvPage.of(csv, self.layouts)
            return
        yield JsonPage(records=first["records"], layouts=self.layouts)
        while not first["done"]:
            first = self._wire.get(first["nextRecordsUrl"])
            yield JsonPage(records=first["records"], layouts=self.layouts)

    @property
    def asked_at(self) -> datetime | None:
        """A moment by the org's clock that is not after the last question; None before the first answer."""
        return self._wire.asked_at

    def in_bulk(self, query: Query) -> pl.DataFrame:
        """All rows of a query that is known to find very many, as columns of ours: no page is asked for in vain."""
        pages = bulk.query(self._wire, query.soql, deleted_too=query.deleted_too)
        return pl.concat(
            [frame(query.of, []), *(CsvPage.of(csv, self.layouts).rows(query.of) for csv in pages)]
        )

    def begin(self, query: Query) -> tuple[str, datetime]:
        """Begin a query as a bulk job; the job's id, and when it began."""
        return bulk.begin_query(self._wire, query.soql, deleted_too=query.deleted_too)

    def results(self, job: str, locator: str) -> Iterator[bulk.ResultPage]:
        """What a bulk job has found, page by page from a place on."""
        return bulk.results(self._wire, job, locator)

    def rows_of(self, of: str, result: bulk.ResultPage) -> pl.DataFrame:
        """The rows of a page of results as columns of ours."""
        return CsvPage.of(result.csv.content, self.layouts).rows(of)

    def unread(self, of: str, result: bulk.ResultPage) -> pl.DataFrame | Cells:
        """The same for whoever can read cells; what more than their type must be seen to comes as columns."""
        layout = self.layouts[of]
        if layout.custom or layout.members:
            return self.rows_of(of, result)
        return Cells(
            pieces=result.csv.pieces,
            fields=layout.paths,
            same={"kind": PEOPLE[of].value} if of in PEOPLE else {},
            frame=lambda: self.rows_of(of, result),
        )

    def rows(self, query: Query, first: Record) -> pl.DataFrame:
        """All rows of a query as columns of ours, when its first page is there."""
        pages = [page.rows(query.of) for page in self.pages(query, first)]
        return pages[0] if len(pages) == 1 else pl.concat(pages)

    def frames(self, queries: Sequence[Query]) -> list[pl.DataFrame]:
        """All rows of each query as columns of ours."""
        return [self.rows(query, first) for query, first in zip(queries, self.ask(queries), strict=True)]

    def records(self, soql: str) -> list[Record]:
        """The records of a query that has one page."""
        return list(self._wire.get(Query(of="", soql=soql).path)["records"])

    def person_fields(self, object_name: str) -> Sequence[str]:
        """The fields to read of a Lead or a Contact: its system fields, and what is mapped and can be seen (S1.5.3)."""
        hidden = {
            rule.field.name
            for rule in self.rules()
            if rule.kind is PEOPLE[object_name] and rule.access is Access.NONE
        }
        return tuple(path for name, path in self.layouts[object_name].paths.items() if name not in hidden)

    def rules(self) -> tuple[FieldRule, ...]:
        """What may be done with each field of people, of leads first."""
        if not self._rules:
            self._rules = tuple(
                FieldRule(field=field, kind=kind, access=self._access(object_name, field))
                for object_name, kind in PEOPLE.items()
                for field in self._fields
            )
        return self._rules

    def createable(self, object_name: str) -> dict[str, str]:
        """By our names, the mapped fields that the sync user may give to a new record."""
        return {
            rule.field.name: path
            for rule in self.rules()
            if rule.kind is PEOPLE[object_name]
            and rule.to_salesforce
            and (path := rule.field.path(rule.kind))
            if self._field(object_name, path).createable  # type: ignore[union-attr]
        }

    def _access(self, object_name: str, field: PersonField) -> Access:
        """A field that has become of another kind since it was mapped is as good as hidden: its values mean something else."""
        path = field.path(PEOPLE[object_name])
        found = self._field(object_name, path) if path else None
        if path is None or found is None or kind_of(found.type) is not field.kind:
            return Access.NONE
        return Access.WRITE if found.updateable and "." not in path else Access.READ

    def _field(self, object_name: str, path: str) -> SalesforceField | None:
        of, _, name = path.rpartition(".")
        return self._seen(of or object_name).get(name)

    def _seen(self, object_name: str) -> Mapping[str, SalesforceField]:
        """The fields of an object as the sync user sees them."""
        if not self._described:
            parts = [Part(method="GET", path=f"/sobjects/{name}/describe") for name in self._to_describe]
            self._know(self._wire.composite(parts, writes=False))
        return self._described.get(object_name, {})

    def _know(self, answers: Sequence[PartAnswer]) -> None:
        self._described, self._rules = _described(self._to_describe, answers), ()
        campaign = answers[self._to_describe.index("Campaign")]
        self._record_types = record_types(campaign.body) if campaign.status < 300 else {}
        faults = self.member_field_faults()
        spelling = {name.lower(): name for name in self._described.get(_MEMBERS, {})}
        self.layouts[_MEMBERS] = layout_of_members(
            tuple(
                replace(each, salesforce_field=spelling[each.salesforce_field.lower()])
                for each in self._member_fields
                if each.field.name not in faults
            )
        )

    def record_types(self) -> Mapping[str, str]:
        """The API names of the record types of campaigns, by id."""
        self._seen("Campaign")
        return self._record_types

    def campaigns(self, query: Query, first: Record) -> pl.DataFrame:
        """All campaigns of a query, their record types by name."""
        found, names = self.rows(query, first), dict(self.record_types())
        if found["record_type"].null_count() == found.height:
            return found
        return found.with_columns(pl.col("record_type").replace(names))

    def campaigns_within(self, chosen: MirrorFilter) -> int:
        """How many of the campaigns that the sync user sees fit a filter."""
        fits = condition(chosen, self.record_types())
        counted = Query(
            of="Campaign", soql="SELECT COUNT() FROM Campaign" + (f" WHERE {fits}" if fits else "")
        )
        return int(self._wire.get(counted.path)["totalSize"])

    def member_field_faults(self) -> dict[str, str]:
        """By our names, why mapped fields of members cannot be kept the same (M6.8)."""
        if not self._member_fields:
            return {}
        seen = self._seen(_MEMBERS).values()
        found = {each.field.name: each.fault(seen) for each in self._member_fields}
        return {name: fault for name, fault in found.items() if fault}

    def cost_scale(self) -> int | None:
        """How many decimals Campaign.ActualCost has (M5.2); None where the sync user does not see it."""
        found = self._seen("Campaign").get("ActualCost")
        return found.scale if found else None

    def member_columns(self) -> tuple[str, ...]:
        """The fields to read of a campaign member, mapped ones too."""
        if self._member_fields:
            self._seen(_MEMBERS)
        return tuple(self.layouts[_MEMBERS].paths.values())

    def visible_rows(self) -> dict[str, int]:
        """How many rows of each object the sync user sees."""
        queries = [Query(of=name, soql=f"SELECT COUNT() FROM {name}") for name in self.layouts]
        return {query.of: body["totalSize"] for query, body in zip(queries, self.ask(queries), strict=True)}

    def active_campaigns(self) -> int:
        """How many of the campaigns that the sync user sees are active."""
        counted = Query(of="Campaign", soql="SELECT COUNT() FROM Campaign WHERE IsActive = true")
        return int(self._wire.get(counted.path)["totalSize"])

    def whole_lists(self, *, members_of: Collection[str], statuses_of: Collection[str]) -> WholeLists:
        """All members and all statuses of the campaigns named, read to the last page."""
        members = self._queries_of_campaigns("CampaignMember", members_of)
        statuses = self._queries_of_campaigns("CampaignMemberStatus", statuses_of)
        frames = self.frames([*members, *statuses])
        return WholeLists(
            members_of=frozenset(members_of),
            members=pl.concat([frame("CampaignMember", []), *frames[: len(members)]]),
            statuses_of=frozenset(statuses_of),
            statuses=pl.concat([frame("CampaignMemberStatus", []), *frames[len(members) :]]),
        )

    def member_ids(self, campaign_id: str) -> list[Cells]:
        """The ids of all members of a campaign, read to the last page of a bulk job and kept as they came: unpacked, a million of
        them would take a hundred times the memory."""
        soql = f"SELECT Id FROM {_MEMBERS} WHERE CampaignId = {text(campaign_id)}"
        job, _ = bulk.begin_query(self._wire, soql, deleted_too=False)
        return [_ids(page) for page in bulk.results(self._wire, job, rows_a_page=bulk.IDS_A_PAGE)]

    def members_by_id(self, ids: Collection[str]) -> pl.DataFrame:
        """Those of these members that are there."""
        return self._members_where(f"Id IN {listed(part)}" for part in lists(ids))

    def members_who_are(self, campaign_id: str, people: Collection[str]) -> pl.DataFrame:
        """Members of a campaign who are these leads and contacts."""
        return self._members_where(
            f"CampaignId = {text(campaign_id)} AND {kind}Id IN {listed(part)}"
            for kind, prefix in _PREFIXES.items()
            for part in lists([each for each in people if each.startswith(prefix)])
        )

    def _members_where(self, conditions: Iterable[str]) -> pl.DataFrame:
        asked = f"SELECT {', '.join(self.member_columns())} FROM {_MEMBERS} WHERE "
        queries = [Query(of=_MEMBERS, soql=asked + condition) for condition in conditions]
        return pl.concat([frame(_MEMBERS, []), *self.frames(queries)])

    def people(self, *, emails: Collection[str], ids: Collection[str]) -> pl.DataFrame:
        """Leads and contacts by e-mail or id, deleted ones too. Very many addresses are looked for among all that the org
        has, where those are not far more: a bounded number of calls."""
        if len(emails) >= BULK_FIND_FROM and self._few_enough(len(emails)):
            found = [*self._among_all(emails), self.people(emails=(), ids=ids)]
            return pl.concat(found).unique("salesforce_id", maintain_order=True)
        wanted = [
            (kind, f"{field} IN {listed(part)}")
            for kind, prefix in _PREFIXES.items()
            for field, values in (
                ("Email", emails),
                ("Id", [each for each in ids if each.startswith(prefix)]),
            )
            for part in lists(values)
        ]
        return self._people(wanted)

    def _few_enough(self, emails: int) -> bool:
        """Whether the org has not far more leads and contacts with an address than are looked for."""
        if self.beforehand.unasked(PEOPLE_WITH_EMAILS):
            # Whoever is not found will be made a lead, so that the rule rides along.
            self.ask_beforehand(ALL)
        there = self.beforehand.people_with_emails()
        return there is not None and there <= MOST_READ_FOR_ONE * emails

    def active_rule(self) -> str | None:
        """The id of the active assignment rule of leads; empty for none; None where the sync user may not see rules."""
        self.ask_beforehand([ACTIVE_RULE])
        return self.beforehand.rule()

    def ask_beforehand(self, queries: Sequence[Query]) -> None:
        """Ask those of these questions of which the answer is not known, in one call."""
        unasked = self.beforehand.unasked(queries)
        self.beforehand.note(unasked, self.ask(unasked))

    def _among_all(self, emails: Collection[str]) -> Iterator[pl.DataFrame]:
        """Leads and contacts with these addresses, by two bulk jobs over all that have one, at work at the same time."""
        asked = pl.Series("wanted", emails, dtype=pl.String)
        wanted = asked.str.strip_chars().str.to_lowercase().to_frame().unique()
        own = pl.col("email").str.strip_chars().str.to_lowercase()
        jobs = {kind: self.begin(self._with_emails(kind))[0] for kind in PEOPLE}
        for kind, job in jobs.items():
            for page in bulk.results(self._wire, job, rows_a_page=bulk.IDS_A_PAGE):
                yield self.rows_of(kind, page).join(wanted, left_on=own, right_on="wanted", how="semi")

    def _with_emails(self, kind: str) -> Query:
        fields = ", ".join(self.person_fields(kind))
        return Query(of=kind, soql=f"SELECT {fields} FROM {kind} WHERE Email != null", deleted_too=True)

    def people_with_our_ids(self, field: str, our_ids: Collection[str]) -> pl.DataFrame:
        """Leads and contacts by our ids, deleted ones too: our_id, and the columns of people."""
        queries = [
            Query(
                of=kind,
                soql=f"SELECT Id, {field} FROM {kind} WHERE {field} IN {listed(part)}",
                deleted_too=True,
            )
            for part in lists(our_ids)
            for kind in PEOPLE
        ]
        pairs = [(record["Id"], record[field]) for page in self.ask(queries) for record in page["records"]]
        ids = pl.DataFrame(pairs, schema={"salesforce_id": pl.String, "our_id": pl.String}, orient="row")
        return ids.join(
            self.people(emails=(), ids=ids["salesforce_id"].to_list()), on="salesforce_id"
        ).select("our_id", *SALESFORCE_PEOPLE)

    def leads_made_by(self, user_id: str, *, since: datetime) -> pl.DataFrame:
        """Leads that a user created since a moment, deleted ones too: what is deleted must not be created again (M7.9)."""
        return self._people([("Lead", f"CreatedById = {text(user_id)} AND CreatedDate >= {moment(since)}")])

    def campaigns_made_by(self, user_id: str, *, name: str, since: datetime) -> list[str]:
        """Campaigns of a name that a user created since a moment, the latest first."""
        soql = (
            f"SELECT Id FROM Campaign WHERE Name = {text(name)} AND CreatedById = {text(user_id)}"
            f" AND CreatedDate >= {moment(since)} ORDER BY CreatedDate DESC, Id DESC"
        )
        return [str(record["Id"]) for record in self.records(soql)]

    def _people(self, wanted: Iterable[tuple[str, str]]) -> pl.DataFrame:
        queries = [
            Query(
                of=kind,
                soql=f"SELECT {', '.join(self.person_fields(kind))} FROM {kind} WHERE {condition}",
                deleted_too=True,
            )
            for kind, condition in wanted
        ]
        found = pl.concat([frame("Lead", []), *self.frames(queries)])
        return found.unique("salesforce_id", maintain_order=True)

    def _queries_of_campaigns(self, of: str, campaigns: Collection[str]) -> list[Query]:
        fields = ", ".join(self.member_columns() if of == _MEMBERS else self.layouts[of].paths.values())
        return [
            Query(of=of, soql=f"SELECT {fields} FROM {of} WHERE CampaignId IN {listed(part)}")
            for part in lists(campaigns)
        ]


def _ids(page: bulk.ResultPage) -> Cells:
    def frame() -> pl.DataFrame:
        return pl.read_csv(page.csv.content, infer_schema=False).select(id="Id")

    return Cells(pieces=page.csv.pieces, fields={"id": "Id"}, frame=frame)


def _described(
    names: Sequence[str], answers: Sequence[PartAnswer]
) -> Mapping[str, Mapping[str, SalesforceField]]:
    """The fields of what was described; accounts and campaigns may be closed, people may not."""
    seen: dict[str, Mapping[str, SalesforceField]] = {}
    for name, answer in zip(names, answers, strict=True):
        if answer.status < 300:
            seen[name] = Described(answer.body)
        elif name in PEOPLE:
            raise call_error(answer.status, answer.body, writes=False, what=f"Looking at what a {name} is")
    return seen


def record_types(body: Record) -> Mapping[str, str]:
    """The API names of the record types that a describe tells of, by id; the one that stands for none left out."""
    return {
        each["recordTypeId"]: each["developerName"]
        for each in body.get("recordTypeInfos") or ()
        if not each.get("master")
    }


def condition(chosen: MirrorFilter, types: Mapping[str, str], of: str = "") -> str:
    """A filter of the mirror as SOQL about a campaign, or about what belongs to one (`of` is then "Campaign."); empty where all
    fit. A record type that the org does not have fits no campaign."""
    wanted = {each.lower() for each in chosen.record_types}
    ids = [number for number, name in types.items() if name.lower() in wanted]
    since = chosen.created_since
    said = (
        f"{of}IsActive = true" if chosen.active_only else "",
        f"{of}Type IN {listed(chosen.types)}" if chosen.types else "",
        f"{of}RecordTypeId IN {listed(ids)}" if ids else f"{of}Id = null" if wanted else "",
        f"{of}CreatedDate >= {moment(datetime.combine(since, time(), UTC))}" if since else "",
    )
    return " AND ".join(filter(None, said))


class Described(Mapping[str, SalesforceField]):
    """The fields that a describe tells of, by name. A Lead has hundreds and a handful counts: a field is made when it is asked
    for."""

    def __init__(self, body: Record) -> None:
        self._told = {each["name"]: _TOLD_OF_A_FIELD(each) for each in body["fields"]}

    def __getitem__(self, name: str) -> SalesforceField:
        label, kind, createable, updateable, unique, external_id, scale = self._told[name]
        return SalesforceField(
            name=name,
            label=label,
            type=kind,
            createable=createable,
            updateable=updateable,
            unique=unique,
            external_id=external_id,
            scale=scale,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)


_TOLD_OF_A_FIELD = itemgetter("label", "type", "createable", "updateable", "unique", "externalId", "scale")
