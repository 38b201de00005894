"""A configuration document as a YAML file: written for people, read with the line of whatever is wrong in it.

Used by `cli.configuration`. Only plain mappings, lists, texts, numbers and truths are read: no tags of YAML's own, no anchors,
nothing that could grow, nothing of Python's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from campaignsync.domain import configuration
from campaignsync.domain.configuration import Document, WrongEntryError, checked
from campaignsync.domain.errors import UsageError

LARGEST_BYTES = 5_000_000
T = TypeVar("T")
_HEAD = """# The configuration of campaignsync. Bring an installation to it with: campaignsync config apply FILE
"""


def as_yaml(document: Document) -> str:
    """A document as a file; entries that are empty are left out, so that they stay as they are where it is read."""
    told = {name: _told(section) for name, section in document.items()}
    return _HEAD + plain_yaml(told)


def plain_yaml(value: Any) -> str:
    """Plain values as YAML, for people to read."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)


def _told(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _told(entry) for name, entry in value.items() if entry is not None and entry != {}}


def read(path: Path) -> dict[str, Any]:
    """The document in a file; UsageError with the line of what is wrong."""
    return read_with(path, checked)


def read_with(path: Path, check: Callable[[Any], T]) -> T:
    """What a file holds, checked; where `check` raises WrongEntryError, UsageError tells the line."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if len(raw) > LARGEST_BYTES:
        raise UsageError(
            f"{path} has {len(raw):,} bytes, and a configuration has {LARGEST_BYTES:,} at the most."
        )
    try:
        node = yaml.compose(raw, Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no YAML that can be read: {' '.join(str(error).split())}") from None
    lines: dict[configuration.Path, int] = {}
    try:
        return check(_plain(node, (), lines))
    except WrongEntryError as error:
        raise UsageError(f"{path}, line {_line(error.path, lines)}: {error}", code=error.code) from None


def located(path: Path, error: WrongEntryError) -> UsageError:
    """What was found wrong with an entry only when it was applied, with the entry's line in its file."""
    lines: dict[configuration.Path, int] = {}
    _plain(yaml.compose(path.read_bytes(), Loader=_Loader), (), lines)
    return UsageError(f"{path}, line {_line(error.path, lines)}: {error}", code=error.code)


class _Loader(yaml.SafeLoader):
    """Texts that look like dates stay texts, and nothing may stand for something else."""

    def compose_node(self, parent: Any, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise yaml.YAMLError(f"line {line}: anchors and aliases are not taken")
        return super().compose_node(parent, index)


_PLAIN: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:bool": lambda text: text.lower() in ("true", "yes", "on"),
    "tag:yaml.org,2002:null": lambda text: None,
}
_MAPPING = "tag:yaml.org,2002:map"
_TEXT = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp")


def _plain(node: yaml.Node | None, path: configuration.Path, lines: dict[configuration.Path, int]) -> Any:
    """A node as a value of Python's own; the line of each path is noted."""
    if node is None:
        return None
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode) and node.tag == _MAPPING:
        found: dict[Any, Any] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            below = (*path, str(name))
            lines[below] = key.start_mark.line + 1
            if not name or name in found:
                raise WrongEntryError(below, "is there twice" if name else "a name is wanted")
            found[name] = _plain(value, below, lines)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, (*path, str(place)), lines) for place, each in enumerate(node.value, start=1)]
    if isinstance(node, yaml.ScalarNode):
        if node.tag in _TEXT:
            return node.value
        if node.tag in _PLAIN:
            try:
                return _PLAIN[node.tag](node.value)
            except ValueError:
                raise WrongEntryError(path, f"{node.value} is no number that is taken here") from None
    raise WrongEntryError(path, "a mapping, a list, a text, a number, true or false is wanted")


def _line(path: configuration.Path, lines: dict[configuration.Path, int]) -> int:
    """The line of a path, or of what it stands in."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
