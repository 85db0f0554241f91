"""What `dync compile` says of a network, as data: texts, pages and JSON are made of this."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from dync.compiler.plan import FamilyPlan, MessageFilter, PhasePlan, Plan, Role, ScheduleKind, Structure
from dync.compiler.report.cost import (
    Weights,
    cost_of_phase,
    cost_of_readout,
    cost_of_step,
    history_bytes,
    moving_ever,
    weights_of_family,
)
from dync.compiler.report.folding import fold_names, split_name
from dync.compiler.report.kind_words import kind_words
from dync.compiler.report.learning_words import learning_words
from dync.compiler.report.reads import Reads, who_reads_whom
from dync.compiler.topology import dead_layers, loops, topology_of_plan


class LayersReport(Struct, frozen=True):
    """Layers next to each other that are alike; `names` are folded. `start` is the input that they start from."""

    names: tuple[str, ...]
    count: int
    role: Role
    shape: tuple[int, ...]
    activation: str | None
    start: str | None


class FamilyReport(Struct, frozen=True):
    """Edges alike. `density` and `diagonal` are None where they are 1 and free, else the least and the greatest."""

    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    kind: str
    edges: int
    rule: str | None
    direction: str
    density: tuple[float, float] | None
    diagonal: tuple[float, float] | None
    weights: Weights


class BlockReport(Struct, frozen=True):
    """Layers stacked into one array `[members, batch, units]`."""

    layers: tuple[str, ...]
    members: int
    units: int


class LoopReport(Struct, frozen=True):
    """Layers round which signals go, and the arcs `(sender, receiver)` on which an old state is read."""

    layers: tuple[str, ...]
    size: int
    arcs: int
    broken_by: tuple[tuple[str, str], ...]


class PhaseReport(Struct, frozen=True):
    """A phase. `within` is the tolerance of `settled`, None for a fixed number of steps.

    `soft` are the layers that are softly clamped, each with its strength; `origin` is the phase from whose end it
    starts.
    `multiply_adds` and `levels` are for one step of one example.
    """

    name: str
    steps: int
    within: float | None
    messages: MessageFilter
    silent: tuple[str, ...]
    clamped: tuple[str, ...]
    soft: tuple[tuple[str, float], ...]
    origin: str | None
    per_sample: bool
    levels: int
    multiply_adds: float


class ProtocolReport(Struct, frozen=True):
    """`train` or `infer`: its phases in order, its steps at most, and its multiply-adds for one example."""

    name: str
    phases: tuple[str, ...]
    steps: int
    multiply_adds: float
    readout: bool


class Report(Struct, frozen=True):
    """All of it. `waves` are folded names; `held` the layers that no phase lets move; `dead` reach no output.

    `levels`, `multiply_adds` and `step_bytes` (of weights that are read) are those of `step`, `readout` the
    multiply-adds of the read-out. `over_time` are the layers that take series, of which `skip` samples are passed over
    at the beginning; with `carry` the state goes on from sequence to sequence.
    """

    network: str
    schedule: ScheduleKind
    structure: str
    layers: tuple[LayersReport, ...]
    families: tuple[FamilyReport, ...]
    weights: Weights
    blocks: tuple[BlockReport, ...]
    waves: tuple[tuple[str, ...], ...]
    moving: tuple[str, ...]
    held: tuple[str, ...]
    reads: tuple[Reads, ...]
    levels: int
    multiply_adds: float
    step_bytes: int
    readout: float
    history: int
    loops: tuple[LoopReport, ...]
    dead: tuple[str, ...]
    phases: tuple[PhaseReport, ...]
    protocols: tuple[ProtocolReport, ...]
    over_time: tuple[str, ...]
    skip: int
    carry: bool


def report_data(plan: Plan) -> Report:
    """What there is to say of a plan."""
    structure, step, time = plan.structure, cost_of_step(plan), plan.structure.time
    families = tuple(_family(plan, number) for number in range(len(structure.families)))
    moves = moving_ever(structure)
    phases = _phases(plan)
    return Report(
        network=structure.network,
        schedule=structure.schedule,
        structure=structure.digest,
        layers=_layers(structure),
        families=families,
        weights=sum((family.weights for family in families), Weights(0, 0, 0)),
        blocks=tuple(BlockReport(_names(structure, b.layers), len(b.layers), b.units) for b in structure.blocks),
        waves=tuple(_names(structure, wave) for wave in structure.waves),
        moving=_names(structure, sorted(moves)),
        held=_names(structure, (n for n in range(len(structure.layers)) if n not in moves)),
        reads=who_reads_whom(structure, moves),
        levels=step.levels,
        multiply_adds=step.multiply_adds,
        step_bytes=step.bytes,
        readout=cost_of_readout(plan),
        history=history_bytes(structure),
        loops=_loops(structure),
        dead=fold_names(dead_layers(topology_of_plan(structure))),
        phases=phases,
        protocols=_protocols(plan, phases),
        over_time=() if time is None else _names(structure, time.layers),
        skip=0 if time is None else time.skip,
        carry=time is not None and time.carry,
    )


def _names(structure: Structure, numbers: Iterable[int]) -> tuple[str, ...]:
    return fold_names(structure.layers[number].name for number in numbers)


def _layers(structure: Structure) -> tuple[LayersReport, ...]:
    """Layers in order, those of one array that are alike in one row."""
    rows: dict[tuple[object, ...], list[int]] = {}
    for number, layer in enumerate(structure.layers):
        name = split_name(layer.name)
        rows.setdefault((name.base, name.place is None, layer.block, layer.start), []).append(number)
    return tuple(_row(structure, numbers) for numbers in rows.values())


def _row(structure: Structure, numbers: list[int]) -> LayersReport:
    first = structure.layers[numbers[0]]
    activation = structure.blocks[first.block].activation
    return LayersReport(
        names=_names(structure, numbers),
        count=len(numbers),
        role=first.role,
        shape=first.shape,
        activation=activation.name if activation else None,
        start=None if first.start is None else structure.layers[first.start].name,
    )


def _family(plan: Plan, number: int) -> FamilyReport:
    structure, family = plan.structure, plan.structure.families[number]
    return FamilyReport(
        senders=_names(structure, (edge.sender for edge in family.edges)),
        receivers=_names(structure, (edge.receiver for edge in family.edges)),
        kind=_kind(family),
        edges=len(family.edges),
        rule=learning_words(structure, family),
        direction=_direction(family),
        density=_range(plan, f"family.{number}.density") if family.masked and not family.weightless else None,
        diagonal=_range(plan, f"family.{number}.diagonal") if family.diagonal and not family.weightless else None,
        weights=sum(weights_of_family(plan, number), Weights(0, 0, 0)),
    )


def _kind(family: FamilyPlan) -> str:
    """The kind of edges, into which field they send, and how late."""
    into = f" into {family.into}" if family.into else ""
    return f"{kind_words(family)}{into}" + (f" delay {family.delay}" if family.delay else "")


def _direction(family: FamilyPlan) -> str:
    if family.forward and family.backward:
        return "self"
    return "forward" if family.forward else "feedback"


def _range(plan: Plan, key: str) -> tuple[float, float]:
    return min(plan.numbers[key]), max(plan.numbers[key])


def _loops(structure: Structure) -> tuple[LoopReport, ...]:
    return tuple(
        LoopReport(fold_names(loop.layers), len(loop.layers), len(loop.arcs), loop.broken_by)
        for loop in loops(topology_of_plan(structure))
    )


def _phases(plan: Plan) -> tuple[PhaseReport, ...]:
    structure = plan.structure
    costs = [cost_of_phase(plan, phase) for phase in structure.phases]
    return tuple(
        PhaseReport(
            name=phase.name,
            steps=phase.steps,
            within=plan.numbers[f"phase.{phase.name}.within"][0] if phase.settle else None,
            messages=phase.messages,
            silent=_names(structure, phase.silent),
            clamped=_names(structure, phase.clamped),
            soft=tuple(_soft(plan, phase)),
            origin=None if phase.origin is None else structure.phases[phase.origin].name,
            per_sample=structure.time is not None and number in structure.time.phases,
            levels=cost.levels,
            multiply_adds=cost.multiply_adds,
        )
        for number, (phase, cost) in enumerate(zip(structure.phases, costs, strict=True))
    )


def _soft(plan: Plan, phase: PhasePlan) -> Iterable[tuple[str, float]]:
    names = (plan.structure.layers[number].name for number in phase.soft)
    return zip(names, plan.numbers[f"phase.{phase.name}.soft"] if phase.soft else (), strict=True)


def _protocols(plan: Plan, phases: tuple[PhaseReport, ...]) -> tuple[ProtocolReport, ...]:
    protocols = []
    for name, numbers in (("train", plan.structure.train), ("infer", plan.structure.infer)):
        if numbers is None:
            continue
        chosen = [phases[number] for number in numbers]
        readout = name == "infer" and any(layer.role == "output" for layer in plan.structure.layers)
        multiply_adds = sum(phase.steps * phase.multiply_adds for phase in chosen)
        protocols.append(
            ProtocolReport(
                name=name,
                phases=tuple(phase.name for phase in chosen),
                steps=sum(phase.steps for phase in chosen),
                multiply_adds=multiply_adds + (cost_of_readout(plan) if readout else 0),
                readout=readout,
            )
        )
    return tuple(protocols)
