"""Whether the measures that a rule takes say anything: whether what they read can move by then."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from dync.compiler import mistakes as wrong
from dync.compiler.expression import modulator_of, symbols
from dync.compiler.model import LayerModel, NetworkModel, RuleUse
from dync.grammar.diagnostic import Diagnostic


def check_modulators(model: NetworkModel, use: RuleUse) -> Iterator[Diagnostic]:
    """What is wrong, or smells, with the measures that a rule takes in a network; each measure once."""
    for modulator, measure in use.modulators.items():
        outputs = [layer for layer in model.layers if layer.role == "output"]
        if measure == "accuracy" and outputs and all(_is_single(layer) for layer in outputs):
            yield wrong.local_learning.UnknownMeasure(use.span, measure, single=outputs[0].name)
            continue
        phase = _clamping(model, use, modulator, measure)
        if phase is not None:
            span = use.definition.span
            yield wrong.local_learning.ConstantModulator(use.span, use.definition.name, measure, phase, span)


def _is_single(layer: LayerModel) -> bool:
    return not layer.shape_of_data and prod(layer.shape) == 1


def _clamping(model: NetworkModel, use: RuleUse, modulator: str, measure: str) -> str | None:
    """A phase at whose end the measure is read of outputs that it clamps, all of them; None where there is none.

    What a measure reads of an input is data: a reward may come with them.
    """
    read = _read(model, measure)
    if not read <= {layer.name for layer in model.layers if layer.role == "output"}:
        return None
    phases = {phase.name: phase for phase in model.phases}
    for train in model.trains.values():
        for moment in _moments(use, modulator):
            name = moment or use.during or (train[-1] if train else "")
            if name in phases and read and read <= set(phases[name].clamped):
                return name
    return None


def _moments(use: RuleUse, modulator: str) -> list[str | None]:
    """The moments at which a modulator is read."""
    read = {s.moment for s in symbols(use.definition.update) if modulator_of(s.name) == modulator}
    return sorted(read, key=lambda moment: moment or "")


def _read(model: NetworkModel, measure: str) -> set[str]:
    """The layers whose states a measure reads."""
    for declared in model.measures:
        if declared.name == measure:
            return {s.moment for s in symbols(declared.value) if s.name == "state" and s.moment is not None}
    return {layer.name for layer in model.layers if layer.role == "output"}
