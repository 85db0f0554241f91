"""Verifying a network: its plan, its compiled updates, and where these come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import jax
import numpy as np

from dync.compiler.plan import EdgePlan, FamilyPlan, Plan, Structure
from dync.compiler.report.folding import fold_names, listed
from dync.compiler.rules.batch_degree import batch_law
from dync.compiler.rules.reads import rule_reads
from dync.runtime.beside import traces_of
from dync.runtime.engine import Machine
from dync.runtime.network import Network
from dync.testing.case import with_these_weights
from dync.testing.chance import without_chance
from dync.testing.weights import draw_weights
from dync.verification.certificate import BATCH as ANALYSED
from dync.verification.certificate import Reached, layers_reached, trace, units_reached
from dync.verification.cut import moments_of, update_function
from dync.verification.declared import declared_faults
from dync.verification.drawn import Draws, drawn
from dync.verification.literal import rounded
from dync.verification.numbers import Difference, MakeUpdate, Numbers, compared
from dync.verification.sources import Source, Sources, edge_name, users
from dync.verification.verdict import AnyBatch, AsWritten, FamilyVerdict, Locality, Verification

if TYPE_CHECKING:
    from dync.compiler.model import NetworkModel


def verify(
    plan: Plan, model: NetworkModel | None = None, *, seed: int = 0, make: MakeUpdate = update_function
) -> Verification:
    """Verify the learning edges of a plan at values drawn from `seed`, and against what the file says, the `model`.

    `make` gives the update that is verified, by default the one that training uses.
    """
    faults = () if model is None else declared_faults(plan, model)
    plan = rounded(without_chance(plan))
    structure = plan.structure
    by_gradient = tuple(_by_gradient(structure, f) for f, family in enumerate(structure.families) if family.gradient)
    learning = [f for f, family in enumerate(structure.families) if family.rule is not None]
    if not learning:
        return Verification(structure.network, seed, by_gradient, faults)
    machine = some_machine(plan, seed)
    numbers = compared(plan, machine, make, seed)
    local = localities(machine, make, seed)
    found = tuple(_family(structure, f, numbers, local[f]) for f in learning)
    return Verification(structure.network, seed, (*found, *by_gradient), faults)


def some_machine(plan: Plan, seed: int) -> Machine:
    """The network with some weights. NumPy draws them where it can, for then nothing is compiled to do it."""
    net = Network(plan)
    drawn_anyhow = (f.between is not None or f.kind in ("network", "python") for f in plan.structure.families)
    if any(drawn_anyhow):
        return net.init(jax.random.key(seed)).machine
    return with_these_weights(net, draw_weights(plan, np.random.default_rng(seed))[0]).machine


def localities(machine: Machine, make: MakeUpdate = update_function, seed: int = 0) -> dict[int, Locality]:
    """Where the updates of each family with a rule come from, in the plan and in the compiled function."""
    structure, rng = machine.structure, np.random.default_rng(seed)
    local = drawn(structure, machine.lmap, ANALYSED, Draws(rng, "any"))
    followed = trace(structure, make(machine, jax.random.key(seed)), local)
    sources = Sources(structure, moments_of(structure))
    reached = layers_reached(followed, sources, local)
    units = units_reached(followed, structure, machine.lmap, local, rng)
    found = {}
    for f, family in enumerate(structure.families):
        if family.rule is not None:
            reads = rule_reads(structure.rules[family.rule])
            faults = [f"the plan: {what}" for what in reads.foreign]
            faults += [*_strangers(structure, f, sources, reached), *_strange_traces(structure, f, sources, reached)]
            faults += [f"the compiled update: {units.astray[f]}"] if f in units.astray else []
            found[f] = Locality(not faults, reads.local, f in units.families, tuple(faults))
    return found


def _by_gradient(structure: Structure, f: int) -> FamilyVerdict:
    """What there is to say of edges that follow a gradient: they are not local, and say so."""
    words = structure.learns_by(structure.families[f]) or ""
    return FamilyVerdict(
        _names(structure, f),
        _title(structure, f),
        words.removesuffix(", not local"),
        None,
        None,
        Locality(False, (), False),
    )


def _names(structure: Structure, f: int) -> tuple[str, ...]:
    return tuple(edge_name(structure, f, e) for e in range(len(structure.families[f].edges)))


def _family(structure: Structure, f: int, numbers: Numbers, locality: Locality) -> FamilyVerdict:
    family = structure.families[f]
    assert family.rule is not None
    names = _names(structure, f)
    answers = _as_written(f, numbers), _any_batch(structure, f, numbers), locality
    return FamilyVerdict(names, _title(structure, f), structure.rules[family.rule].name, *answers)


def _title(structure: Structure, f: int) -> str:
    """Edges alike in short: `h[1..9] -> h[2..10]`."""
    family = structure.families[f]
    if len(family.edges) == 1:
        return edge_name(structure, f, 0)
    ends = ([edge.sender for edge in family.edges], [edge.receiver for edge in family.edges])
    return " -> ".join(listed(fold_names(structure.layers[n].name for n in numbers)) for numbers in ends)


def _as_written(f: int, numbers: Numbers) -> AsWritten | None:
    found, faults = numbers.literal.get(f), []
    if found is None:
        return None
    if not found.scale:
        faults.append("no value that was tried moves a weight, so nothing is verified")
    if not found.small:
        faults.append(f"the compiled update is off by {found.error:.2g} of {_size(found)}")
    for key, moved in numbers.traces.items():
        if key.partition(".")[0] == str(f) and not moved.small:
            faults.append(f"the trace {key.partition('.')[2]} is off by {moved.error:.2g}")
    shared = numbers.shared.get(f)
    if shared is not None and not shared.small:
        faults.append(f"the update of the shared weights is off by {shared.error:.2g} of {_size(shared)}")
    return AsWritten(found.error, found.tolerance, found.synapses, found.of, tuple(faults))


def _size(found: Difference) -> str:
    return f"what is added up for a weight; rounding explains {found.tolerance:.1g}"


def _any_batch(structure: Structure, f: int, numbers: Numbers) -> AnyBatch:
    from dync.compiler.notation import text

    number = structure.families[f].rule
    assert number is not None
    law, found = batch_law(structure.rules[number].update), numbers.parts.get(f)
    by = tuple(map(text, law.by))
    degree = None if law.degree is None else str(law.degree)
    if found is None:
        return AnyBatch(law.promise, degree, by, None, 0.0)
    faults = () if found.small else (f"the update of a batch is off by {found.error:.2g} from that of its parts",)
    return AnyBatch(law.promise, degree, by, found.error, found.tolerance, faults)


def _strangers(structure: Structure, f: int, sources: Sources, reached: Reached) -> list[str]:
    """A sentence for each thing that reaches the compiled updates of a family and must not."""
    found: dict[str, None] = {}
    for e in range(len(structure.families[f].edges)):
        strange = reached.wanted[f, e] - _of_edge(structure, f, e, sources)
        if (f, e) in reached.updates:
            strange |= reached.updates[f, e] - _of_users(structure, f, e, sources)
        for source in sorted(strange, key=sources.numbers.__getitem__):
            what = f"the compiled update of {edge_name(structure, f, e)} depends on {sources.shown(source)}"
            found.setdefault(what, None)
    return list(found)


def _strange_traces(structure: Structure, f: int, sources: Sources, reached: Reached) -> Iterator[str]:
    """The same for the traces of the family's rule, which know their own end alone."""
    family = structure.families[f]
    for (key, e), found in reached.traces.items():
        if key.partition(".")[0] == str(f):
            name, edge = key.partition(".")[2], family.edges[e]
            at_sender = name in {trace.name for trace in traces_of(structure, family)[0]}
            allowed = _of_sender(family, edge, sources, ("",)) if at_sender else _of_receiver(edge, sources, ("",))
            allowed |= {s for s in sources.all if (s.kind, s.family, s.place) == ("trace", f, e)}
            for source in sorted(found - allowed, key=sources.numbers.__getitem__):
                yield f"the trace {name} of {edge_name(structure, f, e)} depends on {sources.shown(source)}"


def _of_users(structure: Structure, f: int, e: int, sources: Sources) -> set[Source]:
    """What may reach the update of weights: what may reach any of the edges that use them."""
    edges = (_of_edge(structure, g, n, sources) for place, g, n in users(structure, f) if place == e)
    return set[Source]().union(*edges)


def _of_edge(structure: Structure, f: int, e: int, sources: Sources) -> set[Source]:
    """What stands at both ends of an edge at the moments that its rule names, its weights, traces and measures."""
    family = structure.families[f]
    assert family.rule is not None
    edge, moments = family.edges[e], ("", *structure.rules[family.rule].moments)
    weights = {
        Source("weights", e if edge.owner is None else edge.owner, family=f if family.owner is None else family.owner)
    }
    traces = {s for s in sources.all if (s.kind, s.family, s.place) == ("trace", f, e)}
    told = {Source("measure", -1, moment, name) for moment in moments for name in family.modulators}
    return _of_sender(family, edge, sources, moments) | _of_receiver(edge, sources, moments) | weights | traces | told


def _of_sender(family: FamilyPlan, edge: EdgePlan, sources: Sources, moments: Sequence[str]) -> set[Source]:
    return {
        source
        for source in sources.all
        if (source.kind, source.place, source.late) == ("value", edge.sender, family.delay) and source.moment in moments
    }


def _of_receiver(edge: EdgePlan, sources: Sources, moments: Sequence[str]) -> set[Source]:
    """The state of the receiver as it is at these moments, and all its fields."""
    return {
        source
        for source in sources.all
        if source.place == edge.receiver
        and source.moment in moments
        and (source.kind == "field" or (source.kind == "value" and not source.late))
    }
