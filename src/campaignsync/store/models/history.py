"""What happened and what is open: runs, problems, marks and the journal (M8)."""

from __future__ import annotations

from django.db import models

from campaignsync.store.announcing import announce_problems, announce_runs
from campaignsync.store.marking import stamp_marks
from campaignsync.store.models.links import Link
from campaignsync.store.models.programs import Connection, Person, Program
from campaignsync.store.triggers import append_only, name_runs, note_jobs, tell_readers, wake_orgs


class Run(models.Model):
    """One execution of a link's cycle. `ended_at` stays empty when the process died; the next run says so. What was run outlives
    the link: the database fills in what that paired, and who links the two again has the runs again."""

    link = models.ForeignKey(Link, models.SET_NULL, related_name="runs", null=True)
    program = models.ForeignKey(Program, models.CASCADE, related_name="runs", null=True)
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="runs", null=True)
    campaign_id = models.TextField(null=True)
    why = models.TextField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    died = models.BooleanField(default=False)
    report = models.JSONField(null=True)

    class Meta:
        triggers = (*name_runs(), *announce_runs())

    def __str__(self) -> str:
        return f"run {self.pk}"


class Problem(models.Model):
    """A refusal, a conflict, a held member or a failed job, kept until it is solved and a while longer (M8.2).

    `link` is empty for people of an org and for its rounds, `person` for fields and jobs.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="problems")
    link = models.ForeignKey(Link, models.CASCADE, null=True, related_name="problems")
    noun = models.TextField()
    person = models.ForeignKey(Person, models.CASCADE, null=True)
    direction = models.TextField()
    code = models.TextField()
    message = models.TextField()
    wanted = models.TextField(null=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    tries = models.IntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    solved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("link", "person", "noun"),
                condition=models.Q(solved_at__isnull=True, person__isnull=False),
                name="one_open_problem_a_member",
            ),
            models.UniqueConstraint(
                fields=("connection", "person"),
                condition=models.Q(solved_at__isnull=True, person__isnull=False, link__isnull=True),
                name="one_open_problem_a_person",
            ),
            models.UniqueConstraint(
                fields=("link", "code"),
                condition=models.Q(solved_at__isnull=True, person__isnull=True),
                name="one_open_problem_a_field",
            ),
            models.UniqueConstraint(
                fields=("connection", "code"),
                condition=models.Q(solved_at__isnull=True, person__isnull=True, link__isnull=True),
                name="one_open_problem_a_job",
            ),
        )
        triggers = (*note_jobs(), *announce_problems())

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Notice(models.Model):
    """What people are to be told: a job-level problem was opened or solved. Written by the database with its cause."""

    connection = models.ForeignKey(Connection, models.CASCADE)
    program = models.TextField()
    at = models.DateTimeField()
    event = models.TextField()
    code = models.TextField()
    message = models.TextField()
    sent = models.JSONField(default=list)
    tries = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    error = models.TextField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=("due_at",), condition=models.Q(settled_at__isnull=True), name="notices_to_deliver"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.event}"


class Mark(models.Model):
    """A note that a link needs looking at, and the transaction that made it last. It may outlive its link."""

    link = models.OneToOneField(Link, models.CASCADE, db_constraint=False)
    why = models.TextField()
    noted_at = models.DateTimeField()
    version = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        triggers = (*stamp_marks(), *wake_orgs())

    def __str__(self) -> str:
        return f"{self.link}: {self.why}"


class JournalEntry(models.Model):
    """A change on either side, in the order of commits of one link. It points at rows by number alone and outlives them."""

    at = models.DateTimeField()
    who = models.TextField()
    why = models.TextField()
    run_id = models.BigIntegerField(null=True)
    side = models.TextField()
    connection_id = models.BigIntegerField(null=True)
    program_id = models.BigIntegerField(null=True)
    campaign_id = models.TextField()
    person_id = models.BigIntegerField(null=True)
    noun = models.TextField()
    record_id = models.TextField()
    old = models.TextField(null=True)
    new = models.TextField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=("program_id", "id"),
                condition=models.Q(program_id__isnull=False),
                name="journal_of_a_program",
            ),
            models.Index(fields=("campaign_id", "id"), name="journal_of_a_campaign"),
            models.Index(
                fields=("person_id", "id"),
                condition=models.Q(person_id__isnull=False),
                name="journal_of_a_person",
            ),
            models.Index(
                fields=("run_id",), condition=models.Q(run_id__isnull=False), name="journal_of_a_run"
            ),
        )
        triggers = (*append_only(), *tell_readers())

    def __str__(self) -> str:
        return f"{self.at} {self.who}: {self.old} → {self.new}"
