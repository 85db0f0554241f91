"""The one place that turns diagnostics into text for people and into data for tools."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from dync.grammar.diagnostic import Diagnostic
from dync.grammar.source import Source, Span

TAB: Final = "    "
WIDEST: Final = 160
"""Longer lines of a file are cut around the place that is shown."""

COLOURS: Final = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "note": "\x1b[1;36m", "help": "\x1b[1;32m"}
RESET: Final = "\x1b[0m"


class Label(Struct, frozen=True):
    """A place to underline, with a mark and a sentence behind it."""

    span: Span
    mark: str
    message: str


def distinct(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by file and place, each mistake once: what agrees in code, places and sentences is one."""
    unique = {(d.code, d.span.source.name, d.span.start, d.span.end, d.message, d.notes): d for d in diagnostics}
    return sorted(unique.values(), key=lambda d: (d.span.source.name, d.span.start, d.span.end, d.code))


def to_text(diagnostics: Iterable[Diagnostic], *, color: bool) -> str:
    """For people: each mistake with its lines, both places marked and the way out, then how many there were."""
    found = distinct(diagnostics)
    if not found:
        return ""
    return "\n".join([*(_one(d, color) for d in found), _count(found)]) + "\n"


def to_json(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """For tools: the document of `--format json`. Lines and columns count from 1; ends are exclusive."""
    return {"diagnostics": [_data(d) for d in distinct(diagnostics)]}


# --- data -------------------------------------------------------------------------------------------------------------


def _data(diagnostic: Diagnostic) -> dict[str, Any]:
    fix = diagnostic.fix
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **_place(diagnostic.span),
        "notes": [{"message": note.message, **_place(note.span)} for note in diagnostic.notes],
        "fix": fix and {"message": fix.message, "replacement": fix.replacement, **_place(fix.span)},
    }


def _place(span: Span | None) -> dict[str, Any]:
    """The fields of a place, all null where there is none."""
    if span is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


# --- text -------------------------------------------------------------------------------------------------------------


def _one(diagnostic: Diagnostic, color: bool) -> str:
    severity = diagnostic.severity
    title = _paint(f"{severity}[{diagnostic.code}]", severity, color)
    lines = [f"{title}: {safe(diagnostic.message)}"]
    main = Label(diagnostic.span, "^", "")
    placed = [Label(note.span, "-", safe(note.message)) for note in diagnostic.notes if note.span is not None]
    for source in dict.fromkeys(label.span.source.name for label in [main, *placed]):
        labels = [label for label in [main, *placed] if label.span.source.name == source]
        lines.extend(_excerpt(labels, severity, color))
    lines += [f"  {_paint('note', 'note', color)}: {safe(n.message)}" for n in diagnostic.notes if n.span is None]
    if diagnostic.fix is not None:
        lines.append(f"  {_paint('help', 'help', color)}: {_help(diagnostic)}")
    return "\n".join(lines) + "\n"


def _help(diagnostic: Diagnostic) -> str:
    """The sentence of the fix, with the text to write where the sentence does not hold it."""
    assert diagnostic.fix is not None
    message, replacement = safe(diagnostic.fix.message), safe(diagnostic.fix.replacement).strip()
    return message if not replacement or replacement in message else f"{message}: {replacement}"


def _excerpt(labels: Sequence[Label], severity: str, color: bool) -> Iterator[str]:
    """Where the first label stands, and the lines of all of them, in order, with marks beneath."""
    source = labels[0].span.source
    line, column = source.position(labels[0].span.start)
    if not source.text:
        yield f" --> {safe(source.name)}"
        return
    lines = [(source.position(label.span.start)[0], label) for label in sorted(labels, key=lambda x: x.span.start)]
    width = len(str(lines[-1][0]))
    yield f"{' ' * width}--> {safe(source.name)}:{line}:{column}"
    previous, left = 0, 0
    for number, label in lines:
        start = label.span.start - source.line_starts[number - 1]
        if previous and number > previous + 1:
            yield f"{'.' * 3:<{width}}"
        if number != previous or start > left + WIDEST // 2:
            left = _window(start, len(source.line(number)))
            yield f"{number:>{width}} | {_shown(source.line(number), left)}".rstrip()
        painted = _paint(_marks(source, number, label, left), severity if label.mark == "^" else "note", color)
        yield f"{' ' * width} | {painted}{' ' + label.message if label.message else ''}"
        previous = number


def _window(start: int, length: int) -> int:
    """The first character of a line to show: the beginning, but of a long line a little before the place."""
    return 0 if length <= WIDEST or start < WIDEST // 2 else start - WIDEST // 4


def _shown(text: str, left: int) -> str:
    """A line from this character on, as far as it is shown."""
    more = "…" if len(text) > left + WIDEST else ""
    return ("…" if left else "") + visible(text[left : left + WIDEST]) + more


def _marks(source: Source, number: int, label: Label, left: int) -> str:
    """The marks beneath the label's part of a line that is shown from the character `left` on."""
    text = source.line(number)[: left + WIDEST]
    start = label.span.start - source.line_starts[number - 1]
    end = max(start + 1, label.span.end - source.line_starts[number - 1])
    before = ("…" if left else "") + visible(text[left:start])
    return " " * columns(before) + label.mark * (columns(visible(text[start:end])) or 1)


def visible(text: str) -> str:
    """A piece of a line for a terminal: tabs as spaces, and a sign for each character that would steer the terminal,
    reorder the text or not be seen."""
    return "".join(TAB if c == "\t" else c if c.isprintable() else "�" for c in text)


def safe(text: str) -> str:
    """A sentence for a terminal: on one line, and control characters as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters two, combining ones none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1 for c in text
    )


def _count(found: Sequence[Diagnostic]) -> str:
    """`2 errors and 1 warning`."""
    counts = [(sum(d.severity == kind for d in found), kind) for kind in ("error", "warning")]
    return " and ".join(f"{n} {kind}{'s' if n > 1 else ''}" for n, kind in counts if n)


def _paint(text: str, kind: str, color: bool) -> str:
    return f"{COLOURS[kind]}{text}{RESET}" if color else text
