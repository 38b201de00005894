"""Errands: work for Salesforce that somebody asked for and that takes longer than a request may."""

from __future__ import annotations

from django.db import models


class Errand(models.Model):
    """One thing to be done, its progress, and what came of it. `seen_at` is when whoever carries it out last said a word."""

    kind = models.TextField()
    asked = models.JSONField(default=dict)
    who = models.TextField()
    folder = models.TextField(null=True)
    state = models.TextField()
    done = models.IntegerField(default=0, db_default=0)
    of = models.IntegerField(null=True)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)
    rows = models.BinaryField(null=True)
    """A table that came of it, as Arrow: the members of a plan."""

    class Meta:
        indexes = (
            models.Index(
                fields=("id",), condition=models.Q(state__in=("queued", "running")), name="errands_to_do"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
