"""The compiled update against the rule as written, and whole batches against their parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Any, Final

import equinox as eqx
import jax
import numpy as np
from numpy.typing import NDArray

from dync.compiler.expression import Expression, walk
from dync.compiler.plan import Plan, RulePlan, Structure
from dync.compiler.rules.batch_degree import batch_law
from dync.runtime.beside import trace_key, traced, traces_of
from dync.runtime.engine import Machine
from dync.runtime.kinds.of_family import kinds
from dync.runtime.kinds.stored import Stored
from dync.verification.cut import Changes, Local, Update
from dync.verification.drawn import TRIED, Draws, block_of_trace, drawn, part
from dync.verification.literal import Literal, Sum, unit_rows
from dync.verification.sample import matrix_sample, sample

BATCH: Final = 6
"""Examples in the whole batch."""

PARTS: Final = (slice(0, 1), slice(1, BATCH))
"""The examples of its parts: one alone and all the others, for parts alike would hide how much each of them counts."""

SURE: Final = 1e-5
"""How near a comparison may come to falling the other way, so that rounding surely does not turn it."""

EPSILON: Final = float(np.finfo(np.float32).eps)

MakeUpdate = Callable[[Machine, Any], Update]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """The largest difference found in a family, and how large it may be, both in parts of the `scale`."""

    error: float
    tolerance: float
    scale: float
    synapses: int
    of: int

    @property
    def small(self) -> bool:
        """Whether it is rounding; a difference that is no number is not."""
        return self.error <= self.tolerance


@dataclass(frozen=True)
class Numbers:
    """For each family with a rule, how far off it is from its rule and from the sum of its parts.

    `literal` lacks those whose kind is a class in Python, which alone knows what a weight is. `parts` lacks those
    whose rule promises nothing; `shared` are those that own the weights of tied edges; `traces` are the traces of
    rules, by their keys.
    """

    literal: Mapping[int, Difference]
    traces: Mapping[str, Difference]
    parts: Mapping[int, Difference]
    shared: Mapping[int, Difference]


def compared(plan: Plan, machine: Machine, make: MakeUpdate, seed: int) -> Numbers:
    """Both comparisons at drawn values. Others are drawn where a decision is too close, nothing moves, or not all is
    finite."""
    structure = plan.structure
    key = jax.random.key(seed)
    compiled = eqx.filter_jit(lambda machine, local: make(machine, key)(local))
    for attempt, (palette, spread) in enumerate(TRIED):
        rng = np.random.default_rng((seed, attempt))
        local = drawn(structure, machine.lmap, BATCH, Draws(rng, palette, spread))
        literal = Literal(plan, local, BATCH)
        whole = _values(compiled(machine, local))
        known = [f for f in whole.wanted if structure.families[f].kind != "python"]
        found = {f: _of_family(literal, machine, local, whole, f, rng) for f in known}
        traces = dict(_of_traces(literal, whole))
        clear = literal.margin.smallest > SURE and all(0 < d.scale < np.inf for d in found.values())
        if clear:
            break
    parts = [_values(compiled(machine, part(structure, local, rows))) for rows in PARTS]
    return Numbers(found, traces, _by_parts(structure, whole, parts, found), _shared(machine, local, whole, found))


def _values(changes: Changes) -> Changes:
    found: Changes = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), changes)
    return found


# --- as written -------------------------------------------------------------------------------------------------------


def _of_family(
    literal: Literal, machine: Machine, local: Local, whole: Changes, f: int, rng: np.random.Generator
) -> Difference:
    """The largest difference of all edges of a family."""
    structure = literal.plan.structure
    family, kind = structure.families[f], kinds(structure)[f]
    stored = machine.lmap.with_family_weights(local.weights).stored(f)
    compiled = np.asarray(whole.wanted[f])
    found = []
    for e in range(len(family.edges)):
        if family.kind == "low_rank":
            found += _of_matrix(literal, stored, compiled[e], f, e, rng)
        else:
            chosen = sample(family, kind, stored, e, rng)
            expected = literal.of(f, e, chosen, stored)
            found.append(_difference(compiled[e].reshape(-1)[chosen.places], expected, _rule(structure, f)))
    return _worst(found, int(compiled.size))


def _of_matrix(
    literal: Literal, stored: Stored, compiled: Floats, f: int, e: int, rng: np.random.Generator
) -> list[Difference]:
    """Both factors of a low-rank edge, at some rows of each."""
    kind, rule = kinds(literal.plan.structure)[f], _rule(literal.plan.structure, f)
    senders, receivers = matrix_sample(kind, rng)
    first = _difference(compiled[senders], literal.of_rows(f, e, senders, stored), rule)
    second = _difference(compiled[kind.senders + receivers], literal.of_columns(f, e, receivers, stored), rule)
    return [first, second]


def _of_traces(literal: Literal, whole: Changes) -> Iterator[tuple[str, Difference]]:
    """The largest difference of each trace of each rule after a step."""
    structure = literal.plan.structure
    for f in traced(structure):
        family = structure.families[f]
        own = [trace for side in traces_of(structure, family) for trace in side]
        for trace in own:
            key = trace_key(f, trace.name)
            compiled = unit_rows(structure, block_of_trace(structure, key), whole.traces[key])
            expected = np.stack([literal.of_trace(f, e, trace) for e in range(len(family.edges))])
            scale = float(np.max(np.abs(expected), initial=0.0)) or 1.0
            error = float(np.max(np.abs(compiled - expected), initial=0.0)) / scale
            limit = 8 * EPSILON * (sum(1 for _ in walk(trace.next)) + 1)
            yield key, Difference(error, limit, scale, compiled.size, compiled.size)


def _rule(structure: Structure, f: int) -> RulePlan:
    number = structure.families[f].rule
    assert number is not None
    return structure.rules[number]


def _difference(compiled: Floats, expected: Sum, rule: RulePlan) -> Difference:
    scale = float(np.max(expected.size, initial=0.0))
    error = float(np.max(np.abs(compiled - expected.change), initial=0.0)) / (scale or 1.0)
    return Difference(error, tolerance(rule, expected.summands), scale, compiled.size, compiled.size)


def tolerance(rule: RulePlan, summands: int) -> float:
    """What rounding in float32 can make of so many summands, each of which takes the operations of the rule."""
    expressions: list[Expression | None] = [rule.update]
    for term in rule.terms or ():
        expressions += [term.scalar, term.sender, term.receiver, term.weight]
    operations = sum(1 for e in expressions if e is not None for _ in walk(e))
    return 8 * EPSILON * (operations + sqrt(summands))


def _worst(found: list[Difference], weights: int) -> Difference:
    """The difference that comes nearest to what is allowed, or exceeds it most; one that is no number is the worst."""
    worst = max(found, key=lambda d: d.error / d.tolerance if np.isfinite(d.error) else np.inf)
    scale = max(d.scale for d in found)
    return Difference(worst.error, worst.tolerance, scale, sum(d.synapses for d in found), weights)


# --- parts ------------------------------------------------------------------------------------------------------------


def _by_parts(
    structure: Structure, whole: Changes, parts: list[Changes], literal: Mapping[int, Difference]
) -> dict[int, Difference]:
    """How far the update of the whole batch is from what those of its parts make, where the rule promises something."""
    found = {}
    for f, update in whole.wanted.items():
        degree = batch_law(_rule(structure, f).update).degree
        if degree is not None:
            shares = [_share(degree, rows) for rows in PARTS]
            together = sum(np.asarray(p.wanted[f]) * share for p, share in zip(parts, shares, strict=True))
            largest = float(np.max(np.abs(np.asarray(update)), initial=0.0))
            scale = (literal[f].scale if f in literal else largest) or 1.0
            limit = 2 * (literal[f].tolerance if f in literal else tolerance(_rule(structure, f), 16 * BATCH))
            error = float(np.max(np.abs(np.asarray(update) - together), initial=0.0)) / scale
            found[f] = Difference(error, limit, scale, int(np.size(update)), int(np.size(update)))
    return found


def _share(degree: Fraction, rows: slice) -> float:
    """What the update of a part counts in that of the whole: of a mean the share of its examples, of a sum one."""
    return float((BATCH / (rows.stop - rows.start)) ** float(degree))


# --- shared weights ---------------------------------------------------------------------------------------------------


def _shared(machine: Machine, local: Local, whole: Changes, literal: Mapping[int, Difference]) -> dict[int, Difference]:
    """How far the update of weights that tied edges use is from the sum of what all of these want."""
    structure, found = machine.structure, {}
    for f in whole.updates:
        tied = [t for t, family in enumerate(structure.families) if family.owner == f and t in whole.wanted]
        if tied:
            total = np.array(whole.wanted[f], np.float64)
            for t in tied:
                _add(machine, total, t, np.asarray(whole.wanted[t]))
            error = float(np.max(np.abs(total - np.asarray(whole.updates[f])), initial=0.0))
            scale = max(literal[t].scale for t in (f, *tied)) or 1.0
            limit = sum(literal[t].tolerance for t in (f, *tied))
            found[f] = Difference(error / scale, limit, scale, total.size, total.size)
    return found


def _add(machine: Machine, total: Floats, t: int, change: Floats) -> None:
    """Add what tied edges want, the way round in which the weights are stored."""
    family, kind = machine.structure.families[t], kinds(machine.structure)[t]
    rates = np.asarray(machine.parameters[f"family.{t}.rate"], np.float64)
    if family.turned:
        change = np.asarray(kind.turn(Stored(change, None, None, None)).weights)  # type: ignore[arg-type]
    for e, edge in enumerate(family.edges):
        total[edge.owner or 0] += rates[e] * change[e]
