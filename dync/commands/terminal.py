"""What goes to the person at the terminal: mistakes, failures, and streams that somebody closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from dync.grammar.diagnostic import Diagnostic, DiagnosticError
from dync.version import VERSION


def wants_color(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose owner has not asked for plain text (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def show(diagnostics: Sequence[Diagnostic]) -> None:
    """Mistakes and warnings, to standard error."""
    if diagnostics:
        from dync.grammar.render import to_text

        sys.stdout.flush()
        sys.stderr.write(to_text(diagnostics, color=wants_color(sys.stderr)))


def complain(sentence: str) -> None:
    """One sentence about what cannot be done, to standard error."""
    sys.stdout.flush()
    print(f"dync: {sentence}", file=sys.stderr)


def failure(error: Exception) -> int:
    """Say what went wrong, as far as the user can mend it; the exit status."""
    from dync.runtime.error import RunError

    match error:
        case DiagnosticError():
            show(error.diagnostics)
        case RunError():
            complain(str(error))
        case MemoryError():
            complain("the memory is used up: make the layers or the batch smaller")
        case OSError(filename=str(name), strerror=str(reason)):
            complain(f"{name}: {reason.lower()}")
        case _:
            report_bug(error)
    return 1


def report_bug(error: Exception) -> None:
    """The traceback of a mistake that is not the user's."""
    import traceback

    complain(
        f"this is a bug of dync {VERSION}, not a mistake of yours. Please report it with the lines below, the command\n"
        "and the .dyn file, where the package comes from."
    )
    traceback.print_exception(error, file=sys.stderr)


def prepare_streams() -> None:
    """Characters that the terminal's encoding lacks are written as escapes, not refused."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def drain() -> None:
    """Write out what waits; where the reader of a pipe went away, throw it away without a word."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
