"""How many members there are, line by line as statements changed that: see `store.tallies`. They outlive what they count."""

from __future__ import annotations

from django.db import models


class MemberTally(models.Model):
    """So many members more, or less, of a program and a status, who joined in a month and reached success in another, or not."""

    program_id = models.BigIntegerField()
    status_id = models.BigIntegerField()
    joined = models.DateField()
    succeeded = models.DateField(null=True)
    members = models.BigIntegerField()

    class Meta:
        indexes = (models.Index(fields=("program_id",), name="tally_of_a_program"),)

    def __str__(self) -> str:
        return f"{self.members} of program {self.program_id}"


class LabelTally(models.Model):
    """So many members more, or less, of a mirrored campaign who carry a label."""

    connection_id = models.BigIntegerField()
    campaign_id = models.TextField()
    label = models.TextField()
    members = models.BigIntegerField()

    class Meta:
        indexes = (models.Index(fields=("campaign_id", "connection_id"), name="tally_of_a_campaign"),)

    def __str__(self) -> str:
        return f"{self.members} of campaign {self.campaign_id}"
