"""Links, what both sides agreed on, and what we were about to write (M1.7, M4.1, M6)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from campaignsync.domain.links import Approval, FieldEdit, LinkState, Removal, StepBack, Winner
from campaignsync.store.announcing import announce_links
from campaignsync.store.marking import doubt_agreements, forget_doubts, mark_labels, mark_links
from campaignsync.store.models.programs import Connection, Person, Program
from campaignsync.store.triggers import note_link_states, note_links


class Link(models.Model):
    """The pairing of a program and a campaign; one-to-one both ways is the database's business (M4.1)."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="links")
    connection = models.ForeignKey(Connection, models.PROTECT)
    campaign_id = models.TextField()
    state = models.TextField(default=LinkState.ACTIVE.value)
    reason = models.TextField(null=True)
    winner = models.TextField(default=Winner.FURTHER.value)
    step_back = models.TextField(default=StepBack.PUT_BACK.value)
    removed_in_program = models.TextField(default=Removal.REMOVE.value)
    removed_in_campaign = models.TextField(default=Removal.REMOVE.value)
    field_edit = models.TextField(default=FieldEdit.PUT_BACK.value)
    approval = models.TextField(default=Approval.NONE.value, db_default=Approval.NONE.value)
    removal_share = models.FloatField(default=0.30)
    removal_number = models.IntegerField(default=10)
    removals_allowed = models.BooleanField(default=False)
    linked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("program", "connection"), name="one_campaign_a_program"),
            models.UniqueConstraint(fields=("connection", "campaign_id"), name="one_program_a_campaign"),
        )
        triggers = (*note_links(), *note_link_states(), *announce_links(), *mark_links(), *forget_doubts())

    def __str__(self) -> str:
        return f"{self.program} = {self.campaign_id}"


class LinkLabel(models.Model):
    """A label of the campaign that means a status of the channel, though it is called otherwise (M4.4)."""

    link = models.ForeignKey(Link, models.CASCADE, related_name="labels")
    label = models.TextField()
    status = models.TextField()
    written = models.BooleanField(default=False)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint("link", Lower("label"), name="one_meaning_a_label"),
            models.UniqueConstraint(
                fields=("link", "status"),
                condition=models.Q(written=True),
                name="one_written_label_a_status",
            ),
        )
        triggers = mark_labels()

    def __str__(self) -> str:
        return f"{self.label} = {self.status}"


class Agreement(models.Model):
    """The status that both sides of a link last had in common for a person, as read back."""

    link = models.ForeignKey(Link, models.CASCADE, db_index=False)
    person = models.ForeignKey(Person, models.CASCADE)
    status = models.TextField()
    custom = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    """What both sides last had in common in the mapped member fields, by name."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("link", "person"), name="one_agreement_a_person"),)
        triggers = doubt_agreements()

    def __str__(self) -> str:
        return f"{self.person}: {self.status}"


class Doubt(models.Model):
    """A note that somebody of a link may not be the same on all three sides: a person, a lead or contact, or, where it names
    neither, everybody (store.doubts). Rows are only inserted and deleted, never changed."""

    link_id = models.BigIntegerField()
    person_id = models.BigIntegerField(null=True)
    who = models.TextField(null=True)

    class Meta:
        indexes = (models.Index(fields=("link_id",), name="doubts_of_a_link"),)

    def __str__(self) -> str:
        return f"{self.link_id}: {self.person_id or self.who or 'everybody'}"


class AgreedField(models.Model):
    """Type or ActualCost as we last wrote it, and as Salesforce then held it."""

    link = models.ForeignKey(Link, models.CASCADE, related_name="agreed_fields")
    name = models.TextField()
    written = models.TextField(null=True)
    found = models.TextField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("link", "name"), name="one_agreement_a_field"),)

    def __str__(self) -> str:
        return f"{self.name}: {self.found}"


class Intent(models.Model):
    """The write of a member that was committed before it was sent and of which nobody has heard yet (S0.2)."""

    link = models.ForeignKey(Link, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE)
    wanted = models.TextField(null=True)
    custom = models.JSONField(null=True)
    at = models.DateTimeField()
    looked = models.BooleanField(db_default=False)
    """Whether a look that was had since does not show it done."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("link", "person"), name="one_intent_a_person"),)

    def __str__(self) -> str:
        return f"{self.person}: {self.wanted}"


class LeadIntent(models.Model):
    """A lead that was about to be made in an org, and of which nobody has heard yet (M7.11)."""

    connection = models.ForeignKey(Connection, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("connection", "person"), name="one_lead_intent_a_person"),
        )

    def __str__(self) -> str:
        return f"lead of {self.person}"


class CampaignIntent(models.Model):
    """A campaign that was about to be made for a program, and of which nobody has heard yet (M4.2)."""

    program = models.ForeignKey(Program, models.CASCADE)
    connection = models.ForeignKey(Connection, models.CASCADE)
    name = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("program", "connection"), name="one_campaign_intent_a_program"),
        )

    def __str__(self) -> str:
        return f"campaign {self.name}"


class BulkJob(models.Model):
    """A bulk job in an org that may be at work; the next round waits for its end before it looks."""

    connection = models.ForeignKey(Connection, models.CASCADE)
    salesforce_id = models.TextField()
    noted_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.salesforce_id
