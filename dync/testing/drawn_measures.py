"""Drawing the measures of a network: one number an example, of states, targets and a parameter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from dync.testing.draft import Draft, DrawnLayer

OF_UNITS: Final = ("mean", "sum", "max", "min", "argmax")


def draw_measures(draft: Draft) -> None:
    """None, one or two measures."""
    for number in range(draft.draw(st.integers(0, 2))):
        minimize = " minimize" if draft.chance() else ""
        draft.statements.append(f"measure m{number} = {_number(draft)}{minimize}")


def _number(draft: Draft) -> str:
    """One number an example."""
    match draft.draw(st.integers(0, 5)):
        case 0:
            return f"gain * {_reduced(draft)}"
        case 1:
            return f"({_reduced(draft)} - {_reduced(draft)}) / (1 + abs({_reduced(draft)}))"
        case 2:
            return f"[{_reduced(draft)} <= {_reduced(draft)} + {draft.number(-0.5, 0.5)}]"
        case _:
            return _reduced(draft)


def _reduced(draft: Draft) -> str:
    layers = [layer for layer in draft.layers if layer.port is None or re.fullmatch(r"\w+\.\w+", layer.name)]
    layer = draft.draw(st.sampled_from(layers))
    alike = [other for other in layers if other.shape == layer.shape]
    return f"{draft.one_of(OF_UNITS)}({_units(draft, alike, 0)})"


def _units(draft: Draft, layers: Sequence[DrawnLayer], depth: int) -> str:
    """A number for each unit of layers of one shape."""
    form = draft.draw(st.integers(0, 8)) if depth < 2 else 0
    layer = draft.draw(st.sampled_from(layers))
    if form <= 2:
        return f"{layer.name}.target" if layer.role == "output" and draft.chance() else layer.name
    one, other = (_units(draft, layers, depth + 1) for _ in range(2))
    match form:
        case 3:
            return f"abs({one} - {other})"
        case 4:
            return f"tanh({one}) * {other}"
        case 5:
            return f"[{one} > {other} or {one} <= {draft.number(-0.5, 0.5)}]"
        case 6:
            return f"where({one} > {draft.number(-0.5, 0.5)}, {other}, mean({one}))"
        case 7:
            return f"max({one}, min({other}, gain), {draft.number(-0.5, 0.5)})"
        case _:
            return f"clip({one} + {other}, -gain, gain)"
