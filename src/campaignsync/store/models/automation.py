"""Smart campaigns, who is in their flows, and what was done: definitions, journeys, results, commands, lists (M9, M10).

What points at people does so by number alone: somebody who is deleted in the middle of a flow leaves a result that says so.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from campaignsync.domain.smart_campaigns import JourneyState, SmartCampaignState
from campaignsync.store.models.programs import Connection, Person, Program


class SmartCampaign(models.Model):
    """A smart campaign as it is now. `since_entry` is the last entry of the journal that it does not listen to any more."""

    name = models.TextField(unique=True)
    program = models.ForeignKey(Program, models.SET_NULL, null=True, related_name="smart_campaigns")
    definition = models.JSONField()
    names = models.JSONField(null=True)
    """Which thing each name in the definition is (store.naming); None: nobody looked yet."""
    state = models.TextField(default=SmartCampaignState.INACTIVE.value)
    reason = models.TextField(null=True)
    since_entry = models.BigIntegerField(default=0)
    priority = models.IntegerField(default=5)
    next_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(
                fields=("next_at",), condition=models.Q(next_at__isnull=False), name="batches_to_begin"
            ),
        )

    def __str__(self) -> str:
        return self.name


class FlowVersion(models.Model):
    """A definition that people are, or were, in: they end it as they began it."""

    smart_campaign = models.ForeignKey(SmartCampaign, models.CASCADE, related_name="versions")
    definition = models.JSONField()
    names = models.JSONField(null=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.smart_campaign} of {self.made_at}"


class Batch(models.Model):
    """One run of a smart campaign over everybody who qualified."""

    smart_campaign = models.ForeignKey(SmartCampaign, models.CASCADE, related_name="batches")
    why = models.TextField()
    started_at = models.DateTimeField()
    qualified = models.BigIntegerField(default=0)
    blocked = models.BigIntegerField(default=0)
    aborted_at = models.DateTimeField(null=True)
    error = models.TextField(null=True)

    def __str__(self) -> str:
        return f"{self.smart_campaign} at {self.started_at}"


class Journey(models.Model):
    """A person on the way through a flow. `chain` names the smart campaigns whose doings brought them here, this one last."""

    smart_campaign = models.ForeignKey(SmartCampaign, models.CASCADE, related_name="journeys")
    version = models.ForeignKey(FlowVersion, models.CASCADE)
    batch = models.ForeignKey(Batch, models.CASCADE, null=True, related_name="journeys")
    person_id = models.BigIntegerField()
    entry_id = models.BigIntegerField(null=True)
    event = models.JSONField(default=dict)
    chain = ArrayField(models.BigIntegerField(), default=list)
    priority = models.IntegerField(default=5)
    position = models.IntegerField(default=0)
    state = models.TextField(default=JourneyState.READY.value)
    due_at = models.DateTimeField(null=True)
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("smart_campaign", "person_id", "entered_at"), name="who_went_through"),
            models.Index(
                fields=("person_id", "priority", "id"),
                condition=models.Q(state="ready"),
                name="journeys_to_go_on",
            ),
            models.Index(fields=("due_at",), condition=models.Q(state="waiting"), name="journeys_that_wait"),
        )

    def __str__(self) -> str:
        return f"person {self.person_id} in {self.smart_campaign}"


class StepResult(models.Model):
    """What became of a step for a person. `object` and `value` say what was changed to what: by them it is known again when it
    comes back as a trigger."""

    journey = models.ForeignKey(Journey, models.CASCADE, related_name="results")
    smart_campaign = models.ForeignKey(SmartCampaign, models.CASCADE, related_name="results")
    person_id = models.BigIntegerField()
    step = models.IntegerField()
    choice = models.IntegerField(null=True)
    action = models.TextField()
    outcome = models.TextField()
    message = models.TextField(default="")
    object = models.TextField(default="")
    value = models.TextField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(
                fields=("person_id", "object", "-id"),
                condition=models.Q(outcome="done"),
                name="what_was_done_to_whom",
            ),
            models.Index(fields=("smart_campaign", "step", "outcome"), name="results_of_a_step"),
        )

    def __str__(self) -> str:
        return f"{self.action}: {self.outcome}"


class Passage(models.Model):
    """How often somebody went through a smart campaign, and when last, of journeys that are not kept any more (M10.6)."""

    smart_campaign = models.ForeignKey(SmartCampaign, models.CASCADE, related_name="passages")
    person_id = models.BigIntegerField()
    times = models.BigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("smart_campaign", "person_id"), name="one_passage_a_person"),
        )

    def __str__(self) -> str:
        return f"person {self.person_id} in {self.smart_campaign}"


class BlockedPerson(models.Model):
    """Somebody who was found by a smart campaign and not let in, and why."""

    smart_campaign = models.ForeignKey(SmartCampaign, models.CASCADE, related_name="blocked")
    person_id = models.BigIntegerField()
    reason = models.TextField()
    times = models.BigIntegerField(default=1)
    last_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("smart_campaign", "person_id", "reason"), name="one_line_a_blocked_person"
            ),
        )

    def __str__(self) -> str:
        return f"person {self.person_id}: {self.reason}"


class Command(models.Model):
    """What a flow wants of Salesforce or of the world for one person, until what came of it is known (M9.8)."""

    journey = models.OneToOneField(Journey, models.CASCADE)
    connection = models.ForeignKey(Connection, models.CASCADE, null=True)
    verb = models.TextField()
    campaign_id = models.TextField(default="")
    status = models.TextField(null=True)
    implied = models.BooleanField(default=True)
    payload = models.JSONField(default=dict)
    person_id = models.BigIntegerField()
    noted_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    due_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("connection", "campaign_id", "verb"), name="commands_to_an_org"),)

    def __str__(self) -> str:
        return f"{self.verb} {self.campaign_id}"


class PeopleList(models.Model):
    """A list of people of ours, without statuses."""

    name = models.TextField(unique=True)

    def __str__(self) -> str:
        return self.name


class ListMember(models.Model):
    """A person on a list."""

    list = models.ForeignKey(PeopleList, models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, models.CASCADE)
    added_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("list", "person"), name="once_on_a_list"),)

    def __str__(self) -> str:
        return f"{self.person} on {self.list}"


class JournalReader(models.Model):
    """How far the journal has been read by whoever acts on it. Its row is the lock of all flows."""

    name = models.TextField(unique=True)
    entry_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.entry_id}"


class WaitingEntry(models.Model):
    """An entry of the journal about a member of a linked campaign who is no person of ours yet; the link's next run makes them
    one."""

    entry_id = models.BigIntegerField(primary_key=True)
    noted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"entry {self.entry_id}"
