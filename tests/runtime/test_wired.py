"""Networks wired by irregular graphs: what is compiled does not grow with the layers, and computes what it should."""

from functools import reduce
from itertools import accumulate, combinations, pairwise
from operator import or_

import jax
import numpy as np
import pytest

import dync
from dync.runtime.segments import MOST, WASTE, work
from dync.runtime.step_program import step_program
from dync.testing.interpreter import Interpreter

pytestmark = pytest.mark.usefixtures("hardly_optimized")

SPEC = """activation branched { next tanh(field) * (1 + field.apical) }
network N {
  param n = 40
  input x (2)
  layer h[1..n] (2) branched
  output y (2)
  edge x -> h[1] dense
  wire main: h by %s dense(strength = 0.7) learn hebbian
  wire side: h.apical by ring(arcs = forward) one_to_one(0.3)
  edge h[n] -> y dense learn delta
  schedule sequential
  phase settle { steps 2 }
  train settle
}
"""
GRAPHS = ["small_world(4, 0.2, 1)", "scale_free(2, 1)", "grid(5)", "random_tree(2)"]


def network(graph, **parameters):
    return dync.compile_text(SPEC % graph).network(**parameters)


def program_of(structure):
    return step_program(structure, "all", frozenset(), frozenset(structure.phases[0].clamped))


@pytest.mark.parametrize("graph", GRAPHS[:3])  # a random tree has few levels
def test_segments_stay_few(graph):
    structure = network(graph, n=200).plan.structure
    program = program_of(structure)
    levels = sum(map(len, program.segments))
    assert levels > 12
    assert len(program.segments) <= MOST
    updated = [
        layer for segment in program.segments for level in segment for _, found in level.updates for layer in found
    ]
    assert sorted(updated) == list(range(200))


def test_as_few_segments_as_pad_little_and_no_others_pad_less():
    structure = network("grid(5)").plan.structure
    levels = [level for segment in program_of(structure).segments for level in segment]
    works = [work(structure, level) for level in levels]

    def padded(cuts):
        runs = [works[low:high] for low, high in pairwise([0, *cuts, len(works)])]
        return sum(len(run) * reduce(or_, run).total() for run in runs)

    cuts = list(accumulate(map(len, program_of(structure).segments)))[:-1]
    others = [min(map(padded, combinations(range(1, len(works)), k))) for k in range(len(cuts) + 1)]
    assert padded(cuts) == others[-1]
    assert others[-1] <= WASTE * padded(range(1, len(works))) or len(cuts) + 1 == MOST
    assert all(other > WASTE * padded(range(1, len(works))) for other in others[:-1])


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_step_is_that_of_the_interpreter(graph):
    net = network(graph)
    orch = net.init(jax.random.key(0))
    naive = Interpreter(net.plan)
    weights = {":".join([f"{key[1]}->{key[0]}", *key[2:]]): edge.weight for key, edge in orch.lmap.items()}
    x, y = np.ones((3, 2)), np.full((3, 2), 0.5)
    state, _ = orch.relax("train", net.state(x, y), rng=jax.random.key(0))
    expected = naive.relax("train", naive.start(x, y), weights).state
    for layer, value in expected.items():
        np.testing.assert_allclose(state[layer], value, atol=1e-5, err_msg=layer)
