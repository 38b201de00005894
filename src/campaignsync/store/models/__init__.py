"""The tables, one module for each part: our side, the mirror of Salesforce, links and what was agreed, and what happened."""

from __future__ import annotations

from campaignsync.store.models.access import (
    AnsweredRequest,
    ApiKey,
    AuditEntry,
    Grant,
    Webhook,
    WebhookDelivery,
)
from campaignsync.store.models.errands import Errand
from campaignsync.store.models.history import JournalEntry, Mark, Notice, Problem, Run
from campaignsync.store.models.links import (
    AgreedField,
    Agreement,
    BulkJob,
    CampaignIntent,
    Intent,
    LeadIntent,
    Link,
    LinkLabel,
)
from campaignsync.store.models.mirror import (
    Campaign,
    CampaignMember,
    CampaignMemberStatus,
    Cursor,
    SalesforcePerson,
)
from campaignsync.store.models.programs import (
    Channel,
    Connection,
    MappedField,
    MemberField,
    PeriodCost,
    Person,
    PersonIdentity,
    Program,
    ProgramMember,
    ProgramTag,
    ProgressionStatus,
)
from campaignsync.store.models.service import Pulse, Subscription
from campaignsync.store.models.traffic import ApiCalls, Traffic

__all__ = [
    "AgreedField",
    "Agreement",
    "AnsweredRequest",
    "ApiCalls",
    "ApiKey",
    "AuditEntry",
    "BulkJob",
    "Campaign",
    "CampaignIntent",
    "CampaignMember",
    "CampaignMemberStatus",
    "Channel",
    "Connection",
    "Cursor",
    "Errand",
    "Grant",
    "Intent",
    "JournalEntry",
    "LeadIntent",
    "Link",
    "LinkLabel",
    "MappedField",
    "Mark",
    "MemberField",
    "Notice",
    "PeriodCost",
    "Person",
    "PersonIdentity",
    "Problem",
    "Program",
    "ProgramMember",
    "ProgramTag",
    "ProgressionStatus",
    "Pulse",
    "Run",
    "SalesforcePerson",
    "Subscription",
    "Traffic",
    "Webhook",
    "WebhookDelivery",
]
