"""The twin of `store.writing.settle`: writes that nobody heard of are judged by what the mirror shows.

Called by the twin of the ledger. An intent is what was wanted of a member, when, and whether a look was had since.
"""

from __future__ import annotations

from datetime import timedelta

from simulation.memory.tables import LinkRow, Row, Tables

_COMMITS_LATE = timedelta(minutes=15)


def settle(tables: Tables, link: LinkRow, sync_user_id: str) -> None:
    """What is seen done is agreed on, and what was not seen done in time was not done."""
    held = tables.members_of_people(link)
    for person, (wanted, at, looked) in list(link.intents.items()):
        identity = tables.identities.get((link.connection, person))
        as_wanted = None if looked else _spelled(link, wanted)
        there = [(_spelled(link, row["status"]), row) for row in held.get(person, [])]
        done: list[str | None] = [
            label for label, row in there if _is_done(label, row, as_wanted, sync_user_id)
        ]
        if wanted is None:
            done = [] if there else [None]
        news = [label for label in done if label != _spelled(link, link.agreed.get(person))]
        link.intents[person] = wanted, at, True
        if news and identity and not identity.is_deleted:
            link.agree(person, news[0])
            del link.intents[person]
        elif at < tables.now() - _COMMITS_LATE:
            del link.intents[person]


def _is_done(label: str | None, row: Row, as_wanted: str | None, sync_user_id: str) -> bool:
    return label is not None and (row["last_modified_by_id"] == sync_user_id or label == as_wanted)


def _spelled(link: LinkRow, label: str | None) -> str | None:
    known = link.vocabulary.status(label) if label is not None else None
    return known.name if known else label
