"""Whether a plan holds together: what the runtime may take for granted after this.

A plan is data that may come from a stranger's file. Every number of a layer, block, phase or rule that stands in it is
checked before anyone looks something up with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import isfinite

from dync.compiler.expression import parameters
from dync.compiler.plan import MOST_DELAY, FamilyPlan, LayerPlan, PhasePlan, Plan, RulePlan, Structure, TracePlan
from dync.compiler.plan_error import require
from dync.compiler.planning.plan_numbers import number_lengths
from dync.compiler.planning.verify_activation import verify_activation
from dync.compiler.planning.verify_between import verify_between
from dync.compiler.planning.verify_expression import verify_expression
from dync.compiler.planning.verify_gradients import verify_gradients
from dync.compiler.planning.verify_kind import verify_inner, verify_kind, verify_owner
from dync.compiler.planning.verify_learning import verify_learning
from dync.compiler.planning.verify_measures import verify_measures
from dync.compiler.planning.verify_time import verify_time
from dync.compiler.planning.waves import is_fresh

MOST_UNITS = 2**31 - 1
"""The most units that a layer can have: indices into a layer are 32-bit integers."""

_SIZES = frozenset({"batch", "fan_in", "fan_out"})
_SENDER = frozenset({"pre", "pre.state"})
_RECEIVER = frozenset({"post", "post.state", "field", "predicted", "slope"})
_SYNAPSE = frozenset({"weight"})
_SENT = frozenset({"state", "sent"})


def verify_plan(plan: Plan) -> None:
    """Raise PlanError, naming the first thing that is wrong, unless the plan holds together.

    Checked are: names and numbers of layers, blocks, families, waves, groups, phases and rules; shapes; roles;
    directions and freshness of edges; names in expressions; and that exactly the numbers are there that the
    structure needs. Time is linear in the size of the plan.
    """
    _verify_structure(plan.structure)
    _verify_numbers(plan)


def _verify_structure(structure: Structure) -> None:
    _verify_names("network", [structure.network])
    _verify_layers(structure)
    _verify_blocks(structure)
    _verify_waves(structure)
    _verify_phases(structure)
    verify_time(structure)
    verify_measures(structure)
    for rule in structure.rules:
        _verify_rule(rule, _trained_phases(structure))
    _verify_families(structure)
    verify_learning(structure)
    verify_gradients(structure)


def _verify_layers(structure: Structure) -> None:
    layers, blocks = structure.layers, structure.blocks
    _verify_names("layer", [layer.name for layer in layers])
    for number, layer in enumerate(layers):
        require(len(layer.shape) > 0, f"layer '{layer.name}' has no shape")
        require(all(size > 0 for size in layer.shape), f"the shape of layer '{layer.name}' is not positive")
        require(layer.units <= MOST_UNITS, f"layer '{layer.name}' has more than {MOST_UNITS} units")
        _verify_index(layer.block, blocks, f"the block of layer '{layer.name}'")
        members = blocks[layer.block].layers
        _verify_index(layer.member, members, f"the member of layer '{layer.name}'")
        require(members[layer.member] == number, f"layer '{layer.name}' is not where it says in its block")
        if layer.start is not None:
            _verify_start(layer, layer.start, structure)


def _verify_start(layer: LayerPlan, start: int, structure: Structure) -> None:
    _verify_index(start, structure.layers, f"the start of layer '{layer.name}'")
    source = structure.layers[start]
    require(source.role == "input", f"layer '{layer.name}' starts from '{source.name}', which is no input")
    require(source.shape == layer.shape, f"layer '{layer.name}' starts from '{source.name}' of another shape")


def _verify_blocks(structure: Structure) -> None:
    stacked = 0
    for number, block in enumerate(structure.blocks):
        where = f"block {number}"
        require(len(block.layers) > 0, f"{where} is empty")
        _verify_ascending(block.layers, structure.layers, f"the layers of {where}")
        stacked += len(block.layers)
        for layer in (structure.layers[n] for n in block.layers):
            require(layer.block == number, f"layer '{layer.name}' is not in {where}")
            require((layer.role, layer.shape) == (block.role, block.shape), f"layer '{layer.name}' is unlike {where}")
        moves = block.role in ("layer", "output")
        require(moves == (block.activation is not None), f"{where} has an activation too many or too few")
        if block.activation is not None:
            _verify_names("parameter", block.activation.parameters)
            verify_activation(block.activation, where)
    require(stacked == len(structure.layers), "a layer is in no block")


def _verify_waves(structure: Structure) -> None:
    met: set[int] = set()
    for number, wave in enumerate(structure.waves):
        require(len(wave) > 0, f"wave {number} is empty")
        _verify_ascending(wave, structure.layers, f"wave {number}")
        require(met.isdisjoint(wave), f"a layer of wave {number} is in an earlier one too")
        met.update(wave)
    moving = {number for number, layer in enumerate(structure.layers) if layer.role != "constant"}
    require(met == moving, "the waves have to hold all layers but the constants")


def _verify_phases(structure: Structure) -> None:
    _verify_names("group", [group.name for group in structure.groups])
    _verify_names("phase", [phase.name for phase in structure.phases])
    for group in structure.groups:
        _verify_ascending(group.layers, structure.layers, f"group '{group.name}'")
    for phase in structure.phases:
        require(phase.steps >= 0, f"phase '{phase.name}' has fewer than no steps")
        _verify_ascending(phase.silent, structure.layers, f"the silent layers of phase '{phase.name}'")
        _verify_ascending(phase.clamped, structure.layers, f"the clamped layers of phase '{phase.name}'")
        _verify_soft(phase, structure)
        if phase.origin is not None:
            _verify_index(phase.origin, structure.phases, f"the phase from which phase '{phase.name}' starts")
    for name, protocol in (("train", structure.train), ("infer", structure.infer)):
        _verify_protocol(name, protocol or (), structure)


def _verify_soft(phase: PhasePlan, structure: Structure) -> None:
    what = f"the softly clamped layers of phase '{phase.name}'"
    _verify_ascending(phase.soft, structure.layers, what)
    require(all(structure.layers[n].role in ("input", "output") for n in phase.soft), f"{what} have to have a target")
    require(set(phase.soft).isdisjoint(phase.clamped), f"{what} are clamped as well")


def _verify_protocol(name: str, protocol: Sequence[int], structure: Structure) -> None:
    for place, number in enumerate(protocol):
        _verify_index(number, structure.phases, f"a phase of {name}")
        phase = structure.phases[number]
        began = phase.origin is None or phase.origin in protocol[:place]
        require(began, f"phase '{phase.name}' starts from one that does not run before it in {name}")


def _trained_phases(structure: Structure) -> frozenset[str]:
    phases: Iterable[PhasePlan] = (structure.phases[number] for number in structure.train or ())
    return frozenset(phase.name for phase in phases)


def _verify_rule(rule: RulePlan, trained: frozenset[str]) -> None:
    where = f"rule '{rule.name}'"
    traces = (*rule.sender_traces, *rule.receiver_traces)
    names = (*rule.modulators, *(trace.name for trace in traces))
    _verify_names("parameter", (*rule.parameters, *names))
    require(all(name.isidentifier() for name in names), f"a modulator or a trace of {where} cannot be called that")
    # A network without a training protocol may still have rules: they are then never asked for a phase's values.
    require(not trained or trained.issuperset(rule.moments), f"{where} names a phase that training does not have")
    known, moments = frozenset(rule.parameters), frozenset(rule.moments)
    modulators = frozenset(f"modulator.{name}" for name in rule.modulators)
    sender, receiver = _SENDER | _symbols(rule.sender_traces), _RECEIVER | _symbols(rule.receiver_traces)
    verify_expression(rule.update, where, _SIZES | sender | receiver | _SYNAPSE | modulators, known, moments)
    for trace in traces:
        end = sender if trace in rule.sender_traces else receiver
        verify_expression(trace.next, f"a trace of {where}", _SIZES | end, known)
    for term in rule.terms or ():
        for factor, own in (
            (term.scalar, frozenset[str]()),
            (term.sender, sender | modulators),
            (term.receiver, receiver | modulators),
            (term.weight, _SYNAPSE),
        ):
            if factor is not None:
                verify_expression(factor, f"a term of {where}", own | _SIZES, known, moments)


def _symbols(traces: Sequence[TracePlan]) -> frozenset[str]:
    return frozenset(f"trace.{trace.name}" for trace in traces)


def _verify_families(structure: Structure) -> None:
    met: set[tuple[int, int, str | None]] = set()
    for number, family in enumerate(structure.families):
        where = f"family {number}"
        _verify_index(family.sender, structure.blocks, f"the sender of {where}")
        _verify_index(family.receiver, structure.blocks, f"the receiver of {where}")
        if family.rule is not None:
            _verify_index(family.rule, structure.rules, f"the rule of {where}")
        require(len(family.edges) > 0, f"{where} is empty")
        if family.inner is not None:
            _verify_structure(family.inner)
            verify_inner(family.inner, where)
        verify_kind(family, where, structure)
        verify_owner(family, where, structure)
        verify_between(family, where, structure)
        _verify_slots(family, where, structure)
        receives = structure.blocks[family.receiver].role in ("layer", "output")
        require(receives, f"{where} sends to layers that do not receive")
        require(0 <= family.delay <= MOST_DELAY, f"the delay of {where} is none of 0 to {MOST_DELAY} steps")
        require(not family.into or family.into.isidentifier(), f"the field into which {where} sends has no name")
        verify_expression(family.sends, f"what {where} sends", _SENT, parameters(family.sends))
        _verify_edges(family, where, structure, met)
    bare = any(label is None and (sender, receiver) in structure.parallel for sender, receiver, label in met)
    require(not bare, "an edge has no label, though others join the same layers")


def _verify_slots(family: FamilyPlan, where: str, structure: Structure) -> None:
    if family.slots is None:
        return
    senders, receivers = structure.blocks[family.sender].units, structure.blocks[family.receiver].units
    room = family.slots
    possible = 1 <= room.common <= room.most <= senders and 1 <= room.crowded <= receivers
    require(family.masked and possible, f"{where} has slots that it cannot have")


def _verify_edges(family: FamilyPlan, where: str, structure: Structure, met: set[tuple[int, int, str | None]]) -> None:
    waves = structure.wave_of
    ends_in_order = [(edge.receiver, edge.sender, edge.label or "") for edge in family.edges]
    require(ends_in_order == sorted(ends_in_order), f"the edges of {where} are not in order")
    for edge in family.edges:
        s, r = edge.sender, edge.receiver
        _verify_index(s, structure.layers, f"a sender in {where}")
        _verify_index(r, structure.layers, f"a receiver in {where}")
        ends = structure.layers[s].block, structure.layers[r].block
        require(ends == (family.sender, family.receiver), f"an edge of {where} is between other blocks")
        require((s <= r, s >= r) == (family.forward, family.backward), f"an edge of {where} has another direction")
        fresh = not family.delay and is_fresh(waves, s, r)
        require(fresh == family.fresh, f"an edge of {where} has another place in the waves")
        require(
            s == r or not family.diagonal or family.owner is not None, f"an edge of {where} has a diagonal but two ends"
        )
        require(edge.label is None or edge.label.isprintable(), f"a label of {where} cannot be shown")
        require((s, r, edge.label) not in met, f"an edge of {where} stands twice")
        met.add((s, r, edge.label))


def _verify_numbers(plan: Plan) -> None:
    lengths, numbers = number_lengths(plan.structure), plan.numbers
    for key, length in lengths.items():
        require(key in numbers, f"the number '{key}' is missing")
        require(len(numbers[key]) == length, f"the number '{key}' has {len(numbers[key])} values, not {length}")
        require(all(map(isfinite, numbers[key])), f"the number '{key}' is not finite")
    for key in sorted(numbers.keys() - lengths.keys())[:1]:
        require(False, f"nothing is called '{key:.80}'")
    _verify_amounts(plan.structure, numbers, "")


def _verify_amounts(structure: Structure, numbers: Mapping[str, Sequence[float]], within: str) -> None:
    """Densities and radii; `within` stands before the keys of a network that is an edge."""
    for number, family in enumerate(structure.families):
        key = f"{within}family.{number}"
        where = f"family {number}" if not within else f"'{key}'"
        for density in numbers.get(f"{key}.density", ()):
            require(0 <= density <= 1, f"a density of {where} is not between 0 and 1")
            require(family.masked or density == 1, f"{where} has absent weights but no mask")
        radii = numbers.get(f"{key}.radius", ())
        require(all(radius > 0 for radius in radii), f"a radius of {where} is not positive")
        if family.inner is not None:
            _verify_amounts(family.inner, numbers, f"{key}.network.")


def _verify_index(index: int, sequence: Sequence[object], what: str) -> None:
    require(0 <= index < len(sequence), f"{what} is {index}, of {len(sequence)}")


def _verify_ascending(indices: Sequence[int], sequence: Sequence[object], what: str) -> None:
    for index in indices:
        _verify_index(index, sequence, what)
    require(all(a < b for a, b in pairwise(indices)), f"{what} are not in order")


def _verify_names(what: str, names: Sequence[str]) -> None:
    require(all(name and name.isprintable() for name in names), f"a {what} has no name or one that cannot be shown")
    require(len(set(names)) == len(names), f"two have the same name, each a {what}")
