"""What an expression may read, by the place where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from dync.compiler.mistakes.rule_names import NotLocal, UnknownInActivation, UnknownInSends
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.source import Span

FUNCTIONS: Final[Mapping[str, str]] = {
    "abs": "abs(x)",
    "sign": "sign(x)",
    "tanh": "tanh(x)",
    "exp": "exp(x)",
    "log": "log(x)",
    "sqrt": "sqrt(x)",
    "min": "min(a, b, ...)",
    "max": "max(a, b, ...)",
    "clip": "clip(x, low, high)",
    "where": "where(condition, a, b)",
}
"""Every function with the way it is written."""

GRADIENT: Final = "gradient"
"""What stands in the place of a rule where an edge learns by the derivative of a measure, so that no rule has it."""


@dataclass(frozen=True)
class Scope:
    """`symbols` can be read, `moments` are those of them that `@` may follow; `unknown` makes the
    mistake of a name that cannot: from its place, itself, the names that can, and the nearest of them. `with_axes` are
    the symbols that can be read axis by axis. `modulated`: parameters without a default are measures."""

    what: str
    symbols: tuple[str, ...]
    moments: tuple[str, ...]
    unknown: Callable[[Span, str, tuple[str, ...], str | None], Diagnostic]
    with_axes: tuple[str, ...] = ()
    modulated: bool = False

    def meaning(self, name: str) -> str | None:
        """What a name is here that nobody declared."""
        if name in self.symbols:
            return f"what {self.what} reads by this name"
        return "a function" if name in FUNCTIONS else None


RULE: Final = Scope(
    "a rule",
    ("pre", "post", "field", "predicted", "slope", "weight", "batch", "fan_in", "fan_out"),
    ("pre", "post", "field", "predicted", "slope"),
    NotLocal,
    modulated=True,
)

ACTIVATION: Final = Scope("an activation", ("field", "state", "uniform", "normal"), (), UnknownInActivation)

SENDS: Final = Scope("what an edge sends", ("state",), (), UnknownInSends)
