from __future__ import annotations

from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dync.compiler.expression import Apply, Number, Parameter, Symbol
from dync.compiler.plan_json import canonical, plan_from_json, plan_from_text, plan_to_json
from dync.compiler.planning.plan_numbers import number_lengths
from dync.compiler.planning.planner import plan
from dync.compiler.planning.verify_plan import verify_plan
from dync.compiler.planning.waves import wave_of, waves


def test_layers_alike_are_one_block_in_order_of_declaration(network: Any) -> None:
    net = network().input("x", 4).layer("a", 8).output("y", 8).layer("b", 8).layer("c", 9).layer("d", 8, "leaky_tanh")
    blocks = plan(net.model()).structure.blocks
    assert [block.layers for block in blocks] == [(0,), (1, 3), (2,), (4,), (5,)]
    assert [block.role for block in blocks] == ["input", "layer", "output", "layer", "layer"]


def test_activations_with_other_numbers_stack_and_keep_their_numbers(network: Any) -> None:
    net = network().layer("a", 8, "leaky_tanh", leak=0.2).layer("b", 8, "leaky_tanh", leak=0.3).constant("one", 1, 2.5)
    result = plan(net.model())
    assert [block.layers for block in result.structure.blocks] == [(0, 1), (2,)]
    assert result.numbers == {"block.0.leak": (0.2, 0.3), "block.1.value": (2.5,)}


def test_layers_know_their_place_in_their_block(digits_model: Any) -> None:
    structure = plan(digits_model(3)).structure
    assert [(layer.block, layer.member) for layer in structure.layers] == [(0, 0), (1, 0), (1, 1), (1, 2), (2, 0)]


def test_edges_alike_are_one_family_ordered_by_receiver_and_sender(network: Any) -> None:
    net = network(schedule="synchronous")
    for name in "abc":
        net.layer(name, 4)
    for arc in ("b -> c", "a -> c", "a -> b", "c -> a", "b -> a"):
        net.edge(arc, learn="hebbian", strength=float(ord(arc[0])))
    result = plan(net.model())
    forward, backward = result.structure.families
    assert [(e.receiver, e.sender) for e in forward.edges] == [(1, 0), (2, 0), (2, 1)]
    assert [(e.receiver, e.sender) for e in backward.edges] == [(0, 1), (0, 2)]
    assert result.numbers["family.0.strength"] == (97.0, 97.0, 98.0)
    assert (forward.forward, forward.backward, forward.fresh) == (True, False, False)
    assert (backward.forward, backward.backward, backward.fresh) == (False, True, False)


@pytest.mark.parametrize(
    "change",
    [
        {"learn": "hebbian"},
        {"learn": None},
        {"density": 0.5},
        {"sends": Apply("neg", (Symbol("state"),))},
        {"kind": "one_to_one", "learn": None},
    ],
)
def test_edges_unlike_in_structure_are_apart(network: Any, change: Any) -> None:
    net = network().layer("a", 4).layer("b", 4).layer("c", 4)
    net.edge("a -> b", learn="perceptron").edge("b -> c", **({"learn": "perceptron"} | change))
    assert len(plan(net.model()).structure.families) == 2


def test_edges_unlike_in_numbers_alone_are_together(network: Any) -> None:
    net = network().layer("a", 4).layer("b", 4).layer("c", 4)
    net.edge("a -> b", learn="perceptron", margin=1.0, density=0.1, rate=0.5, label="first")
    net.edge("b -> c", learn="perceptron", margin=2.0, density=0.2, decay=0.25)
    result = plan(net.model())
    assert [edge.label for edge in result.structure.families[0].edges] == ["first", None]
    assert result.numbers == {
        "family.0.strength": (1.0, 1.0),
        "family.0.density": (0.1, 0.2),
        "family.0.rate": (0.5, 1.0),
        "family.0.decay": (0.0, 0.25),
        "family.0.rule.margin": (1.0, 2.0),
    }


def test_numbers_of_diagonals_one_to_one_and_sends(network: Any) -> None:
    doubled = Apply("mul", (Parameter("c"), Symbol("state")))
    net = network().layer("a", 4).layer("b", 4).edge("a -> a", diagonal=0.9)
    net.edge("a -> b", "one_to_one", strength=0.5, sends=doubled, sends_arguments={"c": 2.0})
    assert plan(net.model()).numbers == {
        "family.0.strength": (1.0,),
        "family.0.density": (1.0,),
        "family.0.diagonal": (0.9,),
        "family.1.strength": (0.5,),
        "family.1.sends.c": (2.0,),
    }


def test_a_layer_that_hears_itself_is_forward_and_backward_and_not_fresh(network: Any) -> None:
    (family,) = plan(network().layer("a", 4).edge("a -> a").model()).structure.families
    assert (family.forward, family.backward, family.fresh) == (True, True, False)


def test_rules_are_numbered_by_first_use_and_stand_once(network: Any) -> None:
    net = network().layer("a", 4).layer("b", 4).layer("c", 4)
    net.edge("a -> b", learn="hebbian").edge("b -> c", learn="perceptron").edge("c -> b", learn="hebbian")
    structure = plan(net.model()).structure
    assert [rule.name for rule in structure.rules] == ["hebbian", "perceptron"]
    assert [family.rule for family in structure.families] == [0, 1, 0]


def test_phases_groups_and_starts_by_number(network: Any) -> None:
    net = network().input("x", 4).layer("a", 4, start="x").layer("b", 4).output("y", 4).group("both", "b", "a", "b")
    net.phase("free", 9, within=1e-3, silent=("y",), clamped=("x",)).phase("held", 2, "backward")
    result = plan(net.model(train=("held", "free", "held"), infer=("free",)))
    structure = result.structure
    assert structure.layers[1].start == 0
    assert structure.groups[0].layers == (1, 2)
    free, held = structure.phases
    assert (free.settle, free.steps, free.silent, free.clamped) == (True, 9, (3,), (0,))
    assert (held.settle, held.messages, held.clamped) == (False, "backward", (0, 3))
    assert (structure.train, structure.infer) == ((1, 0, 1), (0,))
    assert result.numbers == {"phase.free.within": (1e-3,)}


def test_waves_of_the_three_schedules(digits_model: Any) -> None:
    assert waves(digits_model(3)) == ((0,), (1,), (2,), (3,), (4,))
    assert waves(digits_model(3, schedule="synchronous")) == ((0, 1, 2, 3, 4),)
    assert waves(digits_model(3, schedule="grouped")) == ((0, 1, 3), (2,), (4,))


def test_an_output_named_in_a_group_moves_there(network: Any) -> None:
    net = network(schedule="grouped").input("x", 1).layer("a", 1).output("y", 1).output("z", 1)
    net.group("late", "a").group("early", "y")
    assert waves(net.model()) == ((0, 1), (2,), (3,))


def test_constants_are_in_no_wave_and_never_fresh(network: Any) -> None:
    net = network().constant("one", 1, 1.0).layer("a", 4).edge("one -> a")
    structure = plan(net.model()).structure
    assert structure.waves == ((1,),)
    assert not structure.families[0].fresh


def test_a_network_of_nothing_has_a_plan(network: Any) -> None:
    for schedule in ("sequential", "synchronous", "grouped"):
        verify_plan(plan(network(schedule=schedule).model()))


def test_planning_again_gives_the_same_digest(digits_model: Any) -> None:
    assert plan(digits_model(5)).digest == plan(digits_model(5)).digest
    assert plan(digits_model(5)) == plan(digits_model(5))


def test_other_numbers_are_the_same_structure(digits_model: Any) -> None:
    one, two = plan(digits_model(5, margin=1.0)), plan(digits_model(5, margin=2.0))
    assert one.structure.digest == two.structure.digest
    assert one.digest != two.digest


def test_another_topology_is_another_structure(digits_model: Any) -> None:
    digests = {
        plan(digits_model(*arguments)).structure.digest
        for arguments in ((5,), (6,), (5, 100), (5, 200, "synchronous"), (5, 200, "grouped"))
    }
    assert len(digests) == 5


def test_a_long_chain_has_as_many_families_as_a_short_one(digits_model: Any) -> None:
    short, long = plan(digits_model(3)).structure, plan(digits_model(1000)).structure
    assert len(short.families) == len(long.families) == 6
    assert len(short.blocks) == len(long.blocks) == 3


@st.composite
def graphs(draw: st.DrawFn) -> Any:
    """Random networks of layers of two sizes, with the edges of a random directed graph."""
    count, schedule = draw(st.integers(1, 6)), draw(st.sampled_from(["sequential", "synchronous", "grouped"]))
    graph = nx.gnp_random_graph(count, 0.5, seed=draw(st.integers(0, 99)), directed=True)
    return count, schedule, list(graph.edges), draw(st.lists(st.integers(1, 2), min_size=count, max_size=count))


@settings(deadline=None, max_examples=60)
@given(graphs())
def test_any_plan_holds_together_and_survives_being_written(network: Any, drawn: Any) -> None:
    count, schedule, arcs, sizes = drawn
    net = network(schedule=schedule)
    for number in range(count):
        net.layer(f"l{number}", 4 * sizes[number], "leaky_tanh", leak=number / 10)
    for sender, receiver in arcs:
        net.edge(f"l{sender} -> l{receiver}", learn="perceptron", density=1 if sender % 2 else 0.5)
    if schedule == "grouped":
        net.group("late", *(f"l{n}" for n in range(0, count, 2))).group("early", *(f"l{n}" for n in range(1, count, 2)))
    result = plan(net.model())
    verify_plan(result)
    assert number_lengths(result.structure) == {key: len(values) for key, values in result.numbers.items()}
    assert sum(len(family.edges) for family in result.structure.families) == len(arcs)
    again = plan_from_json(plan_to_json(result))
    assert again == result and again.numbers == result.numbers
    assert plan_from_text(canonical(plan_to_json(result))).digest == result.digest
    place = wave_of(result.structure.waves)
    for family in result.structure.families:
        for edge in family.edges:
            assert family.fresh == (place[edge.sender] < place[edge.receiver])


def test_expressions_keep_their_number_types(network: Any) -> None:
    net = network().layer("a", 2).layer("b", 2).edge("a -> b", sends=Apply("add", (Symbol("state"), Number(2.0))))
    assert plan_from_json(plan_to_json(plan(net.model()))).structure.families[0].sends == net.edges[0].sends
