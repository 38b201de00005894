"""A page of results is kept as it travelled and unpacked piece by piece (S2.2.12); what was cut off or spoilt is read again."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable

import pytest

from campaignsync.domain.errors import RetryableError
from campaignsync.salesforce.wire import CsvFile

CSV = b"Id\n" + b"".join(
    hashlib.sha256(b"%d" % number).hexdigest().encode() + b"\n" for number in range(6_000)
)
"""Of hexadecimal digits, half of which is left when they are packed: some pieces."""


def page(packed: bytes, *, is_packed: bool = True) -> CsvFile:
    return CsvFile(headers={}, packed=packed, is_packed=is_packed)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_packed_page_is_kept_packed_and_comes_out_in_pieces(pack: Callable[[bytes], bytes]) -> None:
    kept = page(pack(CSV))
    assert len(kept.packed) < len(CSV) * 0.7
    assert kept.content == CSV
    assert max(map(len, kept.pieces())) < len(CSV)


def test_a_page_that_travelled_plain_is_what_it_is() -> None:
    assert page(CSV, is_packed=False).content == CSV


@pytest.mark.parametrize(
    "spoilt", [gzip.compress(CSV)[:-9], b"no archive", gzip.compress(CSV)[:40] + b"x" * 99]
)
def test_a_page_that_was_cut_off_or_spoilt_is_for_later(spoilt: bytes) -> None:
    with pytest.raises(RetryableError, match="arrived damaged"):
        _ = page(spoilt).content
