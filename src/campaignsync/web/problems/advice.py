"""What a problem is called and what to do about it, by its code. Salesforce's own words stand beside it always."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from campaignsync.web.problems.causes import CAUSES, Cause

KNOWN: Mapping[str, Cause] = {code: cause for cause in CAUSES for code in cause.codes.split()}
"""The cause that a code tells of."""
_OTHER = _("Read Salesforce's words, mend the cause, then try again.")


def advice(code: str) -> object:
    """What to do, in a sentence."""
    return KNOWN[code].to_do if code in KNOWN else _OTHER


def heading(code: str) -> object:
    """The cause in a word or two; the code itself where it is nobody's that we know."""
    return KNOWN[code].heading if code in KNOWN else code
