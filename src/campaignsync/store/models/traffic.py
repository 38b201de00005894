"""What is counted, hour by hour in UTC: records that moved and waited (M8.3)."""

from __future__ import annotations

from django.db import models

from campaignsync.store.models.programs import Connection


class Traffic(models.Model):
    """What moved in an hour and what waited at its last count. `link_id` is but a number, and 0 for an org."""

    connection = models.ForeignKey(Connection, models.CASCADE)
    link_id = models.BigIntegerField()
    object = models.TextField()
    direction = models.TextField()
    hour = models.DateTimeField()
    moved = models.BigIntegerField()
    waiting = models.BigIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "link_id", "object", "direction", "hour"), name="one_count_an_hour"
            ),
        )

    def __str__(self) -> str:
        return f"{self.object} {self.direction} at {self.hour}"
