"""What somebody is in the middle of: errands, which take longer than a request may, and files on their way in."""

from __future__ import annotations

from django.conf import settings
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


class Upload(models.Model):
    """A file between being chosen and being brought in; only whoever sent it gets it back, by its token."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    token = models.TextField(unique=True)
    content = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("at",), name="uploads_by_age"),)

    def __str__(self) -> str:
        return f"{self.owner}: {self.at}"
