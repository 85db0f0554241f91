"""The networks whose time to compile is measured: of any size they have as many stacks and segments."""

import pytest

import dync
from benchmarks.growth import ORDERS
from benchmarks.topologies import SIZES, Topology
from dync.runtime.segments import MOST
from dync.runtime.step_program import step_program


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", SIZES)
def test_what_is_compiled_does_not_grow(kind, order):
    found = [
        dync.compile_text(Topology(kind, layers, order).text).network("Net").plan.structure
        for layers in SIZES[kind][:2]
    ]
    assert [len(structure.layers) - 2 for structure in found] == list(SIZES[kind][:2])
    assert len({(len(structure.blocks), len(structure.families)) for structure in found}) == 1
    for structure in found:
        for phase in structure.phases:
            program = step_program(structure, phase.messages, frozenset(), frozenset(phase.clamped))
            assert len(program.segments) <= (MOST if order == "sequential" else 2)
