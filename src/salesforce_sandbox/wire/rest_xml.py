"""XML of the REST API: what a body says in XML, and an answer's JSON written as XML.

Asked by `serve` for callers who accept XML and by `messages` for bodies that are XML. Plain values only. Rests on the examples in
XML of the REST guide: QueryResult, Result, Errors, Versions; records carry type and url as attributes.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from salesforce_sandbox.org.errors import SalesforceError

MEDIA_TYPE = "application/xml;charset=UTF-8"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_KNOWN = re.compile(r"(application/json|application/xml|text/xml|\*/\*)")
# What the document of an answer is called, by the address below the version; `{}` is the object's name.
_ROOTS = (
    (r"", "urls"),
    (r"/(query|queryAll)(/.*)?", "QueryResult"),
    (r"/(search|parameterizedSearch)", "SearchResults"),
    (r"/limits", "LimitsSnapshot"),
    (r"/sobjects", "DescribeGlobal"),
    (r"/sobjects/(?P<name>\w+)/describe", "DescribeSObject"),
    (r"/sobjects/(?P<name>\w+)/(updated|deleted)", "Result"),
    (r"/sobjects/(?P<name>\w+)(/.*)?", "{}"),
)


def wants_xml(path: str, accepted: str) -> bool:
    """Whether an address or an Accept header asks for XML before JSON."""
    if not path.startswith("/services/data") or path.endswith(".json"):
        return False
    found = _KNOWN.search(accepted.lower())
    return path.endswith(".xml") or bool(found and "xml" in found[1])


def document(path: str, status: int, body: Any) -> bytes:
    """The answer of a call as a document."""
    if isinstance(body, list):
        return _of_list(status, body)
    if isinstance(body, dict) and "searchRecords" in body:
        return _written("SearchResults", _repeated("SearchResult", body["searchRecords"]))
    root = "Result" if isinstance(body, dict) and {"id", "success"} <= body.keys() else _root(path)
    attributes, inner = _parts(body)
    return _written(root, inner, attributes)


def read_object(content: bytes) -> dict[str, Any]:
    """What a document says of one record; its own name says nothing. SalesforceError for what is no XML."""
    try:
        root = fromstring(content.strip())
    except (ParseError, DefusedXmlException, UnicodeDecodeError, ValueError) as error:
        raise SalesforceError(400, "XML_PARSER_ERROR", f"Failed to parse XML: {error}") from None
    return dict(_named(root))


def _of_list(status: int, body: list[Any]) -> bytes:
    if status >= 400:
        return _written("Errors", _repeated("Error", body))
    if body and isinstance(body[0], dict) and "version" in body[0]:
        return _written("Versions", _repeated("Version", body))
    return _written("Results", _repeated("Result", body))


def _root(path: str) -> str:
    below = re.sub(r"^/services/data/v[^/]+|\.xml$|/$", "", path)
    for pattern, name in _ROOTS:
        found = re.fullmatch(pattern, below)
        if found:
            return name.format(found.groupdict().get("name"))
    return "Result"


def _written(root: str, inner: str, attributes: str = "") -> bytes:
    return f'{_HEAD}<{root}{attributes} xmlns:xsi="{_XSI}">{inner}</{root}>'.encode()


def _repeated(name: str, values: Iterable[Any]) -> str:
    return "".join(_element(name, value) for value in values)


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return _repeated(name, value)
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    attributes, inner = _parts(value)
    return f"<{name}{attributes}>{inner}</{name}>"


def _parts(value: Any) -> tuple[str, str]:
    """The attributes and the content of an element; keys that are no names, such as those of limits of apps, are made ones."""
    if not isinstance(value, Mapping):
        return "", escape(str(value).lower() if isinstance(value, bool) else str(value))
    own = value.get("attributes") or {}
    attributes = "".join(f" {name}={quoteattr(str(each))}" for name, each in own.items())
    inner = "".join(
        _element(re.sub(r"[^\w.-]", "_", name), each) for name, each in value.items() if name != "attributes"
    )
    return attributes, inner


def _named(element: Element) -> Iterable[tuple[str, Any]]:
    for child in element:
        name = child.tag.rpartition("}")[2]
        if child.get(f"{{{_XSI}}}nil") == "true":
            yield name, None
        elif len(child):
            yield name, dict(_named(child))
        else:
            yield name, child.text or ""
