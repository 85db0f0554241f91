"""The measures of a network: expressions of states and targets that give one number an example."""

from __future__ import annotations

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.layer_table import LayerTable
from dync.compiler.elaboration.measure_reader import MeasureReader
from dync.compiler.elaboration.scope import Scope
from dync.compiler.expression import symbols
from dync.compiler.model import MeasureModel
from dync.compiler.plan import GIVEN_MEASURES, STILL_MEASURES
from dync.grammar import syntax
from dync.grammar.source import Span


def measures_of(network: syntax.Network) -> tuple[str, ...]:
    """The names of the measures that rules of a network can take: those that it declares, and those that are given."""
    declared = [item.name.text for item in network.items if isinstance(item, syntax.Measure)]
    outputs = any(isinstance(item, syntax.Output) for item in network.items)
    return tuple(dict.fromkeys((*declared, *(STILL_MEASURES if outputs else ()))))


def measure_models(
    measures: list[syntax.Measure], table: LayerTable, scope: Scope, context: Context
) -> tuple[MeasureModel, ...]:
    """All measures without a mistake, in the order of declaration."""
    found: dict[str, MeasureModel] = {}
    first: dict[str, Span] = {}
    for measure in measures:
        name = measure.name
        if name.text in GIVEN_MEASURES:
            context.mistakes.add(wrong.measures.GivenMeasure(name.span, name.text))
        elif name.text in first:
            context.mistakes.add(wrong.names.Duplicate(name.span, name.text, "measure", first[name.text]))
        model = _measure(measure, table, scope, context)
        if model is not None and name.text not in first:
            found[name.text] = model
        first.setdefault(name.text, name.span)
    return tuple(found.values())


def _measure(measure: syntax.Measure, table: LayerTable, scope: Scope, context: Context) -> MeasureModel | None:
    reader = MeasureReader(table, scope, context.mistakes)
    read = reader.number(measure.value)
    if read is None:
        return None
    place = measure.value.span
    if read.shape is not None:
        context.mistakes.add(wrong.measures.ManyNumbers(place, measure.name.text, read.shape, read.place))
    elif not symbols(read.expression):
        context.mistakes.add(wrong.measures.MeasuresNothing(place, measure.name.text))
    return MeasureModel(measure.name.text, read.expression, reader.parameters, measure.minimize, measure.span)
