"""What a rule of a plan reads, and whether all of that is at hand where a synapse is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from dync.compiler.expression import (
    REDUCTIONS,
    Apply,
    Expression,
    Symbol,
    field_of,
    modulator_of,
    parameters,
    spoken,
    symbols,
    trace_of,
    walk,
)
from dync.compiler.plan import RulePlan

Side: TypeAlias = Literal["sender", "receiver", "weight", "modulator", "sizes", "nowhere"]

SIZES: Final = frozenset({"batch", "fan_in", "fan_out"})
SENDER: Final = frozenset({"pre", "pre.state"})
RECEIVER: Final = frozenset({"post", "post.state", "predicted", "slope"})
"""And the receiver's fields."""


class RuleReads(Struct, frozen=True):
    """What a rule reads at either end, of the synapse itself and beside them; `foreign` says what is not local.

    Names stand as in the language, `pre@clamped`, in the order in which they are met.
    """

    sender: tuple[str, ...]
    receiver: tuple[str, ...]
    weight: bool
    modulators: tuple[str, ...]
    sizes: tuple[str, ...]
    foreign: tuple[str, ...]

    @property
    def local(self) -> tuple[str, ...]:
        """What is read at the ends, of the synapse, and what is told to it."""
        return (*self.sender, *self.receiver, *(("weight",) if self.weight else ()), *self.modulators)


class _Part(Struct, frozen=True):
    """An expression of a rule, and what it may read beside sizes and modulators; `written` is it, not computed."""

    expression: Expression
    sides: frozenset[Side]
    modulated: bool = True
    written: bool = True


def rule_reads(rule: RulePlan) -> RuleReads:
    """All that a rule reads, as it is written and in the terms that are computed for it."""
    found: dict[Side, dict[str, None]] = {}
    for part in _parts(rule):
        for symbol in (e for e in walk(part.expression) if isinstance(e, Symbol)):
            found.setdefault(side_of(symbol, rule), {}).setdefault(shown(symbol))

    def names(side: Side) -> tuple[str, ...]:
        return tuple(found.get(side, {}))

    foreign = tuple(dict.fromkeys(_foreign(rule)))
    return RuleReads(names("sender"), names("receiver"), "weight" in found, names("modulator"), names("sizes"), foreign)


def side_of(symbol: Symbol, rule: RulePlan) -> Side:
    """Where a synapse of this rule finds what a symbol stands for."""
    name = symbol.name
    if (trace := trace_of(name)) is not None:
        owners: tuple[tuple[Side, tuple[str, ...]], ...] = (
            ("sender", tuple(t.name for t in rule.sender_traces)),
            ("receiver", tuple(t.name for t in rule.receiver_traces)),
        )
        return next((side for side, own in owners if trace in own), "nowhere")
    if (modulator := modulator_of(name)) is not None:
        return "modulator" if modulator in rule.modulators else "nowhere"
    if field_of(name) is not None or name in RECEIVER:
        return "receiver"
    if name in SENDER:
        return "sender"
    if name == "weight":
        return "weight"
    return "sizes" if name in SIZES else "nowhere"


def _parts(rule: RulePlan) -> Iterator[_Part]:
    """Every expression of a rule."""
    yield _Part(rule.update, frozenset({"sender", "receiver", "weight"}))
    yield from (_Part(trace.next, frozenset({"sender"}), modulated=False) for trace in rule.sender_traces)
    yield from (_Part(trace.next, frozenset({"receiver"}), modulated=False) for trace in rule.receiver_traces)
    for term in rule.terms or ():
        factors: tuple[tuple[Expression | None, frozenset[Side], bool], ...] = (
            (term.scalar, frozenset(), False),
            (term.sender, frozenset({"sender"}), True),
            (term.receiver, frozenset({"receiver"}), True),
            (term.weight, frozenset({"weight"}), False),
        )
        for factor, sides, modulated in factors:
            if factor is not None:
                yield _Part(factor, sides, modulated, written=False)


def _foreign(rule: RulePlan) -> Iterator[str]:
    """A sentence for each thing that is read and not at hand."""
    written = symbols(rule.update)
    for part in _parts(rule):
        for operation in (e.operation for e in walk(part.expression) if isinstance(e, Apply)):
            if operation in REDUCTIONS:
                yield f"`{operation}` takes all units of a layer together"
        for symbol in sorted(symbols(part.expression), key=shown):
            yield from _out_of_place(symbol, part, rule)
            if not part.written and symbol not in written:
                yield f"`{shown(symbol)}` is computed with, though the rule as written does not read it"
        for name in sorted(parameters(part.expression) - set(rule.parameters)):
            yield f"`{name}` is no parameter of the rule"


def _out_of_place(symbol: Symbol, part: _Part, rule: RulePlan) -> Iterator[str]:
    side = side_of(symbol, rule)
    if side == "nowhere":
        yield f"`{shown(symbol)}` is nothing that a synapse knows"
    elif side != "sizes" and side not in part.sides and not (side == "modulator" and part.modulated):
        yield f"`{shown(symbol)}` stands in a factor of another end"
    if symbol.moment is not None and symbol.moment not in rule.moments:
        yield f"`{shown(symbol)}` is of a moment that the rule does not name"


def shown(symbol: Symbol) -> str:
    """A symbol as the language writes it: `pre@clamped`, `field.apical`; traces and modulators by their own names."""
    name = spoken(symbol.name)
    return name if symbol.moment is None else f"{name}@{symbol.moment}"
