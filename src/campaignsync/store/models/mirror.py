"""What Salesforce held when last observed, linked or not (M3.4): all visible campaigns, their statuses, members and people.

Nothing here is ever edited by us; rows come from observing and from reading back what we wrote. Salesforce ids are text of 18
characters and join the tables, so that rows can be mirrored in any order.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Coalesce

from campaignsync.store.marking import (
    count_rows,
    mark_campaign_statuses,
    mark_campaigns,
    mark_salesforce_people,
)
from campaignsync.store.models.programs import Connection, PersonFields
from campaignsync.store.tallies import tally_labels
from campaignsync.store.triggers import (
    note_campaign_fields,
    note_campaign_members,
    note_salesforce_people,
)


class Cursor(models.Model):
    """From where the next look at an object goes on: the latest SystemModstamp seen (S0.16)."""

    connection = models.ForeignKey(Connection, models.CASCADE)
    object_name = models.TextField()
    modstamp = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("connection", "object_name"), name="one_cursor_an_object"),
        )

    def __str__(self) -> str:
        return f"{self.object_name} {self.modstamp}"


class FirstRead(models.Model):
    """How far the first read of an object has come (domain.observation.ReadPlace)."""

    connection = models.ForeignKey(Connection, models.CASCADE)
    object_name = models.TextField()
    query = models.TextField()
    job = models.TextField()
    locator = models.TextField()
    latest = models.DateTimeField(null=True)
    rows = models.BigIntegerField()
    of = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("connection", "object_name"), name="one_first_read_an_object"),
        )

    def __str__(self) -> str:
        return f"{self.object_name} {self.rows} of {self.of}"


class Campaign(models.Model):
    """A campaign as last observed."""

    connection = models.ForeignKey(Connection, models.CASCADE)
    salesforce_id = models.TextField()
    name = models.TextField(null=True)
    type = models.TextField(null=True)
    status = models.TextField(null=True)
    is_active = models.BooleanField(null=True)
    actual_cost = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    currency = models.TextField(null=True)
    record_type = models.TextField(null=True)
    """By its API name; null where the org has none."""
    start_date = models.DateField(null=True)
    end_date = models.DateField(null=True)
    created_date = models.DateTimeField(null=True)
    is_deleted = models.BooleanField(default=False)
    system_modstamp = models.DateTimeField()
    last_modified_by_id = models.TextField(null=True)
    scope = models.TextField(default="in", db_default="in")
    """Whether its members are mirrored: in, out, or entering until they were listed whole; returning, once the campaign
    was undeleted, until then as well (store.scope)."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("connection", "salesforce_id"), name="one_mirrored_campaign"),
        )
        triggers = mark_campaigns()

    def __str__(self) -> str:
        return f"{self.name} ({self.salesforce_id})"


class CampaignMemberStatus(models.Model):
    """A status that a campaign offers its members."""

    connection = models.ForeignKey(Connection, models.CASCADE)
    salesforce_id = models.TextField()
    campaign_id = models.TextField()
    label = models.TextField(null=True)
    sort_order = models.BigIntegerField(null=True)
    is_default = models.BooleanField(null=True)
    has_responded = models.BooleanField(null=True)
    system_modstamp = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("connection", "campaign_id"), name="statuses_of_a_campaign"),)
        constraints = (
            models.UniqueConstraint(fields=("connection", "salesforce_id"), name="one_mirrored_status"),
        )
        triggers = (*mark_campaign_statuses(), *count_rows("CampaignMemberStatus"))

    def __str__(self) -> str:
        return f"{self.label} of {self.campaign_id}"


class MirrorCount(models.Model):
    """How many rows of an object a mirrored campaign has; triggers keep it."""

    connection_id = models.BigIntegerField()
    object = models.TextField()
    campaign_id = models.TextField()
    rows = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("connection_id", "object", "campaign_id"), name="one_count_a_campaign"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rows} {self.object} of {self.campaign_id}"


class CampaignMember(models.Model):
    """A member of a campaign."""

    connection = models.ForeignKey(Connection, models.CASCADE, db_index=False, db_constraint=False)
    salesforce_id = models.TextField()
    campaign_id = models.TextField()
    lead_id = models.TextField(null=True)
    contact_id = models.TextField(null=True)
    status = models.TextField(null=True)
    has_responded = models.BooleanField(null=True)
    first_responded_date = models.DateField(null=True)
    created_date = models.DateTimeField(null=True)
    system_modstamp = models.DateTimeField()
    last_modified_by_id = models.TextField(null=True)
    custom = models.JSONField(null=True)
    """Canonical text or null of each mapped member field, by its name; a field that was never read is missing."""

    class Meta:
        indexes = (
            models.Index(fields=("connection", "campaign_id"), name="members_of_a_campaign"),
            # A contact's id counts before the id of the lead it was (S1.3.7).
            models.Index("connection", Coalesce("contact_id", "lead_id"), name="members_who_are_a_person"),
            models.Index(
                fields=("connection", "campaign_id"),
                condition=models.Q(lead_id__isnull=False, contact_id__isnull=False),
                name="members_who_were_converted",
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("connection", "salesforce_id"), name="one_mirrored_member"),
        )
        triggers = (
            *note_campaign_members(),
            *note_campaign_fields(),
            *count_rows("CampaignMember"),
            *tally_labels(),
        )

    def __str__(self) -> str:
        return f"{self.salesforce_id} of {self.campaign_id}"


class SalesforcePerson(PersonFields):
    """A lead or contact as last observed, with the fields of M11 as far as the sync user sees them. One that we know of and have
    not seen yet has no SystemModstamp."""

    connection = models.ForeignKey(Connection, models.CASCADE, db_index=False, db_constraint=False)
    salesforce_id = models.TextField()
    kind = models.TextField()
    is_deleted = models.BooleanField(null=True)
    is_converted = models.BooleanField(null=True)
    converted_contact_id = models.TextField(null=True)
    master_record_id = models.TextField(null=True)
    created_date = models.DateTimeField(null=True)
    system_modstamp = models.DateTimeField(null=True)
    custom = models.JSONField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=("connection",),
                condition=models.Q(is_converted=True)
                | models.Q(master_record_id__isnull=False)
                | models.Q(is_deleted=True),
                name="people_gone_on_or_away",
            ),
            models.Index(
                fields=("connection",),
                condition=models.Q(system_modstamp__isnull=True, is_deleted__isnull=True),
                name="people_to_look_up",
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("connection", "salesforce_id"), name="one_mirrored_person"),
        )
        triggers = (*note_salesforce_people(), *mark_salesforce_people())

    def __str__(self) -> str:
        return f"{self.kind} {self.salesforce_id}"
