from __future__ import annotations

import copy
import json
import math
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dync.compiler.plan_json import DEEPEST, PlanError, canonical, plan_from_json, plan_from_text, plan_to_json
from dync.compiler.planning.planner import plan


@pytest.fixture
def data(digits_model: Any) -> Any:
    return plan_to_json(plan(digits_model(3)))


def put(data: Any, path: Any, value: Any) -> Any:
    """A copy of the data with another value at the end of the path."""
    copied = copy.deepcopy(data)
    *way, last = path
    reduce(lambda part, key: part[key], way, copied)[last] = value
    return copied


FAMILY = ("structure", "families")
LAYER = ("structure", "layers", 1)

MEASURE = {"name": "m", "parameters": [], "value": ["units_mean", "state@y"], "minimize": False}

DAMAGE = [
    (("version",), 2, "a plan of version 2; this dync reads version 1"),
    (("version",), True, "version True"),
    (("version",), 10**4000, "a very large integer"),
    (("structure",), [], "needs version, structure and numbers"),
    (("extra",), 1, "nothing else"),
    ((*LAYER, "units"), 3, "LayerPlan has the fields"),
    ((*LAYER, "name"), 3, "expected str, found 3"),
    ((*LAYER, "name"), "x", "two have the same name"),
    ((*LAYER, "name"), "h\x1b[2J", "cannot be shown"),
    ((*LAYER, "name"), "h\ud800", "cannot be shown"),
    ((*LAYER, "role"), "king", "expected typing.Literal"),
    ((*LAYER, "role"), [], "expected typing.Literal"),
    ((*LAYER, "shape"), [], "has no shape"),
    ((*LAYER, "shape"), [0], "is not positive"),
    ((*LAYER, "shape"), [-200], "is not positive"),
    ((*LAYER, "shape"), [2**20, 2**20], "more than"),
    ((*LAYER, "shape"), [100], "is unlike block 1"),
    ((*LAYER, "shape"), [200.0], "expected int"),
    ((*LAYER, "block"), 7, "the block of layer 'h[1]' is 7, of 3"),
    ((*LAYER, "block"), -2, "the block of layer 'h[1]' is -2, of 3"),
    ((*LAYER, "member"), 1, "is not where it says"),
    ((*LAYER, "start"), 99, "the start of layer 'h[1]' is 99, of 5"),
    ((*LAYER, "start"), 2, "which is no input"),
    ((*LAYER, "start"), 0, "of another shape"),
    (("structure", "blocks", 1, "layers"), [1, 2], "the member of layer 'h[3]' is 2, of 2"),
    (("structure", "blocks", 1, "layers"), [3, 2, 1], "is not where it says"),
    (("structure", "blocks", 1, "activation"), None, "an activation too many or too few"),
    (("structure", "blocks", 1, "activation", "next"), "pre", "cannot read 'pre'"),
    (("structure", "blocks", 1, "activation", "next"), "$leak", "has no parameter 'leak'"),
    (("structure", "blocks", 1, "activation", "next"), ["le", "field", 0], "confuses conditions and numbers at 'le'"),
    (("structure", "blocks", 1, "activation", "next"), ["indicator", "field"], "'field' where a condition belongs"),
    (("structure", "blocks", 1, "activation", "next"), ["eval", "field"], "expected an expression"),
    (("structure", "blocks", 1, "activation", "next"), ["add", "field"], "expected an expression"),
    (("structure", "blocks", 1, "activation", "next"), 10**400, "a number is too large"),
    (("structure", "blocks", 1, "activation", "next"), "field@warm", "at the unknown phase 'warm'"),
    (("structure", "blocks", 1, "activation", "next"), "field.apical", "has slopes by other fields than"),
    (("structure", "blocks", 1, "activation", "next"), "field.", "expected an expression"),
    (("structure", "blocks", 1, "activation", "next"), "state.apical", "expected an expression"),
    (("structure", "blocks", 1, "activation", "slopes"), [{"field": "a", "slope": 0}], "has slopes by other fields"),
    (("structure", "blocks", 1, "activation", "next"), "trace.a", "cannot read 'trace.a'"),
    (("structure", "blocks", 1, "activation", "next"), ["units_mean", "field"], "has no operation 'units_mean'"),
    (("structure", "blocks", 1, "activation", "next"), ["units_sum", "field", 1], "expected an expression"),
    (("structure", "blocks", 1, "activation", "next"), ["units_sum", ["lt", 1, 2]], "confuses conditions and numbers"),
    (("structure", "blocks", 1, "activation", "sends"), "field", "cannot read 'field'"),
    (("structure", "blocks", 1, "activation", "sends"), "sent", "cannot read 'sent'"),
    (("structure", "blocks", 1, "activation", "sends_slope"), "state", "for a derivative that nothing asks for"),
    (("structure", "blocks", 1, "activation", "traces"), [{"name": "", "next": 1}], "a trace of block 1 has no name"),
    (("structure", "blocks", 1, "activation", "traces"), [{"name": "a", "next": 1}] * 2, "have the same name"),
    (("structure", "blocks", 1, "activation", "traces"), [{"name": "a", "next": "sent"}], "cannot read 'sent'"),
    (("structure", "rules", 0, "update"), ["units_sum", "pre"], "has no operation 'units_sum'"),
    (("structure", "waves"), [[0], [1], [2], [3]], "have to hold all layers but the constants"),
    (("structure", "waves", 1), [], "wave 1 is empty"),
    (("structure", "waves", 1), [0], "is in an earlier one too"),
    (("structure", "waves", 1), [5], "wave 1 is 5, of 5"),
    (("structure", "waves"), [[0, 1, 2, 3, 4]], "another place in the waves"),
    (("structure", "phases", 0, "steps"), -1, "fewer than no steps"),
    (("structure", "phases", 0, "clamped"), [0, 9], "is 9, of 5"),
    (("structure", "phases", 0, "silent"), [4, 0], "not in order"),
    (("structure", "phases", 0, "name"), "relax", "two have the same name"),
    (("structure", "phases", 0, "soft"), [1], "have to have a target"),
    (("structure", "phases", 0, "soft"), [0, 9], "is 9, of 5"),
    (("structure", "phases", 0, "soft"), [0], "are clamped as well"),
    (("structure", "phases", 0, "origin"), 7, "from which phase 'warm' starts is 7, of"),
    (("structure", "phases", 0, "origin"), 1, "starts from one that does not run before it in train"),
    (("structure", "measures"), [MEASURE | {"value": ["units_mean", "state@nothing"]}], "cannot read 'state'"),
    (("structure", "measures"), [MEASURE | {"value": ["units_mean", "pre"]}], "cannot read 'pre'"),
    (("structure", "measures"), [MEASURE | {"value": ["units_mean", "target@x"]}], "the target of 'x', which has none"),
    (("structure", "measures"), [MEASURE | {"value": "state@y"}], "is not one number an example"),
    (("structure", "measures"), [MEASURE | {"value": ["units_mean", 3]}], "has nothing to reduce"),
    (
        ("structure", "measures"),
        [MEASURE | {"value": ["units_sum", ["mul", "state@x", "state@y"]]}],
        "different shapes",
    ),
    (("structure", "measures"), [MEASURE | {"value": ["lt", 1, 2]}], "confuses conditions and numbers"),
    (("structure", "measures"), [MEASURE | {"value": "$beta"}], "has no parameter 'beta'"),
    (("structure", "measures"), [MEASURE | {"parameters": ["beta"]}], "measure.m.beta"),
    (("structure", "rules", 0, "update"), ["units_mean", "pre"], "has no operation 'units_mean'"),
    (("structure", "measures"), [MEASURE, MEASURE], "two measures have one name"),
    (("structure", "measures"), [MEASURE | {"name": "mse"}], "cannot be called that"),
    (("structure", "train"), [3], "a phase of train is 3, of 3"),
    (("structure", "infer"), "warm", "expected tuple[int, ...]"),
    (("structure", "rules", 0, "moments"), ["night"], "a phase that training does not have"),
    (("structure", "rules", 0, "update"), "uniform", "cannot read 'uniform'"),
    (("structure", "rules", 0, "terms", 0, "sender"), "post", "cannot read 'post'"),
    (("structure", "rules", 0, "terms", 0, "sender"), "modulator.reward", "cannot read 'modulator.reward'"),
    (("structure", "rules", 0, "update"), "trace.z", "cannot read 'trace.z'"),
    (("structure", "rules", 0, "modulators"), ["reward"], "takes another number of measures than its rule"),
    (("structure", "rules", 0, "modulators"), ["a b"], "cannot be called that"),
    (
        ("structure", "rules", 0, "sender_traces"),
        [{"name": "z", "next": "post"}],
        "a trace of rule 'perceptron' cannot read 'post'",
    ),
    (("structure", "rules", 0, "receiver_traces"), [{"name": "z", "next": "trace.y"}], "cannot read 'trace.y'"),
    (("structure", "rules", 0, "receiver_traces"), [{"name": "margin", "next": "post"}], "two have the same name"),
    ((*FAMILY, 0, "modulators"), ["mse"], "takes another number of measures than its rule"),
    ((*FAMILY, 0, "during"), 3, "family 0 learns during a phase that is not there"),
    ((*FAMILY, 0, "sender"), 3, "the sender of family 0 is 3, of 3"),
    ((*FAMILY, 0, "receiver"), 0, "sends to layers that do not receive"),
    ((*FAMILY, 0, "rule"), 1, "the rule of family 0 is 1, of 1"),
    ((*FAMILY, 0, "edges"), [], "family 0 is empty"),
    ((*FAMILY, 0, "kind"), "one_to_one", "between layers of unlike shapes"),
    ((*FAMILY, 3, "kind"), "one_to_one", "with a mask or a diagonal"),
    ((*FAMILY, 0, "edges", 0, "sender"), 4, "between other blocks"),
    ((*FAMILY, 0, "edges", 0, "sender"), -5, "is -5, of 5"),
    ((*FAMILY, 4, "edges", 0, "receiver"), 4, "not in order"),
    ((*FAMILY, 3, "edges", 2, "sender"), 2, "another direction"),
    ((*FAMILY, 4, "diagonal"), True, "has a diagonal but two ends"),
    ((*FAMILY, 0, "sends"), "field", "cannot read 'field'"),
    ((*FAMILY, 3, "edges", 1), {"sender": 1, "receiver": 1, "label": None}, "stands twice"),
    ((*FAMILY, 0, "forward"), False, "another direction"),
    ((*FAMILY, 0, "into"), "a b", "the field into which family 0 sends has no name"),
    ((*FAMILY, 0, "delay"), -1, "the delay of family 0 is none of 0 to 10000 steps"),
    ((*FAMILY, 0, "delay"), 10001, "the delay of family 0 is none of 0 to 10000 steps"),
    ((*FAMILY, 0, "delay"), 1, "another place in the waves"),
    ((*FAMILY, 0, "gradient"), {"measure": "mse", "phase": None}, "learns by a rule and by a gradient"),
    (("numbers", "family.0.strength"), [], "has 0 values, not 1"),
    (("numbers", "family.0.strength"), ["5"], "expected float"),
    (("numbers", "family.0.strength"), [math.nan], "not finite"),
    (("numbers", "family.0.strength"), [10**400], "too large"),
    (("numbers", "family.0.density"), [0.5], "absent weights but no mask"),
    (("numbers", "family.3.density"), [0.5, 0.5, 1.5], "not between 0 and 1"),
    (("numbers", "family.0.margin"), [1.0], "nothing is called 'family.0.margin'"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), DAMAGE, ids=lambda value: None)
def test_damage_is_named(data: Any, path: Any, value: Any, sentence: Any) -> None:
    with pytest.raises(PlanError) as caught:
        plan_from_json(put(data, path, value))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("gradient", "sentence"),
    [
        ({"measure": "accuracy", "phase": None}, "a measure that is not there"),
        ({"measure": "mse", "phase": 3}, "the phase of the gradient of family 0 is 3"),
        ({"measure": "mse", "phase": -1}, "the phase of the gradient of family 0 is -1"),
        ({"measure": "mse", "phase": 0, "rate": 1}, "GradientPlan has the fields"),
        ({"measure": ["mse"], "phase": None}, "expected str"),
        ("mse", "GradientPlan"),
    ],
)
def test_a_damaged_gradient_is_named(data: Any, gradient: Any, sentence: Any) -> None:
    """Family 0 in the place of its rule, whose numbers it then lacks."""
    with pytest.raises(PlanError, match=sentence):
        plan_from_json(put(put(data, (*FAMILY, 0, "rule"), None), (*FAMILY, 0, "gradient"), gradient))


def test_a_missing_number_is_named(data: Any) -> None:
    del data["numbers"]["family.0.strength"]
    with pytest.raises(PlanError, match=r"'family\.0\.strength' is missing"):
        plan_from_json(data)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no JSON at line 1, column 1"),
        ("{", "no JSON"),
        ("[" * 100_000, "nested more than"),
        ("[" * 300 + "]" * 300, "nested more than"),
        ('{"version": ' + "9" * 5000 + "}", "not a plan: Exceeds the limit"),
        ('{"version": 1, "version": 1}', "a key stands twice"),
        ("NaN", "it needs version"),
        ("null", "it needs version"),
    ],
)
def test_texts_that_are_no_plans(text: Any, sentence: Any) -> None:
    with pytest.raises(PlanError, match=sentence):
        plan_from_text(text)


def test_a_deep_expression_is_refused_before_it_is_read(data: Any) -> None:
    deep: Any = "state"
    for _ in range(DEEPEST):
        deep = ["neg", deep]
    with pytest.raises(PlanError, match="nested more than 256 deep"):
        plan_from_json(put(data, (*FAMILY, 0, "sends"), deep))


def test_a_deep_expression_within_the_limit_is_read(data: Any) -> None:
    deep: Any = "state"
    for _ in range(DEEPEST - 10):
        deep = ["neg", deep]
    given = put(data, (*FAMILY, 0, "sends"), deep)
    assert plan_to_json(plan_from_json(given)) == given


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_one_change_gives_a_plan_or_a_plan_error(digits_model: Any, drawn: Any) -> None:
    data = plan_to_json(plan(digits_model(2)))
    path: list[Any] = []
    part = data
    while isinstance(part, dict | list) and part and (not path or drawn.draw(st.integers(0, 5)) > 0):
        key = drawn.draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
        path.append(key)
        part = part[key]
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=6,
    )
    changed = put(data, path, drawn.draw(anything))
    try:
        read = plan_from_json(changed)
    except PlanError:
        return
    assert json.loads(canonical(plan_to_json(read))) == json.loads(canonical(changed))


def test_fields_that_were_added_later_are_left_out_where_they_say_nothing(data: Any) -> None:
    """A plan that uses none of them is written, and hashed, as before they were there."""
    assert "measures" not in data["structure"]
    assert all(not {"soft", "origin"} & set(phase) for phase in data["structure"]["phases"])
    said = put(put(data, ("structure", "measures"), []), ("structure", "phases", 0, "soft"), [])
    assert plan_from_json(said).digest == plan_from_json(data).digest
    measured = plan_from_json(put(data, ("structure", "measures"), [MEASURE]))
    assert plan_from_text(canonical(plan_to_json(measured))) == measured
