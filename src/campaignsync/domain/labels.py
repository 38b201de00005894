"""What a campaign's labels mean in a channel: by their own name, or by a mapping that an admin made (M4.3, M4.4).

Many labels may mean one status; one of them is written. Everybody who compares what Salesforce holds with what the program holds
asks a `Vocabulary` first: the planner for its trees, the executor for what was read back, the store for writes nobody heard of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from campaignsync.domain.errors import UsageError
from campaignsync.domain.statuses import Channel, ProgressionStatus, folded


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelMapping:
    """A label of a campaign that means a status of the channel, though it is called otherwise."""

    label: str
    status: str
    written: bool = False
    """Chosen to be written for its status, before the label that is called like it."""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Which label of a campaign means which status of a channel. A name that the two share means itself, whatever is mapped;
    a mapping to a status that the channel lacks means nothing."""

    channel: Channel
    mapped: tuple[LabelMapping, ...] = ()

    @cached_property
    def _mapped(self) -> dict[str, ProgressionStatus | None]:
        return {folded(each.label): self.channel.find(each.status) for each in self.mapped}

    def status(self, label: str) -> ProgressionStatus | None:
        """The status that a label means, or None when it means none (M6.5)."""
        return self.channel.find(label) or self._mapped.get(folded(label))

    def labels_of(self, status: str) -> list[str]:
        """The labels that mean a status, in the order in which they are written: the chosen one, its own name, the others."""
        others = [each for each in self.mapped if folded(each.status) == folded(status)]
        chosen = [each.label for each in others if each.written]
        return [*chosen, status, *(each.label for each in others if not each.written)]

    def written(self, status: str, offered: Iterable[str]) -> str:
        """The label that is written for a status, in Salesforce's spelling; its own name where the campaign offers none."""
        spellings = {folded(label): label for label in offered}
        fits = (spellings[folded(label)] for label in self.labels_of(status) if folded(label) in spellings)
        return next(fits, status)

    def spelling(self, labels: Iterable[str]) -> dict[str, str]:
        """Each of these labels in one spelling: the name of the status that it means, else the first spelling of several."""
        first: dict[str, str] = {}
        return {label: self._name(label, first) for label in sorted(labels)}

    def _name(self, label: str, first: dict[str, str]) -> str:
        status = self.status(label)
        return status.name if status else first.setdefault(folded(label), label)


def parsed(text: str) -> LabelMapping:
    """A mapping as it is typed: LABEL=STATUS."""
    label, equals, status = text.rpartition("=")
    if not (label.strip() and equals and status.strip()):
        raise UsageError(f"'{text}' maps nothing: write LABEL=STATUS, such as \"Attended Live=Attended\".")
    return LabelMapping(label=label.strip(), status=status.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChanges:
    """What an admin wants of a campaign's labels: map some, take the mapping of some away, choose which are written."""

    mapped: tuple[LabelMapping, ...] = ()
    unmapped: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


def changed(vocabulary: Vocabulary, changes: LabelChanges, known: Collection[str]) -> Vocabulary:
    """The vocabulary after these changes; `known` are the labels that the campaign offers or its members carry. UsageError for
    what makes no sense."""
    for label in changes.unmapped:
        vocabulary = _unmapped(vocabulary, label)
    for mapping in changes.mapped:
        vocabulary = _mapped(vocabulary, mapping, known)
    for label in changes.written:
        vocabulary = _written(vocabulary, label)
    return vocabulary


def _without(vocabulary: Vocabulary, label: str) -> tuple[LabelMapping, ...]:
    return tuple(each for each in vocabulary.mapped if folded(each.label) != folded(label))


def _unmapped(vocabulary: Vocabulary, label: str) -> Vocabulary:
    left = _without(vocabulary, label)
    if len(left) == len(vocabulary.mapped):
        names = ", ".join(f"'{each.label}'" for each in vocabulary.mapped)
        raise UsageError(f"'{label}' is not mapped." + (f" Mapped are: {names}." if names else ""))
    return replace(vocabulary, mapped=left)


def _mapped(vocabulary: Vocabulary, mapping: LabelMapping, known: Collection[str]) -> Vocabulary:
    status = vocabulary.channel.status(mapping.status)
    if vocabulary.channel.find(mapping.label):
        raise UsageError(
            f"'{mapping.label}' is a status of channel '{vocabulary.channel.name}' and means itself: it cannot be mapped."
        )
    spelling = next((label for label in known if folded(label) == folded(mapping.label)), None)
    if spelling is None:
        raise UsageError(
            f"The campaign has no label '{mapping.label}'. Its labels are: {', '.join(sorted(known))}."
        )
    new = LabelMapping(label=spelling, status=status.name)
    return replace(vocabulary, mapped=(*_without(vocabulary, spelling), new))


def _written(vocabulary: Vocabulary, label: str) -> Vocabulary:
    status = vocabulary.status(label)
    if status is None:
        raise UsageError(
            f"'{label}' means no status, so that it cannot be written. Map it with: --map \"{label}=STATUS\""
        )
    mapped = (
        replace(each, written=folded(each.label) == folded(label))
        if folded(each.status) == folded(status.name)
        else each
        for each in vocabulary.mapped
    )
    return replace(vocabulary, mapped=tuple(mapped))
