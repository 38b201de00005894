"""CSV as the Bulk APIs read and write it: six delimiters, two line endings, nothing trimmed, strict about quotes.

Used by ingest jobs for what was uploaded and by everything that writes result files. A file that cannot be read at all is
refused as a whole, a row that cannot is refused alone. Rests on S2.4.2, S2.4.3 and the Bulk guide, "Valid CSV Record Rows".
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from salesforce_sandbox.org.errors import SalesforceError

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
MOST_HEADER_CHARACTERS = 32_000
MOST_ROW_CHARACTERS = 400_000
MOST_CELL_CHARACTERS = 131_072
STRAY_QUOTE = "Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Names as jobs state them. No line ending takes either, as Bulk 1.0 does."""

    delimiter: str = "COMMA"
    line_ending: str | None = "LF"

    def line(self, cells: Sequence[str]) -> str:
        """One row with every cell in quotes and without its line ending."""
        between = f'"{DELIMITERS[self.delimiter]}"'
        joined = between.join(cells)
        # Most rows hold no quotes but those just put between their cells.
        if joined.count('"') != 2 * max(0, len(cells) - 1):
            joined = between.join(cell.replace('"', '""') for cell in cells)
        return f'"{joined}"'

    def headed(self, names: Sequence[str], head: str) -> str:
        """A header of result files: names of our own in quotes, then the header as it was sent (S2.4.3)."""
        quoted = self.line(names)
        return f"{quoted}{DELIMITERS[self.delimiter]}{head}" if head else quoted

    def file(self, lines: Iterable[str]) -> bytes:
        """Lines as a file; every one of them is ended."""
        return "".join(f"{line}{self.end}" for line in lines).encode()

    @property
    def end(self) -> str:
        return LINE_ENDINGS[self.line_ending or "LF"]


@dataclass(slots=True, kw_only=True)
class Sheet:
    """A file that was read. `head` is the header as it was sent; `broken` says, by row, why a row cannot be taken."""

    head: str
    names: list[str]
    rows: list[list[str]] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)


def judge_size(content: bytes, most: int) -> None:
    """SalesforceError for a request that carries more than so many bytes."""
    if len(content) > most:
        message = (
            f"Failed to read request. Exceeded max size limit of {most} with request size {len(content)}"
        )
        raise SalesforceError(400, "ClientInputError", message)


def read_sheet(content: bytes, dialect: Dialect) -> Sheet:
    """The file's rows; SalesforceError with which the whole job fails."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise _bad_file("Failed to parse CSV. The file is not in UTF-8") from None
    lines = _lines(text, dialect)
    names, problem, end = next(lines, ([], "", 0))
    if problem:
        raise _bad_file(problem)
    head = text[:end].rstrip("\r\n")
    if len(head) > MOST_HEADER_CHARACTERS:
        raise _bad_file(f"Failed to parse CSV. The header is longer than {MOST_HEADER_CHARACTERS} characters")
    sheet = Sheet(head=head, names=names)
    width = len(names)
    for cells, problem, _ in lines:
        if cells == [""] and not problem:
            continue
        if not problem and len(cells) != width:
            problem = f"Failed to parse CSV. The row has {len(cells)} columns, the header has {width}"
        if problem:
            sheet.broken[len(sheet.rows)] = problem
            cells = (cells + [""] * width)[:width]
        sheet.rows.append(cells)
    return sheet


def _lines(text: str, dialect: Dialect) -> Iterator[tuple[list[str], str, int]]:
    """Cells, what is wrong with them and where the line ends; SalesforceError for a line ending that was not announced."""
    delimiter = DELIMITERS[dialect.delimiter]
    match = re.compile(
        rf'(?:"([^"]*(?:""[^"]*)*)"|([^{re.escape(delimiter)}\r\n"]*))({re.escape(delimiter)}|\r?\n|\r|\Z)'
    ).match
    cells: list[str] = []
    began = at = 0
    while at < len(text):
        found = match(text, at)
        if found is None:
            problem, rest, ending, at = STRAY_QUOTE, *_rest_of_line(text, at)
            cells.append(rest)
        else:
            quoted, plain, ending = found.groups()
            cells.append(plain if quoted is None else quoted.replace('""', '"'))
            problem, at = "", found.end()
            if ending == delimiter:
                continue
        if ending and ending != LINE_ENDINGS.get(dialect.line_ending or "", ending):
            setting = f"Current LineEnding setting is {dialect.line_ending}"
            raise SalesforceError(400, "ClientInputError", f"LineEnding is invalid on user data. {setting}")
        yield cells, problem or _too_long(cells, at - began), at
        cells, began = [], at
    if cells:
        yield [*cells, ""], "", at


def _rest_of_line(text: str, at: int) -> tuple[str, str, int]:
    found = re.compile(r"([^\r\n]*)(\r?\n|\r|\Z)").match(text, at)
    assert found  # noqa: S101 - the pattern matches everywhere
    return found[1], found[2], found.end()


def _too_long(cells: list[str], length: int) -> str:
    if length > MOST_ROW_CHARACTERS:
        return f"Failed to parse CSV. The row is longer than {MOST_ROW_CHARACTERS} characters"
    if length > MOST_CELL_CHARACTERS and max(map(len, cells)) > MOST_CELL_CHARACTERS:
        return f"Failed to parse CSV. A field is longer than {MOST_CELL_CHARACTERS} characters"
    return ""


def _bad_file(message: str) -> SalesforceError:
    return SalesforceError(400, "InvalidBatch", message)
