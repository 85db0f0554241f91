"""A strategy that draws networks with one mistake in them, and says which (needs the package hypothesis)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.vendor.pretty import RepresentationPrinter

from dync.testing.draft import Draft
from dync.testing.drawn_network import drawn_draft
from dync.testing.mistakes import MISTAKES, Mistake
from dync.testing.wanted import Wanted

CODES: tuple[str, ...] = tuple(dict.fromkeys(mistake.code for mistake in MISTAKES))
"""The codes of the mistakes that are planted."""


@dataclass(frozen=True)
class InvalidNetwork:
    """A file that would be valid without what is `planted`, and the code of the one error in it."""

    text: str
    code: str
    planted: str

    def __repr__(self) -> str:
        """The text as it is read, below the rest: this is what Hypothesis shows of a failure."""
        return f'InvalidNetwork(code={self.code!r}, planted={self.planted!r}, text="""\n{self.text}""")'

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        printer.text(repr(self))


def invalid_networks(*, codes: Collection[str] = CODES) -> st.SearchStrategy[InvalidNetwork]:
    """A valid network with an input, a hidden layer and an output, into which one mistake is planted.

    The compiler must give exactly one kind of error, that of `code`; there may be warnings besides. `codes` are those
    of the mistakes that may be planted. The smallest is a small network with the first of them. Raises InvalidArgument
    for a code of which no mistake is known.
    """
    if isinstance(codes, str) or not codes or not set(codes) <= set(CODES):
        raise InvalidArgument(f"codes={codes!r}: some of {', '.join(CODES)}")
    return _invalid_networks([mistake for mistake in MISTAKES if mistake.code in codes])


@st.composite
def _invalid_networks(draw: st.DrawFn, mistakes: list[Mistake]) -> InvalidNetwork:
    mistake = draw(st.sampled_from(mistakes))
    draft = drawn_draft(draw, Wanted(inputs=(1, 2), hidden=(1, 3), outputs=(1, 2)))
    names = _names(draft)
    statements = [statement.format(**names) for statement in mistake.statements]
    place = draw(st.integers(0, len(draft.statements)))
    draft.statements[place:place] = statements
    if mistake.schedule:
        statements.append(mistake.schedule.format(**names))
        _put_schedule(draft, statements[-1])
    if mistake.declaration:
        statements.append(mistake.declaration.format())
        draft.declarations.insert(draw(st.integers(0, len(draft.declarations))), statements[-1])
    return InvalidNetwork(draft.text, mistake.code, "\n".join(statements))


def _names(draft: Draft) -> dict[str, str]:
    """What the words in the braces of a mistake stand for in a network."""
    sender = draft.draw(st.sampled_from([layer for layer in draft.layers if layer.speaks]))
    return {
        "sender": sender.name,
        "sender_array": sender.whole,
        "input": draft.one_of(draft.names("input")),
        "hidden": draft.one_of([layer.name for layer in draft.layers if layer.role == "layer" and layer.hears]),
        "other": str(sender.units + 1),
    }


def _put_schedule(draft: Draft, schedule: str) -> None:
    """Another schedule for the one that there is."""
    (place,) = (n for n, statement in enumerate(draft.statements) if statement.startswith("schedule "))
    draft.statements[place] = schedule
