"""What a service that is always on remembers: how far it has heard each org, and how its rounds went."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from campaignsync.store.models.programs import Connection


class Subscription(models.Model):
    """How far one topic of an org was heard. `replay_id` is Salesforce's own and means nothing to us (S2.7.6)."""

    connection = models.ForeignKey(Connection, models.CASCADE)
    topic = models.TextField()
    replay_id = models.BinaryField(null=True)
    state = models.TextField()
    message = models.TextField(default="", db_default="")
    since = models.DateTimeField()
    heard_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("connection", "topic"), name="one_place_a_topic"),)

    def __str__(self) -> str:
        return f"{self.topic}: {self.state}"


class Pulse(models.Model):
    """How the rounds of an org went since it was connected: only ever counted up, as metrics want it."""

    connection = models.OneToOneField(Connection, models.CASCADE, primary_key=True)
    rounds = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)
    within = ArrayField(models.BigIntegerField())
    """How many rounds took no longer than each of domain.health.ROUND_BUCKETS_S."""
    ended_at = models.DateTimeField(null=True)
    calls_used = models.BigIntegerField(null=True)
    calls_allowed = models.BigIntegerField(null=True)
    told_at = models.DateTimeField(null=True)
    """When the org told of its own calls."""
    clock_ahead_s = models.FloatField(null=True)

    def __str__(self) -> str:
        return f"{self.rounds} rounds"
