"""The quick closure against NetworkX."""

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from dync.compiler.driver import check
from dync.compiler.elaboration.reach import reached, reaching
from dync.grammar.source import Source

names = st.sampled_from("abcdefg")
graphs = st.lists(st.tuples(names, names), max_size=12)


@given(graphs, st.sets(names, max_size=3))
def test_closures_agree_with_networkx(arcs: list[tuple[str, str]], starts: set[str]) -> None:
    graph = nx.DiGraph(arcs)
    graph.add_nodes_from(starts)
    assert reached(starts, arcs) == starts.union(*(nx.descendants(graph, start) for start in starts))
    assert reaching(starts, arcs) == starts.union(*(nx.ancestors(graph, start) for start in starts))


LAYERS = ("x", "a", "b", "y")


@given(st.sets(st.tuples(st.sampled_from(LAYERS), st.sampled_from(LAYERS[1:]))))
def test_checks_agree_with_networkx(arcs: set[tuple[str, str]]) -> None:
    edges = " ".join(f"edge {sender} -> {receiver} dense" for sender, receiver in sorted(arcs))
    text = f"network N {{ input x (2) layer a (2) tanh layer b (2) tanh output y (2) {edges} }}"
    found = {(d.code, d.span.text) for d in check(Source("network.dyn", text))}
    graph = nx.DiGraph(arcs)
    graph.add_nodes_from(LAYERS)
    expected = {("E0701", layer) for layer in "ab" if not nx.has_path(graph, "x", layer)}
    expected |= {("W0701", layer) for layer in "xab" if not nx.has_path(graph, layer, "y")}
    expected |= {("E0702", "y")} if not set(graph.predecessors("y")) - {"y"} else set()
    assert found == expected
