"""Columns of text that stand under each other, and counts as people write them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

MOST_ROWS = 20
"""The most rows that a table shows: it is read by people."""


def table(rows: Sequence[Sequence[str]], right: Collection[int] = (), most: int = MOST_ROWS) -> list[str]:
    """Lines with aligned columns, two spaces apart and indented by two; those in `right` end together.

    Columns without any text vanish. Of very many rows only the first are shown, and how many more there are.
    """
    shown = rows[:most]
    columns = [c for c in range(max(map(len, shown), default=0)) if any(row[c] for row in shown)]
    widths = {c: max(len(row[c]) for row in shown) for c in columns}
    lines = [
        "  " + "  ".join(row[c].rjust(widths[c]) if c in right else row[c].ljust(widths[c]) for c in columns)
        for row in shown
    ]
    more = [f"  ... and {len(rows) - most:,} more"] if len(rows) > most else []
    return [line.rstrip() for line in lines] + more


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """`1 layer`, `2 layers`, `1,000 layers`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def about(value: float, exact: bool = True) -> str:
    """A count with its thousands set apart, after a tilde where it is an expectation."""
    return f"{'' if exact else '~'}{round(value):,}"


def size(count: int) -> str:
    """Bytes in decimal units, to three digits."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.3g} {unit}"
