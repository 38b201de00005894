"""What problems are called, and what a person does about them: each cause with the codes that tell of it, ours and Salesforce's.

Read by `advice` alone. A code that the engine raises and this table lacks fails a test; what packages of an org invent is told in
Salesforce's own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A cause of problems: its codes, divided by spaces; its name in a word or two; what to do, in a sentence or two."""

    codes: str
    heading: Any
    to_do: Any


CAUSES = (
    Cause(
        codes="UNABLE_TO_LOCK_ROW",
        heading=_("Record was being written"),
        to_do=_("Somebody else was writing the same record. It is tried again by itself."),
    ),
    Cause(
        codes="DUPLICATES_DETECTED",
        heading=_("Possible duplicate"),
        to_do=_(
            "A duplicate rule of the org says that this person is there already. Merge them"
            " there, or let duplicates be saved in the connection's settings."
        ),
    ),
    Cause(
        codes="FIELD_CUSTOM_VALIDATION_EXCEPTION",
        heading=_("Validation rule says no"),
        to_do=_(
            "A validation rule of the org says no. Mend the person's fields, or have the rule"
            " changed, then try again."
        ),
    ),
    Cause(
        codes="REQUIRED_FIELD_MISSING",
        heading=_("Required field is empty"),
        to_do=_(
            "The org wants a field that is empty. Fill it here, or give a default in the"
            " connection's settings, then try again."
        ),
    ),
    Cause(
        codes="INSUFFICIENT_ACCESS_OR_READONLY INSUFFICIENT_ACCESS INVALID_ACCESS_LEVEL"
        " TXN_SECURITY_RUNTIME_EXCEPTION INVALID_READ_ONLY_USER_DML TRANSFER_REQUIRES_READ",
        heading=_("Right is missing"),
        to_do=_("The sync user lacks a right. The connection's check list says which."),
    ),
    Cause(
        codes="INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        heading=_("Related record is closed"),
        to_do=_("The sync user may not use the record that this one points at. Share it with them."),
    ),
    Cause(
        codes="INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST TOO_MANY_ENUM_VALUE INVALID_STATUS",
        heading=_("Picklist lacks the value"),
        to_do=_(
            "The org's picklist lacks this value. Add it there, or give the channel another campaign type."
        ),
    ),
    Cause(
        codes="FIELD_TYPE",
        heading=_("Campaign type not written"),
        to_do=_(
            "The campaign's type could not be written. Add the value to the picklist there,"
            " or give the channel another campaign type."
        ),
    ),
    Cause(
        codes="FIELD_ACTUALCOST",
        heading=_("Campaign cost not written"),
        to_do=_(
            "The campaign's cost could not be written. Usually a rate between two currencies"
            " is missing: see the connection's settings."
        ),
    ),
    Cause(
        codes="REQUEST_LIMIT_EXCEEDED",
        heading=_("API calls of the day are used up"),
        to_do=_("The org has used its API calls of the day. It goes on by itself when calls are free again."),
    ),
    Cause(
        codes="BUDGET_SPENT BUDGET_HELD",
        heading=_("Budget of API calls is spent"),
        to_do=_(
            "The budget that you gave this connection is spent. It goes on by itself, or give"
            " it more in Settings."
        ),
    ),
    Cause(
        codes="UNKNOWN_STATUS",
        heading=_("Label without a meaning"),
        to_do=_(
            "Somebody carries a label that the channel lacks. Say what it means under Choices of the link."
        ),
    ),
    Cause(
        codes="LINK_HALTED HALTED",
        heading=_("Link is halted"),
        to_do=_(
            "More would be removed than the limits allow. Read the plan, then let the link go"
            " on or mend the cause."
        ),
    ),
    Cause(
        codes="LINK_BROKEN",
        heading=_("Campaign was deleted"),
        to_do=_("The campaign was deleted. End the link, or have the campaign undeleted."),
    ),
    Cause(
        codes="LINK_PAUSED",
        heading=_("Campaign is inactive"),
        to_do=_("The campaign was set inactive. Set it active in Salesforce to go on."),
    ),
    Cause(
        codes="LINK_SUSPENDED",
        heading=_("Campaign cannot be seen"),
        to_do=_("The campaign cannot be seen any more. Share it with the sync user."),
    ),
    Cause(
        codes="RUN_DIED",
        heading=_("Run was broken off"),
        to_do=_("A run was broken off. The next one judges what became of it."),
    ),
    Cause(
        codes="CONFLICT",
        heading=_("Conflict"),
        to_do=_("Both sides changed the same member. Decide under Conflicts which of them is right."),
    ),
    Cause(
        codes="CHANGED_MEANWHILE CHANGED_SINCE",
        heading=_("Changed meanwhile"),
        to_do=_(
            "Somebody changed it in Salesforce while it was being written. Nothing to do: the"
            " next round judges it anew."
        ),
    ),
    Cause(
        codes="STATUS_NOT_STORED VALUE_NOT_STORED",
        heading=_("Salesforce stored something else"),
        to_do=_(
            "A flow, a trigger or a rule of the org changes what is written. Have it leave"
            " campaign members of the sync user alone, then try again."
        ),
    ),
    Cause(
        codes="REFUSED_BEFORE",
        heading=_("Refused before"),
        to_do=_(
            "It was refused the last time, and nothing has changed since. Mend the cause that"
            " stands beside it, then try again."
        ),
    ),
    Cause(
        codes="EMAIL_TAKEN",
        heading=_("Address belongs to another person"),
        to_do=_(
            "Two people would have the same e-mail address. Merge them on the page of either,"
            " or correct one address in Salesforce."
        ),
    ),
    Cause(
        codes="PERSON_TWICE",
        heading=_("One record, two people"),
        to_do=_("A lead or contact belongs to two people here. Merge the two on the page of either."),
    ),
    Cause(
        codes="NO_SUCH_STATUS",
        heading=_("Status is not there any more"),
        to_do=_("The channel or the campaign lacks the status by now. Add it there, or choose another."),
    ),
    Cause(
        codes="MEMBER_FIELD_LOST",
        heading=_("Mapped field is gone"),
        to_do=_(
            "A field of campaign members was deleted, changed or closed in Salesforce. Map it"
            " anew under Settings, Fields, or end the mapping."
        ),
    ),
    Cause(
        codes="MANY_PROBLEMS",
        heading=_("Very many problems"),
        to_do=_(
            "More records are refused than usual. Begin with the cause that stands first in"
            " the list: it mostly explains the others."
        ),
    ),
    Cause(
        codes="NOTICE_UNDELIVERED",
        heading=_("Notice did not arrive"),
        to_do=_(
            "A mail or a webhook did not take a notice. Look at Settings, Alerts, and send a"
            " trial when its address is right."
        ),
    ),
    Cause(
        codes="PLAN_WAITS",
        heading=_("Plan waits for approval"),
        to_do=_("Read the plan under Approvals, then approve or decline it."),
    ),
    Cause(
        codes="LINK_ACTIVE",
        heading=_("Link goes on"),
        to_do=_("Nothing to do: the link is synced again."),
    ),
    Cause(
        codes="LINK_ENDED",
        heading=_("Link was ended"),
        to_do=_(
            "Nothing to do: the link was ended while it was being synced. Link the two again"
            " if that was a mistake."
        ),
    ),
    Cause(
        codes="LAG",
        heading=_("Changes wait too long"),
        to_do=_("No round has come for a while. Ask whoever runs campaignsync whether a worker is at work."),
    ),
    Cause(
        codes="BACKLOG",
        heading=_("Very much waits"),
        to_do=_(
            "Rounds do not keep up with the changes. Shorten the time between rounds, or give"
            " the connection more API calls."
        ),
    ),
    Cause(
        codes="CALLS_LOW",
        heading=_("Few API calls are left"),
        to_do=_(
            "The org's API calls of the day are nearly used up. See in Salesforce who uses"
            " them, or give the sync a smaller budget."
        ),
    ),
    Cause(
        codes="CLOCK_SKEW DATABASE_CLOCK",
        heading=_("Clock is wrong"),
        to_do=_(
            "A clock is wrong, and logins fail by it. Have it set by NTP on the machine of campaignsync."
        ),
    ),
    Cause(
        codes="NOT_HEARD EVENTS_BROKEN EVENTS_LOST EVENTS_REFUSED GAP_OVERFLOW",
        heading=_("Change events are not heard"),
        to_do=_(
            "Changes in Salesforce are still found by looking, only later. The connection's"
            " check list says how events are heard again."
        ),
    ),
    Cause(
        codes="DISK_FULL",
        heading=_("Disk is nearly full"),
        to_do=_(
            "Have room made on the machine of campaignsync, or runs and the journal kept for fewer days."
        ),
    ),
    Cause(
        codes="WORKERS",
        heading=_("No worker is at work"),
        to_do=_("Have a worker started: rounds are done only when somebody asks until then."),
    ),
    Cause(
        codes="UNREACHABLE",
        heading=_("Salesforce cannot be reached"),
        to_do=_(
            "No answer came. It is tried again by itself; if it lasts, check the address of"
            " the org and the network."
        ),
    ),
    Cause(
        codes="CERTIFICATE_REFUSED",
        heading=_("Certificate is refused"),
        to_do=_(
            "Somebody stands between, or a certificate authority of yours is not known on the"
            " machine of campaignsync. Ask whoever runs your network."
        ),
    ),
    Cause(
        codes="LOGIN_REFUSED INVALID_SESSION_ID INVALID_LOGIN INVALID_AUTH_HEADER"
        " INVALID_OPERATION_WITH_EXPIRED_PASSWORD PASSWORD_LOCKOUT"
        " LOGIN_MUST_USE_SECURITY_TOKEN LOGIN_CHALLENGE_ISSUED LOGIN_CHALLENGE_PENDING"
        " LOGIN_DURING_RESTRICTED_DOMAIN LOGIN_DURING_RESTRICTED_TIME IP_RANGE_LIMIT_EXCEEDED",
        heading=_("Login is refused"),
        to_do=_(
            "Salesforce does not let the sync user in. Look at the user's login history"
            " there, then give the right credentials in the connection's settings."
        ),
    ),
    Cause(
        codes="API_CURRENTLY_DISABLED API_DISABLED_FOR_ORG FORBIDDEN FUNCTIONALITY_NOT_ENABLED"
        " COMMUNITY_NOT_ACCESSIBLE PACKAGE_LICENSE_REQUIRED"
        " OP_WITH_INVALID_USER_TYPE_EXCEPTION UNSUPPORTED_CLIENT",
        heading=_("API is closed to the sync user"),
        to_do=_(
            "The org or the sync user's profile has no use of the API. Have API Enabled given"
            " to them; the connection's check list shows where."
        ),
    ),
    Cause(
        codes="INVALID_TYPE INVALID_TYPE_FOR_OPERATION INVALID_FIELD INVALID_ID_FIELD"
        " BIG_OBJECT_UNSUPPORTED_OPERATION INVALID_FIELD_FOR_INSERT_UPDATE"
        " INVALID_TYPE_ON_FIELD_IN_RECORD INVALID_FIELD_WHEN_USING_TEMPLATE",
        heading=_("Object or field is closed"),
        to_do=_(
            "The sync user sees an object or a field not, or may not write it. Give them both"
            " in a permission set; the connection's check list names them."
        ),
    ),
    Cause(
        codes="MALFORMED_QUERY MALFORMED_SEARCH QUERY_TOO_COMPLICATED"
        " EXCEEDED_MAX_SEMIJOIN_SUBSELECTS INVALID_QUERY_FILTER_OPERATOR INVALID_OPERATOR"
        " ILLEGAL_QUERY_PARAMETER_VALUE EXCEEDED_ID_LIMIT INVALID_REPLICATION_DATE"
        " JSON_PARSER_ERROR XML_PARSER_ERROR MISSING_ARGUMENT INVALID_ARGUMENT_TYPE"
        " INVALID_CONTENT_TYPE INVALID_BATCH_OPERATION METHOD_NOT_ALLOWED OPERATION_TOO_LARGE"
        " UNSUPPORTED_API_VERSION GONE URI_TOO_LONG BAD_REQUEST NOT_IMPLEMENTED_BY_SANDBOX"
        " INVALID_MESSAGE_ID_REFERENCE",
        heading=_("Salesforce did not understand the call"),
        to_do=_(
            "This is no fault of your data. Tell whoever runs campaignsync, with the words"
            " beside it: the log holds the rest."
        ),
    ),
    Cause(
        codes="CONCURRENT_REQUEST_LIMIT_EXCEEDED RATE_LIMIT_EXCEEDED LIMIT_EXCEEDED TOO_MANY_APEX_REQUESTS",
        heading=_("Salesforce is asked too much at once"),
        to_do=_(
            "Others ask the org for much at the same time. It is tried again by itself; if it"
            " lasts, spread the heavy jobs of the org over the day."
        ),
    ),
    Cause(
        codes="REQUEST_RUNNING_TOO_LONG QUERY_TIMEOUT",
        heading=_("Salesforce took too long"),
        to_do=_(
            "It is tried again by itself. If it lasts, look for slow flows and triggers on"
            " campaign members, leads and contacts."
        ),
    ),
    Cause(
        codes="SERVER_UNAVAILABLE SERVICE_UNAVAILABLE FUNCTIONALITY_TEMPORARILY_UNAVAILABLE"
        " INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE TERRITORY_REALIGN_IN_PROGRESS"
        " PLATFORM_EVENT_PUBLISHING_UNAVAILABLE PLATFORM_EVENT_PUBLISH_FAILED"
        " PLATFORM_EVENT_ENCRYPTION_ERROR TRY_LATER",
        heading=_("Salesforce is not available"),
        to_do=_(
            "Salesforce is busy or being maintained. It is tried again by itself; its state"
            " is told at status.salesforce.com."
        ),
    ),
    Cause(
        codes="ALREADY_IN_PROCESS ALL_OR_NONE_OPERATION_ROLLED_BACK TRANSACTION_ROLLED_BACK"
        " PROCESSING_HALTED NOT_PROCESSED EMAIL_NOT_PROCESSED_DUE_TO_PRIOR_ERROR",
        heading=_("Held up by another record"),
        to_do=_(
            "Nothing is wrong with this record: another one of the same call was. It is tried"
            " again by itself."
        ),
    ),
    Cause(
        codes="INVALID_QUERY_LOCATOR",
        heading=_("Reading was interrupted"),
        to_do=_("Salesforce lost the place in a long list. It is read again by itself."),
    ),
    Cause(
        codes="UNKNOWN_EXCEPTION SERVER_ERROR GACK UNKNOWN_OUTCOME",
        heading=_("Nobody knows whether it was done"),
        to_do=_(
            "Salesforce broke off without saying whether it wrote. The next round looks what"
            " is there and does the rest."
        ),
    ),
    Cause(
        codes="STORAGE_LIMIT_EXCEEDED EXCEEDED_QUOTA LICENSE_LIMIT_EXCEEDED",
        heading=_("Org has no room left"),
        to_do=_("Free storage in Salesforce, or buy more. It goes on by itself afterwards."),
    ),
    Cause(
        codes="ORG_LOCKED",
        heading=_("Org is locked"),
        to_do=_("Salesforce has locked the org. Ask its admins; it goes on by itself when it is open again."),
    ),
    Cause(
        codes="DUPLICATE_VALUE DUPLICATE_EXTERNAL_ID",
        heading=_("Value is there already"),
        to_do=_(
            "Another record holds a value that must be unique. It is mostly there already:"
            " the next round finds it; else merge the two in Salesforce."
        ),
    ),
    Cause(
        codes="STRING_TOO_LONG NUMBER_OUTSIDE_VALID_RANGE TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET",
        heading=_("Value does not fit the field"),
        to_do=_(
            "The value is longer or larger than the field in Salesforce. Shorten it on the"
            " page of the person, or widen the field there, then try again."
        ),
    ),
    Cause(
        codes="INVALID_EMAIL_ADDRESS EMAIL_ADDRESS_BOUNCED UNSPECIFIED_EMAIL_ADDRESS",
        heading=_("E-mail address is not taken"),
        to_do=_(
            "Salesforce does not take the address. Correct it on the page of the person, then try again."
        ),
    ),
    Cause(
        codes="INVALID_CURRENCY_ISO INVALID_CURRENCY_CONV_RATE INVALID_CURRENCY_CORP_RATE"
        " CANT_DISABLE_CORP_CURRENCY CANT_UNSET_CORP_CURRENCY"
        " CANNOT_DELETE_LAST_DATED_CONVERSION_RATE",
        heading=_("Currency is not taken"),
        to_do=_(
            "The org does not know the currency or its rate. See the currencies in the"
            " connection's settings and in Salesforce."
        ),
    ),
    Cause(
        codes="INVALID_CROSS_REFERENCE_KEY INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD MALFORMED_ID"
        " FIELD_INTEGRITY_EXCEPTION FIELD_FILTER_VALIDATION_EXCEPTION CANNOT_RESOLVE_NAME"
        " NOT_FOUND",
        heading=_("Related record is not there"),
        to_do=_(
            "A record that this one points at was deleted, closed or does not fit. Look at"
            " the record in Salesforce, then try again."
        ),
    ),
    Cause(
        codes="CANNOT_UPDATE_CONVERTED_LEAD",
        heading=_("Lead was converted"),
        to_do=_("Nothing to do: the next round finds the contact that the lead became, and goes on with it."),
    ),
    Cause(
        codes="CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY CANNOT_EXECUTE_FLOW_TRIGGER APEX_ERROR"
        " RECORD_IN_USE_BY_WORKFLOW UNSUPPORTED_APEX_TRIGGER_OPERATION"
        " SELF_REFERENCE_FROM_TRIGGER INVALID_OPERATION CIRCULAR_DEPENDENCY",
        heading=_("Automation of the org says no"),
        to_do=_(
            "A flow, a trigger or an approval of the org fails or forbids it. Show the words"
            " beside it to the org's admin, then try again."
        ),
    ),
    Cause(
        codes="INACTIVE_OWNER_OR_USER INVALID_EMPTY_KEY_OWNER INVALID_ASSIGNMENT_RULE"
        " INVALID_ASSIGNEE_TYPE ASSIGNEE_TYPE_REQUIRED CANNOT_REPARENT_RECORD"
        " SHARE_NEEDED_FOR_CHILD_OWNER CHILD_SHARE_FAILS_PARENT MANAGER_NOT_DEFINED",
        heading=_("Owner does not fit"),
        to_do=_(
            "The owner is inactive, or an assignment rule leads nowhere. Mend it in"
            " Salesforce, or choose another owner in the connection's settings."
        ),
    ),
    Cause(
        codes="ENTITY_IS_DELETED DELETE_FAILED UNDELETE_FAILED",
        heading=_("Record was deleted"),
        to_do=_(
            "The record was deleted in Salesforce. The next round takes that in; undelete it"
            " there if it was a mistake."
        ),
    ),
    Cause(
        codes="ENTITY_IS_LOCKED ENTITY_IS_ARCHIVED ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE"
        " PRECONDITION_FAILED",
        heading=_("Record is locked"),
        to_do=_("An approval or somebody's work keeps the record. Unlock it in Salesforce, then try again."),
    ),
    Cause(
        codes="MERGE_FAILED DEPENDENCY_EXISTS MAXIMUM_HIERARCHY_LEVELS_REACHED"
        " CANNOT_CASCADE_PRODUCT_ACTIVE INVALID_PERSON_ACCOUNT_OPERATION"
        " PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT PRIVATE_CONTACT_ON_ASSET"
        " CANNOT_DELETE_MANAGED_OBJECT CANNOT_MODIFY_MANAGED_OBJECT",
        heading=_("Other records stand in the way"),
        to_do=_("Something in Salesforce depends on this record. Settle it there, then try again."),
    ),
    Cause(
        codes="UNAVAILABLE_RECORDTYPE_EXCEPTION",
        heading=_("Record type is not there"),
        to_do=_(
            "The sync user's profile lacks a record type. Assign it to them in Salesforce, then try again."
        ),
    ),
    Cause(
        codes="DATABASE_UNREACHABLE",
        heading=_("Database cannot be reached"),
        to_do=_("The database of campaignsync does not answer. It goes on by itself when it is back."),
    ),
    Cause(
        codes="WRONG_KEY",
        heading=_("Secrets cannot be read"),
        to_do=_(
            "The connection's secrets were encrypted with another key. Have the former key"
            " set, or give the credentials once more."
        ),
    ),
    Cause(
        codes="PRIVATE_ADDRESS",
        heading=_("Address is in a private network"),
        to_do=_(
            "Webhooks go to public addresses only. Whoever runs campaignsync may allow networks of your own."
        ),
    ),
    Cause(
        codes="MEND_FIRST FAILED REFUSED WRONG_ENTRY NOT_ALLOWED NOT_THERE ALREADY_THERE"
        " ANOTHER_PLAN IDEMPOTENCY_KEY_REUSED",
        heading=_("Something is to be mended first"),
        to_do=_("The words beside it say what is missing. Mend it, then try again."),
    ),
    Cause(
        codes="DUPLICATE_SENDER_DISPLAY_NAME BCC_NOT_ALLOWED_IF_BCC_COMPLIANCE_ENABLED"
        " BCC_SELF_NOT_ALLOWED_IF_BCC_COMPLIANCE_ENABLED EMAIL_OPTED_OUT"
        " EMAIL_TEMPLATE_FORMULA_ERROR EMAIL_TEMPLATE_MERGEFIELD_ACCESS_ERROR"
        " EMAIL_TEMPLATE_MERGEFIELD_ERROR EMAIL_TEMPLATE_MERGEFIELD_VALUE_ERROR"
        " EMAIL_TEMPLATE_PROCESSING_ERROR ERROR_IN_MAILER MASSMAIL_RETRY_LIMIT_EXCEEDED"
        " MASS_MAIL_LIMIT_EXCEEDED MAXIMUM_CCEMAILS_EXCEEDED NO_MASS_MAIL_PERMISSION"
        " OPTED_OUT_OF_MASS_MAIL SINGLE_EMAIL_LIMIT_EXCEEDED TEMPLATE_NOT_ACTIVE"
        " UNVERIFIED_SENDER_ADDRESS",
        heading=_("Mail of the org's own did not go out"),
        to_do=_(
            "An automation of the org sends mail when this record changes, and may not. Show"
            " the words beside it to the org's admin, then try again."
        ),
    ),
    Cause(
        codes="DUPLICATE_USERNAME DUPLICATE_CASE_SOLUTION DUPLICATE_CUSTOM_ENTITY_DEFINITION"
        " DUPLICATE_CUSTOM_TAB_MOTIF DUPLICATE_DEVELOPER_NAME DUPLICATE_MASTER_LABEL"
        " INVALID_PARTNER_NETWORK_STATUS INVALID_INET_ADDRESS INVALID_CREDIT_CARD_INFO"
        " INVALID_EVENT_SUBSCRIPTION INVALID_FILTER_ACTION INVALID_LINEITEM_CLONE_STATE"
        " INVALID_MASTER_OR_TRANSLATED_SOLUTION INVALID_SAVE_AS_ACTIVITY_FLAG"
        " INVALID_SIGNUP_COUNTRY BAD_CUSTOM_ENTITY_PARENT_DOMAIN"
        " CANNOT_CHANGE_FIELD_TYPE_OF_APEX_REFERENCED_FIELD"
        " CANNOT_CREATE_ANOTHER_MANAGED_PACKAGE CANNOT_DEACTIVATE_DIVISION"
        " CANNOT_DISABLE_LAST_ADMIN CANNOT_ENABLE_IP_RESTRICT_REQUESTS"
        " CANNOT_RENAME_APEX_REFERENCED_FIELD CANNOT_RENAME_APEX_REFERENCED_OBJECT"
        " CUSTOM_CLOB_FIELD_LIMIT_EXCEEDED CUSTOM_ENTITY_OR_FIELD_LIMIT"
        " CUSTOM_FIELD_INDEX_LIMIT_EXCEEDED CUSTOM_INDEX_EXISTS CUSTOM_LINK_LIMIT_EXCEEDED"
        " CUSTOM_METADATA_LIMIT_EXCEEDED CUSTOM_SETTINGS_LIMIT_EXCEEDED"
        " CUSTOM_TAB_LIMIT_EXCEEDED EMPTY_SCONTROL_FILE_NAME"
        " ENVIRONMENT_HUB_MEMBERSHIP_CONFLICT FAILED_ACTIVATION FILTERED_LOOKUP_LIMIT_EXCEEDED"
        " HTML_FILE_UPLOAD_NOT_ALLOWED IMAGE_TOO_LARGE JIGSAW_IMPORT_LIMIT_EXCEEDED"
        " LIGHT_PORTAL_USER_EXCEPTION MAXIMUM_DASHBOARD_COMPONENTS_EXCEEDED"
        " MAXIMUM_SIZE_OF_ATTACHMENT MAXIMUM_SIZE_OF_DOCUMENT MAX_ACTIONS_PER_RULE_EXCEEDED"
        " MAX_ACTIVE_RULES_EXCEEDED MAX_APPROVAL_STEPS_EXCEEDED MAX_FORMULAS_PER_RULE_EXCEEDED"
        " MAX_RULES_EXCEEDED MAX_RULE_ENTRIES_EXCEEDED MAX_TASK_DESCRIPTION_EXCEEDED"
        " MAX_TM_RULES_EXCEEDED MAX_TM_RULE_ITEMS_EXCEEDED NONUNIQUE_SHIPPING_ADDRESS"
        " NO_APPLICABLE_PROCESS NO_ATTACHMENT_PERMISSION NO_INACTIVE_DIVISION_MEMBERS"
        " NUM_HISTORY_FIELDS_BY_SOBJECT_EXCEEDED STANDARD_PRICE_NOT_DEFINED"
        " TABSET_LIMIT_EXCEEDED WEBLINK_SIZE_LIMIT_EXCEEDED WEBLINK_URL_INVALID"
        " WRONG_CONTROLLER_TYPE",
        heading=_("Set-up of the org stands in the way"),
        to_do=_(
            "An automation of the org ran into a limit or a rule that has nothing to do with"
            " campaigns. Show the words beside it to the org's admin, then try again."
        ),
    ),
)
