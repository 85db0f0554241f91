"""The colours of a report, on light and on dark pages; each pair is the same CSS variable."""

from __future__ import annotations

from typing import Final

LIGHT: Final = {
    "page": "#f4f5f8", "paper": "#ffffff", "raised": "#f4f6fa", "line": "#dde2ea", "ink": "#1a2230", "soft": "#566175",
    "accent": "#2456d6", "good": "#116932", "bad": "#b42318", "warn": "#8a5a00",
    "good-paper": "#e4f6ea", "bad-paper": "#fdebe9", "warn-paper": "#fdf3dc", "soft-paper": "#edf0f5",
    "keyword": "#7a2bb5", "string": "#116932", "literal": "#a8430b", "call": "#2456d6", "comment": "#5d6878",
}  # fmt: skip
DARK: Final = {
    "page": "#0c1017", "paper": "#141a23", "raised": "#1b222d", "line": "#2b3442", "ink": "#e7ebf2", "soft": "#9ca8b9",
    "accent": "#83b1ff", "good": "#63d48d", "bad": "#ff958d", "warn": "#e8bd62",
    "good-paper": "#12301f", "bad-paper": "#3a1a19", "warn-paper": "#33290f", "soft-paper": "#232b37",
    "keyword": "#d2a1ff", "string": "#7fd99f", "literal": "#ffad73", "call": "#83b1ff", "comment": "#97a2b3",
}  # fmt: skip

SERIES: Final = (
    ("#2563eb", "#7db0ff"), ("#c2410c", "#ffa366"), ("#15803d", "#5fd38a"), ("#a21caf", "#ea8df5"),
    ("#0e7490", "#58cfe6"), ("#b91c1c", "#ff8f8f"), ("#7c5e10", "#d9bd6a"), ("#4d5b70", "#aab6c8"),
)  # fmt: skip
"""Colours of lines, on light and on dark; further lines begin again, with other dashes."""

STEPS: Final = 12
"""Steps of the scale from low to high."""
_LOW: Final = ("#dbe7fb", "#1f2d45")
_HIGH: Final = ("#173a94", "#a9ccff")

INK_UP_TO: Final = 5
"""On steps up to this one text is legible in ink, above it in the colour of paper."""


def variables(scheme: str) -> dict[str, str]:
    """All colours of the scheme `light` or `dark` by the names of their CSS variables."""
    place = 0 if scheme == "light" else 1
    series = {f"series-{number}": pair[place] for number, pair in enumerate(SERIES)}
    steps = {f"step-{step}": _between(_LOW[place], _HIGH[place], _strength(step)) for step in range(STEPS)}
    return (LIGHT if place == 0 else DARK) | series | steps


def _strength(step: int) -> float:
    """How far a step is from low to high. The middle is left out: neither ink nor paper is legible on it."""
    share = 0.74 * step / (STEPS - 1)
    return share if step <= INK_UP_TO else share + 0.26


def step_of(value: float, low: float, high: float) -> int:
    """The step at which a value stands between the lowest and the highest."""
    share = 0.5 if high <= low else (value - low) / (high - low)
    return round(min(max(share, 0.0), 1.0) * (STEPS - 1))


def _between(low: str, high: str, share: float) -> str:
    """A mixture of two colours, in the space of their numbers."""
    mixed = [round(int(low[at : at + 2], 16) * (1 - share) + int(high[at : at + 2], 16) * share) for at in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in mixed)
