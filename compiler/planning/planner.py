"""From the model to the plan: layers alike stacked into blocks, edges alike into families, numbers set apart."""

from __future__ import annotations

from dync.compiler.model import ActivationDefinition, LayerModel, NetworkModel, PhaseModel, TimeModel
from dync.compiler.plan import (
    ActivationPlan,
    BlockPlan,
    GroupPlan,
    LayerPlan,
    MeasurePlan,
    PhasePlan,
    Plan,
    SlopePlan,
    Structure,
    TracePlan,
)
from dync.compiler.planning.families import Families, gather_families
from dync.compiler.planning.inner_plans import InnerPlans
from dync.compiler.planning.waves import wave_of, waves
from dync.compiler.time_plan import TimePlan

Numbers = dict[str, tuple[float, ...]]


def plan(model: NetworkModel) -> Plan:
    """The plan of a network, in time linear in its layers and edges.

    Equal models give equal plans, and models that differ in numbers alone give plans of equal structure. The model is
    taken to have passed the checks: a name that it does not declare is a KeyError.
    """
    order = waves(model)
    numbers_of = {layer.name: number for number, layer in enumerate(model.layers)}
    blocks = _blocks(model)
    layers = _layers(model, blocks, numbers_of)
    families = gather_families(model, [layer.block for layer in layers], wave_of(order), InnerPlans(plan))
    phase_numbers = {phase.name: number for number, phase in enumerate(model.phases)}
    structure = Structure(
        network=model.name,
        schedule=model.schedule.kind,
        layers=layers,
        blocks=blocks,
        families=families.families,
        waves=order,
        groups=tuple(GroupPlan(group.name, _sorted(group.layers, numbers_of)) for group in model.groups),
        phases=tuple(_phase(phase, numbers_of, phase_numbers) for phase in model.phases),
        train=_protocol(model.train, phase_numbers),
        infer=_protocol(model.infer, phase_numbers),
        rules=families.rules,
        rule_messages=model.rule_messages,
        measures=tuple(MeasurePlan(m.name, tuple(m.parameters), m.value, m.minimize) for m in model.measures),
        time=_time(model.time, numbers_of, phase_numbers),
    )
    return Plan(structure, _numbers(model, blocks, families, numbers_of))


def _blocks(model: NetworkModel) -> tuple[BlockPlan, ...]:
    """Layers alike in role, shape and activation, ordered by their first members."""
    members: dict[tuple[object, ...], list[int]] = {}
    activations: dict[tuple[object, ...], ActivationPlan | None] = {}
    for number, layer in enumerate(model.layers):
        activation = _activation(layer)
        key = (layer.role, layer.shape, activation)
        members.setdefault(key, []).append(number)
        activations[key] = activation
    return tuple(
        BlockPlan(model.layers[layers[0]].role, model.layers[layers[0]].shape, tuple(layers), activations[key])
        for key, layers in members.items()
    )


def _activation(layer: LayerModel) -> ActivationPlan | None:
    return None if layer.activation is None else activation_plan(layer.activation.definition)


def activation_plan(definition: ActivationDefinition) -> ActivationPlan:
    """An activation as plans have it."""
    slopes = tuple(SlopePlan(name, slope) for name, slope in sorted(definition.slopes.items()))
    return ActivationPlan(
        name=definition.name,
        parameters=tuple(definition.parameters),
        next=definition.next,
        slope=definition.slope,
        slopes=slopes,
        sends=definition.sends,
        traces=tuple(TracePlan(name, becomes) for name, becomes in definition.traces.items()),
        surrogate=definition.surrogate,
        sends_slope=definition.sends_slope,
    )


def _layers(model: NetworkModel, blocks: tuple[BlockPlan, ...], numbers_of: dict[str, int]) -> tuple[LayerPlan, ...]:
    place = {layer: (b, m) for b, block in enumerate(blocks) for m, layer in enumerate(block.layers)}
    return tuple(
        LayerPlan(layer.name, layer.role, layer.shape, *place[number], numbers_of[layer.start] if layer.start else None)
        for number, layer in enumerate(model.layers)
    )


def _phase(phase: PhaseModel, numbers_of: dict[str, int], phase_numbers: dict[str, int]) -> PhasePlan:
    return PhasePlan(
        name=phase.name,
        steps=phase.steps,
        settle=phase.within is not None,
        messages=phase.messages,
        silent=_sorted(phase.silent, numbers_of),
        clamped=_sorted(phase.clamped, numbers_of),
        soft=_sorted(tuple(name for name, _ in phase.soft), numbers_of),
        origin=None if phase.origin is None else phase_numbers[phase.origin],
    )


def _sorted(names: tuple[str, ...], numbers_of: dict[str, int]) -> tuple[int, ...]:
    """A set of layers by number, so that the order of writing makes no other plan."""
    return tuple(sorted({numbers_of[name] for name in names}))


def _protocol(phases: tuple[str, ...] | None, phase_numbers: dict[str, int]) -> tuple[int, ...] | None:
    return None if phases is None else tuple(phase_numbers[name] for name in phases)


def _time(time: TimeModel | None, numbers_of: dict[str, int], phase_numbers: dict[str, int]) -> TimePlan | None:
    if time is None:
        return None
    return TimePlan(_sorted(time.layers, numbers_of), _sorted(time.phases, phase_numbers), time.skip, time.carry)


def _numbers(
    model: NetworkModel, blocks: tuple[BlockPlan, ...], families: Families, numbers_of: dict[str, int]
) -> Numbers:
    """See `dync.compiler.plan` for the keys."""
    numbers: Numbers = {}
    for b, block in enumerate(blocks):
        layers = [model.layers[number] for number in block.layers]
        if block.role == "constant":
            numbers[f"block.{b}.value"] = tuple(float(layer.value or 0.0) for layer in layers)
        uses = [layer.activation for layer in layers if layer.activation is not None]
        for name in block.activation.parameters if block.activation else ():
            numbers[f"block.{b}.{name}"] = tuple(float(use.arguments[name]) for use in uses)
    for phase in model.phases:
        if phase.within is not None:
            numbers[f"phase.{phase.name}.within"] = (float(phase.within),)
        if phase.soft:
            by_number = sorted((numbers_of[name], strength) for name, strength in phase.soft)
            numbers[f"phase.{phase.name}.soft"] = tuple(strength for _, strength in by_number)
    for measure in model.measures:
        numbers |= {f"measure.{measure.name}.{name}": (value,) for name, value in measure.parameters.items()}
    return numbers | families.numbers
