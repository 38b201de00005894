"""Plans that wait for approval, and what people said to them (domain.approvals).

The ledger offers and asks (`offer`, `approved`, `settle`); pages, API and command line list, read and decide. One plan waits for
a link, the latest; a decision names a plan by its digest, stands in the audit log, and is used up by the run that follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from campaignsync.domain.approvals import SHORTEST_DIGEST, OfferedPlan, PlanDecision
from campaignsync.domain.errors import NOT_THERE, HaltError, UsageError
from campaignsync.domain.ids import LinkId
from campaignsync.domain.links import Approval
from campaignsync.store import models
from campaignsync.store.acting import acting
from campaignsync.store.frames import packed, rows, unpacked
from campaignsync.store.shown.folders import IN_FOLDERS

LONGEST_NOTE = 500


def offer(link: int, plan: OfferedPlan, now: datetime) -> None:
    """Keep a plan as the one that waits. What was approved and is another plan now is approved no more."""
    known = models.WaitingPlan.objects.filter(link_id=link).values_list("digest", flat=True).first()
    if known == plan.digest:
        return
    with transaction.atomic():
        _open_approvals(link).update(settled_at=now)
        models.WaitingPlan.objects.update_or_create(
            link_id=link,
            defaults={
                "digest": plan.digest,
                "made_at": now,
                "told": dict(plan.told),
                "rows": packed(plan.rows),
            },
        )


def approved(link: int, digest: str) -> bool:
    """Whether somebody approved this plan, and nobody declined it since or carried it out."""
    said = models.PlanApproval.objects.filter(link_id=link, digest=digest, settled_at=None)
    return said.order_by("-pk").values_list("decision", flat=True).first() == PlanDecision.APPROVED


def settle(link: int, now: datetime) -> None:
    """A run came to its end: nothing waits any more, and what was approved is used up."""
    _open_approvals(link).update(settled_at=now)
    models.WaitingPlan.objects.filter(link_id=link).delete()


def _open_approvals(link: int) -> Any:
    return models.PlanApproval.objects.filter(
        link_id=link, settled_at=None, decision=PlanDecision.APPROVED.value
    )


class Approvals:
    """What waits for a person, and deciding it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock

    def waiting(self, folders: Sequence[str] | None, *, program: str | None = None) -> list[dict[str, Any]]:
        """Plans that wait, the oldest first: link, program, program_number, folder, connection, connection_number, campaign_id,
        digest, made_at, summary, counts, decision, decided_by, decided_at, note."""
        return self._waiting(folders, program=program)

    def page(self, folders: Sequence[str] | None, behind: int, limit: int) -> list[dict[str, Any]]:
        """So many plans that wait of the links behind one, in the order in which these were made, as `waiting` tells them."""
        return self._waiting(folders, behind=behind, limit=limit, order="w.link_id")

    def _waiting(
        self,
        folders: Sequence[str] | None,
        *,
        program: str | None = None,
        behind: int = 0,
        limit: int | None = None,
        order: str = "w.made_at, w.link_id",
    ) -> list[dict[str, Any]]:
        return rows(
            "SELECT w.link_id AS link, p.name AS program, p.id AS program_number, p.folder, x.name AS connection,"
            " x.id AS connection_number, l.campaign_id, w.digest, w.made_at, w.told->>'summary' AS summary,"
            " w.told->'counts' AS counts, d.decision, d.who AS decided_by, d.at AS decided_at, d.note"
            " FROM store_waitingplan w JOIN store_link l ON l.id = w.link_id JOIN store_program p ON p.id = l.program_id"
            " JOIN store_connection x ON x.id = l.connection_id LEFT JOIN LATERAL (SELECT * FROM store_planapproval d"
            "  WHERE d.link_id = w.link_id AND d.digest = w.digest AND d.settled_at IS NULL ORDER BY d.id DESC LIMIT 1) d ON true"
            f" WHERE l.approval = %(asks)s AND {IN_FOLDERS} AND (%(program)s::text IS NULL OR lower(p.name) = lower(%(program)s))"
            f" AND w.link_id > %(behind)s ORDER BY {order} LIMIT %(limit)s",
            {
                "behind": behind,
                "limit": limit,
                "asks": Approval.EACH_PLAN.value,
                "folders": None if folders is None else list(folders),
                "program": program,
            },
        )

    def plan(self, link: LinkId) -> OfferedPlan:
        """The plan that waits for a link; UsageError where none does."""
        row = models.WaitingPlan.objects.filter(link_id=link, link__approval=Approval.EACH_PLAN.value).first()
        if row is None:
            raise UsageError("No plan of this link waits for approval.", code=NOT_THERE)
        return OfferedPlan(digest=row.digest, told=row.told, rows=unpacked(row.rows))

    def offer(self, link: LinkId, plan: OfferedPlan) -> None:
        """Keep a plan that somebody had made, so that it can be decided on."""
        offer(link, plan, self._now())

    def decide(self, link: LinkId, digest: str, decision: PlanDecision, *, who: str, note: str = "") -> str:
        """Approve or decline the plan that waits, if it still is the one that was read: its digest, or the beginning of it, says
        so. The whole digest; HaltError where another plan waits by now."""
        with transaction.atomic():
            row = models.WaitingPlan.objects.select_for_update().filter(link_id=link).first()
            if row is None:
                raise UsageError("No plan of this link waits for approval.", code=NOT_THERE)
            if len(digest) < SHORTEST_DIGEST or not row.digest.startswith(digest):
                raise HaltError(
                    f"Another plan waits by now, {row.digest[:12]}, and not {digest[:12]}: read it first. Nothing was decided.",
                    code="ANOTHER_PLAN",
                )
            with acting(who=who, why=f"plan {decision}", run=None, now=self._now()):
                models.PlanApproval.objects.create(
                    link_id=link,
                    digest=row.digest,
                    decision=decision.value,
                    who=who,
                    at=self._now(),
                    note=note.strip()[:LONGEST_NOTE],
                    summary=row.told.get("summary", ""),
                )
            return str(row.digest)
