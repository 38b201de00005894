"""Kept: a long result as texts, one a row, compressed in blocks, so that any stretch of it can be read again.

Query jobs write it while the rows stream by; a million rows never lie in memory as rows, and every page shows what the
first moment showed.
"""

import zlib
from bisect import bisect_right
from collections.abc import Iterator

import orjson


class Kept:
    """`count` rows that were `size` characters."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._blocks: list[bytes] = []
        self.count = 0
        self.size = 0

    def add(self, texts: list[str]) -> None:
        """Appends rows."""
        self._starts.append(self.count)
        self._blocks.append(zlib.compress(orjson.dumps(texts), level=1))
        self.count += len(texts)
        self.size += sum(map(len, texts))

    def rows(self, start: int = 0, most: int | None = None) -> Iterator[str]:
        """The rows from one on, at most so many."""
        end = self.count if most is None else min(self.count, start + most)
        block = bisect_right(self._starts, start) - 1
        while start < end:
            texts = orjson.loads(zlib.decompress(self._blocks[block]))
            first = self._starts[block]
            yield from texts[start - first : end - first]
            start = first + len(texts)
            block += 1
