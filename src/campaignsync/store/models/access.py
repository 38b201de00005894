"""Who may do what, what they did, and whom we tell: grants, API keys, the audit log, requests that were answered, webhooks."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from campaignsync.store.auditing import note_writes
from campaignsync.store.triggers import append_only


class Grant(models.Model):
    """A role of a user in a folder of programs; the empty folder stands for the whole installation."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="grants")
    folder = models.TextField(default="", blank=True)
    role = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "folder"), name="one_role_a_folder"),)
        triggers = note_writes("grant", "(SELECT username FROM auth_user u WHERE u.id = {row}.user_id)")

    def __str__(self) -> str:
        return f"{self.user}: {self.role} of {self.folder or 'everything'}"


class ApiKey(models.Model):
    """A key of a user. The key itself is shown once and never kept: `digest` is its SHA-256, `prefix` what lists show."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    name = models.TextField()
    prefix = models.TextField(unique=True)
    digest = models.TextField(unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        triggers = note_writes("api key", "{row}.prefix", hidden=("digest", "last_used_at"))

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


class AuditEntry(models.Model):
    """One write to what people set up, or one request that asked for a write; never changed, never deleted."""

    at = models.DateTimeField()
    who = models.TextField()
    noun = models.TextField()
    record = models.TextField()
    action = models.TextField()
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)

    class Meta:
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.at} {self.who}: {self.action} {self.noun} {self.record}"


class AnsweredRequest(models.Model):
    """A request with an idempotency key, and its answer once it had one: the same again gets the same (docs/api.md)."""

    owner = models.TextField()
    key = models.TextField()
    fingerprint = models.TextField()
    at = models.DateTimeField()
    status = models.IntegerField(null=True)
    body = models.BinaryField(null=True)
    content_type = models.TextField(default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("owner", "key"), name="one_answer_a_key"),)
        indexes = (models.Index(fields=("at",), name="answers_by_age"),)

    def __str__(self) -> str:
        return f"{self.owner}: {self.key}"


class Webhook(models.Model):
    """An address that is told of events. `secret` is encrypted; what is sent is signed with it."""

    url = models.TextField(unique=True)
    secret = models.TextField()
    events = models.JSONField(default=list)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        triggers = note_writes("webhook", "{row}.id::text", hidden=("secret",))

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """An event on its way to one webhook. The database writes it with its cause; `store.webhooks` sends it."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.TextField()
    at = models.DateTimeField()
    body = models.JSONField()
    tries = models.IntegerField(default=0, db_default=0)
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    status = models.IntegerField(null=True)
    error = models.TextField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=("due_at",), condition=models.Q(settled_at__isnull=True), name="events_to_deliver"
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} for {self.webhook_id}"
