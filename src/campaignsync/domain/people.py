"""People: one per e-mail address unless Salesforce gives them different ids (M2.4, M7)."""

from __future__ import annotations

from enum import StrEnum


class PersonKind(StrEnum):
    """What a person is in Salesforce."""

    LEAD = "lead"
    CONTACT = "contact"


def comparable_email(text: str) -> str | None:
    """An e-mail address as it is compared: lower-cased and trimmed (M2.4, S0.7); None when there is none."""
    return text.strip().lower() or None


def looks_like_email(text: str) -> bool:
    """Whether a text can be an e-mail address: one @, something before it, a dotted name after it, no spaces."""
    before, _, after = text.strip().rpartition("@")
    return (
        bool(before)
        and "@" not in before
        and "." in after.strip(".")
        and not any(map(str.isspace, text.strip()))
    )
