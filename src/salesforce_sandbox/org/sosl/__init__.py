"""Search: SOSL text → what to look for where (`syntax`), and which records have it (`search`). Never writes."""

from salesforce_sandbox.org.sosl.search import find
from salesforce_sandbox.org.sosl.syntax import Returning, Search, malformed, parse

__all__ = ["Returning", "Search", "find", "malformed", "parse"]
