"""`wire`: the arcs are those of NetworkX's graphs, drawn from their seed, and stacked like any edges."""

import networkx as nx
import pytest

from dync.compiler.driver import bind, compile_source, plan_of
from dync.compiler.elaboration.graphs import GENERATORS
from dync.grammar.printer import format_source
from dync.grammar.source import Source

SPEC = """network N {
  param n = %d
  input x (2)
  layer h[1..n] (2) tanh
  output y (2)
  edge x -> h[1] dense
  edge h[n] -> y dense
  %s
}
"""


def arcs(count: int, wire: str) -> set[tuple[int, int]]:
    """The arcs between members of `h`, counted from 0, as NetworkX counts."""
    wire += "\n  for i in 2..n { edge x -> h[i] dense }  for i in 1..n-1 { edge h[i] -> y dense }"
    compilation = compile_source(Source("wire.dyn", SPEC % (count, wire)))
    assert compilation.ok, compilation.diagnostics
    edges = [e for e in compilation.networks["N"].edges if e.sender[0] == e.receiver[0] == "h"]
    found = [(int(e.sender[2:-1]) - 1, int(e.receiver[2:-1]) - 1) for e in edges]
    assert found == sorted(set(found))
    return set(found)


def both(graph: "nx.Graph[object]") -> set[tuple[int, int]]:
    number = {node: i for i, node in enumerate(sorted(graph))}  # type: ignore[type-var]
    links = {(number[a], number[b]) for a, b in graph.edges()}
    return links | {(b, a) for a, b in links}


GRAPHS = {
    "chain": nx.path_graph(12),
    "ring": nx.cycle_graph(12),
    "complete": nx.complete_graph(12),
    "star": nx.star_graph(11),
    "wheel": nx.wheel_graph(12),
    "tree": nx.full_rary_tree(2, 12),
    "tree(3)": nx.full_rary_tree(3, 12),
    "tree(1)": nx.path_graph(12),
    "grid(3)": nx.grid_2d_graph(3, 4),
    "grid(2, 6)": nx.grid_2d_graph(2, 6),
    "torus(3)": nx.grid_2d_graph(3, 4, periodic=True),
    "torus(6)": nx.grid_2d_graph(6, 2, periodic=True),
    "torus(1)": nx.grid_2d_graph(1, 12, periodic=True),
    "ladder": nx.ladder_graph(6),
    "circular_ladder": nx.circular_ladder_graph(6),
    "random(0.3, seed = 4)": nx.gnp_random_graph(12, 0.3, seed=4),
    "random_links(20, seed = 4)": nx.gnm_random_graph(12, 20, seed=4),
    "random_tree(4)": nx.random_labeled_tree(12, seed=4),
    "small_world(4, 0.2, 3)": nx.watts_strogatz_graph(12, 4, 0.2, seed=3),
    "small_world(k = 4, p = 0.2)": nx.watts_strogatz_graph(12, 4, 0.2, seed=0),
    "scale_free(2, seed = 5)": nx.barabasi_albert_graph(12, 2, seed=5),
    "powerlaw_cluster(2, 0.5, seed = 5)": nx.powerlaw_cluster_graph(12, 2, 0.5, seed=5),
    "regular(3, seed = 5)": nx.random_regular_graph(3, 12, seed=5),
    "regular(9, seed = 5)": nx.complement(nx.random_regular_graph(2, 12, seed=5)),
    "bipartite(5)": nx.complete_bipartite_graph(5, 7),
    "bipartite(5, 0.5, 2)": nx.bipartite.random_graph(5, 7, 0.5, seed=2),
    "caveman(4)": nx.caveman_graph(3, 4),
    "connected_caveman(4)": nx.connected_caveman_graph(3, 4),
    "relaxed_caveman(4, 0.3, 1)": nx.relaxed_caveman_graph(3, 4, 0.3, seed=1),
    "planted_partition(3, 0.8, 0.1, 2)": nx.planted_partition_graph(3, 4, 0.8, 0.1, seed=2),
}


@pytest.mark.parametrize("generator", GRAPHS)
def test_the_graphs_are_those_of_networkx(generator: str) -> None:
    assert arcs(12, f"wire h by {generator} dense") == both(GRAPHS[generator])


def test_a_hypercube_joins_what_differs_in_one_bit() -> None:
    assert arcs(8, "wire h by hypercube dense") == both(nx.hypercube_graph(3))


def test_directed_random_graphs_draw_each_arc_by_itself() -> None:
    drawn = nx.gnp_random_graph(12, 0.3, seed=1, directed=True)
    assert arcs(12, "wire h by random_directed(0.3, seed = 1) dense") == set(drawn.edges())


def test_every_generator_is_tried() -> None:
    tried = {name.partition("(")[0] for name in GRAPHS} | {"hypercube", "random_directed"}
    assert tried == set(GENERATORS)


@pytest.mark.parametrize(
    ("generator", "graph"),
    [
        ("chain", nx.path_graph(6, create_using=nx.DiGraph)),
        ("ring", nx.cycle_graph(6, create_using=nx.DiGraph)),
        ("star", nx.star_graph(5, create_using=nx.DiGraph)),
        ("tree", nx.full_rary_tree(2, 6, create_using=nx.DiGraph)),
    ],
)
def test_one_way(generator: str, graph: "nx.DiGraph[int]") -> None:
    assert arcs(6, f"wire h by {generator}(arcs = forward) dense") == set(graph.edges())
    assert arcs(6, f"wire h by {generator}(arcs = backward) dense") == {(b, a) for a, b in graph.edges()}


def test_a_torus_one_way_goes_round_in_both_directions() -> None:
    found = arcs(12, "wire h by torus(3, 4, arcs = forward) dense")
    assert {(3, 0), (8, 0), (0, 1), (0, 4)} <= found
    assert len(found) == 24


def test_several_arrays_are_one_list() -> None:
    text = SPEC % (3, "layer g[0..1] (2) tanh\n  wire h, g, y by chain(arcs = forward) dense")
    text = text.replace("edge h[n] -> y dense", "edge h[3] -> h[1] dense")
    model = compile_source(Source("wire.dyn", text)).networks["N"]
    wired = [(e.sender, e.receiver) for e in model.edges][2:]
    assert wired == [("h[1]", "h[2]"), ("h[2]", "h[3]"), ("h[3]", "g[0]"), ("g[0]", "g[1]"), ("g[1]", "y")]


def test_two_sides_are_the_first_array_and_the_rest() -> None:
    text = SPEC % (2, "layer g[1..3] (2) tanh\n  wire h, g by bipartite dense")
    model = compile_source(Source("wire.dyn", text)).networks["N"]
    pairs = {(f"h[{i}]", f"g[{j}]") for i in (1, 2) for j in (1, 2, 3)}
    assert {(e.sender, e.receiver) for e in model.edges[2:]} == pairs | {(g, h) for h, g in pairs}


def test_the_manner_is_that_of_every_edge() -> None:
    wire = "wire h by ring one_to_one(0.5) sends 2 * state learn oja rate 3 decay 0.1"
    model = compile_source(Source("wire.dyn", SPEC % (4, wire))).networks["N"]
    for edge in model.edges[2:]:
        assert (edge.kind, edge.strength, edge.rate, edge.decay, edge.label) == ("one_to_one", 0.5, 3, 0.1, None)
        assert edge.rule is not None
        assert edge.rule.definition.name == "oja"


def test_like_edges_are_stacked_however_many_there_are() -> None:
    compilation = compile_source(Source("wire.dyn", SPEC % (200, "wire h by small_world(4, 0.1) dense learn hebbian")))
    small, large = (plan_of(bind(compilation, "N", {"n": n})).structure for n in (20, 200))
    assert len(small.families) == len(large.families) == 4
    assert sum(len(family.edges) for family in large.families) == 802


def test_labels_and_fields() -> None:
    gated = "activation gated { next tanh(field) * field.gate }\n"
    lines = """layer g[0..2] (2) gated
    for i in 1..2 { wire lateral: g.gate, h[i] by bipartite(arcs = backward) dense }
    for i in 2..n { edge down[i - 1]: h[i - 1] -> h[i] dense learn oja }
    for i in 2..n { edge up[i]: h[i] -> h[i - 1] tied(down[i - 1], transposed = true) }
    wire feed: g, h[3] by star dense"""
    compilation = compile_source(Source("wire.dyn", gated + SPEC % (3, lines)))
    assert compilation.ok, compilation.diagnostics
    edges = [(e.label, e.sender, e.receiver, e.into) for e in compilation.networks["N"].edges if e.label]
    assert edges[:6] == [(f"lateral[{3 * i + j - 2}]", f"h[{i}]", f"g[{j}]", "gate") for i in (1, 2) for j in (0, 1, 2)]
    assert edges[6:8] == [("down[1]", "h[1]", "h[2]", ""), ("down[2]", "h[2]", "h[3]", "")]
    owners = {e.label: e.tie.label for e in compilation.networks["N"].edges if e.tie}
    assert owners == {"up[2]": "down[1]", "up[3]": "down[2]"}
    assert edges[10:] == [
        ("feed[1]", "g[0]", "g[1]", ""),
        ("feed[2]", "g[0]", "g[2]", ""),
        ("feed[3]", "g[0]", "h[3]", ""),
        ("feed[4]", "g[1]", "g[0]", ""),
        ("feed[5]", "g[2]", "g[0]", ""),
        ("feed[6]", "h[3]", "g[0]", ""),
    ]


def test_the_canonical_layout() -> None:
    text = SPEC % (4, "wire a  :h . in, x by small_world( k=2,p = .5 )dense( 1 ) sends state*2 learn oja rate 2")
    formatted = format_source(Source("wire.dyn", text.replace("edge h[n]", "edge out [ n ] :h[n]")))
    assert "  wire a: h.in, x by small_world(k = 2, p = .5) dense(1) sends state * 2 learn oja rate 2\n" in formatted
    assert "  edge out[n]: h[n] -> y dense\n" in formatted
    assert format_source(Source("wire.dyn", formatted)) == formatted
