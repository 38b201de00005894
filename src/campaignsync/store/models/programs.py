"""Our side: connections, channels, programs, people and members (M1, M2)."""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Lower

from campaignsync.domain.people import ASSIGN_BY_ACTIVE_RULE, DuplicateRule
from campaignsync.store.auditing import note_writes
from campaignsync.store.marking import (
    mark_channel_statuses,
    mark_channels,
    mark_connections,
    mark_costs,
    mark_identities,
    mark_people,
    mark_programs,
)
from campaignsync.store.tallies import tally_members
from campaignsync.store.triggers import (
    note_costs,
    note_people,
    note_program_fields,
    note_program_members,
    wake_orgs_of_people,
)


class Connection(models.Model):
    """A Salesforce org and how we log in to it. `credentials` is encrypted; nothing prints it."""

    name = models.TextField(unique=True)
    instance_url = models.TextField()
    credentials = models.TextField()
    campaign_sync = models.BooleanField(default=False)
    organization_id = models.TextField(unique=True)
    sync_user_id = models.TextField()
    sync_username = models.TextField()
    currency = models.TextField(default="USD")
    rates = models.JSONField(default=dict)
    cost_scale = models.IntegerField(default=2, db_default=2)
    """Decimals of Campaign.ActualCost, as the org describes it."""
    every_s = models.IntegerField(null=True)
    daily_calls = models.IntegerField(null=True)
    reserve = models.IntegerField(null=True)
    round_at = models.DateTimeField(null=True)
    pubsub = models.TextField(null=True)
    """Where the events of the org are: HOST:PORT, `off`, or None for Salesforce's own address."""
    compared_at = models.DateTimeField(null=True)
    """When everything was last listed whole; None: it is to be done behind the next round."""
    default_last_name = models.TextField(default="Unknown", blank=True)
    default_company = models.TextField(default="Unknown", blank=True)
    duplicate_rule = models.TextField(default=DuplicateRule.OBEY.value)
    assignment = models.TextField(default=ASSIGN_BY_ACTIVE_RULE)
    external_id_field = models.TextField(null=True)
    mirror_filter = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    """Which campaigns are mirrored (domain.mirror_filter)."""
    member_fields = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    """The member fields that are mapped here: name, kind, salesforce_field, off. With the connection, since whoever reads the
    one needs the other, and an org without any shall not cost a query more."""

    class Meta:
        triggers = (
            *note_writes("connection", "{row}.name", hidden=("credentials", "round_at")),
            *mark_connections(),
        )

    def __str__(self) -> str:
        return self.name


class Channel(models.Model):
    """A kind of delivery (M1.1)."""

    name = models.TextField(unique=True)
    program_type = models.TextField()
    campaign_type = models.TextField(null=True)

    class Meta:
        triggers = (*note_writes("channel", "{row}.name"), *mark_channels())

    def __str__(self) -> str:
        return self.name


class ProgressionStatus(models.Model):
    """A status of a channel (M1.2)."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="statuses")
    name = models.TextField()
    step = models.IntegerField()
    success = models.BooleanField(default=False)

    class Meta:
        ordering = ("step", "id")
        constraints = (models.UniqueConstraint("channel", Lower("name"), name="one_status_of_a_name"),)
        triggers = (*note_writes("status", "{row}.name"), *mark_channel_statuses())

    def __str__(self) -> str:
        return self.name


class Program(models.Model):
    """One marketing initiative (M1.1). `had_costs` remembers that there were period costs once (M5.2)."""

    name = models.TextField(unique=True)
    channel = models.ForeignKey(Channel, models.PROTECT)
    folder = models.TextField(default="", db_default="", blank=True)
    """Where it stands among the others (domain.access.folder_path); the empty path is the root."""
    had_costs = models.BooleanField(default=False)
    tokens = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    """What {{my.NAME}} stands for in the smart campaigns of the program."""
    start_date = models.DateField(null=True)
    end_date = models.DateField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers = (*note_writes("program", "{row}.name", hidden=("had_costs",)), *mark_programs())

    def __str__(self) -> str:
        return self.name


class ProgramTag(models.Model):
    """A tag of a program: a name and a value, such as Region and EMEA."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="tags")
    name = models.TextField()
    value = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("program", "name"), name="one_value_a_tag"),)
        triggers = note_writes("tag", "{row}.name")

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class PeriodCost(models.Model):
    """Money spent on a program in one month (M1.6)."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="costs")
    month = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.TextField()
    note = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("month",)
        constraints = (models.UniqueConstraint(fields=("program", "month"), name="one_cost_a_month"),)
        triggers = (*note_costs(), *mark_costs())

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.amount} {self.currency}"


class PersonFields(models.Model):
    """The standard fields of a person, the same on both sides (M11)."""

    email = models.TextField(null=True)
    first_name = models.TextField(null=True)
    last_name = models.TextField(null=True)
    salutation = models.TextField(null=True)
    title = models.TextField(null=True)
    company = models.TextField(null=True)
    phone = models.TextField(null=True)
    mobile_phone = models.TextField(null=True)
    fax = models.TextField(null=True)
    street = models.TextField(null=True)
    city = models.TextField(null=True)
    state = models.TextField(null=True)
    postal_code = models.TextField(null=True)
    country = models.TextField(null=True)
    industry = models.TextField(null=True)
    annual_revenue = models.TextField(null=True)
    employees = models.BigIntegerField(null=True)
    website = models.TextField(null=True)
    rating = models.TextField(null=True)
    source = models.TextField(null=True)
    status = models.TextField(null=True)
    notes = models.TextField(null=True)
    unsubscribed = models.BooleanField(null=True)

    class Meta:
        abstract = True


class Person(PersonFields):
    """Somebody we know; `email` is kept lower-cased and trimmed (M2.4), `our_id` is what an org may know them by (M7.11).

    Who was merged into somebody else keeps an empty row, for the sake of the journal.
    """

    email = models.TextField(null=True)
    our_id = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    custom = models.JSONField(default=dict)
    acquisition_program = models.ForeignKey(Program, models.SET_NULL, null=True, related_name="+")
    merged_into = models.ForeignKey("self", models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        # One index for whole addresses and for beginnings of them: a first load writes it row by row.
        indexes = (
            models.Index(fields=("email",), opclasses=("text_pattern_ops",), name="people_by_address"),
        )
        triggers = (*note_people(), *mark_people())

    def __str__(self) -> str:
        return self.email or f"person {self.pk}"


class PersonIdentity(models.Model):
    """Which lead or contact a person is in one org, and whether that was deleted there.

    `agreed` holds the fields that both sides last had in common, as text by our names; `changes` counts what happened to the
    fields on either side and was not compared yet.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="identities")
    salesforce_id = models.TextField()
    kind = models.TextField()
    is_deleted = models.BooleanField(default=False, db_default=False)
    agreed = models.JSONField(null=True)
    changes = models.BigIntegerField(default=1, db_default=1)

    class Meta:
        indexes = (
            models.Index(fields=("connection",), condition=models.Q(changes__gt=0), name="people_to_compare"),
            models.Index(
                fields=("connection",), condition=models.Q(is_deleted=True), name="people_deleted_there"
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("connection", "person"), name="one_record_a_person"),
            models.UniqueConstraint(fields=("connection", "salesforce_id"), name="one_person_a_record"),
        )
        triggers = (*mark_identities(), *wake_orgs_of_people())

    def __str__(self) -> str:
        return f"{self.kind} {self.salesforce_id}"


class MemberField(models.Model):
    """A field that members of programs may have a value of (M6.8)."""

    name = models.TextField()
    kind = models.TextField()

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(Lower("name"), name="one_member_field_of_a_name"),)
        triggers = note_writes("member field", "{row}.name")

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


class MappedField(models.Model):
    """A field of people whose mapping in one org somebody chose; the others are as the contract's table says (M11)."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="mapped_fields")
    name = models.TextField()
    kind = models.TextField()
    lead = models.TextField(null=True)
    contact = models.TextField(null=True)
    direction = models.TextField()
    winner = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("connection", "name"), name="one_mapping_a_person_field"),
        )
        triggers = note_writes("mapped field", "{row}.name")

    def __str__(self) -> str:
        return f"{self.name}: {self.lead}, {self.contact}"


class ProgramMember(models.Model):
    """A person's membership in a program (M1.3)."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="members", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    status = models.ForeignKey(ProgressionStatus, models.PROTECT)
    member_since = models.DateTimeField()
    reached_success_at = models.DateTimeField(null=True)
    origin = models.TextField()
    custom = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    """Canonical text by the name of a member field (M6.8); what is empty is missing."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("program", "person"), name="one_membership_a_person"),)
        indexes = (models.Index(fields=("program", "status", "person"), name="members_by_status"),)
        triggers = (*note_program_members(), *note_program_fields(), *tally_members())

    def __str__(self) -> str:
        return f"{self.person} in {self.program}"
