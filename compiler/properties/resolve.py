"""From the syntax of a property to its model: names found, ranges checked, all mistakes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.elaborations import Elaborations
from dync.compiler.properties.check import Checker, Names
from dync.compiler.properties.draws import resolve_draws
from dync.compiler.properties.known import known_of
from dync.compiler.properties.model import PropertyModel
from dync.compiler.properties.trial import names_of
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic


def resolve_property(
    node: syntax.Property, networks: Mapping[str, syntax.Network], elaborations: Elaborations
) -> tuple[PropertyModel | None, tuple[Diagnostic, ...]]:
    """The model of a property of one of these networks, None where it has errors; and its mistakes."""
    mistakes = Collector()
    network = networks.get(node.network.text)
    if network is None:
        known = tuple(networks)
        mistakes.add(wrong.pipelines.UnknownNetwork(node.network.span, node.network.text, known))
        return None, mistakes.diagnostics
    draws = resolve_draws(node, network, mistakes)
    checker = Checker(known_of(network), mistakes)
    names = {name: param.name.span for name, param in checker.known.parameters.items()}
    if not _check(node.items, checker, names):
        mistakes.add(wrong.properties.RequiresNothing(node.name.span, node.name.text))
    if draws is None or mistakes.has_errors:
        return None, mistakes.diagnostics
    groups = frozenset(checker.named)
    model = PropertyModel(node.name.text, network, draws, node.items, groups, checker.dynamic, node.name.span)
    _check_corners(model, elaborations, mistakes)
    return (None if mistakes.has_errors else model), mistakes.diagnostics


def _check(items: Sequence[syntax.PropertyItem], checker: Checker, names: Names) -> bool:
    """Check requirements, and those that a `for` repeats; whether there are any."""
    found = False
    for item in items:
        match item:
            case syntax.Require():
                checker.requirement(item, names)
                found = True
            case syntax.ForEach(variable, numbers, body):
                if variable.text in names:
                    hidden = names[variable.text]
                    checker.mistakes.add(wrong.names.Shadowing(variable.span, variable.text, hidden))
                checker.range(numbers, names)
                found |= _check(body, checker, {**names, variable.text: variable.span})
    return found


def _check_corners(model: PropertyModel, elaborations: Elaborations, mistakes: Collector) -> None:
    """Look for indices out of range and the like at the lowest and at the highest values that can be drawn.

    A network that cannot be made there is for `dync test` to find.
    """
    for corner in (0, 1):
        values = {draw.name: draw.domain.corners[corner] for draw in model.draws}
        network, _ = elaborations.model(model.network, values, {}, model.span)
        if network is not None:
            mistakes.extend(names_of(model, network))
