"""Change capture in the database: whoever writes a member, by page or by bulk SQL, leaves a line in the journal and a mark;
whoever makes, ends or changes a link or a cost leaves a line; whoever lets a link wait or a job fail leaves a problem and a
notice.

Declared on the models, installed by migrations. They run once a statement over all rows it touched. Who did it, why and in which
run is told by `acting` in settings of the transaction; where nobody told, it is the database user.

They are planned anew each time (EXECUTE): a plan that was kept from a statement which touched no row is quadratic for the next
one that touches a hundred thousand.
"""

from __future__ import annotations

import pgtrigger

from campaignsync.domain.trees import PERSON_FIELDS
from campaignsync.store.doubts import casting

NOW = "COALESCE(NULLIF(current_setting('campaignsync.now', true), '')::timestamptz, now())"
TOLD = "COALESCE(NULLIF(current_setting('campaignsync.who', true), ''), session_user)"
WHY = "COALESCE(current_setting('campaignsync.why', true), '')"
RUN = "NULLIF(current_setting('campaignsync.run', true), '')::bigint"
_ACTOR = f"""
    {NOW},
    {{who}},
    {WHY},
    {RUN}
"""
COLUMNS = "(at, who, why, run_id, side, connection_id, program_id, campaign_id, person_id, noun, record_id, old, new)"

_PROGRAM_MEMBERS = f"""
    EXECUTE $note$ INSERT INTO store_journalentry {COLUMNS}
    SELECT {_ACTOR.format(who=TOLD)}, 'program', NULL, r.program_id, '', r.person_id, 'member', '', o.name, n.name
    FROM ({{rows}}) r
    LEFT JOIN store_progressionstatus o ON o.id = r.old_status
    LEFT JOIN store_progressionstatus n ON n.id = r.new_status
    WHERE r.old_status IS DISTINCT FROM r.new_status $note$;
    EXECUTE $mark$ INSERT INTO store_mark (link_id, why, noted_at)
    SELECT DISTINCT l.id, 'program', {NOW}
    FROM ({{rows}}) r JOIN store_link l ON l.program_id = r.program_id
    WHERE r.old_status IS DISTINCT FROM r.new_status OR r.old_person <> r.person_id
    ON CONFLICT (link_id) DO UPDATE SET noted_at = excluded.noted_at $mark$;
    {{doubts}}
    RETURN NULL;
"""
_CAMPAIGN_MEMBERS = f"""
    EXECUTE $note$ INSERT INTO store_journalentry {COLUMNS}
    SELECT {_ACTOR.format(who=f"COALESCE(r.changed_by, {TOLD})")},
           'campaign', r.connection_id, NULL, r.campaign_id, i.person_id, 'member', r.salesforce_id, r.old, r.new
    FROM ({{rows}}) r
    LEFT JOIN store_personidentity i ON i.connection_id = r.connection_id AND i.salesforce_id = r.who_id
    WHERE r.old IS DISTINCT FROM r.new $note$;
    EXECUTE $mark$ INSERT INTO store_mark (link_id, why, noted_at)
    SELECT DISTINCT l.id, 'campaign', {NOW}
    FROM ({{rows}}) r JOIN store_link l ON l.connection_id = r.connection_id AND l.campaign_id = r.campaign_id
    WHERE r.old IS DISTINCT FROM r.new OR r.old_who_id IS DISTINCT FROM r.who_id
    ON CONFLICT (link_id) DO UPDATE SET noted_at = excluded.noted_at $mark$;
    {{doubts}}
    RETURN NULL;
"""

_PROGRAM_ROWS = {
    "insert": "SELECT program_id, person_id, person_id AS old_person, NULL::bigint AS old_status,"
    " status_id AS new_status FROM new_rows",
    "update": "SELECT n.program_id, n.person_id, o.person_id AS old_person, o.status_id AS old_status,"
    " n.status_id AS new_status"
    " FROM new_rows n JOIN old_rows o ON o.id = n.id",
    "delete": "SELECT program_id, person_id, person_id AS old_person, status_id AS old_status,"
    " NULL::bigint AS new_status FROM old_rows",
}
_CAMPAIGN_ROWS = {
    "insert": "SELECT connection_id, campaign_id, salesforce_id, COALESCE(contact_id, lead_id) AS who_id, NULL AS old_who_id,"
    " last_modified_by_id AS changed_by, NULL::text AS old, status AS new, false AS turned FROM new_rows",
    "update": "SELECT n.connection_id, n.campaign_id, n.salesforce_id, COALESCE(n.contact_id, n.lead_id) AS who_id,"
    " COALESCE(o.contact_id, o.lead_id) AS old_who_id, n.last_modified_by_id AS changed_by, o.status AS old, n.status AS new,"
    " (n.lead_id, n.contact_id) IS DISTINCT FROM (o.lead_id, o.contact_id) AS turned"
    " FROM new_rows n JOIN old_rows o ON o.id = n.id",
    "delete": "SELECT connection_id, campaign_id, salesforce_id, COALESCE(contact_id, lead_id) AS who_id, NULL AS old_who_id,"
    " NULL::text AS changed_by, status AS old, NULL::text AS new, false AS turned FROM old_rows"
    # Who leaves the mirror since its filter does not want the campaign was not removed by anybody (store.scope).
    " WHERE coalesce(current_setting('campaignsync.prunes', true), '') <> 'yes'",
}
_ROWS_OF = {"insert": "new_rows", "update": "new_rows", "delete": "old_rows"}
_DOUBTED_PROGRAM = (
    "SELECT DISTINCT l.id, p.person_id, NULL FROM ({rows}) r JOIN store_link l ON l.program_id = r.program_id"
    " CROSS JOIN LATERAL (VALUES (r.person_id), (r.old_person)) p(person_id)"
    " WHERE r.old_status IS DISTINCT FROM r.new_status OR r.old_person <> r.person_id"
)
_DOUBTED_CAMPAIGN = (
    "SELECT DISTINCT l.id, NULL::bigint, w.who FROM ({rows}) r JOIN store_link l ON l.connection_id = r.connection_id"
    " AND l.campaign_id = r.campaign_id CROSS JOIN LATERAL (VALUES (r.who_id), (r.old_who_id)) w(who) WHERE w.who IS NOT NULL"
    " AND (r.old IS DISTINCT FROM r.new OR r.old_who_id IS DISTINCT FROM r.who_id OR r.turned)"
)
_LINKS_OF_PROGRAMS = (
    "SELECT l.id FROM store_link l WHERE l.program_id IN (SELECT DISTINCT program_id FROM {counted})"
)
_LINKS_OF_CAMPAIGNS = (
    "SELECT l.id FROM store_link l WHERE (l.connection_id, l.campaign_id) IN"
    " (SELECT DISTINCT connection_id, campaign_id FROM {counted})"
)
_FIELDS = f"""
    IF EXISTS (SELECT FROM new_rows WHERE custom <> '{{{{}}}}'){{or_before}} THEN
        EXECUTE $note$ INSERT INTO store_journalentry {COLUMNS}
        SELECT {_ACTOR.format(who="{who}")}, {{columns}}, f.name, {{record}}, o.custom->>f.name, n.custom->>f.name
        FROM new_rows n {{before}} {{person}}, jsonb_object_keys({{keys}}) f(name)
        WHERE n.custom IS DISTINCT FROM o.custom AND n.custom->>f.name IS DISTINCT FROM o.custom->>f.name $note$;
        EXECUTE $mark$ INSERT INTO store_mark (link_id, why, noted_at)
        SELECT DISTINCT l.id, {{side}}, {NOW} FROM new_rows n {{before}} JOIN store_link l ON {{linked}}
        WHERE n.custom IS DISTINCT FROM o.custom
        ON CONFLICT (link_id) DO UPDATE SET noted_at = excluded.noted_at $mark$;
    END IF;
    RETURN NULL;
"""
"""Custom fields of members, one line a field: where no member has one, it is a look at the rows and no more."""
_BEFORE = {
    "insert": "LEFT JOIN (SELECT NULL::jsonb AS custom) o ON true",
    "update": "JOIN old_rows o ON o.id = n.id",
}

_LINK_STATES = f"""
    EXECUTE $solve$ UPDATE store_problem q SET solved_at = {NOW}
    FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE n.state <> o.state AND q.link_id = n.id AND q.code = 'LINK_' || upper(o.state) AND q.solved_at IS NULL $solve$;
    EXECUTE $open$ INSERT INTO store_problem
    (connection_id, link_id, noun, direction, code, message, first_seen, last_seen, tries)
    SELECT n.connection_id, n.id, 'job', 'for a person', 'LINK_' || upper(n.state), coalesce(n.reason, n.state),
           {NOW}, {NOW}, 1
    FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE n.state <> o.state AND n.state <> 'active' $open$;
    RETURN NULL;
"""
_JOBS = """
    EXECUTE $notice$ INSERT INTO store_notice (connection_id, program, at, event, code, message, sent, tries, due_at)
    SELECT r.connection_id, coalesce(p.name, ''), r.at, r.event, r.code, r.message, '[]', 0, r.at
    FROM ({rows}) r LEFT JOIN store_link l ON l.id = r.link_id LEFT JOIN store_program p ON p.id = l.program_id
    WHERE r.noun = 'job' AND r.code <> 'NOTICE_UNDELIVERED' $notice$;
    RETURN NULL;
"""
_JOB_ROWS = {
    "insert": "SELECT *, 'opened' AS event, first_seen AS at FROM new_rows",
    "update": "SELECT n.*, 'solved' AS event, n.solved_at AS at FROM new_rows n JOIN old_rows o ON o.id = n.id"
    " WHERE o.solved_at IS NULL AND n.solved_at IS NOT NULL",
}
_PLANS = f"""
    EXECUTE $notice$ INSERT INTO store_notice (connection_id, program, at, event, code, message, sent, tries, due_at)
    SELECT l.connection_id, p.name, {NOW}, '{{event}}', 'PLAN_WAITS', {{message}}, '[]', 0, {NOW}
    FROM {{rows}} r JOIN store_link l ON l.id = r.link_id JOIN store_program p ON p.id = l.program_id $notice$;
    RETURN NULL;
"""
_CHOICES = f"""
    EXECUTE $note$ INSERT INTO store_journalentry {COLUMNS}
    SELECT {_ACTOR.format(who=TOLD)}, 'program', r.connection_id, r.program_id, r.campaign_id, NULL, r.noun,
           r.record_id, r.old, r.new
    FROM ({{rows}}) r WHERE r.old IS DISTINCT FROM r.new $note$;
    RETURN NULL;
"""
_LINK = "SELECT connection_id, program_id, campaign_id, 'link' AS noun, campaign_id AS record_id, {} FROM {}"
_POLICY = (
    "format('winner: %s, step back: %s, removed in program: %s, removed in campaign: %s, field edit: %s,"
    " approval: %s, removals: over %s of them and over %s', {0}.winner, {0}.step_back, {0}.removed_in_program,"
    " {0}.removed_in_campaign, {0}.field_edit, {0}.approval, {0}.removal_share, {0}.removal_number)"
)
_LINK_ROWS = {
    "insert": _LINK.format("NULL::text AS old, campaign_id AS new", "new_rows"),
    "update": "SELECT n.connection_id, n.program_id, n.campaign_id, 'policy' AS noun, n.campaign_id AS record_id,"
    f" {_POLICY.format('o')} AS old, {_POLICY.format('n')} AS new FROM new_rows n JOIN old_rows o ON o.id = n.id",
    "delete": _LINK.format("campaign_id AS old, NULL::text AS new", "old_rows"),
}
_COST = (
    "SELECT NULL::bigint AS connection_id, {0}.program_id, '' AS campaign_id, 'period cost' AS noun,"
    " to_char({0}.month, 'YYYY-MM') AS record_id, {1} AS old, {2} AS new FROM {3}"
)
_PAID = "trim_scale({0}.amount) || ' ' || {0}.currency"
_COST_ROWS = {
    "insert": _COST.format("n", "NULL::text", _PAID.format("n"), "new_rows n"),
    "update": _COST.format(
        "n", _PAID.format("o"), _PAID.format("n"), "new_rows n JOIN old_rows o ON o.id = n.id"
    ),
    "delete": _COST.format("o", _PAID.format("o"), "NULL::text", "old_rows o"),
}
_ROW = ", ".join(f'{{row}}."{name}"' for name in (*PERSON_FIELDS, "custom"))
_VALUES = ", ".join(f'(\'{name}\', o."{name}"::text, n."{name}"::text)' for name in PERSON_FIELDS)
_CHANGED_FIELDS = f"""
    CROSS JOIN LATERAL (VALUES {_VALUES}) f(noun, old, new) WHERE f.old IS DISTINCT FROM f.new
"""
_CHANGED_CUSTOM = """
    CROSS JOIN LATERAL (SELECT k AS noun, o.custom->>k AS old, n.custom->>k AS new FROM
        jsonb_object_keys(coalesce(o.custom, '{{}}') || coalesce(n.custom, '{{}}')) k) f WHERE f.old IS DISTINCT FROM f.new
"""
_PERSON = "FROM new_rows n JOIN old_rows o ON o.id = n.id AND n.merged_into_id IS NULL"
_PEOPLE = f"""
    EXECUTE $note$ INSERT INTO store_journalentry {COLUMNS}
    SELECT {_ACTOR.format(who=TOLD)}, 'program', NULL, NULL, '', r.person_id, r.noun, '', r.old, r.new
    FROM (SELECT n.id AS person_id, f.* {_PERSON} {_CHANGED_FIELDS}
    UNION ALL SELECT n.id, f.* {_PERSON} {_CHANGED_CUSTOM}) r $note$;
    EXECUTE $count$ UPDATE store_personidentity i SET changes = i.changes + 1
    {_PERSON} WHERE i.person_id = n.id AND ({_ROW.format(row="n")}) IS DISTINCT FROM ({_ROW.format(row="o")}) $count$;
    RETURN NULL;
"""
_NEW_PEOPLE = f"""
    IF EXISTS (SELECT FROM store_smartcampaign WHERE state = 'active' AND definition->>'triggers' ILIKE '%person is created%')
    THEN
        EXECUTE $note$ INSERT INTO store_journalentry {COLUMNS}
        SELECT {_ACTOR.format(who=TOLD)}, 'program', NULL, NULL, '', n.id, 'created', '', NULL, n.email FROM new_rows n $note$;
    END IF;
    RETURN NULL;
"""
"""Noted only while a smart campaign listens to it: a first read would fill the journal with what people tell of themselves."""
_SEEN = """FROM new_rows n JOIN old_rows o ON o.id = n.id JOIN store_personidentity i
    ON i.connection_id = n.connection_id AND i.salesforce_id = n.salesforce_id"""
_SALESFORCE_PEOPLE = f"""
    EXECUTE $note$ INSERT INTO store_journalentry {COLUMNS}
    SELECT {_ACTOR.format(who=TOLD)}, 'campaign', r.connection_id, NULL, '', r.person_id, r.noun, r.salesforce_id, r.old, r.new
    FROM (SELECT i.connection_id, i.person_id, i.salesforce_id, f.* {_SEEN} AND o.system_modstamp IS NOT NULL {_CHANGED_FIELDS}
    UNION ALL SELECT i.connection_id, i.person_id, i.salesforce_id, f.*
    {_SEEN} AND o.system_modstamp IS NOT NULL {_CHANGED_CUSTOM}) r $note$;
    EXECUTE $count$ UPDATE store_personidentity i SET changes = i.changes + 1
    FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE i.connection_id = n.connection_id AND i.salesforce_id = n.salesforce_id
    AND (n.system_modstamp, {_ROW.format(row="n")}) IS DISTINCT FROM (o.system_modstamp, {_ROW.format(row="o")}) $count$;
    RETURN NULL;
"""
_WAKE = """
    PERFORM campaignsync_wake(l.connection_id), set_config('campaignsync.woken', l.connection_id::text, true)
    FROM store_link l JOIN store_connection x ON x.id = l.connection_id
    WHERE l.id = NEW.link_id AND (l.state = 'active' OR l.removals_allowed) AND x.campaign_sync
    AND l.connection_id::text <> coalesce(current_setting('campaignsync.woken', true), '')
    AND l.connection_id::text <> coalesce(current_setting('campaignsync.round_of', true), '');
    RETURN NULL;
"""
"""At the commit that brought a mark, so that nobody's commit waits for longer than another's commit takes. An org that the
transaction has woken already is not woken again for each of its links."""
_WAKE_FOR_PEOPLE = """
    PERFORM campaignsync_wake(x.id), set_config('campaignsync.woken', x.id::text, true) FROM store_connection x
    WHERE x.id = NEW.connection_id AND x.campaign_sync
    AND x.id::text <> coalesce(current_setting('campaignsync.woken', true), '');
    RETURN NULL;
"""
JOURNAL_LOCK = 0x0CA4
"""The upper 16 bits of the advisory locks that writers of the journal hold; the lower 48 are where they began."""
JOURNAL_SEQUENCE = "store_journalentry_id_seq"
_TELL_READERS = f"""
    IF coalesce(current_setting('campaignsync.writes_journal', true), '') = '' THEN
        PERFORM pg_advisory_xact_lock_shared(({JOURNAL_LOCK}::bigint << 48) |
            (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {JOURNAL_SEQUENCE}));
        PERFORM set_config('campaignsync.writes_journal', 'yes', true);
    END IF;
    RETURN NULL;
"""
_OPERATIONS = {"insert": pgtrigger.Insert, "update": pgtrigger.Update, "delete": pgtrigger.Delete}
_REFERENCING = {
    "insert": pgtrigger.Referencing(new="new_rows"),  # type: ignore[no-untyped-call]
    "update": pgtrigger.Referencing(old="old_rows", new="new_rows"),  # type: ignore[no-untyped-call]
    "delete": pgtrigger.Referencing(old="old_rows"),  # type: ignore[no-untyped-call]
}


def _noted(body: str, rows: dict[str, str], name: str = "note", **parts: str) -> list[pgtrigger.Trigger]:
    """`parts` are further pieces of the body, made of the operation's `rows` and of the table that they are `counted` in."""
    return [
        after(
            operation,
            f"{name}_{operation}",
            body.format(rows=rows[operation], **_filled(parts, rows[operation], _ROWS_OF[operation])),
        )
        for operation in rows
    ]


def _filled(parts: dict[str, str], rows: str, counted: str) -> dict[str, str]:
    return {name: part.format(rows=rows, counted=counted) for name, part in parts.items()}


def after(operation: str, name: str, func: str) -> pgtrigger.Trigger:
    """A trigger that runs once behind a statement, and sees its rows as they were and as they are."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=_OPERATIONS[operation],
        referencing=_REFERENCING[operation],
        func=func,
    )


def note_program_members() -> list[pgtrigger.Trigger]:
    """Journal and mark every change of a program's members, and doubt whom it concerns."""
    doubts = casting(counted="{counted}", links=_LINKS_OF_PROGRAMS, named=_DOUBTED_PROGRAM)
    return _noted(_PROGRAM_MEMBERS, _PROGRAM_ROWS, doubts=doubts)


def note_links() -> list[pgtrigger.Trigger]:
    """Journal who makes and ends links, and who changes what was chosen for one."""
    return _noted(_CHOICES, _LINK_ROWS, "journal")


def note_costs() -> list[pgtrigger.Trigger]:
    """Journal every change of a period cost."""
    return _noted(_CHOICES, _COST_ROWS, "journal")


def note_campaign_members() -> list[pgtrigger.Trigger]:
    """Journal and mark every change of a mirrored campaign's members, and doubt whom it concerns."""
    doubts = casting(counted="{counted}", links=_LINKS_OF_CAMPAIGNS, named=_DOUBTED_CAMPAIGN)
    return _noted(_CAMPAIGN_MEMBERS, _CAMPAIGN_ROWS, doubts=doubts)


def note_program_fields() -> list[pgtrigger.Trigger]:
    """Journal and mark every change of a custom field of a program's members."""
    return _noted_fields(
        who=TOLD,
        columns="'program', NULL, n.program_id, '', n.person_id",
        record="''",
        person="",
        keys={"insert": "n.custom", "update": "o.custom || n.custom"},
        side="'program'",
        linked="l.program_id = n.program_id",
    )


def note_campaign_fields() -> list[pgtrigger.Trigger]:
    """Journal and mark every change of a mapped field of a mirrored campaign's members. A field that was not read before, or is
    read no more, has not changed by that."""
    return _noted_fields(
        who=f"COALESCE(n.last_modified_by_id, {TOLD})",
        columns="'campaign', n.connection_id, NULL, n.campaign_id, i.person_id",
        record="n.salesforce_id",
        person="LEFT JOIN store_personidentity i ON i.connection_id = n.connection_id"
        " AND i.salesforce_id = COALESCE(n.contact_id, n.lead_id)",
        keys={
            "insert": "n.custom",
            "update": "(SELECT jsonb_object_agg(k, 1) FROM jsonb_object_keys(n.custom) k WHERE o.custom ? k)",
        },
        side="'campaign'",
        linked="l.connection_id = n.connection_id AND l.campaign_id = n.campaign_id",
    )


def _noted_fields(*, keys: dict[str, str], **parts: str) -> list[pgtrigger.Trigger]:
    return [
        pgtrigger.Trigger(
            name=f"note_fields_{operation}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=_OPERATIONS[operation],
            referencing=_REFERENCING[operation],
            func=_FIELDS.format(
                before=_BEFORE[operation],
                keys=keys[operation],
                or_before=" OR EXISTS (SELECT FROM old_rows WHERE custom <> '{}')"
                if operation == "update"
                else "",
                **parts,
            ),
        )
        for operation in _BEFORE
    ]


def note_people() -> list[pgtrigger.Trigger]:
    """Journal every change of a person's fields, and count it for the comparison with each org."""
    return [*_noted(_PEOPLE, {"update": ""}), after("insert", "note_insert", _NEW_PEOPLE)]


def note_salesforce_people() -> list[pgtrigger.Trigger]:
    """Journal every change of a mirrored lead's or contact's fields who is a person of ours, and count it."""
    return _noted(_SALESFORCE_PEOPLE, {"update": ""})


def note_link_states() -> list[pgtrigger.Trigger]:
    """Keep as a problem that a link waits (M6.9), until its state is another."""
    return _noted(_LINK_STATES, {"update": ""})


def note_jobs() -> list[pgtrigger.Trigger]:
    """Write a notice when a job-level problem opens and when it is solved."""
    return _noted(_JOBS, _JOB_ROWS)


def note_plans() -> list[pgtrigger.Trigger]:
    """Write a notice when a link begins to wait for somebody's approval, and when it waits no more; none for each plan that
    takes the place of another meanwhile."""
    asks = (
        "'A plan waits for approval. ' || coalesce(r.told->>'summary', '')"
        " || ' Read it with: campaignsync approvals \"' || p.name || '\"'"
    )
    over = "'No plan waits for approval any more.'"
    return [
        after("insert", "notice_insert", _PLANS.format(event="opened", message=asks, rows="new_rows")),
        after("delete", "notice_delete", _PLANS.format(event="solved", message=over, rows="old_rows")),
    ]


def name_runs() -> list[pgtrigger.Trigger]:
    """A run bears what its link pairs, whoever begins it: it is to be told of when the link is no more."""
    return [
        pgtrigger.Trigger(
            name="name",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            func="SELECT l.program_id, l.connection_id, l.campaign_id INTO NEW.program_id, NEW.connection_id, NEW.campaign_id"
            " FROM store_link l WHERE l.id = NEW.link_id; RETURN NEW;",
        )
    ]


def wake_orgs() -> list[pgtrigger.Trigger]:
    """Whoever marks a link wakes a worker for its org in the same commit, unless a round of that very org marks it (`acting`)."""
    return [
        pgtrigger.Trigger(
            name="wake",
            level=pgtrigger.Row,
            when=pgtrigger.After,
            operation=pgtrigger.Insert | pgtrigger.Update,
            timing=pgtrigger.Deferred,
            func=_WAKE,
        )
    ]


def wake_orgs_of_people() -> list[pgtrigger.Trigger]:
    """Whoever changes a field of somebody whom an org knows wakes a worker for that org: no link need be marked for it."""
    return [
        pgtrigger.Trigger(
            name="wake",
            level=pgtrigger.Row,
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            timing=pgtrigger.Deferred,
            condition=pgtrigger.Condition(
                "NEW.changes > OLD.changes"
                " AND NEW.connection_id::text <> coalesce(current_setting('campaignsync.round_of', true), '')"
            ),
            func=_WAKE_FOR_PEOPLE,
        )
    ]


def tell_readers() -> list[pgtrigger.Trigger]:
    """Show whoever reads the journal that a transaction is writing to it, and from where on, until that has ended: see
    `store.journal.committed_until`."""
    return [
        pgtrigger.Trigger(
            name="tell_readers",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            func=_TELL_READERS,
        )
    ]


def append_only() -> list[pgtrigger.Trigger]:
    """Refuse to change or delete what was written once, but for a transaction that says that it forgets what is old."""
    return [
        pgtrigger.Trigger(
            name="append_only",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
            func="IF TG_OP = 'DELETE' AND current_setting('campaignsync.forgets', true) = 'yes' THEN RETURN NULL; END IF;"
            " RAISE EXCEPTION 'The journal is append-only.';",
        )
    ]
