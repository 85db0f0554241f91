"""The interpreter on plans built by hand, against closed forms worked out on paper."""

from itertools import count

import numpy as np
import pytest

from dync.compiler.expression import from_json
from dync.compiler.plan import (
    ActivationPlan,
    BlockPlan,
    EdgePlan,
    FamilyPlan,
    LayerPlan,
    PhasePlan,
    Plan,
    RulePlan,
    Structure,
)
from dync.testing.interpreter import Interpreter
from dync.testing.weights import draw_weights

SIGN = ActivationPlan("sign", (), from_json(["sign", "field"]), from_json(0))
LINEAR = ActivationPlan("identity", (), from_json("field"), from_json(1))
LEAKY = ActivationPlan(
    "leaky",
    ("leak",),
    from_json(["add", ["mul", ["sub", 1, "$leak"], "state"], ["mul", "$leak", ["tanh", "field"]]]),
    from_json(["mul", "$leak", ["sub", 1, ["pow", ["tanh", "field"], 2]]]),
)
NOISY = ActivationPlan("noisy", (), from_json(["sub", "field", "uniform"]), from_json(1))


def rule(update, *parameters, moments=()):
    return RulePlan("rule", tuple(parameters), from_json(update), None, tuple(moments))


class Builder:
    """Plans with one block a layer and one family an edge."""

    def __init__(self):
        self.layers, self.blocks, self.families, self.rules, self.phases = [], [], [], [], []
        self.numbers = {}

    def layer(self, name, units, activation=None, role="layer", start=None, **numbers):
        number = len(self.layers)
        shape = units if isinstance(units, tuple) else (units,)
        self.layers.append(LayerPlan(name, role, shape, number, 0, start))
        self.blocks.append(BlockPlan(role, shape, (number,), activation))
        self.numbers |= {f"block.{number}.{key}": (float(value),) for key, value in numbers.items()}
        return number

    def edge(self, s, r, *, kind="dense", sends="state", rule=None, rule_numbers=None, diagonal=None, **numbers):
        number = len(self.families)
        if rule is not None:
            self.rules.append(rule)
        values = {"strength": 1, "density": 1, "rate": 1, "decay": 0, **numbers}
        values |= {"diagonal": diagonal} if diagonal is not None else {}
        values |= {f"rule.{key}": value for key, value in (rule_numbers or {}).items()}
        self.numbers |= {f"family.{number}.{key}": (float(value),) for key, value in values.items()}
        self.families.append(
            FamilyPlan(
                kind=kind, sender=s, receiver=r, edges=(EdgePlan(s, r),), sends=from_json(sends),
                rule=None if rule is None else len(self.rules) - 1, masked=values["density"] < 1, slots=None,
                diagonal=diagonal is not None, forward=s <= r, backward=s >= r, fresh=False,
            )
        )  # fmt: skip

    def phase(self, name, steps, messages="all", *, silent=(), clamped=(), within=None):
        if within is not None:
            self.numbers[f"phase.{name}.within"] = (within,)
        self.phases.append(PhasePlan(name, steps, within is not None, messages, tuple(silent), tuple(clamped)))

    def plan(self, waves=None, train=None, infer=None, rule_messages="forward"):
        hidden = [n for n, layer in enumerate(self.layers) if layer.role in ("input", "layer")]
        outputs = tuple(n for n, layer in enumerate(self.layers) if layer.role == "output")
        structure = Structure(
            network="Case", schedule="sequential", layers=tuple(self.layers), blocks=tuple(self.blocks),
            families=tuple(self.families), waves=waves or (*((n,) for n in hidden), outputs), groups=(),
            phases=tuple(self.phases), train=train, infer=infer, rules=tuple(self.rules), rule_messages=rule_messages,
        )  # fmt: skip
        return Plan(structure, self.numbers)


def test_one_step_recalls_a_hopfield_pattern(rng):
    build, units = Builder(), 40
    build.layer("m", units, SIGN)
    build.edge(0, 0, diagonal=0)
    pattern = rng.choice([-1.0, 1.0], units)
    weight = np.outer(pattern, pattern) / units
    np.fill_diagonal(weight, 0)
    interpreter = Interpreter(build.plan())
    state = interpreter.start(batch=2)
    noisy = pattern.copy()
    noisy[:8] *= -1
    state["m"] = np.stack([noisy, -noisy])
    after = interpreter.step(state, {"m->m": weight})
    np.testing.assert_array_equal(after["m"], [pattern, -pattern])
    assert interpreter.margin.smallest == pytest.approx((units - 16 - 1) / units)


def test_linear_network_settles_at_its_fixed_point(rng):
    build = Builder()
    x, h, y = build.layer("x", 3, role="input"), build.layer("h", 4, LINEAR), build.layer("y", 2, LINEAR, role="output")
    for pair in ((x, h), (h, h), (h, y)):
        build.edge(*pair)
    build.phase("relax", 200, clamped=(x, y), within=1e-12)
    interpreter = Interpreter(build.plan(infer=(0,)))
    weights = {"x->h": rng.normal(size=(3, 4)), "h->h": 0.1 * rng.normal(size=(4, 4)), "h->y": rng.normal(size=(4, 2))}
    inputs = rng.normal(size=(5, 3))
    result = interpreter.relax("infer", interpreter.start(inputs), weights)
    hidden = inputs @ weights["x->h"] @ np.linalg.inv(np.eye(4) - weights["h->h"])
    np.testing.assert_allclose(result.state["h"], hidden, atol=1e-10)
    np.testing.assert_allclose(result.state["y"], hidden @ weights["h->y"], atol=1e-10)
    assert 5 < result.steps[0] < 200
    np.testing.assert_array_equal(result.snapshots["relax"]["y"], np.zeros((5, 2)))


def chain(schedule_waves=None, **phases):
    build = Builder()
    for name in ("a", "b", "c"):
        build.layer(name, 1, LINEAR)
    for pair in ((0, 1), (1, 2), (2, 0)):
        build.edge(*pair)
    return Interpreter(build.plan(waves=schedule_waves))


@pytest.mark.parametrize(
    ("waves", "expected"),
    [
        (((0,), (1,), (2,)), (3, 3, 3)),
        (((0, 1, 2),), (3, 1, 2)),
        (((1,), (0, 2)), (3, 1, 1)),
        (((2,), (1,), (0,)), (2, 1, 2)),
    ],
)
def test_a_wave_reads_the_state_from_before_it(waves, expected):
    interpreter = chain(waves)
    state = {"a": np.full((1, 1), 1.0), "b": np.full((1, 1), 2.0), "c": np.full((1, 1), 3.0)}
    after = interpreter.step(state, dict.fromkeys(interpreter.edges, np.ones((1, 1))))
    assert tuple(after[name].item() for name in "abc") == expected


@pytest.mark.parametrize(
    ("messages", "silent", "expected"),
    [("all", (), 111), ("forward", (), 11), ("backward", (), 110), ("all", ("b",), 101), ("forward", ("a",), 10)],
)
def test_message_filters_go_by_the_order_of_the_layers(messages, silent, expected):
    build = Builder()
    for name in ("a", "b", "c"):
        build.layer(name, 1, LINEAR)
    for sender, strength in ((0, 1), (1, 10), (2, 100)):
        build.edge(sender, 1, kind="one_to_one", strength=strength)
    interpreter = Interpreter(build.plan(waves=((1,),)))
    state = {name: np.ones((1, 1)) for name in "abc"}
    weights = {"a->b": 1.0, "b->b": 10.0, "c->b": 100.0}
    assert interpreter.step(state, weights, messages, silent)["b"].item() == expected


def test_leak_sends_constants_and_start():
    build = Builder()
    build.layer("x", (1, 2), role="input")
    build.layer("h", 2, LEAKY, start=0, leak=0.25)
    build.layer("one", 1, role="constant", value=3)
    build.edge(1, 1, kind="one_to_one", sends=["mul", "$gain", ["pow", "state", 2]], **{"sends.gain": 0.5})
    build.edge(2, 1)
    interpreter = Interpreter(build.plan())
    start = interpreter.start(np.array([[[0.5, -1.0]]]))
    after = interpreter.step(start, {"h->h": 2.0, "one->h": np.array([[0.1, -0.2]])})
    field = 2 * 0.5 * np.array([0.25, 1.0]) + 3 * np.array([0.1, -0.2])
    np.testing.assert_allclose(after["h"][0], 0.75 * np.array([0.5, -1.0]) + 0.25 * np.tanh(field))
    np.testing.assert_array_equal(after["one"], [[3.0]])


def test_outputs_are_held_and_let_go_as_the_phases_say():
    build = Builder()
    x, y = build.layer("x", 1, role="input"), build.layer("y", 1, LINEAR, role="output")
    build.edge(x, y)
    build.edge(y, y)
    build.phase("free", 1, clamped=(x,))
    build.phase("still_free", 1, clamped=(x,))
    build.phase("held", 2, clamped=(x, y))
    build.phase("again", 1, clamped=(x,))
    build.phase("adrift", 1, clamped=(y,))
    interpreter = Interpreter(build.plan(train=(0, 1, 2, 3, 4)))
    weights = {"x->y": [[2.0]], "y->y": [[10.0]]}
    result = interpreter.relax("train", interpreter.start([[1.0]], [[7.0]]), weights)
    outputs = [result.snapshots[name]["y"].item() for name in ("free", "still_free", "held", "again", "adrift")]
    assert outputs == [2.0, 22.0, 7.0, 2.0, 7.0]
    assert [result.snapshots[name]["x"].item() for name in ("again", "adrift")] == [1.0, 0.0]
    assert result.steps == (1, 1, 2, 1, 1)
    assert interpreter.start([[1.0]])["y"].item() == 0.0


def test_a_clamped_hidden_layer_keeps_its_value():
    build = Builder()
    x, h = build.layer("x", 1, role="input"), build.layer("h", 1, LINEAR)
    build.edge(x, h)
    build.edge(h, h)
    build.phase("move", 2, clamped=(x,))
    build.phase("stay", 3, clamped=(x, h))
    interpreter = Interpreter(build.plan(train=(0, 1)))
    result = interpreter.relax("train", interpreter.start([[1.0]]), {"x->h": [[1.0]], "h->h": [[1.0]]})
    assert result.state["h"].item() == 2.0


def test_settling_reports_the_first_step_that_moved_nothing():
    build = Builder()
    build.layer("h", 1, LINEAR)
    build.edge(0, 0)
    build.phase("relax", 50, within=0.1)
    interpreter = Interpreter(build.plan(train=(0,)))
    result = interpreter.relax("train", {"h": np.array([[1.0], [-0.5]])}, {"h->h": [[0.5]]})
    assert result.steps == (4,)  # it moves by 1/2, 1/4, 1/8, 1/16
    assert result.state["h"][0].item() == 1 / 16
    assert interpreter.margin.smallest == pytest.approx(1 / 8 - 0.1)


def test_oja_by_hand(rng):
    oja = rule(["div", ["sub", ["mul", "pre", "post"], ["mul", ["pow", "post", 2], "weight"]], "batch"])
    build = Builder()
    x, y = build.layer("x", 3, role="input"), build.layer("y", 2, LINEAR, role="output")
    build.edge(x, y, rule=oja, rate=2, decay=0.5)
    weight, xs, ys = rng.normal(size=(3, 2)), rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    absent = np.zeros((3, 2), bool)
    absent[1, 0] = True
    interpreter = Interpreter(build.plan(), absent={"x->y": absent})
    state = interpreter.start(xs, ys)
    expected = sum(np.outer(x, y) - y**2 * weight for x, y in zip(xs, ys, strict=True)) / 4
    expected[1, 0] = 0
    np.testing.assert_allclose(interpreter.updates(state, {"x->y": weight})["x->y"], expected)
    gradient = interpreter.pseudo_gradients(state, {"x->y": weight})["x->y"]
    np.testing.assert_allclose(gradient, np.where(absent, 0, 2 * (0.5 * weight - expected)))


def test_delta_reads_what_the_receiver_would_do(rng):
    delta = rule(["div", ["mul", ["mul", ["sub", "post", "predicted"], "slope"], "pre"], "batch"])
    build = Builder()
    x, h = build.layer("x", 3, role="input"), build.layer("h", 2, LEAKY, leak=0.25)
    build.edge(x, h, rule=delta)
    build.edge(h, x)  # backward: rules do not hear it
    interpreter = Interpreter(build.plan())
    state = interpreter.start(rng.normal(size=(4, 3)))
    state["h"] = rng.normal(size=(4, 2))
    weights = {"x->h": rng.normal(size=(3, 2)), "h->x": rng.normal(size=(2, 3))}
    field = state["x"] @ weights["x->h"]
    error = state["h"] - (0.75 * state["h"] + 0.25 * np.tanh(field))
    slope = 0.25 / np.cosh(field) ** 2
    expected = np.einsum("bi,bj->ij", state["x"], error * slope) / 4
    np.testing.assert_allclose(interpreter.updates(state, weights)["x->h"], expected)
    assert not interpreter.fields(state, weights)["x"].any()
    assert interpreter.fields(state, weights, "all")["x"].any()


def test_contrast_of_two_moments_and_a_fixed_diagonal(rng):
    contrastive = rule(["sub", ["mul", "pre@one", "post@one"], ["mul", "pre", "post"]], moments=["one"])
    build = Builder()
    x, h = build.layer("x", 3, role="input"), build.layer("h", 3, LINEAR)
    build.edge(x, h)
    build.edge(h, h, rule=contrastive, diagonal=0.3)
    build.phase("one", 1, clamped=(x,))
    build.phase("two", 1, clamped=(x,))
    plan = build.plan(train=(0, 1))
    weights, _ = draw_weights(plan, rng)
    interpreter = Interpreter(plan)
    result = interpreter.relax("train", interpreter.start(rng.normal(size=(5, 3))), weights)
    change = interpreter.updates(result.state, weights, result.snapshots)["h->h"]
    one, two = result.snapshots["one"]["h"], result.state["h"]
    expected = one.T @ one - two.T @ two
    np.testing.assert_allclose(change, np.where(np.eye(3, dtype=bool), 0, expected))
    np.testing.assert_allclose(np.diag(weights["h->h"]), 0.3, rtol=1e-6)


def test_sizes_and_inseparable_rules_see_every_synapse(rng):
    mixed = rule(["div", ["max", "pre", ["mul", "post", "weight"]], ["mul", "fan_in", "fan_out"]])
    build = Builder()
    x, y = build.layer("x", 3, role="input"), build.layer("y", 2, LINEAR, role="output")
    build.edge(x, y, rule=mixed)
    interpreter = Interpreter(build.plan())
    state = interpreter.start(rng.normal(size=(4, 3)), rng.normal(size=(4, 2)))
    weight = rng.normal(size=(3, 2))
    change = interpreter.updates(state, {"x->y": weight})["x->y"]
    for i in range(3):
        for j in range(2):
            terms = [max(state["x"][b, i], state["y"][b, j] * weight[i, j]) for b in range(4)]
            assert change[i, j] == pytest.approx(sum(terms) / 6)


def test_a_learning_one_to_one_edge_has_a_weight_a_unit(rng):
    hebbian = rule(["div", ["mul", "pre", "post"], "batch"])
    build = Builder()
    x, h = build.layer("x", 3, role="input"), build.layer("h", 3, LINEAR)
    build.edge(x, h, kind="one_to_one", rule=hebbian, strength=0.5)
    plan = build.plan()
    weights, _ = draw_weights(plan, rng)
    np.testing.assert_array_equal(weights["x->h"], [0.5, 0.5, 0.5])
    interpreter = Interpreter(plan)
    state = interpreter.start(rng.normal(size=(4, 3)))
    state = interpreter.step(state, {"x->h": np.array([1.0, 2.0, 3.0])})
    np.testing.assert_allclose(state["h"], state["x"] * [1, 2, 3])
    change = interpreter.updates(state, weights)["x->h"]
    np.testing.assert_allclose(change, np.mean(state["x"] * state["h"], axis=0))


def test_a_constant_term_is_summed_over_the_batch():
    build = Builder()
    x, y = build.layer("x", 1, role="input"), build.layer("y", 1, LINEAR, role="output")
    build.edge(x, y, rule=rule(["mul", "$k", "weight"], "k"), rule_numbers={"k": 0.5})
    interpreter = Interpreter(build.plan())
    state = interpreter.start(np.zeros((6, 1)))
    assert interpreter.updates(state, {"x->y": [[2.0]]})["x->y"].item() == 6.0


def test_draws_are_fresh_for_each_layer_and_step():
    build = Builder()
    build.layer("a", 1, NOISY)
    build.layer("b", 1, NOISY)
    build.edge(0, 1)
    asked, numbers = [], count(1)

    def draws(kind, layer, shape):
        asked.append((kind, layer, shape))
        return np.full(shape, float(next(numbers)))

    interpreter = Interpreter(build.plan(), draws=draws)
    state = interpreter.start(batch=2)
    state = interpreter.step(interpreter.step(state, {"a->b": [[1.0]]}), {"a->b": [[1.0]]})
    assert asked == [("uniform", "a", (2, 1)), ("uniform", "b", (2, 1))] * 2
    assert state["a"].tolist() == [[-3.0]] * 2
    assert state["b"].tolist() == [[-7.0]] * 2
    with pytest.raises(ValueError, match="uniform draws"):
        Interpreter(build.plan()).step(state, {"a->b": [[1.0]]})


def test_the_read_out_moves_all_outputs_at_once():
    build = Builder()
    u, v = build.layer("u", 1, LINEAR, role="output"), build.layer("v", 1, LINEAR, role="output")
    build.edge(u, v)
    build.edge(v, u)
    interpreter = Interpreter(build.plan())
    after = interpreter.predict(interpreter.start(y={"u": [[1.0]], "v": [[2.0]]}), {"u->v": [[1.0]], "v->u": [[1.0]]})
    assert (after["u"].item(), after["v"].item()) == (2.0, 1.0)


def test_data_that_do_not_fit_are_refused():
    build = Builder()
    build.layer("x", 2, role="input")
    build.layer("y", 1, LINEAR, role="output")
    build.edge(0, 1)
    interpreter = Interpreter(build.plan())
    for x, y in ((None, None), (np.zeros((2, 3)), None), (np.zeros((2, 2)), np.zeros((3, 1))), ({"z": [[1.0]]}, None)):
        with pytest.raises(ValueError, match=r"data|sizes|no input"):
            interpreter.start(x, y)
    with pytest.raises(ValueError, match="no train"):
        interpreter.relax("train", interpreter.start(np.zeros((2, 2))), {"x->y": np.zeros((2, 1))})


def test_drawn_weights_have_the_deviation_and_density_of_their_edge(rng):
    build = Builder()
    build.layer("a", 400, LINEAR)
    build.layer("b", 300, LINEAR)
    build.edge(0, 1, strength=2, density=0.25)
    weights, absent = draw_weights(build.plan(), rng)
    present = weights["a->b"][~absent["a->b"]]
    assert not weights["a->b"][absent["a->b"]].any()
    assert present.size / weights["a->b"].size == pytest.approx(0.25, abs=0.01)
    assert present.std() == pytest.approx(2 / np.sqrt(400 * 0.25), rel=0.03)


@pytest.fixture
def rng():
    return np.random.default_rng(7)
