"""CSV as the Bulk APIs read and write it (S2.4.2, S2.4.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesforce_sandbox.org.bulk.dialect import DELIMITERS, LINE_ENDINGS, Dialect, read_sheet
from salesforce_sandbox.org.errors import SalesforceError

STRAY = "Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote"
CELLS = st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=8)


@given(
    st.sampled_from(list(DELIMITERS)),
    st.sampled_from(list(LINE_ENDINGS)),
    st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5),
)
def test_whatever_is_written_is_read_back(
    delimiter: str, line_ending: str, rows: list[tuple[str, ...]]
) -> None:
    dialect = Dialect(delimiter=delimiter, line_ending=line_ending)
    content = dialect.file(map(dialect.line, [("a", "b", "c"), *rows]))
    sheet = read_sheet(content, dialect)
    assert (sheet.names, sheet.rows, sheet.broken) == (["a", "b", "c"], [list(row) for row in rows], {})


@pytest.mark.parametrize("delimiter", list(DELIMITERS))
def test_only_the_delimiter_that_was_announced_separates(delimiter: str) -> None:
    others = "".join(mark for name, mark in DELIMITERS.items() if name != delimiter)
    sheet = read_sheet(
        f"a{DELIMITERS[delimiter]}b\n{others}{DELIMITERS[delimiter]}2\n".encode(),
        Dialect(delimiter=delimiter),
    )
    assert sheet.rows == [[others, "2"]]


def test_nothing_is_trimmed() -> None:
    assert read_sheet(b"a,b\n x , y\n", Dialect()).rows == [[" x ", " y"]]


@pytest.mark.parametrize("line", ['1, "x"', '1,"x" ', '1,x"y', '1,"x"y', '"1,x'])
def test_a_quote_that_does_not_enclose_the_whole_value_breaks_its_row_alone(line: str) -> None:
    sheet = read_sheet(f"a,b\n{line}\n2,fine\n".encode(), Dialect())
    assert (sheet.broken, sheet.rows[-1]) == ({0: STRAY}, ["2", "fine"])


def test_a_row_of_another_width_than_the_header_is_broken() -> None:
    sheet = read_sheet(b"a,b\n1\n1,2,3\n1,2\n", Dialect())
    assert sorted(sheet.broken) == [0, 1]
    assert sheet.rows == [["1", ""], ["1", "2"], ["1", "2"]]


def test_empty_lines_are_no_rows_and_the_last_line_need_not_be_ended() -> None:
    assert read_sheet(b"a,b\n\n1,2\n\n3,", Dialect()).rows == [["1", "2"], ["3", ""]]


@pytest.mark.parametrize(
    ("announced", "content"),
    [
        ("LF", b"a,b\r\n1,2\r\n"),
        ("LF", b"a,b\n1,2\r\n"),
        ("CRLF", b"a,b\n1,2\n"),
        ("CRLF", b"a,b\r\n1,2\n3,4\r\n"),
    ],
)
def test_the_line_ending_must_be_the_announced_one(announced: str, content: bytes) -> None:
    with pytest.raises(SalesforceError) as refused:
        read_sheet(content, Dialect(line_ending=announced))
    message = f"LineEnding is invalid on user data. Current LineEnding setting is {announced}"
    assert (refused.value.code, refused.value.message) == ("ClientInputError", message)


def test_line_breaks_within_quotes_end_no_row() -> None:
    assert read_sheet(b'a,b\n"x\r\ny","p\nq"\n', Dialect()).rows == [["x\r\ny", "p\nq"]]


def test_bulk_1_takes_either_line_ending() -> None:
    assert read_sheet(b"a,b\r\n1,2\n3,4\r\n", Dialect(line_ending=None)).rows == [["1", "2"], ["3", "4"]]


def test_a_byte_order_mark_before_a_quoted_header_is_a_stray_quote() -> None:
    with pytest.raises(SalesforceError) as refused:
        read_sheet(b'\xef\xbb\xbf"Id","Name"\n', Dialect())
    assert (refused.value.code, refused.value.message) == ("InvalidBatch", STRAY)


def test_a_byte_order_mark_before_a_plain_header_belongs_to_its_first_name() -> None:
    assert read_sheet(b"\xef\xbb\xbfId,Name\n", Dialect()).names == ["\ufeffId", "Name"]


@pytest.mark.parametrize("content", [b"a,b\n\xff,1\n", b"x" * 32_001 + b"\n"])
def test_a_file_that_is_not_utf_8_or_has_too_long_a_header_is_refused_whole(content: bytes) -> None:
    with pytest.raises(SalesforceError) as refused:
        read_sheet(content, Dialect())
    assert refused.value.code == "InvalidBatch"


def test_rows_and_cells_may_be_only_so_long() -> None:
    sheet = read_sheet(b"a,b\n" + b"x" * 131_073 + b",1\n" + b"x" * 100_000 + b",2\n", Dialect())
    assert list(sheet.broken) == [0]
