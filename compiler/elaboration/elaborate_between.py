"""What a `dense` edge says of single pairs of units: `weights`, `present` and `radius`, first read, then fitted."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from dync.compiler import mistakes as wrong
from dync.compiler.between_plan import ARCS, PAIRS, Between, BetweenPlan, draws, highest_axes
from dync.compiler.elaboration.constant import number
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.elaborate_layers import UNKNOWN
from dync.compiler.elaboration.elaborate_wires import directed, graph_arguments
from dync.compiler.elaboration.graphs import GENERATORS
from dync.compiler.elaboration.scope import Scope
from dync.compiler.elaboration.weights_file import (
    ArrayShapeError,
    ArrayUnknownError,
    FileRefusedError,
    NotFiniteError,
    weights_of_file,
)
from dync.compiler.expression import Expression, Number, parameters
from dync.compiler.model import LayerModel
from dync.compiler.planning.presence import density, not_finite
from dync.compiler.rules.between_scope import BETWEEN
from dync.compiler.rules.resolve import Resolved, Resolver, parameter
from dync.compiler.rules.scope import FUNCTIONS
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.source import Span

_TOGETHER: Final = (
    ("strength", "weights", "the expression says itself how large the weights are"),
    ("density", "weights", "`present = uniform < …` says which of them exist"),
    ("density", "present", "`present` says itself which weights exist"),
    ("strength", "radius", "the weights are rescaled, whatever their strength"),
)
"""Arguments that contradict each other, and why."""


class BetweenUse(Struct, frozen=True):
    """The arguments as far as they do not depend on the layers; None or missing where there was a mistake.

    `graph` is the generator that `present` names, `file` the path and the name of the array that `weights` names.
    """

    given: Mapping[str, syntax.Argument]
    scope: Scope
    weights: Expression | None = None
    arguments: dict[str, float] = field(default_factory=dict)
    present: Expression | None = None
    graph: syntax.Application | None = None
    file: tuple[syntax.Text, syntax.Text] | None = None
    radius: float | None = None

    def place(self, key: str) -> Span:
        """Where an argument's value stands."""
        return self.given[key].value.span


def between_use(given: Mapping[str, syntax.Argument], scope: Scope, context: Context) -> BetweenUse:
    """What the arguments of a `dense` edge, one of `PAIRWISE` among them, say of pairs of units."""
    for name, other, why in _TOGETHER:
        if name in given and other in given:
            context.mistakes.add(wrong.between.ArgumentsTogether(given[name].span, name, other, why, given[other].span))
    use = BetweenUse(given, scope)
    if "weights" in given:
        use = _with_weights(use, given["weights"].value, scope, context)
    if "present" in given:
        use = _with_present(use, given["present"].value, scope, context)
    if "radius" in given:
        use = replace(use, radius=_radius(given["radius"].value, scope, context))
    return use


def _radius(value: syntax.Expression, scope: Scope, context: Context) -> float | None:
    radius = number(value, scope, context.mistakes)
    if radius is not None and radius <= 0:
        context.mistakes.add(wrong.parameters.OutOfBounds(value.span, "radius", float(radius), "more than 0"))
        return None
    return None if radius is None else float(radius)


def _with_weights(use: BetweenUse, value: syntax.Expression, scope: Scope, context: Context) -> BetweenUse:
    if isinstance(value, syntax.Call) and value.function.text == "file":
        match [argument.value for argument in value.arguments if argument.name is None]:
            case [syntax.Text() as path, syntax.Text() as name] if len(value.arguments) == 2:
                return replace(use, file=(path, name))
        context.mistakes.add(wrong.between.NotFromFile(value.span))
        return use
    known = _numbers(scope)
    resolver = Resolver(BETWEEN, {name: parameter(name) for name in known if name not in BETWEEN.symbols})
    resolved = resolver.number(value)
    _report(resolver, value, scope, context)
    if resolved is None:
        return use
    read = parameters(resolved.expression)
    return replace(use, weights=resolved.expression, arguments={name: known[name] for name in known if name in read})


def _with_present(use: BetweenUse, value: syntax.Expression, scope: Scope, context: Context) -> BetweenUse:
    """A generator by its name, or a condition; parameters stand in it as numbers, for it decides what is stored."""
    called = isinstance(value, syntax.Call) and value.function.text not in FUNCTIONS
    word = isinstance(value, syntax.Variable) and value.name.text in GENERATORS and scope.find(value.name.text) is None
    if called or word:
        graph = syntax.as_application(value)
        if graph.name.text in GENERATORS:
            return replace(use, graph=graph)
        name = graph.name
        context.mistakes.add(wrong.wires.UnknownGenerator(name.span, name.text, tuple(GENERATORS)))
        return use
    names = {name: Resolved(Number(v)) for name, v in _numbers(scope).items() if name not in BETWEEN.symbols}
    resolver = Resolver(BETWEEN, {**names})
    resolved = resolver.condition(value)
    _report(resolver, value, scope, context)
    return use if resolved is None else replace(use, present=resolved.expression)


def _numbers(scope: Scope) -> dict[str, float]:
    return {name: 0.0 if b.value is None else float(b.value) for name, b in scope.names()}


def _report(resolver: Resolver, value: syntax.Expression, scope: Scope, context: Context) -> None:
    """Note what was read, the mistakes, and the names that mean a unit as well as something of the network's."""
    for mistake in resolver.diagnostics:
        context.mistakes.add(mistake)
    scope.read.update(resolver.used)
    for name, place in _symbols_in(value).items():
        binding = scope.find(name)
        if binding is not None:
            scope.read.add(name)
            context.mistakes.add(wrong.between.NameOfUnit(place, name, binding.span))


def _symbols_in(value: syntax.Expression) -> dict[str, Span]:
    """Where an expression reads what has a meaning between units."""
    found: dict[str, Span] = {}
    waiting: list[syntax.Expression] = [value]
    while waiting:
        part = waiting.pop()
        match part:
            case syntax.Variable() if part.name.text in BETWEEN.symbols:
                found[part.name.text] = part.name.span
            case syntax.Reference() if part.name.text in BETWEEN.with_axes:
                found[part.name.text] = part.name.span
            case syntax.Unary(_, operand, _) | syntax.Indicator(operand, _):
                waiting.append(operand)
            case syntax.Binary():
                waiting += [part.left, part.right]
            case syntax.Call():
                waiting += [argument.value for argument in part.arguments]
    return found


class Fitted(Struct, frozen=True):
    """What is said of pairs of units, None where that is nothing; which part of the weights exists, None as well."""

    between: Between | None
    density: float | None


def fitted(
    use: BetweenUse, sender: LayerModel, receiver: LayerModel, diagonal: bool, context: Context
) -> Fitted | None:
    """What holds between two layers, checked against their shapes; None where there was a mistake, or no shape yet.

    `diagonal` says whether the diagonal is fixed.
    """
    if UNKNOWN in (sender.shape, receiver.shape):
        return None
    if "radius" in use.given and sender.name != receiver.name:
        place = use.given["radius"].span
        context.mistakes.add(wrong.between.RadiusBetweenLayers(place, sender.name, receiver.name))
    if not (_has_axes(use, sender, receiver, context) and _few_pairs(use, sender, receiver, context)):
        return None
    arcs = None if use.graph is None else _arcs(use, use.graph, sender, receiver, context)
    given = () if use.file is None else _given(use, use.file, sender, receiver, context)
    if (use.graph is not None and arcs is None) or given is None:
        return None
    plan = BetweenPlan(use.weights, use.present, arcs, use.file is not None, use.radius is not None)
    existing = density(plan, sender.shape, receiver.shape) if plan.chosen else None
    if existing == 0:
        context.mistakes.add(wrong.between.NothingPresent(use.place("present"), sender.name, receiver.name))
        return None
    if existing == 1:
        plan = replace(plan, present=None, arcs=None)
    found = Between(plan, use.arguments, given, use.radius)
    if use.weights is not None and not draws(use.weights):
        bad = not_finite(plan, tuple(use.arguments.items()), sender.shape, receiver.shape, diagonal)
        if bad is not None:
            context.mistakes.add(wrong.between.WeightNotFinite(use.place("weights"), bad))
    return Fitted(None if plan == BetweenPlan() else found, existing)


def _has_axes(use: BetweenUse, sender: LayerModel, receiver: LayerModel, context: Context) -> bool:
    """Whether both layers have the axes that are read."""
    good = True
    for key, expression in (("weights", use.weights), ("present", use.present)):
        for end, axis in sorted(highest_axes(expression).items()):
            layer = sender if end == "i" else receiver
            if axis > len(layer.shape):
                good = False
                mistake = wrong.between.NoAxis(use.place(key), end, f"{end}[{axis}]", layer.name, layer.shape)
                context.mistakes.add(mistake)
    return good


def _few_pairs(use: BetweenUse, sender: LayerModel, receiver: LayerModel, context: Context) -> bool:
    """Whether there are few enough pairs of units to look at each."""
    count = prod(sender.shape) * prod(receiver.shape)
    for key, expression in (("present", use.present), ("weights", use.weights)):
        if expression is not None and not draws(expression) and count > PAIRS:
            what = f"`{key}` would be asked of every pair of a unit of `{sender.name}` and one of `{receiver.name}`"
            context.mistakes.add(wrong.between.TooManyPairs(use.place(key), what, count, PAIRS))
            return False
    return True


def _arcs(
    use: BetweenUse, graph: syntax.Application, sender: LayerModel, receiver: LayerModel, context: Context
) -> tuple[tuple[int, ...], ...] | None:
    """For each unit of the sender, from 0, the units of the receiver that a graph joins to it."""
    name, generator, units = graph.name.text, GENERATORS[graph.name.text], prod(sender.shape)
    if units != prod(receiver.shape):
        ends = sender.name, sender.shape, receiver.name, receiver.shape
        context.mistakes.add(wrong.between.GraphOverTwo(use.place("present"), name, *ends))
        return None
    args = graph_arguments(graph, generator, use.scope, context, units, units)
    if args is None:
        return None
    reason = generator.refusal(units, args)
    if reason is not None:
        of_units = reason.replace("layers", "units")
        context.mistakes.add(wrong.between.GraphOfUnitsRefused(graph.span, name, units, of_units))
        return None
    expected = int((2 if args["arcs"] == "both" else 1) * generator.expected(units, args))
    found: list[set[int]] = [set() for _ in range(units)]
    count = 0 if expected <= ARCS else expected
    if not count:
        for i, j in directed(generator.links(units, args), args["arcs"]):
            found[i].add(j)
        count = sum(map(len, found))
    if count > ARCS:
        what = f"`{name}` over {units:,} units gives too many weights to list"
        context.mistakes.add(wrong.between.TooManyPairs(graph.span, what, count, ARCS))
        return None
    return tuple(tuple(sorted(receivers)) for receivers in found)


def _given(
    use: BetweenUse,
    file: tuple[syntax.Text, syntax.Text],
    sender: LayerModel,
    receiver: LayerModel,
    context: Context,
) -> tuple[float, ...] | None:
    """The weights of a file."""
    (path, name), needed, place = file, (prod(sender.shape), prod(receiver.shape)), use.place("weights")
    mistake: Diagnostic
    try:
        return weights_of_file(place.source.name, path.value, name.value, needed)
    except FileRefusedError as refused:
        mistake = wrong.between.NoWeightsFile(path.span, path.value, str(refused))
    except ArrayUnknownError as unknown:
        mistake = wrong.between.NoSuchArray(name.span, name.value, unknown.known)
    except ArrayShapeError as other:
        ends = sender.name, receiver.name
        mistake = wrong.between.ShapeOfWeights(place, name.value, other.shape, needed, *ends)
    except NotFiniteError as bad:
        mistake = wrong.between.WeightNotFinite(place, bad.place)
    context.mistakes.add(mistake)
    return None
