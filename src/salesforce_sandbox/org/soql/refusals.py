"""The refusals of SOQL in Salesforce's own words, with the excerpt, caret and place that real answers carry (S2.2.6)."""

from salesforce_sandbox.org.errors import SalesforceError

# How much of the query a refusal quotes to the left and to the right of the caret.
_QUOTED = 20
_APPEND_C = (
    "If you are attempting to use a custom {what}, be sure to append the '__{letter}' after the {after} name."
)
_SEE_WSDL = "Please reference your WSDL or the describe call for the appropriate names."


def refuse(code: str, message: str, text: str, at: int) -> SalesforceError:
    """A refusal that points at offset `at` of the query's text."""
    row = text.count("\n", 0, at) + 1
    line_start = text.rfind("\n", 0, at) + 1
    line_end = text.find("\n", at)
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    column = at - line_start
    left, right = _window(line, column)
    caret = " " * (column - left) + "^"
    place = f"ERROR at Row:{row}:Column:{column + 1}"
    return SalesforceError(400, code, f"\n{line[left:right]}\n{caret}\n{place}\n{message}")


def malformed(message: str) -> SalesforceError:
    return SalesforceError(400, "MALFORMED_QUERY", message)


def selected_twice(field: str) -> SalesforceError:
    return SalesforceError(400, "INVALID_FIELD", f"duplicate field selected: {field}")


def no_such_column(name: str, entity: str, text: str, at: int) -> SalesforceError:
    hint = _APPEND_C.format(what="field", letter="c", after="custom field")
    message = f"No such column '{name}' on entity '{entity}'. {hint} {_SEE_WSDL}"
    return refuse("INVALID_FIELD", message, text, at)


def no_such_object(name: str, text: str, at: int) -> SalesforceError:
    hint = _APPEND_C.format(what="object", letter="c", after="entity")
    message = f"sObject type '{name}' is not supported. {hint} {_SEE_WSDL}"
    return refuse("INVALID_TYPE", message, text, at)


def no_such_parent(relationship: str, text: str, at: int) -> SalesforceError:
    hint = _APPEND_C.format(what="relationship", letter="r", after="custom relationship")
    message = f"Didn't understand relationship '{relationship}' in field path. {hint} {_SEE_WSDL}"
    return refuse("INVALID_FIELD", message, text, at)


def no_such_child(relationship: str, text: str, at: int) -> SalesforceError:
    hint = _APPEND_C.format(what="relationship", letter="r", after="custom relationship")
    message = (
        f"Didn't understand relationship '{relationship}' in FROM part of query call. {hint} {_SEE_WSDL}"
    )
    return refuse("INVALID_TYPE", message, text, at)


def wrong_type(field: str, type_name: str, quoted: bool, text: str, at: int) -> SalesforceError:
    """The literal's kind does not fit the field; `quoted` tells whether it should have been."""
    how = "should be enclosed in quotes" if quoted else "should not be enclosed in quotes"
    message = f"value of filter criterion for field '{field}' must be of type {type_name} and {how}"
    return refuse("INVALID_FIELD", message, text, at)


def _window(line: str, column: int) -> tuple[int, int]:
    """The part of the line that is quoted, cut between words."""
    left, right = max(0, column - _QUOTED), min(len(line), column + _QUOTED)
    if left:
        left = min(line.find(" ", left, column) + 1 or left, column)
    if right < len(line):
        right = max(line.rfind(" ", column, right), column) if " " in line[column:right] else right
    return left, right
