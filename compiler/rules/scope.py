"""What an expression may read, by the place where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.expression import LAYER_WIDE
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

LAYER_WIDE_FUNCTIONS: Final[Mapping[str, str]] = {name: f"{name}(x)" for name in LAYER_WIDE.values()}
"""Those that make one number of all units of a layer."""

UnknownName = Callable[[Span, str, tuple[str, ...], str | None], Diagnostic]
"""Makes the mistake of a name that cannot be read: from its place, itself, the names that can, the nearest of them."""

GRADIENT: Final = "gradient"
"""What stands in the place of a rule where an edge learns by the derivative of a measure, so that no rule has it."""


class Scope(Struct, frozen=True):
    """`symbols` can be read, `moments` are those of them that `@` may follow; `unknown` makes the
    mistake of a name that cannot: from its place, itself, the names that can, and the nearest of them. `with_axes` are
    the symbols that can be read axis by axis, `with_state` the ends of a synapse whose raw state can be read too.
    `lacks` are symbols that a `let` may have read and this place cannot. `layer_wide` numbers can be read in
    activations alone. `modulated`: parameters without a default are measures."""

    what: str
    symbols: tuple[str, ...]
    moments: tuple[str, ...]
    unknown: UnknownName
    with_axes: tuple[str, ...] = ()
    modulated: bool = False
    with_state: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    layer_wide: bool = False

    @property
    def functions(self) -> Mapping[str, str]:
        """Every function that can be called here with the way it is written."""
        return {**FUNCTIONS, **LAYER_WIDE_FUNCTIONS} if self.layer_wide else FUNCTIONS

    def meaning(self, name: str) -> str | None:
        """What a name is here that nobody declared."""
        if name in self.symbols:
            return f"what {self.what} reads by this name"
        return "a function" if name in self.functions else None


RULE: Final = Scope(
    "a rule",
    ("pre", "post", "field", "predicted", "slope", "weight", "batch", "fan_in", "fan_out"),
    ("pre", "post", "field", "predicted", "slope"),
    NotLocal,
    modulated=True,
    with_state=("pre", "post"),
)

ACTIVATION: Final = Scope(
    "an activation", ("field", "state", "uniform", "normal"), (), UnknownInActivation, layer_wide=True
)


def _unknown_after(what: str) -> UnknownName:
    """The mistake of a name that cannot be read once a unit has moved."""

    def unknown(span: Span, name: str, known: tuple[str, ...], near: str | None) -> Diagnostic:
        if name in _OVER:
            return wrong.units.ReadsWhatIsOver(span, name, what)
        return UnknownInActivation(span, name, known, near)

    return unknown


_OVER: Final = ("field", "uniform", "normal")
"""What an activation reads while a unit moves, and what is not there any more when it sends."""


def _after(what: str) -> Scope:
    return Scope(what, ("state",), (), _unknown_after(what), lacks=_OVER, layer_wide=True)


UNIT_SENDS: Final = _after("what a unit sends")

SENDS_SLOPE: Final = _after("the surrogate of what a unit sends")

SENDS: Final = Scope("what an edge sends", ("state", "sent"), (), UnknownInSends)

KIND: Final = Scope("a kind of edges", ("key", "senders", "receivers", "weights", "sent"), (), UnknownInSends)
