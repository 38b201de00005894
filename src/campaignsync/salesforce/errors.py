"""Every error of Salesforce as an error of ours, whose class says what to do next: one table, and nobody else reads a code.

The codes are the StatusCodes and ExceptionCodes of the SOAP and REST documentation. A code may speak of a whole call or of one
record; a record's refusal is kept with it, a call's error is raised. A code that is not in the table refuses the one record it
speaks of, since Salesforce and its packages invent new ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from campaignsync.domain.errors import (
    CampaignsyncError,
    HaltError,
    Refusal,
    RefusedError,
    RetryableError,
    UnknownOutcomeError,
    UsageError,
)


class Meaning(StrEnum):
    """What an error code asks for."""

    RETRY = "retry"  # nothing was done, and it may go through later
    OBSERVE = "observe"  # it may have been done
    HALT = "halt"  # going on is useless until an admin makes room
    MEND = "mend"  # a credential, a right or our own request is wrong, whatever the record
    REFUSE = "refuse"  # this record, and only this one


_CODES = {
    Meaning.RETRY: """
        UNABLE_TO_LOCK_ROW REQUEST_LIMIT_EXCEEDED CONCURRENT_REQUEST_LIMIT_EXCEEDED RATE_LIMIT_EXCEEDED LIMIT_EXCEEDED
        TOO_MANY_APEX_REQUESTS REQUEST_RUNNING_TOO_LONG QUERY_TIMEOUT SERVER_UNAVAILABLE SERVICE_UNAVAILABLE
        TERRITORY_REALIGN_IN_PROGRESS INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE ALREADY_IN_PROCESS
        FUNCTIONALITY_TEMPORARILY_UNAVAILABLE ALL_OR_NONE_OPERATION_ROLLED_BACK TRANSACTION_ROLLED_BACK PROCESSING_HALTED
        INVALID_QUERY_LOCATOR PLATFORM_EVENT_PUBLISHING_UNAVAILABLE PLATFORM_EVENT_PUBLISH_FAILED
        """,
    Meaning.OBSERVE: "UNKNOWN_EXCEPTION SERVER_ERROR GACK",
    Meaning.HALT: "STORAGE_LIMIT_EXCEEDED EXCEEDED_QUOTA LICENSE_LIMIT_EXCEEDED ORG_LOCKED",
    Meaning.MEND: """
        INVALID_SESSION_ID INVALID_LOGIN INVALID_AUTH_HEADER INVALID_OPERATION_WITH_EXPIRED_PASSWORD PASSWORD_LOCKOUT
        LOGIN_MUST_USE_SECURITY_TOKEN LOGIN_CHALLENGE_ISSUED LOGIN_CHALLENGE_PENDING LOGIN_DURING_RESTRICTED_DOMAIN
        LOGIN_DURING_RESTRICTED_TIME IP_RANGE_LIMIT_EXCEEDED API_CURRENTLY_DISABLED API_DISABLED_FOR_ORG FORBIDDEN
        FUNCTIONALITY_NOT_ENABLED COMMUNITY_NOT_ACCESSIBLE PACKAGE_LICENSE_REQUIRED OP_WITH_INVALID_USER_TYPE_EXCEPTION
        INVALID_TYPE INVALID_TYPE_FOR_OPERATION INVALID_FIELD MALFORMED_QUERY MALFORMED_SEARCH QUERY_TOO_COMPLICATED
        EXCEEDED_MAX_SEMIJOIN_SUBSELECTS INVALID_QUERY_FILTER_OPERATOR INVALID_OPERATOR INVALID_ID_FIELD
        ILLEGAL_QUERY_PARAMETER_VALUE EXCEEDED_ID_LIMIT INVALID_REPLICATION_DATE JSON_PARSER_ERROR XML_PARSER_ERROR
        MISSING_ARGUMENT INVALID_ARGUMENT_TYPE INVALID_CONTENT_TYPE INVALID_BATCH_OPERATION METHOD_NOT_ALLOWED
        OPERATION_TOO_LARGE UNSUPPORTED_API_VERSION UNSUPPORTED_CLIENT BIG_OBJECT_UNSUPPORTED_OPERATION GONE URI_TOO_LONG
        BAD_REQUEST NOT_IMPLEMENTED_BY_SANDBOX
        """,
    Meaning.REFUSE: """
        DUPLICATE_VALUE DUPLICATES_DETECTED DUPLICATE_EXTERNAL_ID DUPLICATE_USERNAME DUPLICATE_CASE_SOLUTION
        DUPLICATE_CUSTOM_ENTITY_DEFINITION DUPLICATE_CUSTOM_TAB_MOTIF DUPLICATE_DEVELOPER_NAME DUPLICATE_MASTER_LABEL
        DUPLICATE_SENDER_DISPLAY_NAME REQUIRED_FIELD_MISSING STRING_TOO_LONG NUMBER_OUTSIDE_VALID_RANGE
        INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST TOO_MANY_ENUM_VALUE TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET
        INVALID_EMAIL_ADDRESS INVALID_CURRENCY_ISO INVALID_STATUS INVALID_FIELD_FOR_INSERT_UPDATE
        INVALID_TYPE_ON_FIELD_IN_RECORD INVALID_CROSS_REFERENCE_KEY INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD
        FIELD_CUSTOM_VALIDATION_EXCEPTION FIELD_FILTER_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION MALFORMED_ID
        CANNOT_UPDATE_CONVERTED_LEAD CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY CANNOT_EXECUTE_FLOW_TRIGGER APEX_ERROR
        INSUFFICIENT_ACCESS INSUFFICIENT_ACCESS_OR_READONLY INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY
        TXN_SECURITY_RUNTIME_EXCEPTION INACTIVE_OWNER_OR_USER TRANSFER_REQUIRES_READ INVALID_EMPTY_KEY_OWNER
        INVALID_ASSIGNMENT_RULE INVALID_ASSIGNEE_TYPE ASSIGNEE_TYPE_REQUIRED ENTITY_IS_DELETED ENTITY_IS_LOCKED
        ENTITY_IS_ARCHIVED ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE PRECONDITION_FAILED NOT_FOUND DELETE_FAILED
        UNDELETE_FAILED MERGE_FAILED DEPENDENCY_EXISTS CIRCULAR_DEPENDENCY SELF_REFERENCE_FROM_TRIGGER
        MAXIMUM_HIERARCHY_LEVELS_REACHED CANNOT_REPARENT_RECORD CANNOT_RESOLVE_NAME CANNOT_CASCADE_PRODUCT_ACTIVE
        UNAVAILABLE_RECORDTYPE_EXCEPTION RECORD_IN_USE_BY_WORKFLOW UNSUPPORTED_APEX_TRIGGER_OPERATION INVALID_OPERATION
        INVALID_PERSON_ACCOUNT_OPERATION INVALID_PARTNER_NETWORK_STATUS INVALID_READ_ONLY_USER_DML INVALID_ACCESS_LEVEL
        INVALID_INET_ADDRESS INVALID_CREDIT_CARD_INFO INVALID_CURRENCY_CONV_RATE INVALID_CURRENCY_CORP_RATE
        INVALID_EVENT_SUBSCRIPTION INVALID_FIELD_WHEN_USING_TEMPLATE INVALID_FILTER_ACTION INVALID_LINEITEM_CLONE_STATE
        INVALID_MASTER_OR_TRANSLATED_SOLUTION INVALID_MESSAGE_ID_REFERENCE INVALID_SAVE_AS_ACTIVITY_FLAG
        INVALID_SIGNUP_COUNTRY BAD_CUSTOM_ENTITY_PARENT_DOMAIN BCC_NOT_ALLOWED_IF_BCC_COMPLIANCE_ENABLED
        BCC_SELF_NOT_ALLOWED_IF_BCC_COMPLIANCE_ENABLED CANNOT_CHANGE_FIELD_TYPE_OF_APEX_REFERENCED_FIELD
        CANNOT_CREATE_ANOTHER_MANAGED_PACKAGE CANNOT_DEACTIVATE_DIVISION CANNOT_DELETE_LAST_DATED_CONVERSION_RATE
        CANNOT_DELETE_MANAGED_OBJECT CANNOT_DISABLE_LAST_ADMIN CANNOT_ENABLE_IP_RESTRICT_REQUESTS
        CANNOT_MODIFY_MANAGED_OBJECT CANNOT_RENAME_APEX_REFERENCED_FIELD CANNOT_RENAME_APEX_REFERENCED_OBJECT
        CANT_DISABLE_CORP_CURRENCY CANT_UNSET_CORP_CURRENCY CHILD_SHARE_FAILS_PARENT CUSTOM_CLOB_FIELD_LIMIT_EXCEEDED
        CUSTOM_ENTITY_OR_FIELD_LIMIT CUSTOM_FIELD_INDEX_LIMIT_EXCEEDED CUSTOM_INDEX_EXISTS CUSTOM_LINK_LIMIT_EXCEEDED
        CUSTOM_METADATA_LIMIT_EXCEEDED CUSTOM_SETTINGS_LIMIT_EXCEEDED CUSTOM_TAB_LIMIT_EXCEEDED EMAIL_ADDRESS_BOUNCED
        EMAIL_NOT_PROCESSED_DUE_TO_PRIOR_ERROR EMAIL_OPTED_OUT EMAIL_TEMPLATE_FORMULA_ERROR
        EMAIL_TEMPLATE_MERGEFIELD_ACCESS_ERROR EMAIL_TEMPLATE_MERGEFIELD_ERROR EMAIL_TEMPLATE_MERGEFIELD_VALUE_ERROR
        EMAIL_TEMPLATE_PROCESSING_ERROR EMPTY_SCONTROL_FILE_NAME ENVIRONMENT_HUB_MEMBERSHIP_CONFLICT ERROR_IN_MAILER
        FAILED_ACTIVATION FILTERED_LOOKUP_LIMIT_EXCEEDED HTML_FILE_UPLOAD_NOT_ALLOWED IMAGE_TOO_LARGE
        JIGSAW_IMPORT_LIMIT_EXCEEDED LIGHT_PORTAL_USER_EXCEPTION MANAGER_NOT_DEFINED MASSMAIL_RETRY_LIMIT_EXCEEDED
        MASS_MAIL_LIMIT_EXCEEDED MAXIMUM_CCEMAILS_EXCEEDED MAXIMUM_DASHBOARD_COMPONENTS_EXCEEDED
        MAXIMUM_SIZE_OF_ATTACHMENT MAXIMUM_SIZE_OF_DOCUMENT MAX_ACTIONS_PER_RULE_EXCEEDED MAX_ACTIVE_RULES_EXCEEDED
        MAX_APPROVAL_STEPS_EXCEEDED MAX_FORMULAS_PER_RULE_EXCEEDED MAX_RULES_EXCEEDED MAX_RULE_ENTRIES_EXCEEDED
        MAX_TASK_DESCRIPTION_EXCEEDED MAX_TM_RULES_EXCEEDED MAX_TM_RULE_ITEMS_EXCEEDED NONUNIQUE_SHIPPING_ADDRESS
        NO_APPLICABLE_PROCESS NO_ATTACHMENT_PERMISSION NO_INACTIVE_DIVISION_MEMBERS NO_MASS_MAIL_PERMISSION
        NUM_HISTORY_FIELDS_BY_SOBJECT_EXCEEDED OPTED_OUT_OF_MASS_MAIL PLATFORM_EVENT_ENCRYPTION_ERROR
        PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT PRIVATE_CONTACT_ON_ASSET SHARE_NEEDED_FOR_CHILD_OWNER
        SINGLE_EMAIL_LIMIT_EXCEEDED STANDARD_PRICE_NOT_DEFINED TABSET_LIMIT_EXCEEDED TEMPLATE_NOT_ACTIVE
        UNSPECIFIED_EMAIL_ADDRESS UNVERIFIED_SENDER_ADDRESS WEBLINK_SIZE_LIMIT_EXCEEDED WEBLINK_URL_INVALID
        WRONG_CONTROLLER_TYPE
        """,
}
MEANINGS: Mapping[str, Meaning] = {
    code: meaning for meaning, codes in _CODES.items() for code in codes.split()
}

_OF_ORG = ("SERVER_UNAVAILABLE", "SERVICE_UNAVAILABLE")
"""Among those, what concerns every call; and so does an org whose calls are spent."""
SOON_S, LATER_S = 30.0, 900.0
"""When to try again: what passes by itself, and an org whose calls of the last 24 hours are spent (S2.2.10)."""


def meaning_of(code: str) -> Meaning:
    """What an error code asks for."""
    return MEANINGS.get(code, Meaning.REFUSE)


def passes_by_itself(code: str) -> bool:
    """Whether a row that was refused so may be taken later as it is."""
    return meaning_of(code) in (Meaning.RETRY, Meaning.OBSERVE, Meaning.HALT)


def refusal(errors: Sequence[Mapping[str, Any]]) -> Refusal:
    """What Salesforce said of one row of a collection, or of one subrequest: the first error leads, all are told."""
    first = errors[0] if errors else {}
    code = str(first.get("statusCode") or first.get("errorCode") or "UNKNOWN_EXCEPTION")
    words = "; ".join(_sentence(error) for error in errors) or "Salesforce gave no reason."
    return Refusal(code=code, message=words, retriable=passes_by_itself(code))


def call_error(status: int, body: object, *, writes: bool, what: str) -> CampaignsyncError:
    """The error of a whole call, from its status and its body, whatever the body is."""
    errors = body if isinstance(body, list) and body and isinstance(body[0], dict) else []
    if not errors:
        return _edge_error(status, writes=writes, what=what)
    told = refusal(errors)
    sentence = f"{what}: Salesforce says {told.code}: {told.message}"
    match meaning_of(told.code):
        case Meaning.RETRY:
            spent = "TotalRequests" in told.message
            return RetryableError(
                sentence,
                retry_after_s=LATER_S if spent else SOON_S,
                code=told.code,
                of_org=spent or told.code in _OF_ORG,
            )
        case Meaning.OBSERVE if writes:
            return UnknownOutcomeError(sentence, code=told.code)
        case Meaning.OBSERVE:
            return RetryableError(sentence, retry_after_s=SOON_S, code=told.code)
        case Meaning.HALT:
            return HaltError(sentence, code=told.code)
        case Meaning.REFUSE if writes:
            return RefusedError(told.message, code=told.code)
        case _:
            # A read has no record to refuse: who may not read something needs a person.
            return UsageError(sentence, code=told.code)


def _edge_error(status: int, *, writes: bool, what: str) -> CampaignsyncError:
    """What comes from in front of Salesforce, in HTML or without a word (S2.2.12)."""
    sentence = f"{what}: the answer was HTTP {status} without a reason"
    if status in (406, 420, 429) or (status >= 500 and not writes):
        return RetryableError(sentence, retry_after_s=SOON_S, of_org=True)
    if status >= 500:
        return UnknownOutcomeError(sentence)
    return UsageError(f"{sentence}. Is this the address of a Salesforce org?")


def _sentence(error: Mapping[str, Any]) -> str:
    fields = ", ".join(str(name) for name in error.get("fields") or ())
    return f"{error.get('message') or 'no message'}" + (f" (fields: {fields})" if fields else "")
