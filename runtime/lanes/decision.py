"""How the lanes of a group are trained, and why that way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Mode = Literal["fast", "exact", "off"]
"""`fast`: all at once over a leading axis (vmap). `exact`: over a leading axis too, each on its own, to the bits of
single runs. `off`: the program of single runs for each lane, to the same bits, as many at once as there are
processors for."""

Choice = Literal["auto", "fast", "exact", "off"]
"""A mode, or whichever measures fastest."""

SHORT: Final = 10.0
"""A group whose whole training takes less than this many times what compiling took is not worth other programs."""


@dataclass(frozen=True)
class Decision:
    """The mode of a group, in a sentence why, and the seconds a batch of one lane took in each mode measured."""

    mode: Mode
    why: str
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Timing:
    """Seconds that the first call of a program took, compiling included, and that a batch of one lane takes later."""

    first: float
    batch: float


def decide(lanes: int, batches: int, measure: Callable[[Mode], Timing]) -> Decision:
    """The fastest mode for so many lanes of so many batches each.

    The program of single runs is measured first; where it is through sooner than others would be compiled, it is
    taken.
    """
    if lanes == 1 or batches == 0:
        return Decision("off", "there is nothing to do side by side", {})
    off = measure("off")
    whole = lanes * batches * off.batch
    if whole < SHORT * off.first:
        why = f"each on its own takes {_seconds(whole)} in all, less than other programs would take to compile"
        return Decision("off", why, {"off": off.batch})
    found: dict[Mode, float] = {"off": off.batch, "exact": measure("exact").batch, "fast": measure("fast").batch}
    best = min(found, key=lambda mode: found[mode])
    times = ", ".join(f"{mode} {1e3 * batch:.3g} ms" for mode, batch in found.items())
    return Decision(best, f"a batch of one lane takes {times}", {str(m): s for m, s in found.items()})


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value >= 1 else f"{1e3 * value:.0f} ms"
