"""Words and marks that every template needs: icons."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A Material Symbol; it says nothing to a screen reader, since a word stands beside it."""
    return format_html('<span class="icon" aria-hidden="true">{}</span>', name)
