"""Drawn networks are valid and stay bounded, and the interpreter keeps some laws on all of them."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.errors import InvalidArgument
from hypothesis.vendor.pretty import pretty

from dync.compiler.driver import bind, compile_source, plan_of
from dync.compiler.plan_json import canonical, plan_from_text, plan_to_json
from dync.grammar.printer import format_source
from dync.grammar.source import Source
from dync.testing import networks
from dync.testing.interpreter import Interpreter
from dync.testing.weights import draw_weights

quick = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])


def interpreter_of(drawn):
    """An interpreter of a drawn network, weights and a clamped start."""
    model = bind(compile_source(Source("case.dyn", drawn.text)).verify(), None, {}, protocol=drawn.protocol)
    plan, rng = plan_of(model), np.random.default_rng(drawn.seed + 1)
    weights, absent = draw_weights(plan, rng)

    def draws(kind, layer, shape):
        return rng.random(shape) if kind == "uniform" else rng.normal(size=shape)

    interpreter = Interpreter(plan, absent=absent, draws=draws)
    return interpreter, weights, interpreter.start(*drawn.data(plan), batch=drawn.batch)


@quick
@given(networks(stochastic=True))
def test_they_compile_run_and_stay_bounded(drawn):
    interpreter, weights, state = interpreter_of(drawn)
    structure, snapshots, after = interpreter.plan.structure, {}, interpreter.step(state, weights)
    trained = ()
    if structure.train is not None:
        relaxation = interpreter.relax("train", state, weights)
        limits = [structure.phases[number].steps for number in structure.train]
        assert all(1 <= taken <= limit for taken, limit in zip(relaxation.steps, limits, strict=True))
        after, snapshots = relaxation.state, relaxation.snapshots
        trained = relaxation.past, relaxation.pasts
    if structure.infer is not None:
        inferred = interpreter.relax("infer", state, weights).state
        assert all(np.isfinite(array).all() for array in inferred.values())
    gradients = interpreter.pseudo_gradients(after, weights, snapshots, *trained)
    assert all(np.max(np.abs(array), initial=0) < 1e3 for array in after.values())
    assert all(np.isfinite(array).all() for array in gradients.values())
    assert gradients.keys() == weights.keys()
    for name, edge in ((name, interpreter.edges[name]) for name in gradients):
        assert not gradients[name][~interpreter.moves(edge)].any()


@quick
@given(networks())
def test_examples_of_a_batch_do_not_touch_each_other(drawn):
    interpreter, weights, state = interpreter_of(drawn)
    together = interpreter.step(state, weights)
    for row in range(drawn.batch):
        alone = interpreter.step({name: values[row : row + 1] for name, values in state.items()}, weights)
        for name, values in together.items():
            np.testing.assert_allclose(values[row : row + 1], alone[name], atol=1e-12)


@quick
@given(networks())
def test_clamping_everything_moves_nothing(drawn):
    interpreter, weights, state = interpreter_of(drawn)
    after = interpreter.step(state, weights, clamped=tuple(interpreter.layers))
    assert all(np.array_equal(after[name], state[name]) for name in state)


@settings(quick, max_examples=12)
@given(networks(series=True))
def test_plans_survive_as_text_and_a_layout_changes_none(drawn):
    plan = drawn.plan()
    assert plan_from_text(canonical(plan_to_json(plan))) == plan
    formatted = format_source(Source("case.dyn", drawn.text))
    assert format_source(Source("case.dyn", formatted)) == formatted
    assert replace(drawn, text=formatted).plan().digest == plan.digest


FEATURES = (
    "schedule sequential", "schedule synchronous", "schedule grouped", "for n", "start x", "one_to_one", "density",
    "diagonal", "sends", "learn", "rate", "decay", "until settled", "except", "clamp h", "clamp x", "constant",
    "rule_messages", "rule local", "activation bend", "let part", "messages backward", "contrastive",
    "perceptron", "@", "y1", "x1", "{ from ", "clamp y0 by", "clamp x0 by", "protocol other { train", "measure m1",
    "layer h0 network", "to completion", "].y0 -> ", "x0 -> y0 network", "layer h0 network Core", "gain = gain",
    ") over time", "per sample", "skip 2", "sequences carry", " during free", "trace za", "trace zb", "(reward = ",
    "reward@",
    "trace slow", "surrogate", "total(", "largest(", "pre.state", "post.state", "sent",
)  # fmt: skip


@pytest.fixture(scope="module")
def texts():
    found = []

    @settings(max_examples=450, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(networks(series=True))
    def gather(drawn):
        found.append(drawn.text)

    gather()
    return found


@pytest.mark.parametrize("feature", FEATURES)
def test_everything_occurs(texts, feature):
    assert any(feature in text for text in texts)


def test_some_layers_send_to_themselves(texts):
    assert any(re.search(r"edge (e\[?\d+\]?: )?(\w+) -> \2 dense.* learn", text) for text in texts)


def plans_of(strategy):
    """Some plans that a strategy draws."""
    found = []

    @settings(max_examples=12, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(strategy)
    def gather(drawn):
        found.append(drawn.plan())

    gather()
    return found


def test_units_are_as_wanted():
    for plan in plans_of(networks(units=(2, 6))):
        assert all(len(layer.shape) == 1 and 2 <= layer.units <= 6 for layer in plan.structure.layers)


def test_layers_are_as_wanted():
    for plan in plans_of(networks(inputs=(2, 3), hidden=(0, 0), outputs=(1, 1))):
        roles = [layer.role for layer in plan.structure.layers]
        assert 2 <= roles.count("input") <= 3
        assert (roles.count("layer"), roles.count("output")) == (0, 1)


@pytest.mark.parametrize("schedule", ["sequential", "synchronous", "grouped"])
def test_the_schedule_is_as_wanted(schedule):
    plans = plans_of(networks(schedules=[schedule], hidden=(1, 2)))
    assert {plan.structure.schedule for plan in plans} == {schedule}


def test_kinds_and_learning_are_as_wanted():
    families = [f for plan in plans_of(networks(kinds=["low_rank"], learning=False)) for f in plan.structure.families]
    assert {family.kind for family in families} == {"low_rank"}
    assert {family.rule for family in families} == {None}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"hidden": (3, 1)}, "hidden=(3, 1) is no range"),
        ({"inputs": 2}, "inputs=2 is no range"),
        ({"units": (0, 4)}, "units=(0, 4) is no range"),
        ({"schedules": "grouped"}, "schedules='grouped': some of sequential"),
        ({"schedules": ["grouped"]}, "a grouped schedule needs hidden layers"),
        ({"kinds": ["full"]}, "kinds=['full']: some of dense"),
        ({"kinds": ["one_to_one"]}, "dense or low_rank, which fits anywhere, is needed"),
    ],
)
def test_what_cannot_be_drawn(options, said):
    with pytest.raises(InvalidArgument, match=re.escape(said)):
        networks(**options)


def test_the_smallest_is_small_and_shown_as_text():
    once = settings(max_examples=1, database=None, derandomize=True, phases=[Phase.generate, Phase.shrink])
    smallest = find(networks(outputs=(1, 2)), lambda drawn: True, settings=once)
    assert len(smallest.text.splitlines()) <= 9, smallest.text
    assert smallest.text in pretty(smallest)
