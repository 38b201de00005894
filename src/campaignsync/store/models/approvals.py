"""Plans of links that ask for approval, and what people said to them (store.approvals)."""

from __future__ import annotations

from django.db import models

from campaignsync.store.announcing import announce_plans
from campaignsync.store.auditing import note_writes
from campaignsync.store.marking import mark_approvals
from campaignsync.store.models.links import Link
from campaignsync.store.triggers import note_plans


class WaitingPlan(models.Model):
    """The latest plan of a link that nobody has carried out yet."""

    link = models.OneToOneField(Link, models.CASCADE, related_name="waiting_plan")
    digest = models.TextField()
    made_at = models.DateTimeField()
    told = models.JSONField()
    rows = models.BinaryField()
    """Its members, as Arrow."""

    class Meta:
        triggers = (*note_plans(), *announce_plans())

    def __str__(self) -> str:
        return f"plan {self.digest[:12]}"


class PlanApproval(models.Model):
    """One decision about one plan. `settled_at` is when it was used up, or when the plan it was about was overtaken."""

    link = models.ForeignKey(Link, models.CASCADE, related_name="approvals")
    digest = models.TextField()
    decision = models.TextField()
    who = models.TextField()
    at = models.DateTimeField()
    note = models.TextField(default="")
    summary = models.TextField(default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        triggers = (
            *note_writes(
                "plan",
                "(SELECT p.name FROM store_link l JOIN store_program p ON p.id = l.program_id WHERE l.id = {row}.link_id)",
            ),
            *mark_approvals(),
        )

    def __str__(self) -> str:
        return f"{self.digest[:12]} {self.decision}"
