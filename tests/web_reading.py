"""What somebody reads on a page: its texts without what is said to be in another language, and without code."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_ATTRIBUTES = ("title", "placeholder", "aria-label", "alt", "data-confirm", "label")
_CODE = ("script", "style", "code", "pre", "textarea")
_EMPTY = ("meta", "link", "input", "img", "br", "hr", "source", "wbr")


class _Reader(HTMLParser):
    """Collects texts; what stands in an element of another language than the page's is passed over."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self._language = language
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        heard = not (self._open and not self._open[-1][1])
        heard = heard and (given.get("lang") or self._language) == self._language
        heard = heard and "icon" not in (given.get("class") or "").split()
        for name in _ATTRIBUTES:
            if heard and given.get(name):
                self._take(given[name] or "")
        if tag not in _EMPTY:
            self._open.append((tag, heard and tag not in _CODE))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1][1]:
            self._take(data)

    def _take(self, text: str) -> None:
        text = re.sub(r"^[\W\d_]+|[\W_]+$", "", " ".join(text.split()))
        if re.search(r"[^\W\d_]{2}", text):
            self.texts.add(text)


def texts(page: str, language: str) -> set[str]:
    """The texts of a page in a language."""
    reader = _Reader(language)
    reader.feed(page)
    return reader.texts
