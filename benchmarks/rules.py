"""The update of every rule of the standard library beside the same written by hand: `python -m benchmarks.rules`.

A dense edge of 512 x 512 weights into tanh units, batch 64. Both programs are compiled in one process and run in pairs
that take turns; a ratio is the median over the pairs. Writes benchmarks/rules.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import dync
from benchmarks.handwritten.rules import RULES, Ends
from benchmarks.table import number, table
from dync.compiler.model import RuleDefinition
from dync.runtime.state import State, layer_rows
from dync.runtime.updates import updates

PAGE = Path(__file__).parent / "rules.md"
SAID = "One update of a dense edge of 512 × 512 weights, batch 64. Beside: ours / hand-written, the median of pairs."
HEAD = ("rule", "ours, ms", "hand-written, ms", "beside")


@dataclass(frozen=True)
class RuleTimes:
    """Seconds of one update by a rule, an entry a pair."""

    rule: str
    ours: tuple[float, ...]
    handwritten: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median over the pairs of ours / hand-written."""
        return median(a / b for a, b in zip(self.ours, self.handwritten, strict=True))


@dataclass(frozen=True)
class Pair:
    """The two programs of a rule with what each is given; both make the update `[senders, receivers]` of it."""

    ours: Callable[[Any], Array]
    arrays: Any
    handwritten: Callable[[Ends, Array], Array]
    ends: Ends
    weights: Array

    def compiled(self) -> tuple[Callable[[], Array], Callable[[], Array]]:
        """Both as programs that need nothing more."""
        ours = jax.jit(self.ours).lower(self.arrays).compile()
        handwritten = jax.jit(self.handwritten).lower(self.ends, self.weights).compile()
        return lambda: ours(self.arrays), lambda: handwritten(self.ends, self.weights)


def main() -> None:
    """Measure, print, and keep the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repetitions; nothing is kept")
    parser.add_argument("--only", default="", help="only the rules whose names contain this; nothing is kept")
    arguments = parser.parse_args()
    text = table_of_rules(5 if arguments.quick else 101, arguments.only)
    print(text)
    if not (arguments.quick or arguments.only):
        PAGE.write_text(text)


def table_of_rules(repetitions: int, only: str = "") -> str:
    """The rules whose names contain `only`, measured."""
    return markdown([measure_rule(rule, repetitions) for rule in RULES if only in rule])


def measure_rule(rule: str, repetitions: int, units: int = 512, rows: int = 64) -> RuleTimes:
    """Both programs in turns, each as often in a row as takes about four milliseconds."""
    ours, handwritten = pair_of(rule, units, rows).compiled()
    calls = max(1, round(0.004 / seconds(handwritten, 3)))
    times = [(seconds(ours, calls), seconds(handwritten, calls)) for _ in range(repetitions + 1)][1:]
    return RuleTimes(rule, *(tuple(side) for side in zip(*times, strict=True)))


def seconds(work: Callable[[], Array], calls: int) -> float:
    """How long one call takes, of so many in a row."""
    start = perf_counter()
    for _ in range(calls):
        work().block_until_ready()
    return (perf_counter() - start) / calls


def pair_of(rule: str, units: int, rows: int) -> Pair:
    """Both programs on the same random weights and states."""
    network = dync.compile_text(text_of(rule, units), name="benchmark.dyn").network("Net")
    rng = np.random.default_rng(0)
    weights = jnp.asarray(rng.normal(size=(units, units)) / units**0.5, jnp.float32)
    orchestrator = network.with_weights({("y", "x"): weights})
    state = randomised(network.state(np.zeros((rows, units)), np.zeros((rows, units))), rng)
    arrays, static = eqx.partition((orchestrator.machine, state), eqx.is_array)

    def update(given: Any) -> Array:
        machine, at = eqx.combine(given, static)
        return updates(machine, at, None)[0][0]

    return Pair(update, arrays, RULES[rule], ends_of(state), weights)


def text_of(rule: str, units: int) -> str:
    """A network of one edge that learns by this rule, with the phases that it names."""
    moments = sorted({name.partition("@")[2] for name in moments_of(rule)})
    taken = f"({', '.join('mse' for _ in definition(rule).modulators)})" if definition(rule).modulators else ""
    phases = "".join(f"  phase {name} {{ steps 1 }}\n" for name in moments)
    return f"""
network Net {{
  input x ({units})
  output y ({units}) tanh
  edge x -> y dense learn {rule}{taken}
  phase last {{ steps 1 }}
{phases}  train {", ".join([*moments, "last"])}
}}
"""


def moments_of(rule: str) -> tuple[str, ...]:
    """The symbols with an `@` of a standard rule."""
    from dync.compiler.expression import symbols

    return tuple(f"{s.name}@{s.moment}" for s in sorted(symbols(definition(rule).update), key=str) if s.moment)


def definition(rule: str) -> RuleDefinition:
    """What a standard rule is."""
    from dync.compiler.library import build_library

    found = build_library([])[0].rules[rule]
    assert found is not None
    return found


def randomised(state: State, rng: np.random.Generator) -> State:
    """The same with standard normal numbers in the place of all that units hold, at every moment."""

    def drawn(array: Array) -> Array:
        floats = jnp.issubdtype(array.dtype, jnp.floating)
        return jnp.asarray(rng.normal(size=array.shape), array.dtype) if floats else array

    places = ("values", "held", "snapshots", "rule_traces")
    return replace(state, **{name: jax.tree.map(drawn, getattr(state, name)) for name in places})


def ends_of(state: State) -> Ends:
    """What is at the two ends, by the names that rules have for it."""
    layers = {layer.name: layer for layer in state.structure.layers}
    found = {}
    for end, name in (("pre", "x"), ("post", "y")):
        found[end] = layer_rows(state.structure, state.values, layers[name])
        for moment, values in state.snapshots.items():
            found[f"{end}@{moment}"] = layer_rows(state.structure, values, layers[name])
    traces = {key.partition(".")[2]: trace[0] for key, trace in state.rule_traces.items()}
    return found | traces | {"target": layer_rows(state.structure, state.held, layers["y"])}


def markdown(results: Sequence[RuleTimes]) -> str:
    """The table."""
    rows = [
        (r.rule, number(median(r.ours), 1000), number(median(r.handwritten), 1000), number(r.ratio)) for r in results
    ]
    return f"{SAID}\n\n{table(HEAD, rows)}\n"


if __name__ == "__main__":
    main()
