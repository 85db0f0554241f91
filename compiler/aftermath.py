"""What a syntax error makes the rest of the compiler say, which is better left unsaid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dync.compiler.mistakes.dynamics import InNoGroup, PhaseWithoutEnd
from dync.compiler.mistakes.names import Unused
from dync.compiler.mistakes.pipelines import NothingLearns, NothingToTrain, SettingMissing, Unbound
from dync.compiler.mistakes.rule_names import UnknownInExpression, UnknownMoment
from dync.compiler.mistakes.rules import UnusedDefinition
from dync.compiler.mistakes.topology import TopologyWarning, UnreachedLayer, UnreachedOutput
from dync.compiler.mistakes.unknown import Unknown
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.source import Span

ABSENCES = (
    InNoGroup,
    NothingLearns,
    NothingToTrain,
    PhaseWithoutEnd,
    SettingMissing,
    TopologyWarning,
    Unbound,
    UnreachedLayer,
    UnreachedOutput,
    Unused,
    UnusedDefinition,
)
"""Mistakes that say that something is missing: it may stand in a line that could not be read."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


def without_aftermath(
    file: syntax.File, syntax_errors: tuple[Diagnostic, ...], found: Iterable[Diagnostic]
) -> tuple[Diagnostic, ...]:
    """The mistakes of meaning that hold whatever the text with syntax errors was to say."""
    if not syntax_errors:
        return tuple(found)
    words = _unread(file)
    for error in syntax_errors:
        words |= _words_near(error)
    return tuple(d for d in found if not isinstance(d, ABSENCES) and not _names(d) & words)


def _unread(file: syntax.File) -> set[str]:
    """The words of the text that stand in no statement of the tree."""
    text, words, end = file.source.text, set[str](), 0
    for span in sorted(_statements(file), key=lambda span: span.start):
        words.update(_WORD.findall(text[end : max(span.start, end)]))
        end = max(end, span.end)
    return words | set(_WORD.findall(text[end:]))


def _statements(file: syntax.File) -> Iterator[Span]:
    for declaration in file.declarations:
        match declaration:
            case syntax.Network(items=items) | syntax.Pipeline(items=items):
                yield from (item.span for item in items)
            case syntax.Rule() | syntax.Activation():
                yield declaration.span


def _words_near(error: Diagnostic) -> set[str]:
    """The words of the lines with an error, where a statement may have been read otherwise than it was meant."""
    source = error.span.source
    first, last = source.position(error.span.start)[0], source.position(error.span.end)[0]
    return {word for line in range(first, last + 1) for word in _WORD.findall(source.line(line))}


def _names(diagnostic: Diagnostic) -> set[str]:
    """The names that a mistake says are unknown."""
    match diagnostic:
        case Unknown(name=name) | UnknownInExpression(name=name):
            return {name}
        case UnknownMoment(moment=moment):
            return {moment}
        case _:
            return set()
