"""SOAP envelopes ↔ plain values: dicts of local names, lists for what repeats, text for the rest.

Used by `soap`. Namespaces are ignored on the way in, for every client writes them its own way; the way out is worded as
real orgs word it, since clients search it as text (S2.1.2).
"""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from salesforce_sandbox.org.errors import SalesforceError

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def read_envelope(body: bytes) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """The headers by name, the operation's name and its arguments; SalesforceError when it is no envelope."""
    try:
        envelope = fromstring(body)
    except (ParseError, DefusedXmlException, UnicodeDecodeError) as error:
        raise SalesforceError(500, "UNKNOWN_EXCEPTION", f"Content is not allowed: {error}") from None
    parts = {_local(part.tag): part for part in envelope}
    operation = next(iter(parts["Body"]), None) if "Body" in parts else None
    if operation is None:
        raise SalesforceError(500, "UNKNOWN_EXCEPTION", "No operation in the body of the envelope")
    headers = read(parts["Header"]) if "Header" in parts else {}
    arguments = read(operation)
    return (
        headers if isinstance(headers, dict) else {},
        _local(operation.tag),
        arguments if isinstance(arguments, dict) else {},
    )


def read(element: Element) -> Any:
    """An element's children by local name, or its text; None when it is nil. An xsi:type is read as a child `type`."""
    if element.get(_NIL) == "true":
        return None
    found: dict[str, Any] = {}
    kind = element.get(_XSI_TYPE)
    for child in element:
        name, value = _local(child.tag), read(child)
        if name in found:
            earlier = found[name] if isinstance(found[name], list) else [found[name]]
            found[name] = [*earlier, value]
        else:
            found[name] = value
    if not found:
        return element.text or ""
    if kind and not kind.lower().endswith("sobject"):
        found.setdefault("type", kind.rpartition(":")[2])
    return found


def as_list(value: Any) -> list[Any]:
    """What may come once, repeatedly or not at all."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def write(name: str, value: Any) -> str:
    """A value as elements of that name: lists repeat it, dicts nest, `@type` becomes xsi:type, None is nil."""
    if isinstance(value, list):
        return "".join(write(name, each) for each in value)
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(value, Mapping):
        kind = f" xsi:type={quoteattr(str(value['@type']))}" if "@type" in value else ""
        inner = "".join(write(key, each) for key, each in value.items() if key != "@type")
        return f"<{name}{kind}>{inner}</{name}>"
    if isinstance(value, bool):
        return f"<{name}>{str(value).lower()}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def envelope(api: str, operation: str, result: Any) -> bytes:
    """The answer of an operation; `api` is partner or enterprise."""
    body = (
        f"<{operation}Response>{write('result', result) if result is not None else ''}</{operation}Response>"
    )
    return (
        f'{_HEAD}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns="urn:{api}.soap.sforce.com" xmlns:sf="urn:sobject.{api}.soap.sforce.com"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    ).encode()


def fault(api: str, error: SalesforceError) -> bytes:
    """A refusal of the whole call."""
    kind = "LoginFault" if error.code == "INVALID_LOGIN" else "UnexpectedErrorFault"
    kind = "MalformedQueryFault" if error.code == "MALFORMED_QUERY" else kind
    code, message = escape(error.code), escape(error.message)
    return (
        f'{_HEAD}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns:sf="urn:fault.{api}.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Body><soapenv:Fault><faultcode>sf:{code}</faultcode>"
        f"<faultstring>{code}: {message}</faultstring><detail>"
        f'<sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:{kind}></detail>"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    ).encode()


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
