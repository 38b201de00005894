"""What is counted, hour by hour in UTC: records that moved and waited (M8.3), API calls that were made."""

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


class ApiCalls(models.Model):
    """The API calls that an hour took."""

    connection = models.ForeignKey(Connection, models.CASCADE)
    hour = models.DateTimeField()
    calls = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("connection", "hour"), name="one_bill_an_hour"),)

    def __str__(self) -> str:
        return f"{self.calls} at {self.hour}"
