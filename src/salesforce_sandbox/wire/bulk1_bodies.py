"""Bodies of Bulk API 1.0: XML, JSON and CSV ↔ plain values.

Used by `bulk1`. Jobs speak the format of the request, batches and results that of their job. Worded as recorded answers
of real orgs are, since clients look for elements by name and namespace. Rests on S2.5.1.
"""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape
from zipfile import BadZipFile, ZipFile

import orjson
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from salesforce_sandbox.org.bulk.dialect import Dialect, read_sheet
from salesforce_sandbox.org.bulk.ingest import row_error
from salesforce_sandbox.org.bulk.saving import Row, named
from salesforce_sandbox.org.drafts import Outcome
from salesforce_sandbox.org.errors import SalesforceError
from salesforce_sandbox.org.reading import stated_type

REQUEST_FILE = "request.txt"
# What of one archive may be unpacked.
LARGEST_UNZIPPED = 20_000_000
DIALECT = Dialect(line_ending=None)
_NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def read_job(content: bytes, *, json: bool) -> dict[str, Any]:
    """What a request says about a job."""
    if not json:
        return {_local(child.tag): child.text or "" for child in _root(content)}
    try:
        stated = orjson.loads(content)
    except orjson.JSONDecodeError:
        stated = None
    if not isinstance(stated, dict):
        raise SalesforceError(400, "InvalidJob", "Unable to parse the job")
    return stated


def read_rows(content: bytes, content_type: str) -> tuple[list[str], list[Row]]:
    """A batch's columns and rows; parents in JSON and XML become dotted columns, as CSV has them."""
    if content_type == "CSV":
        sheet = read_sheet(content, DIALECT)
        if sheet.broken:
            raise SalesforceError(400, "InvalidBatch", next(iter(sheet.broken.values())))
        return sheet.names, [named(sheet.names, cells) for cells in sheet.rows]
    rows = list(_json_rows(content) if content_type == "JSON" else _xml_rows(content))
    return list(dict.fromkeys(name for row in rows for name in row)), rows


def unzipped(content: bytes) -> bytes:
    """The rows of a batch that came as an archive: its request.txt. What it holds beside is for binary fields, of which
    no object here has any."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            listed = archive.getinfo(REQUEST_FILE)
            if listed.file_size > LARGEST_UNZIPPED:
                raise SalesforceError(
                    400, "InvalidBatch", f"{REQUEST_FILE} is larger than {LARGEST_UNZIPPED} bytes"
                )
            return archive.read(listed)
    except (BadZipFile, KeyError, RuntimeError, NotImplementedError) as error:
        message = f"Failed to read the archive: it must hold {REQUEST_FILE} in its root ({error})"
        raise SalesforceError(400, "InvalidBatch", message) from None


def xml(name: str, values: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> bytes:
    """A document of elements in the API's namespace; nothing is written for None."""
    pairs = values.items() if isinstance(values, Mapping) else values
    inner = _elements(pairs)
    end = f">\n{inner}</{name}>" if inner else " />"
    return f'{_HEAD}<{name}\n   xmlns="{_NAMESPACE}"{end}'.encode()


def save_results(outcomes: Iterable[Outcome], content_type: str) -> bytes:
    """What became of a batch's rows, in their order."""
    if content_type == "CSV":
        lines = [DIALECT.line(["Id", "Success", "Created", "Error"])]
        lines += (
            DIALECT.line(
                [
                    (outcome.id or "") if outcome.success else "",
                    str(outcome.success).lower(),
                    str(outcome.created and outcome.success).lower(),
                    row_error(outcome.error) if outcome.error else "",
                ]
            )
            for outcome in outcomes
        )
        return DIALECT.file(lines)
    if content_type == "JSON":
        return orjson.dumps([_json_result(outcome) for outcome in outcomes])
    return xml("results", [("result", _xml_result(outcome)) for outcome in outcomes])


def query_result(header: Sequence[str], rows: Iterable[str], content_type: str) -> bytes:
    """A query's rows, which are texts of the content type already."""
    if content_type == "JSON":
        return f"[{','.join(rows)}]".encode()
    if content_type == "XML":
        return f'{_HEAD}<queryResult xmlns="{_NAMESPACE}"{_XSI}>{"".join(rows)}</queryResult>'.encode()
    lines = list(rows)
    return DIALECT.file([DIALECT.line(header), *lines] if lines else ["Records not found for this query"])


def _elements(pairs: Iterable[tuple[str, Any]], indent: str = " ") -> str:
    written = ""
    for name, value in pairs:
        if isinstance(value, Mapping):
            written += f"{indent}<{name}>\n{_elements(value.items(), indent + ' ')}{indent}</{name}>\n"
        elif value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            written += f"{indent}<{name}>{escape(text)}</{name}>\n"
    return written


def _json_result(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    errors = (
        [
            {
                "extendedErrorDetails": None,
                "fields": list(error.fields),
                "message": error.message,
                "statusCode": error.code,
            }
        ]
        if error
        else []
    )
    created = outcome.created and outcome.success
    return {
        "success": outcome.success,
        "created": created,
        "id": outcome.id if outcome.success else None,
        "errors": errors,
    }


def _xml_result(outcome: Outcome) -> dict[str, Any]:
    if outcome.error is None:
        return {"id": outcome.id, "success": True, "created": outcome.created}
    fields = {"fields": ",".join(outcome.error.fields)} if outcome.error.fields else {}
    told = {**fields, "message": outcome.error.message, "statusCode": outcome.error.code}
    return {"errors": told, "success": False, "created": False}


def _json_rows(content: bytes) -> Iterable[Row]:
    try:
        records = orjson.loads(content)
    except orjson.JSONDecodeError:
        records = None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise SalesforceError(400, "InvalidBatch", "Failed to parse JSON. An array of records is expected")
    return (dict(_flat(record)) for record in records)


def _flat(record: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """The record's values; a parent's keys become dotted names, its type a prefix."""
    for name, value in record.items():
        if name == "attributes" or value == "":
            continue
        if not isinstance(value, Mapping):
            yield name, value
            continue
        kind = stated_type(value)
        for key, inner in value.items():
            if key != "attributes":
                yield f"{kind + ':' if kind else ''}{name}.{key}", inner


def _xml_rows(content: bytes) -> Iterable[Row]:
    return (dict(_flat(_xml_record(each))) for each in _root(content) if _local(each.tag) == "sObject")


def _xml_record(element: Element) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for child in element:
        name = _local(child.tag)
        if name == "type":
            record["attributes"] = {"type": child.text}
        elif len(child):
            record[name] = _xml_record(child[0])
        else:
            record[name] = None if child.get(_NIL) == "true" else child.text or ""
    return record


def _root(content: bytes) -> Element:
    try:
        return fromstring(content.strip())
    except (ParseError, DefusedXmlException, UnicodeDecodeError) as error:
        raise SalesforceError(400, "InvalidXML", f"Failed to parse XML: {error}") from None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
