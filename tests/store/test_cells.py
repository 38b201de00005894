"""Cells that PostgreSQL makes columns of, against the columns that the Salesforce door makes of the same CSV: the first read of
millions is done by the one, every other look by the other, and both must see the same (contract S2.4.5, M11)."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator, Mapping, Sequence

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaignsync.bootstrap import Application
from campaignsync.domain.observation import Cells
from campaignsync.domain.trees import CAMPAIGN_MEMBERS, SALESFORCE_PEOPLE, UTC_TIME, Schema
from campaignsync.salesforce.fields import MEMBER, STANDARD
from campaignsync.salesforce.pages import CsvPage
from campaignsync.store import cells
from campaignsync.store.frames import micros, query

_WORDS = ("", " ", "\\.", "\n\\.\n", 'say "so"', "a,b", "line\r\nbreak", "null", "Łódź", "😀", "'; --")
_TIMES = ("2024-02-29T23:59:59.999Z", "1999-12-31T00:00:00.000+0000", "2026-07-01T12:00:00.001Z")
_CELLS: Mapping[object, Sequence[str]] = {
    pl.Boolean: ("true", "false", ""),
    pl.Date: ("", "2024-02-29", "1970-01-01"),
    pl.Int64: ("", "0", "12", "-7", "3.7", "-3.7", "1000000"),
    UTC_TIME: _TIMES,
}
_MONEY = ("", "0", "1500000", "1500000.00", "0.5", "12.50", "-3.25", "123456789012.34", "100")


@st.composite
def _rows(draw: st.DrawFn, schema: Schema, paths: Mapping[str, str], key: str) -> list[dict[str, str]]:
    """Rows of which some bear the same id; only words are drawn, since drawing every cell takes longer than reading it."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x01"), max_size=20)
    words = (*_WORDS, *draw(st.lists(texts, max_size=4)))

    def cell(name: str) -> str:
        if name == key:
            return f"00Q{chance.randrange(4):015}"
        return chance.choice(_MONEY if name == "annual_revenue" else _CELLS.get(schema[name], words))

    return [{path: cell(name) for name, path in paths.items()} for _ in range(draw(st.integers(1, 5)))]


def _file(rows: Sequence[Mapping[str, str]]) -> bytes:
    """As Salesforce writes it: every cell in quotes, an empty one, too."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _pieces(file: bytes, size: int) -> Iterator[bytes]:
    return (file[start : start + size] for start in range(0, len(file), size))


_OBJECTS = {
    "Lead": (SALESFORCE_PEOPLE, "salesforce_id", {"kind": "lead"}),
    "Contact": (SALESFORCE_PEOPLE, "salesforce_id", {"kind": "contact"}),
    "CampaignMember": (CAMPAIGN_MEMBERS, "id", {}),
}


@pytest.mark.parametrize("of", _OBJECTS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), size=st.sampled_from([1, 7, 65_536]))
def test_the_database_makes_of_cells_what_the_door_makes_of_them(
    app: Application, of: str, data: st.DataObject, size: int
) -> None:
    from django.db import transaction

    schema, key, same = _OBJECTS[of]
    layout = STANDARD[of]
    file = _file(data.draw(_rows(schema, layout.paths, key)))

    def frame() -> pl.DataFrame:
        return CsvPage.of(file, STANDARD).rows(of).unique(key, keep="last")

    seen = Cells(pieces=lambda: _pieces(file, size), fields=layout.paths, same=same, frame=frame)
    with transaction.atomic():
        source = cells.read(seen, schema, key)
        columns = ", ".join(
            f"{micros(f'seen.{name}')} AS {name}" if kind == UTC_TIME else f'seen."{name}"'
            for name, kind in schema.items()
        )
        made = query(f"SELECT {columns} FROM {source} seen", (), schema)
    assert made.sort(key).to_dicts() == frame().sort(key).to_dicts()


def test_a_zero_in_a_text_which_no_database_keeps_is_left_out(app: Application) -> None:
    from django.db import transaction

    file = _file([dict.fromkeys(MEMBER.values(), "") | {"Id": "00v1", "Status": "Se\x00nt"}])
    seen = Cells(pieces=lambda: iter([file]), fields=MEMBER, frame=pl.DataFrame)
    with transaction.atomic():
        source = cells.read(seen, CAMPAIGN_MEMBERS, "id")
        found = query(f"SELECT seen.status FROM {source} seen", (), {"status": pl.String})
    assert found["status"].to_list() == ["Sent"]
