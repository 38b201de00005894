"""What makes a link be looked at: whoever changes anything that a plan is made of leaves a mark on the links concerned.

Triggers, declared on the models beside those of `triggers`. A round plans marked links only (`Ledger.links_due`), so that a
change which leaves no mark would never be planned: every column of these tables counts but those named as moot, and a
column that is added counts from its first day. A mark knows the transaction that made it last; it is taken away only by a plan
that saw it and found nothing to do (`Ledger.settle_mark`), and never when it was made anew since.
"""

from __future__ import annotations

from dataclasses import dataclass

import pgtrigger

from campaignsync.store.doubts import MANY, casting
from campaignsync.store.triggers import NOW, after

_LINKS = "SELECT k.id FROM store_link k WHERE {}"
_THERE = "k.connection_id = r.connection_id AND k.campaign_id = {}"
_OF_CAMPAIGN = (
    "SELECT k.id FROM store_campaignmember m JOIN store_link k ON k.connection_id = m.connection_id"
    " AND k.campaign_id = m.campaign_id WHERE m.connection_id = r.connection_id"
    " AND coalesce(m.contact_id, m.lead_id) = r.salesforce_id"
)
_OF_PROGRAM = "SELECT k.id FROM store_programmember m JOIN store_link k ON k.program_id = m.program_id WHERE m.person_id = {}"
_OF_MEMORY = "SELECT a.link_id FROM store_agreement a WHERE a.person_id = r.person_id"
_OF_CHANNEL = (
    "SELECT k.id FROM store_program p JOIN store_link k ON k.program_id = p.id WHERE p.channel_id = {}"
)
_MARKING = f"""EXECUTE $mark$ {{before}}INSERT INTO store_mark (link_id, why, noted_at)
        SELECT DISTINCT l.id, '{{why}}', {NOW} FROM ({{rows}}) r JOIN LATERAL ({{links}}) l(id) ON true
        ON CONFLICT (link_id) DO UPDATE SET noted_at = excluded.noted_at{{behind}} $mark$;"""
_SURE = {"before": "", "behind": ""}
"""What is no part of the three sides puts nobody in doubt."""
_DOUBTING = {
    "before": "WITH marked AS (",
    "behind": " RETURNING link_id) INSERT INTO store_doubt (link_id) SELECT link_id FROM marked",
}
"""What concerns all members of a link puts everybody in doubt (store.doubts)."""
_NAMING = f"""IF (SELECT count(*) FROM (SELECT FROM {{counted}} LIMIT {MANY + 1}) c) > {MANY} THEN
        {{of_all}}
    ELSE
        {{of_some}}
        EXECUTE $doubt$ INSERT INTO store_doubt (link_id, person_id, who)
        SELECT DISTINCT l.id, {{doubted}} FROM ({{rows}}) r JOIN LATERAL ({{links}}) l(id) ON true $doubt$;
    END IF;"""
"""What concerns some of them names those, unless they are very many."""


def _behind(operation: str, body: str) -> pgtrigger.Trigger:
    return after(
        operation,
        f"mark_{operation}",
        f"""
    IF EXISTS (SELECT FROM store_link) THEN
        {body}
    END IF;
    RETURN NULL;
""",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """A table: the ids of the links that one of its rows (r) leads to, and which of its columns change no plan."""

    why: str
    links: str
    moot: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    """All that are not moot, of a table of which very many rows change at once: they are compared one by one then."""
    operations: tuple[str, ...] = ("insert", "update", "delete")
    doubted: str | None = None
    """Who is in doubt: person_id and who of a row; None: everybody, or nobody where one is `sure`."""
    sure: bool = False

    def triggers(self) -> list[pgtrigger.Trigger]:
        return [_behind(operation, self._body(operation)) for operation in self.operations]

    def _body(self, operation: str) -> str:
        rows = self._rows(operation)
        of_some, of_all = (
            _MARKING.format(why=self.why, rows=rows, links=self.links, **doubts)
            for doubts in (_SURE, _DOUBTING)
        )
        if self.doubted is None:
            return of_some if self.sure else of_all
        return _NAMING.format(
            counted="old_rows" if operation == "delete" else "new_rows",
            of_some=of_some,
            of_all=of_all,
            doubted=self.doubted,
            rows=rows,
            links=self.links,
        )

    def _rows(self, operation: str) -> str:
        if operation != "update":
            return f"SELECT * FROM {'new_rows' if operation == 'insert' else 'old_rows'}"
        return (
            "SELECT r.* FROM new_rows n JOIN old_rows o ON o.id = n.id CROSS JOIN LATERAL (SELECT o.* UNION ALL SELECT n.*) r"
            f" WHERE {self._compared('n')} IS DISTINCT FROM {self._compared('o')}"
        )

    def _compared(self, row: str) -> str:
        if self.columns:
            return f"({', '.join(f'{row}.{name}' for name in self.columns)})"
        return "".join((f"to_jsonb({row})", *(f" - '{name}'" for name in self.moot)))


_MIRRORED = ("system_modstamp", "last_modified_by_id")
_OF_THE_MIRROR = ("scope", "record_type", "created_date")
"""What only says whether a campaign's members are mirrored, which those of a linked one always are."""


def mark_campaigns() -> list[pgtrigger.Trigger]:
    """A campaign's own fields."""
    links = _LINKS.format(_THERE.format("r.salesforce_id"))
    return _Watched(why="campaign", links=links, moot=(*_MIRRORED, *_OF_THE_MIRROR), sure=True).triggers()


def mark_campaign_statuses() -> list[pgtrigger.Trigger]:
    """What a campaign offers its members."""
    links = _LINKS.format(_THERE.format("r.campaign_id"))
    return _Watched(why="campaign status", links=links, moot=_MIRRORED[:1]).triggers()


def mark_programs() -> list[pgtrigger.Trigger]:
    """A program itself."""
    return _Watched(
        why="program", links=_LINKS.format("k.program_id = r.id"), operations=("update",)
    ).triggers()


def mark_costs() -> list[pgtrigger.Trigger]:
    """What a program costs."""
    return _Watched(
        why="period cost", links=_LINKS.format("k.program_id = r.program_id"), moot=("note",), sure=True
    ).triggers()


def mark_channels() -> list[pgtrigger.Trigger]:
    """A channel: all programs of it."""
    return _Watched(why="channel", links=_OF_CHANNEL.format("r.id"), operations=("update",)).triggers()


def mark_channel_statuses() -> list[pgtrigger.Trigger]:
    """The statuses of a channel: all programs of it."""
    return _Watched(why="channel status", links=_OF_CHANNEL.format("r.channel_id")).triggers()


def mark_links() -> list[pgtrigger.Trigger]:
    """A link, when it is made and when anything is chosen for it."""
    return _Watched(
        why="link", links="SELECT r.id", moot=("reason",), operations=("insert", "update")
    ).triggers()


def mark_approvals() -> list[pgtrigger.Trigger]:
    """What a person said to a plan that waited."""
    return _Watched(why="approval", links="SELECT r.link_id", operations=("insert",), sure=True).triggers()


def mark_labels() -> list[pgtrigger.Trigger]:
    """What the labels of a linked campaign mean."""
    return _Watched(why="label", links="SELECT r.link_id").triggers()


def mark_connections() -> list[pgtrigger.Trigger]:
    """What was chosen for an org: all its links."""
    moot = (
        *("round_at", "every_s", "daily_calls", "reserve", "credentials", "sync_username", "instance_url"),
        *("mirror_filter", "compared_at", "pubsub"),
    )
    return _Watched(
        why="connection", links=_LINKS.format("k.connection_id = r.id"), moot=moot, operations=("update",)
    ).triggers()


def mark_identities() -> list[pgtrigger.Trigger]:
    """Which record a person is, once that changes or is gone; whoever is new came with a member, which was marked."""
    return _Watched(
        why="person",
        links=f"{_OF_PROGRAM.format('r.person_id')} UNION {_OF_MEMORY} UNION {_OF_CAMPAIGN}",
        moot=("agreed", "changes"),
        columns=("connection_id", "person_id", "salesforce_id", "kind", "is_deleted"),
        operations=("update", "delete"),
        doubted="r.person_id, r.salesforce_id",
    ).triggers()


def mark_people() -> list[pgtrigger.Trigger]:
    """Somebody for whom a write waits, until what is to be written changes (docs/adr/0004)."""
    waits = " AND EXISTS (SELECT FROM store_problem q WHERE q.person_id = r.id AND q.solved_at IS NULL)"
    return _Watched(
        why="person", links=_OF_PROGRAM.format("r.id") + waits, operations=("update",), sure=True
    ).triggers()


def mark_salesforce_people() -> list[pgtrigger.Trigger]:
    """A lead or contact that is seen for the first time, after its member maybe, or that goes or comes back."""
    seen = ("is_deleted", "is_converted", "converted_contact_id", "master_record_id")
    differs = " OR ".join(f"o.{name} IS DISTINCT FROM n.{name}" for name in seen)
    rows = {
        "insert": "SELECT connection_id, salesforce_id FROM new_rows WHERE system_modstamp IS NOT NULL",
        "update": "SELECT n.connection_id, n.salesforce_id FROM new_rows n JOIN old_rows o ON o.id = n.id"
        f" WHERE {differs} OR (o.system_modstamp IS NULL) <> (n.system_modstamp IS NULL)",
    }
    return [
        _behind(
            operation,
            _MARKING.format(why="person in Salesforce", rows=rows[operation], links=_OF_CAMPAIGN, **_SURE),
        )
        for operation in rows
    ]


def doubt_agreements() -> list[pgtrigger.Trigger]:
    """Whoever is agreed on as something else may differ. It marks no link: a plan agrees on what it has looked at."""
    of = {
        operation: f"FROM {table} r" for operation, table in (("insert", "new_rows"), ("delete", "old_rows"))
    }
    of["update"] = (
        "FROM (SELECT n.id, unnest(ARRAY[n.link_id, o.link_id]) AS link_id, unnest(ARRAY[n.person_id, o.person_id]) AS person_id"
        " FROM new_rows n JOIN old_rows o ON o.id = n.id"
        " WHERE (n.link_id, n.person_id, n.status) IS DISTINCT FROM (o.link_id, o.person_id, o.status)) r"
    )
    return [
        after(
            operation,
            f"doubt_{operation}",
            casting(
                counted="old_rows" if operation == "delete" else "new_rows",
                links=f"SELECT DISTINCT r.link_id {rows}",
                named=f"SELECT DISTINCT r.link_id, r.person_id, NULL {rows}",
            )
            + "RETURN NULL;",
        )
        for operation, rows in of.items()
    ]


def forget_doubts() -> list[pgtrigger.Trigger]:
    """Doubts go with their link: no key of the database takes them along, which would be looked at for each of them."""
    body = "DELETE FROM store_doubt d USING old_rows r WHERE d.link_id = r.id; RETURN NULL;"
    return [after("delete", "forget_doubts", body)]


def stamp_marks() -> list[pgtrigger.Trigger]:
    """A mark knows the transaction that made it last, whoever wrote it."""
    return [
        pgtrigger.Trigger(
            name="stamp",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.Update,
            func="NEW.version = pg_current_xact_id()::text::bigint; RETURN NEW;",
        )
    ]


def count_rows(of: str) -> list[pgtrigger.Trigger]:
    """Keep how many rows of an object each mirrored campaign has, so that a quiet round need not count them."""
    counted = (
        f"SELECT connection_id, '{of}' AS object, campaign_id, count(*) AS rows FROM {{}} GROUP BY 1, 2, 3"
    )
    return [
        after(
            "insert",
            "count_insert",
            f"EXECUTE $count$ INSERT INTO store_mirrorcount AS t (connection_id, object, campaign_id, rows)"
            f" {counted.format('new_rows')} ON CONFLICT (connection_id, object, campaign_id)"
            " DO UPDATE SET rows = t.rows + excluded.rows $count$; RETURN NULL;",
        ),
        after(
            "delete",
            "count_delete",
            f"EXECUTE $count$ UPDATE store_mirrorcount t SET rows = t.rows - c.rows FROM ({counted.format('old_rows')}) c"
            " WHERE (t.connection_id, t.object, t.campaign_id) = (c.connection_id, c.object, c.campaign_id) $count$;"
            " RETURN NULL;",
        ),
    ]
