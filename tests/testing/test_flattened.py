"""Networks that stand step by step within drawn ones mean what they mean written out: by the naive interpreter."""

import re

import numpy as np
from hypothesis import HealthCheck, Phase, assume, given, settings

from dync.compiler.driver import bind, compile_source, plan_of
from dync.grammar.source import Source
from dync.testing import networks
from dync.testing.interpreter import Interpreter
from dync.testing.unstacked import edges_of
from dync.testing.weights import draw_weights
from tests.testing.flattened import flat as written_out

STEPS = re.compile(r"^ *layer \S+ network (?!.*to completion)", re.MULTILINE)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(networks(hidden=(2, 4)).filter(lambda drawn: STEPS.search(drawn.text)))
def test_step_by_step_is_written_out(drawn):
    nested, flat = (plan_of_case(text, drawn.protocol) for text in (drawn.text, written_out(drawn.text)))
    structures = nested.structure, flat.structure
    assert not STEPS.search(written_out(drawn.text))
    assert [layer.shape for layer in structures[0].layers] == [layer.shape for layer in structures[1].layers]
    if structures[0].schedule == "sequential":
        assume(structures[0].waves == structures[1].waves)
    assert structures[0].waves == structures[1].waves
    layers = {a.name: b.name for a, b in zip(structures[0].layers, structures[1].layers, strict=True)}
    names = dict(zip(in_order(nested), in_order(flat), strict=True))
    weights, absent = draw_weights(nested, np.random.default_rng(drawn.seed))
    ends = Interpreter(nested, absent=absent), Interpreter(flat, absent={names[n]: a for n, a in absent.items()})
    given = weights, {names[name]: weight for name, weight in weights.items()}
    found = [outcome(naive, of, drawn.data(naive.plan), drawn.batch) for naive, of in zip(ends, given, strict=True)]
    assume(min(naive.margin.smallest for naive in ends) > 1e-9)  # sums are taken in other orders
    for moment, state in found[0][0].items():
        for name, value in state.items():
            layer, *trace = name.split(", ")
            written = ", ".join([layers[layer], *trace])
            np.testing.assert_allclose(found[1][0][moment][written], value, atol=1e-12, err_msg=f"{moment} {name}")
    for name, change in found[0][1].items():
        np.testing.assert_allclose(found[1][1][names[name]], change, atol=1e-12, err_msg=name)


def plan_of_case(text, protocol):
    return plan_of(bind(compile_source(Source("case.dyn", text)).verify(), "Case", {}, protocol=protocol))


def in_order(plan):
    """The edges by their ends, and of several between one pair by the numbers of their labels."""

    def key(edge):
        label = re.findall(r"e\[?(\d+)\]?$", edge.name.partition(":")[2])
        return edge.sender.number, edge.receiver.number, int(label[0]) if label else -1

    return [edge.name for edge in sorted(edges_of(plan).values(), key=key)]


def outcome(naive, weights, data, batch):
    """The states of a step and of both protocols, and what the rules make of the end of training."""
    state = naive.start(*data, batch=batch)
    found = {"step": naive.step(state, weights)}
    structure, learnt = naive.plan.structure, {}
    if structure.infer is not None:
        found["infer"] = naive.relax("infer", state, weights).state
    if structure.train is not None:
        end = naive.relax("train", state, weights)
        found["train"] = end.state
        learnt = naive.pseudo_gradients(end.state, weights, end.snapshots, end.past, end.pasts)
    return found, learnt
