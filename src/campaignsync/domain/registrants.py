"""Reads the list of people that a webinar tool, a badge scanner or a spreadsheet exports (M2.1, M2.4).

Header names are recognised the way such tools write them. A broken row is named by its line and the reason, the others are kept;
rows of one e-mail address are joined: the furthest status wins, and a later row fills what earlier rows left empty.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from campaignsync.domain.errors import UsageError
from campaignsync.domain.member_fields import MemberField, canonical
from campaignsync.domain.people import comparable_email, looks_like_email
from campaignsync.domain.statuses import Channel, ProgressionStatus
from campaignsync.domain.trees import PERSON_FIELDS

_HEADERS = {
    "email": "email",
    "email address": "email",
    "e-mail": "email",
    "e-mail address": "email",
    "work email": "email",
    "first name": "first_name",
    "firstname": "first_name",
    "given name": "first_name",
    "last name": "last_name",
    "lastname": "last_name",
    "surname": "last_name",
    "family name": "last_name",
    "salutation": "salutation",
    "title": "title",
    "job title": "title",
    "company": "company",
    "company name": "company",
    "organization": "company",
    "organisation": "company",
    "account": "company",
    "phone": "phone",
    "phone number": "phone",
    "mobile": "mobile_phone",
    "mobile phone": "mobile_phone",
    "fax": "fax",
    "street": "street",
    "address": "street",
    "city": "city",
    "state": "state",
    "state/province": "state",
    "postal code": "postal_code",
    "zip": "postal_code",
    "zip/postal code": "postal_code",
    "country": "country",
    "country/region": "country",
    "industry": "industry",
    "website": "website",
    "lead source": "source",
    "source": "source",
    "status": "program_status",
    "program status": "program_status",
    "member status": "program_status",
}
_READ = frozenset(_HEADERS.values())
REGISTRANTS = {
    **{name: pl.String for name in PERSON_FIELDS if name in _READ},
    "custom": pl.String,  # the member fields that the row has, as JSON by name
    "program_status": pl.String,
}
_TAKEN = {
    *_HEADERS,
    *(name.replace("_", " ") for name in (*PERSON_FIELDS, *REGISTRANTS)),
    *("member", "person", "decision", "type", "actualcost"),  # what the journal calls other changes
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A row of the file that was left out, by the line it begins on, counted from 1 with the header."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrants:
    """What a file holds: one row a person (REGISTRANTS, statuses in the channel's spelling), and the rows left out."""

    people: pl.DataFrame
    refused: tuple[RefusedRow, ...]
    rows: int
    joined: int
    """How many rows told of a person whom another row told of already."""
    ignored_columns: tuple[str, ...]
    refused_cells: tuple[RefusedRow, ...] = ()
    """Values that are none of their field's kind: left out, and the rest of their row kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did to a program's members; `skipped_back` would have had to go back (M2.3)."""

    added: int = 0
    moved: int = 0
    unchanged: int = 0
    skipped_back: int = 0
    new_people: int = 0

    def __add__(self, other: Imported) -> Imported:
        """What both came to, one after the other."""
        return Imported(
            added=self.added + other.added,
            moved=self.moved + other.moved,
            unchanged=self.unchanged + other.unchanged,
            skipped_back=self.skipped_back + other.skipped_back,
            new_people=self.new_people + other.new_people,
        )


def read_registrants(
    raw: bytes, *, channel: Channel, status: str | None, fields: Iterable[MemberField] = ()
) -> Registrants:
    """The people in a CSV file in UTF-8. Everybody gets `status`; without it the file's status column rules, and where
    that is empty the channel's first status. A column that is called like one of the member fields holds its values.
    UsageError when the file as a whole makes no sense."""
    everybody = channel.status(status) if status else None
    if not looks_like_text(raw):
        raise UsageError("This is no CSV file. Save the list as CSV (UTF-8) in your spreadsheet first.")
    # A byte that is no UTF-8 spoils its own row, not the file.
    lines = (
        raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="surrogateescape").splitlines(keepends=True)
    )
    reader = csv.reader(lines, delimiter=_delimiter(lines))
    # Titles are shown to people: a byte that is no UTF-8 is a question mark there.
    header = [_readable(title) for title in next(_cells(reader), [])]
    known_fields = {_title(each.name): each for each in fields}
    own = {each.name: each for each in known_fields.values()}
    columns = _columns(header, known_fields)
    people: dict[str, tuple[dict[str, str], ProgressionStatus]] = {}
    refused: list[RefusedRow] = []
    bad_cells: list[RefusedRow] = []
    rows = 0
    for line, cells in _rows(reader):
        rows += 1
        reason = _fault(cells, len(header), columns)
        values = (
            {}
            if reason
            else {name: cells[place].strip() for place, name in columns.items() if cells[place].strip()}
        )
        label = values.pop("program_status", None)
        meant = everybody or (channel.find(label) if label else channel.first)
        if reason is None and meant is None:
            reason = f"channel '{channel.name}' has no status '{label}' (it has {', '.join(channel.names)})"
        if reason or meant is None:
            refused.append(RefusedRow(line=line, reason=reason or ""))
            continue
        bad_cells += (RefusedRow(line=line, reason=why) for why in _read_fields(values, own))
        email = comparable_email(values["email"]) or ""
        known, before = people.get(email, ({}, meant))
        people[email] = ({**values, **known, "email": email}, max(before, meant, key=lambda each: each.step))
    frame = pl.DataFrame(
        [
            {**values, "custom": _custom(values, own), "program_status": meant.name}
            for values, meant in people.values()
        ],
        schema=REGISTRANTS,
    )
    return Registrants(
        people=frame,
        refused=tuple(refused),
        rows=rows,
        joined=rows - len(refused) - len(people),
        ignored_columns=tuple(name for place, name in enumerate(header) if place not in columns),
        refused_cells=tuple(bad_cells),
    )


_NO_TEXT = (b"PK\x03\x04", b"%PDF", b"\x89PNG", b"\xd0\xcf\x11\xe0")
"""How archives, which newer spreadsheets are, documents, pictures and older spreadsheets begin."""


def looks_like_text(raw: bytes) -> bool:
    """Whether a file may be a table of text: no spreadsheet, archive or picture, and in no encoding of two bytes a letter. What
    stands in its first line decides: a lone NUL further on spoils its own row."""
    return b"\x00" not in raw[:4096].partition(b"\n")[0] and raw[:4] not in _NO_TEXT


def _read_fields(values: dict[str, str], fields: Mapping[str, MemberField]) -> Iterator[str]:
    """Bring the member fields of a row to their canonical text, and leave out what is none of its kind: why, for each."""
    for name in values.keys() & fields.keys():
        try:
            read = canonical(fields[name].kind, values.pop(name))
        except UsageError as error:
            yield f"{name}: {error}"
        else:
            if read is not None:
                values[name] = read


def _custom(values: Mapping[str, str], fields: Mapping[str, MemberField]) -> str | None:
    return json.dumps({name: values[name] for name in fields if name in values}) if fields else None


def _delimiter(lines: list[str]) -> str:
    first = lines[0] if lines else ""
    return max(",;\t", key=first.count)


def _title(text: str) -> str:
    """A column's title as it is compared."""
    return text.strip().casefold().replace("_", " ")


def require_free_name(name: str) -> None:
    """UsageError when a column of a file, or a line of the journal, that is called so means something else already."""
    if _title(name) in _TAKEN:
        raise UsageError(f"A member field cannot be called '{name}': that name has a meaning already.")


def _columns(header: list[str], fields: Mapping[str, MemberField]) -> dict[int, str]:
    """By place, the columns we know; of two that mean the same the first counts."""
    columns: dict[int, str] = {}
    for place, title in enumerate(header):
        field = fields.get(_title(title))
        name = field.name if field else _HEADERS.get(_title(title))
        if name and name not in columns.values():
            columns[place] = name
    if "email" not in columns.values():
        raise UsageError(
            f"The file has no column for the e-mail address. Its first line must name the columns, one of them Email;"
            f" it reads: {', '.join(header)[:200] or '(nothing)'}"
        )
    return columns


def _readable(text: str) -> str:
    """A text without the bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _cells(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows as they come; UsageError where the file is none that can be told apart into cells."""
    try:
        yield from reader
    except csv.Error as error:
        raise UsageError(f"Line {reader.line_num} cannot be read as CSV: {error}.") from None  # type: ignore[attr-defined]


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with the line each begins on."""
    begins = reader.line_num + 1  # type: ignore[attr-defined]
    for cells in _cells(reader):
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1  # type: ignore[attr-defined]


def _fault(cells: list[str], wanted: int, columns: dict[int, str]) -> str | None:
    """Why a row cannot be read, or None."""
    if len(cells) != wanted:
        return f"it has {len(cells)} cells where the header has {wanted}"
    if any("\udc80" <= character <= "\udcff" for cell in cells for character in cell):
        return "it holds bytes that are not UTF-8"
    if any("\x00" in cell for cell in cells):
        return "it holds a NUL character"
    email = cells[next(place for place, name in columns.items() if name == "email")].strip()
    if not email:
        return "it has no e-mail address"
    if not looks_like_email(email):
        return f"'{email[:80]}' is no e-mail address"
    return None
