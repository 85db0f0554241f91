from __future__ import annotations

from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dync.compiler import topology as t
from dync.compiler.planning.planner import plan


@pytest.fixture
def odd(network: Any) -> Any:
    """A network with something wrong in every way that the topology can tell."""
    net = network("Odd").input("x", 4).constant("one", 1, 1.0).input("idle", 4)
    net.layer("a", 4).layer("b", 4).layer("lost", 4).layer("begun", 4, start="x").output("y", 2).output("z", 2)
    net.edge("x -> a").edge("one -> a").edge("a -> b", label="up").edge("b -> a", "one_to_one").edge("b -> y")
    net.edge("lost -> lost", learn="hebbian").edge("begun -> a").edge("z -> z")
    return t.topology(net.model())


def test_nodes_say_role_shape_order_and_start(odd: Any) -> None:
    assert list(odd) == ["x", "one", "idle", "a", "b", "lost", "begun", "y", "z"]
    assert odd.nodes["begun"] == {"role": "layer", "shape": (4,), "order": 6, "start": "x"}


def test_edges_say_kind_rule_label_and_direction(odd: Any) -> None:
    assert odd.edges["b", "a", 0] == {
        "kind": "one_to_one", "rule": None, "label": None, "into": "", "delay": 0, "forward": False,
        "backward": True, "fresh": False,
    }  # fmt: skip
    assert odd.edges["a", "b", 0]["label"] == "up"
    assert odd.edges["a", "b", 0]["fresh"]
    assert odd.edges["lost", "lost", 0]["rule"] == "hebbian"


def test_parallel_edges_stay_apart(network: Any) -> None:
    graph = t.topology(
        network().layer("a", 2).layer("b", 2).edge("a -> b", label="p").edge("a -> b", label="q").model()
    )
    assert [data["label"] for _, _, data in graph.edges(data=True)] == ["p", "q"]


def test_what_is_reached(odd: Any) -> None:
    assert t.sources(odd) == ("x", "one", "idle", "begun")
    assert t.reached_from(odd, ["x"]) == {"x", "a", "b", "y"}
    assert t.reaching(odd, ["y"]) == {"x", "one", "begun", "a", "b", "y"}
    assert t.unreached_layers(odd) == ("lost",)
    assert t.unheard_outputs(odd) == ("z",)
    assert t.dead_layers(odd) == ("idle", "lost")


def test_without_outputs_no_layer_is_dead(network: Any) -> None:
    assert t.dead_layers(t.topology(network().layer("a", 2).model())) == ()


def test_feedback_and_predicates(odd: Any) -> None:
    assert t.feedback_arcs(odd) == (("b", "a"), ("begun", "a"))
    assert t.is_reachable(odd, "x", "y") and not t.is_reachable(odd, "y", "x")
    assert t.path_length(odd, "x", "y") == 3
    assert t.path_length(odd, "x", "x") == 0
    assert t.path_length(odd, "x", "z") is None
    assert t.fan_in(odd, "a") == 4
    assert t.fan_out(odd, "lost") == 1
    assert not t.is_acyclic(odd)


def test_loops_and_what_breaks_them(odd: Any) -> None:
    assert t.loops(odd) == (
        t.Loop(("a", "b"), (("a", "b"), ("b", "a")), (("b", "a"),)),
        t.Loop(("lost",), (("lost", "lost"),), (("lost", "lost"),)),
        t.Loop(("z",), (("z", "z"),), (("z", "z"),)),
    )


def test_a_synchronous_schedule_breaks_loops_everywhere(network: Any) -> None:
    net = network(schedule="synchronous").layer("a", 2).layer("b", 2).edge("a -> b").edge("b -> a")
    (loop,) = t.loops(t.topology(net.model()))
    assert loop.broken_by == loop.arcs


@pytest.mark.parametrize("schedule", ["sequential", "synchronous", "grouped"])
def test_the_graph_of_the_plan_is_the_graph_of_the_model(digits_model: Any, schedule: Any) -> None:
    model = digits_model(5, schedule=schedule)
    one, two = t.topology(model), t.topology_of_plan(plan(model).structure)
    assert dict(one.nodes(data=True)) == dict(two.nodes(data=True))
    assert sorted(map(str, one.edges(data=True))) == sorted(map(str, two.edges(data=True)))


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 8), st.integers(0, 999), st.sampled_from(["sequential", "synchronous"]))
def test_without_its_breaks_nothing_goes_round(network: Any, count: Any, seed: Any, schedule: Any) -> None:
    net = network(schedule=schedule)
    for number in range(count):
        net.layer(str(number), 1)
    for sender, receiver in nx.gnp_random_graph(count, 0.4, seed=seed, directed=True).edges:
        net.edge(f"{sender} -> {receiver}")
    graph = t.topology(net.model())
    found = t.loops(graph)
    rest = nx.DiGraph(graph)
    rest.remove_edges_from([arc for loop in found for arc in loop.broken_by])
    assert nx.is_directed_acyclic_graph(rest)
    assert {layer for loop in found for layer in loop.layers} == {v for cycle in nx.simple_cycles(graph) for v in cycle}
