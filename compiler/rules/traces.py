"""The traces of a rule: at which end of a synapse each one is, and what it becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.expression import Expression, field_of, modulator_of, symbols, trace_of
from dync.compiler.mistakes.rule_names import MomentNotAllowed
from dync.compiler.mistakes.rules import UnusedLet
from dync.compiler.plan import TracePlan
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic

_RECEIVER = frozenset({"post", "post.state", "predicted", "slope"})

_SENDER = frozenset({"pre", "pre.state"})


class Traces(Struct, frozen=True):
    """The traces of a rule that something reads, by the end whose units have them."""

    sender: tuple[TracePlan, ...]
    receiver: tuple[TracePlan, ...]

    @property
    def of_sender(self) -> frozenset[str]:
        """The names of those of the sender's units."""
        return frozenset(trace.name for trace in self.sender)


def placed_traces(
    nodes: Sequence[syntax.Trace], found: Mapping[str, Expression], update: Expression
) -> tuple[Traces, tuple[Diagnostic, ...]]:
    """Each trace at the end that it reads, without those that the update does not need; and what is wrong with them.

    `found` is what each becomes, by its name; one that has a mistake of its own is not there.
    """
    mistakes: list[Diagnostic] = []
    ends = _ends(found)
    needed = _needed(update, found)
    sides: dict[str, list[TracePlan]] = {"sender": [], "receiver": []}
    for node in nodes:
        name = node.name.text
        if name not in found:
            continue
        wrong = _wrong(node, found[name], ends[name])
        mistakes.extend(wrong)
        if name not in needed:
            mistakes.append(UnusedLet(node.name.span, name))
        elif not wrong:
            (end,) = ends[name]
            sides[end].append(TracePlan(name, found[name]))
    return Traces(tuple(sides["sender"]), tuple(sides["receiver"])), tuple(mistakes)


def _wrong(node: syntax.Trace, value: Expression, ends: frozenset[str]) -> list[Diagnostic]:
    name = node.name.text
    for symbol in sorted(symbols(value), key=lambda s: s.name):
        if symbol.moment is not None:
            shown = modulator_of(symbol.name) or symbol.name
            return [MomentNotAllowed(node.value.span, shown, (), name)]
        if symbol.name == "weight" or modulator_of(symbol.name):
            read = modulator_of(symbol.name) or symbol.name
            return [wrong.local_learning.TraceOfNoUnit(node.value.span, name, read, node.name.span)]
    if len(ends) != 1:
        read = "both" if ends else "neither"
        return [wrong.local_learning.TraceOfNoUnit(node.value.span, name, read, node.name.span)]
    return []


def _ends(found: Mapping[str, Expression]) -> dict[str, frozenset[str]]:
    """The ends that each trace reads, by itself or through other traces."""
    reads = {name: {s.name for s in symbols(value)} for name, value in found.items()}
    ends = {name: {end for read in names if (end := _end(read)) is not None} for name, names in reads.items()}
    for _ in found:  # as far as a chain of traces can be long
        for name, names in reads.items():
            for other in (trace_of(read) for read in names):
                ends[name] |= ends.get(other or "", set())
    return {name: frozenset(at) for name, at in ends.items()}


def _end(symbol: str) -> str | None:
    """The end of a synapse at which a symbol is; None of a size, a trace or the weight."""
    if symbol in _SENDER:
        return "sender"
    return "receiver" if symbol in _RECEIVER or field_of(symbol) is not None else None


def _needed(update: Expression, found: Mapping[str, Expression]) -> frozenset[str]:
    """The traces that the update reads, and those that these read."""
    needed, waiting = set[str](), [update]
    while waiting:
        read = {trace_of(s.name) for s in symbols(waiting.pop())} & found.keys()
        new = {name for name in read if name is not None and name not in needed}
        needed |= new
        waiting.extend(found[name] for name in sorted(new))
    return frozenset(needed)
