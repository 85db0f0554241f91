"""The predicates over the topology against matrices: powers of the adjacency, not walks over a graph."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dync.compiler.driver import bind, compile_source, plan_of
from dync.compiler.properties.outcome import Fails, Holds
from dync.compiler.properties.predicate import PREDICATES
from dync.compiler.properties.trial import Means, try_property
from dync.compiler.properties.work import Work
from dync.compiler.report.report_data import report_data
from dync.grammar.source import Source

FILTERS = ("all", "forward", "backward")


@dataclass(frozen=True)
class Graph:
    """Arcs between `nodes` layers `h[1]` and on, some of them doubled."""

    nodes: int
    arcs: tuple[tuple[int, int], ...]

    def text(self, *requirements: str) -> str:
        edges = "".join(f"  edge e{k}: h[{i}] -> h[{j}] dense\n" for k, (i, j) in enumerate(self.arcs))
        asked = "".join(f"  require {requirement}\n" for requirement in requirements)
        return (
            f"network N {{\n  input x (4)\n  layer h[1..{self.nodes}] (4) sign start x\n{edges}}}\n"
            f"property p on N {{\n{asked}}}\n"
        )

    def counts(self, messages: str) -> np.ndarray:
        """How many arcs lead from each node to each."""
        found = np.zeros((self.nodes, self.nodes), int)
        for i, j in self.arcs:
            found[i - 1, j - 1] += {"all": True, "forward": i <= j, "backward": i >= j}[messages]
        return found

    def lengths(self, messages: str) -> np.ndarray:
        """How long the shortest paths are."""
        joined = (self.counts(messages) > 0).astype(int)
        found = np.where(np.eye(self.nodes, dtype=bool), 0.0, math.inf)
        power = np.eye(self.nodes, dtype=int)
        for length in range(1, self.nodes + 1):
            power = ((power @ joined) > 0).astype(int)
            found[(power > 0) & np.isinf(found)] = length
        return found

    def cyclic(self, messages: str) -> bool:
        """Whether some power of the adjacency has something on its diagonal."""
        joined = (self.counts(messages) > 0).astype(int)
        power = joined
        for _ in range(self.nodes):
            if np.trace(power):
                return True
            power = ((power @ joined) > 0).astype(int)
        return False


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    nodes = draw(st.integers(1, 5))
    node = st.integers(1, nodes)
    return Graph(nodes, tuple(draw(st.lists(st.tuples(node, node), max_size=9))))


def outcome(text: str) -> object:
    found = compile_source(Source("t.dyn", text))
    assert found.ok, found.diagnostics
    return try_property(found.properties["p"], {}, Means(found.libraries.main, Work()))


@settings(max_examples=40)
@given(graph=graphs(), messages=st.sampled_from(FILTERS), data=st.data())
def test_against_matrices(graph: Graph, messages: str, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(1, graph.nodes)), data.draw(st.integers(1, graph.nodes))
    counts, lengths = graph.counts(messages), graph.lengths(messages)
    joined = counts > 0
    one = f"h[{a}], {messages}"
    two = f"h[{a}], h[{b}], {messages}"
    some = f"h, {messages}"
    truths = {
        f"reachable({two})": math.isfinite(lengths[a - 1, b - 1]),
        f"reachable(h, h, {messages})": bool(np.isfinite(lengths).all()),
        f"has_edge({two})": bool(joined[a - 1, b - 1]),
        f"has_cycle({some})": graph.cyclic(messages),
        f"is_dag({some})": not graph.cyclic(messages),
        f"strongly_connected({some})": bool(np.isfinite(lengths).all()),
        f"weakly_connected({some})": connected(joined | joined.T),
        f"is_bipartite({some})": bipartite(joined | joined.T),
    }
    numbers = {
        f"path_length({two})": lengths[a - 1, b - 1],
        f"number_of_edges({two})": counts[a - 1, b - 1],
        f"fan_in({one})": joined[:, a - 1].sum(),
        f"fan_out({one})": joined[a - 1].sum(),
        f"in_degree({one})": counts[:, a - 1].sum(),
        f"out_degree({one})": counts[a - 1].sum(),
        f"degree({one})": counts[:, a - 1].sum() + counts[a - 1].sum(),
        f"diameter({some})": lengths.max(),
        "count(h)": graph.nodes,
        "count(layers)": graph.nodes + 1,
        "count(edges)": len(graph.arcs),
        "count(weights)": 16 * len(graph.arcs),
        "count(learning)": 0,
        "count(units)": 4 * graph.nodes + 4,
        f"units(h[{a}])": 4,
    }
    if graph.nodes > 1:
        numbers[f"density({some})"] = joined.sum() / (graph.nodes * (graph.nodes - 1))
    requirements = [predicate if truth else f"not {predicate}" for predicate, truth in truths.items()]
    requirements += [f"{predicate} == {value:.12g}" for predicate, value in numbers.items() if value < 1e200]
    requirements += [f"{predicate} > 1e30" for predicate, value in numbers.items() if math.isinf(value)]
    # The density has more digits than are written.
    requirements = [r.replace(" == ", " - ") + " < 1e-9" if r.startswith("density") else r for r in requirements]
    assert isinstance(outcome(graph.text(*requirements)), Holds)


def connected(joined: np.ndarray) -> bool:
    reach = np.eye(len(joined), dtype=int) + joined
    return bool((np.linalg.matrix_power(reach, len(joined)) > 0).all())


def bipartite(joined: np.ndarray) -> bool:
    """Whether no closed walk has an odd length."""
    walk = joined.astype(object)
    for length in range(1, 2 * len(joined) + 2):
        if length % 2 and np.trace(walk):
            return False
        walk = ((walk @ joined) > 0).astype(object)
    return True


RING = Graph(4, ((1, 2), (2, 3), (3, 4), (4, 1)))


@pytest.mark.parametrize(
    "requirement",
    [
        "eccentricity(h[2], all) > 1e30",  # the input is reached by nothing
        "diameter(h) == 3 and diameter(h, forward) > 1e30",
        "average_shortest_path_length(h) == 2",
        "average_clustering(h) == 0",
        "not strongly_connected() and not weakly_connected() and strongly_connected(h)",
        "reachable(h, h) and not reachable(h, h, forward) and not reachable(inputs, hidden)",
        "has_edge(h[4], h[1], backward) and not has_edge(h[4], h[1], forward)",
        "count(inputs) == 1 and count(hidden) == 4 and count(outputs) + count(constants) == 0",
        "path_length(receiver = h[1], sender = h[2]) == 3 and has_cycle(messages = all)",
    ],
)
def test_on_a_ring(requirement: str) -> None:
    assert isinstance(outcome(RING.text(requirement)), Holds)


def test_a_triangle_is_all_clustered() -> None:
    assert isinstance(outcome(Graph(3, ((1, 2), (2, 3), (3, 1))).text("average_clustering(h) == 1")), Holds)


@pytest.mark.parametrize(
    ("requirement", "shown", "because"),
    [
        ("path_length(h[1], h[4]) == 1 + 1", "3 == 2", "a shortest path is `h[1] -> h[2] -> h[3] -> h[4]`"),
        ("not has_cycle(h)", "not true", "there is the cycle `h[1] -> h[2] -> h[3] -> h[4] -> h[1]`"),
        ("fan_in(h[1]) > 1 and reachable(x, h)", "1 > 1 and false", "what sends to `h[1]`: `h[4]`"),
        ("not (fan_in(x) == 0 or is_dag(h))", "not (0 == 0 or false)", "what sends to `x`: nothing"),
        ("path_length(x, h[1]) < 9", "infinite < 9", "no path leads from `x` to `h[1]`"),
        ("has_edge(h[1], h)", "false", "`h[1]` has no edge to `h[1]`"),
        ("[reachable(h[1], h[2])] + density(h) == 4", "1.33333333333 == 4", ""),
    ],
)
def test_a_failure_says_what_it_came_to(requirement: str, shown: str, because: str) -> None:
    found = outcome(RING.text("count(h) == 4", requirement))
    assert isinstance(found, Fails)
    assert found.shown == shown
    assert not because or because in found.because


NESTED = """network Part {
  input a (3)
  layer b (5) tanh
  output c (3)
  edge up: a -> b dense learn hebbian
  edge b -> c tied(up, transposed = true)
  edge a -> c one_to_one
  phase go { steps 2 }
  infer go
}
network Outer {
  input x (3)
  layer m[1..2] network Part
  layer w network Part to completion
  output y (3)
  edge x -> m[1] dense
  edge m[1] -> m[2] one_to_one learn hebbian
  edge m[2] -> w network Part
  edge w -> y dense learn delta
}
"""


def test_what_is_in_networks_within_is_counted_once_and_learns_step_by_step_alone() -> None:
    """`Part` has 15 + 3 weights; the two networks to completion have them too, and what is tied has none."""
    asked = ("edges) == 11", "weights) == 9 + 2*18 + 3 + 2*18 + 9", "learning) == 4", "parameters) == 2*15 + 3 + 9",
             "units) == 3 + 2*11 + 6 + 3", "m) == 6", "layers) == 10")  # fmt: skip
    requirements = "  ".join(f"require count({what}" for what in asked)
    assert isinstance(outcome(f"{NESTED}property p on Outer {{ {requirements} }}"), Holds)
    plan = plan_of(bind(compile_source(Source("nested.dyn", NESTED)), "Outer", {}))
    total = report_data(plan).weights
    assert (total.stored, total.learning) == (9 + 2 * (15 + 1) + 3 + 2 * 18 + 9, 2 * 15 + 3 + 9)
    told = {r.receivers: r.new for r in report_data(plan).reads}
    assert told["m[i].c, i in 1..2"] == ("m[i].a", "m[i].b")


def test_every_predicate_is_tried_here() -> None:
    """A new predicate needs a case above, or in `tests/runtime/properties` where it runs networks."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name, p in PREDICATES.items() if not p.dynamic and f"{name}(" not in text] == []


@pytest.mark.parametrize(("asked", "warned"), [("has_cycle(early)", []), ("has_cycle(h[2])", ["W0202"])])
def test_a_group_that_a_property_names_is_used(asked, warned):
    text = Graph(2, ((1, 2), (2, 1))).text(asked).replace("  input", "  group early { h }\n  input")
    compiled = compile_source(Source("text", text))
    assert [d.code for d in compiled.diagnostics if d.code == "W0202"] == warned
    assert list(compiled.properties) == ["p"]
