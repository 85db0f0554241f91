"""Numbers and names as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

_SHARES: Final = ("accuracy", "agreement")
NONE: Final = "–"
"""What stands where there is nothing."""


def is_share(measure: str) -> bool:
    """Whether a measure is a share of one, shown in per cent."""
    return measure.rpartition(".")[2] in _SHARES


def measured(measure: str, value: float | None) -> str:
    """A value of a measure: `93.45%` of an accuracy, four digits of others."""
    if value is None:
        return NONE
    return f"{value:.2%}" if is_share(measure) else number(value)


def span(measure: str, ends: tuple[float, float] | None) -> str:
    """An interval of a measure, `93.1% to 94.0%`."""
    return NONE if ends is None else f"{measured(measure, ends[0])} to {measured(measure, ends[1])}"


def number(value: float | None, digits: int = 4) -> str:
    """A number with so many digits."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e9 else f"{value:.{digits}g}"


def seconds(value: float | None) -> str:
    """A time: `0.4 s`, `3 min 20 s`, `2 h 5 min`."""
    if value is None or value < 0:
        return NONE
    if value < 100:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 100:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min"


def counted(count: int, noun: str) -> str:
    """`1 trial`, `3 trials`; a noun in y is not foreseen."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def cut(text: str, longest: int) -> str:
    """A text on one line, no longer than this."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def shown(value: Any, longest: int = 300) -> str:
    """Any JSON value on one line."""
    match value:
        case None:
            return NONE
        case bool():
            return "true" if value else "false"
        case float():
            return number(value, 6)
        case Mapping():
            return cut(", ".join(f"{name} = {shown(item, 60)}" for name, item in list(value.items())[:30]), longest)
        case str():
            return cut(value, longest)
        case Sequence():
            return cut(", ".join(shown(item, 60) for item in value[:60]), longest)
    return cut(str(value), longest)
