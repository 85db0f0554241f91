"""The `.dyn` file that a command is given: a path, or `-` for standard input."""

from __future__ import annotations

import sys

from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.file_mistakes import NotText, TextTooLarge
from dync.grammar.reader import LARGEST, load_source
from dync.grammar.source import Source, Span

STANDARD_INPUT = "-"


def load_spec(name: str) -> Source:
    """The text of a file, or of standard input; raises DiagnosticError where there is none to read."""
    return _standard_input() if name == STANDARD_INPUT else load_source(name)


def _standard_input() -> Source:
    title = "<standard input>"
    data = sys.stdin.buffer.read(LARGEST + 1)
    nowhere = Span(Source(title, ""), 0, 0)
    if len(data) > LARGEST:
        raise DiagnosticError([TextTooLarge(nowhere, LARGEST)])
    try:
        return Source(title, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DiagnosticError([NotText(nowhere, error.start)]) from None
