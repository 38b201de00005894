"""A story told by django-salesforce in its own environment: a campaign, its people and members through Django's ORM.

Run by tests/witness; argument: JSON `{host, auth, client_id, client_secret, username, password}`; prints what came back.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import django
from django.conf import settings

ASKED = json.loads(sys.argv[1])
settings.configure(
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
        "salesforce": {
            "ENGINE": "salesforce.backend",
            "AUTH": f"salesforce.auth.{ASKED['auth']}",
            "HOST": ASKED["host"],
            "CONSUMER_KEY": ASKED["client_id"],
            "CONSUMER_SECRET": ASKED["client_secret"],
            "USER": ASKED["username"],
            "PASSWORD": ASKED["password"],
        },
    },
    DATABASE_ROUTERS=["salesforce.router.ModelRouter"],
    INSTALLED_APPS=["salesforce"],
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402 - models need settings first
from django.db.models import Count  # noqa: E402
from salesforce import models  # noqa: E402
from salesforce.dbapi.exceptions import SalesforceError  # noqa: E402


class Campaign(models.SalesforceModel):
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=False)
    number_of_responses = models.IntegerField(sf_read_only=models.READ_ONLY, null=True)

    class Meta:
        app_label = "story"
        db_table = "Campaign"


class Lead(models.SalesforceModel):
    last_name = models.CharField(max_length=80)
    company = models.CharField(max_length=255)
    email = models.EmailField(null=True)
    is_converted = models.BooleanField(default=False, sf_read_only=models.NOT_UPDATEABLE)

    class Meta:
        app_label = "story"
        db_table = "Lead"


class CampaignMember(models.SalesforceModel):
    campaign = models.ForeignKey(Campaign, models.DO_NOTHING, sf_read_only=models.NOT_UPDATEABLE)
    lead = models.ForeignKey(Lead, models.DO_NOTHING, null=True, sf_read_only=models.NOT_UPDATEABLE)
    status = models.CharField(max_length=40, null=True)
    has_responded = models.BooleanField(default=False, sf_read_only=models.READ_ONLY)

    class Meta:
        app_label = "story"
        db_table = "CampaignMember"


def main() -> None:
    campaign = Campaign.objects.create(name="It's Django's", is_active=True)
    Lead.objects.bulk_create(
        Lead(last_name=f"Nr {number}", company="Ash", email=f"nr{number}@ash.example") for number in range(5)
    )
    leads = list(Lead.objects.filter(company="Ash", email__startswith="nr").order_by("last_name"))
    members = [CampaignMember(campaign=campaign, lead=lead, status="Sent") for lead in leads]
    for member in members:
        member.save()
    CampaignMember.objects.filter(lead__in=[leads[0], leads[1]]).update(status="Responded")
    CampaignMember.objects.get(lead__email="nr4@ash.example").delete()
    responded = CampaignMember.objects.filter(campaign__name="It's Django's", has_responded=True)
    told = {
        "campaign": campaign.pk,
        "leads": {lead.email: lead.pk for lead in leads},
        "responded": sorted(responded.values_list("lead__email", flat=True)),
        "by_status": {
            each["status"]: each["people"]
            for each in CampaignMember.objects.order_by().values("status").annotate(people=Count("id"))
        },
        "responses": Campaign.objects.get(pk=campaign.pk).number_of_responses,
        "refused": refused(CampaignMember(campaign=campaign, lead=leads[0])),
        "inspected": inspected("CampaignMember"),
    }
    print(json.dumps(told))


def refused(member: Any) -> str:
    """What Django says when such a member cannot be saved."""
    try:
        member.save()
    except SalesforceError as error:
        return str(error)
    return "nothing"


def inspected(table: str) -> str:
    """The model that `inspectdb` writes of a table."""
    printed = io.StringIO()
    call_command("inspectdb", table, database="salesforce", stdout=printed)
    return printed.getvalue()


if __name__ == "__main__":
    main()
