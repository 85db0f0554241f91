"""What a syntax error makes the rest of the compiler say, which is better left unsaid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dync.compiler.mistakes.dynamics import InNoGroup, PhaseWithoutEnd
from dync.compiler.mistakes.names import UnknownActivation, UnknownRule
from dync.compiler.mistakes.pipelines import NothingLearns, NothingToTrain, SettingMissing, Unbound, UnknownNetwork
from dync.compiler.mistakes.properties import RequiresNothing
from dync.compiler.mistakes.rule_names import UnknownInExpression, UnknownMoment
from dync.compiler.mistakes.rules import UnusedDefinition
from dync.compiler.mistakes.topology import TopologyWarning, UnreachedLayer, UnreachedOutput
from dync.compiler.mistakes.unknown import Unknown
from dync.compiler.mistakes.unused import Unused
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.import_mistakes import OF_IMPORTS
from dync.grammar.imports import Files
from dync.grammar.mistakes import UnclosedBracket
from dync.grammar.source import Span

ABSENCES = (
    InNoGroup,
    NothingLearns,
    NothingToTrain,
    PhaseWithoutEnd,
    RequiresNothing,
    SettingMissing,
    TopologyWarning,
    Unbound,
    UnreachedLayer,
    UnreachedOutput,
    Unused,
    UnusedDefinition,
)
"""Mistakes that say that something is missing: it may stand in a line that could not be read."""

DECLARED = (UnknownActivation, UnknownNetwork, UnknownRule)
"""Mistakes that say that a declaration is missing: it may stand in a file that could not be imported."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


def without_aftermath(files: Files, found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The mistakes of meaning that hold whatever the files with syntax errors, or not to be had, were to say."""
    damaged = {mistake.span.source.name for mistake in files.mistakes if not isinstance(mistake, OF_IMPORTS)}
    words, lines = set[str](), set[tuple[str, int]]()
    for file in files.every:
        words.update(_unread(file) if file.source.name in damaged else ())
    for error in files.mistakes:
        source, places = error.span.source, _lines_of(error)
        lines.update((source.name, line) for line in places)
        words.update(word for line in places for word in _WORD.findall(source.line(line)))
    hidden = (*ABSENCES, *DECLARED) if files.import_failed else ABSENCES
    return tuple(d for d in found if not isinstance(d, hidden) and not _names(d) & words and _start(d) not in lines)


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
            case syntax.Property(items=items, draws=draws, network=network):
                yield from (part.span for part in (*draws, network, *items))
            case syntax.Rule() | syntax.Activation() | syntax.Foreign() | syntax.Import():
                yield declaration.span


def _lines_of(error: Diagnostic) -> range:
    """The lines between the places of a syntax error: statements there may have been read otherwise than meant.

    What follows a bracket that could be closed on a line before it was read as meant.
    """
    source = error.span.source
    notes = (note.span for note in error.notes if note.span is not None and note.span.source is source)
    closed = error.where if isinstance(error, UnclosedBracket) else None
    spans = [error.span if closed is None else closed, *notes]
    places = [source.position(end)[0] for span in spans for end in (span.start, span.end)]
    return range(min(places), max(places) + 1)


def _start(diagnostic: Diagnostic) -> tuple[str, int]:
    """The line where a mistake begins."""
    source = diagnostic.span.source
    return source.name, source.position(diagnostic.span.start)[0]


def _names(diagnostic: Diagnostic) -> set[str]:
    """The names that a mistake says are unknown."""
    match diagnostic:
        case Unknown(name=name) | UnknownInExpression(name=name):
            return {name}
        case UnknownMoment(moment=moment):
            return {moment}
        case _:
            return set()
