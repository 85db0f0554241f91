"""What `dync verify` tells people: a table a network, and a sentence for each thing that is wrong or worth knowing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction

from dync.commands.terminal import wants_color
from dync.compiler.report.batch_words import batch_sentence, growth
from dync.compiler.report.text_table import table
from dync.verification.verdict import AnyBatch, AsWritten, FamilyVerdict, Locality, Verification

HEAD = ["edge", "rule", "as written", "batch", "local"]

MOST = 200
"""Rows of a table, at most."""


def as_text(file: str, found: Verification) -> None:
    """Print all of it."""
    print(f"{file}: {found.network}, seed {found.seed}" + ("" if found.families else ": no edge learns"))
    rows = [HEAD, *(_row(family) for family in found.families)]
    if found.families:
        _print(table(rows, most=MOST))
    for note in dict.fromkeys(note for family in found.families for note in _notes(family)):
        print(f"  note: {note}")
    faults = [*found.faults, *(f"{family.title}: {what}" for family in found.families for what in family.faults)]
    for fault in faults:
        _print([f"  FAULT: {fault}"])


def _row(family: FamilyVerdict) -> list[str]:
    rule = family.rule
    return [family.title, rule, written(family.as_written), _batch(family.any_batch), _local(family.locality)]


def written(found: AsWritten | None) -> str:
    """The largest difference, and of how many weights where not of all."""
    if found is None:
        return "-"
    some = "" if found.synapses >= found.of else f", {found.synapses:,} of {found.of:,}"
    return f"{'yes' if found.holds else 'NO'}, to {found.error:.0e}{some}"


def _batch(found: AnyBatch | None) -> str:
    if found is None:
        return "-"
    said = found.promise if found.promise != "depends" else f"depends on its size{_growth(found)}"
    return said if found.holds else f"NO, {said}"


def _growth(found: AnyBatch) -> str:
    return "" if found.degree is None else f", as {growth(Fraction(found.degree))}"


def _local(found: Locality) -> str:
    if not found.local and found.holds:
        return "not local, as declared"
    how = "by unit" if found.by_unit else "by layer"
    return f"{'yes' if found.holds else 'NO'}, {how}: {', '.join(found.reads)}"


def _notes(family: FamilyVerdict) -> Iterator[str]:
    """Why an update changes with the size of the batch."""
    found = family.any_batch
    if found is None or found.promise in ("mean", "sum"):
        return
    degree = None if found.degree is None else Fraction(found.degree)
    yield f"{family.rule}: {batch_sentence(degree, found.by, known=found.promise != 'unknown')}"


def _print(lines: list[str]) -> None:
    """On a terminal what holds is green and what does not is red."""
    if not wants_color(sys.stdout):
        print("\n".join(lines))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    for number, line in enumerate(lines):
        styled = Text(line, style="bold" if number == 0 and len(lines) > 1 else "")
        styled.highlight_regex(r"\byes\b", "green")
        styled.highlight_regex(r"\b(NO|FAULT)\b", "bold red")
        console.print(styled)
