"""Reading text into a syntax tree; all mistakes are found in one pass and none stops it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from dync.grammar import syntax
from dync.grammar.automaton import automaton
from dync.grammar.builder import Builder
from dync.grammar.diagnostic import Diagnostic, DiagnosticError, nearest
from dync.grammar.file_mistakes import MissingFile, NotText, TextTooLarge, TooManyMistakes, UnreadableFile
from dync.grammar.lexer import Lexer, Token
from dync.grammar.mistakes import Unexpected
from dync.grammar.parser import Maker, Stack
from dync.grammar.recovery import Reading
from dync.grammar.source import Source, Span

LARGEST: Final = 1024 * 1024
"""The most characters, and bytes, that a file may have."""

MOST_MISTAKES: Final = 500
"""After so many mistakes a text is given up."""


class _GiveUp(Exception):  # noqa: N818 - not an error, but the way out of a hopeless text
    """There are too many mistakes to go on."""


def read(source: Source) -> tuple[syntax.File, tuple[Diagnostic, ...]]:
    """The syntax tree of a text and all its mistakes of syntax, in the order of the text.

    Any text gives a tree: declarations and statements that are whole are in it, whatever stands between them. What was
    damaged is left out, or kept as far as it could be read. Whether there were mistakes, the diagnostics say.
    """
    tree, diagnostics, _ = _parse(source, Builder(source))
    return tree if isinstance(tree, syntax.File) else syntax.File(source, ()), diagnostics


def tokens(source: Source) -> str:
    """One line for each token as the parser took it: `line:column  TERMINAL  text`. Needs a text without mistakes."""
    _, diagnostics, shifted = _parse(source, lambda node, values, start, end: None)
    if diagnostics:
        raise DiagnosticError(diagnostics)
    places = (source.position(token.start) for _, token in shifted)
    return "".join(
        f"{line}:{column}".ljust(8) + f"{terminal:<14} {token.text}\n"
        for (line, column), (terminal, token) in zip(places, shifted, strict=True)
    )


def tree(source: Source) -> str:
    """The grammar's own tree, one node or token a line, indented by depth. Needs a text without mistakes."""
    lines, diagnostics, _ = _parse(source, _outline)
    if diagnostics:
        raise DiagnosticError(diagnostics)
    return "".join(f"{line}\n" for line in lines)


def _outline(node: str, values: Any, start: int, end: int) -> list[str]:
    """A node as lines; what is absent is left out."""
    lines = [node]
    for value in values:
        if isinstance(value, Token):
            lines.append(f"  {value.text}")
        elif value is not None:
            lines.extend(f"  {line}" for line in value)
    return lines


def _parse(source: Source, make: Maker) -> tuple[Any, tuple[Diagnostic, ...], list[tuple[str, Token]]]:
    """What `make` gave for the whole text (None where it was given up), the mistakes, the tokens as they were taken."""
    mistakes: list[Diagnostic] = []

    def report(mistake: Diagnostic) -> None:
        if isinstance(mistake, Unexpected) and any(m.span.start == mistake.span.start for m in mistakes):
            return
        if len(mistakes) >= MOST_MISTAKES:
            mistakes.append(TooManyMistakes(mistake.span, MOST_MISTAKES))
            raise _GiveUp
        mistakes.append(mistake)

    if len(source.text) > LARGEST:
        return None, (TextTooLarge(Span(source, 0, 0), LARGEST),), []
    reading = None
    try:
        reading = Reading(source, Stack(automaton(), make), list(Lexer(source, report).tokens()), report)
        value = reading.run()
    except _GiveUp:
        value = None
    ordered = tuple(sorted(mistakes, key=lambda m: (m.span.start, m.span.end)))
    return value, ordered, reading.shifted if reading else []


def load_source(path: str | Path) -> Source:
    """The text of a file, named as the user gave the path.

    Raises DiagnosticError, and nothing else, where the file is missing, unreadable, larger than `LARGEST` or not UTF-8.
    """
    file = Path(path)
    nowhere = Span(Source(str(path), ""), 0, 0)
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise DiagnosticError([MissingFile(nowhere, _beside(file))]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name is not one of a file"
        raise DiagnosticError([UnreadableFile(nowhere, reason.lower())]) from None
    if len(data) > LARGEST:
        raise DiagnosticError([TextTooLarge(nowhere, LARGEST)])
    try:
        return Source(str(path), data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DiagnosticError([NotText(nowhere, error.start)]) from None


def _beside(file: Path) -> str | None:
    """The name of a `.dyn` file in the same folder that is much like this one's."""
    try:
        near = nearest(file.stem, [other.stem for other in file.parent.glob("*.dyn")])
    except OSError:
        return None
    return None if near is None else f"{near}.dyn"
