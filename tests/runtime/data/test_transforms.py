"""Transforms of values, and the laws that all of them keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dync.compiler.pipeline_plan import CallPlan
from dync.runtime.data import DataError
from dync.runtime.data.binding import bind
from dync.runtime.data.content import Content
from dync.runtime.data.table import Table
from dync.runtime.data.transforms import make_transform

VALUES = arrays(np.float32, st.tuples(st.integers(2, 8), st.just(3)), elements=st.floats(-8, 8, width=16))
CALLS = [
    CallPlan("normalize", ("unit",), {}),
    CallPlan("normalize", ("standard",), {}),
    CallPlan("sign", (), {}),
    CallPlan("project", (5,), {"seed": 1}),
    CallPlan("flip", (0.5,), {}),
    CallPlan("noise", (0.5,), {}),
    CallPlan("reshape", (3, 1), {}),
]


def table(train: Any, test: Any = None, target: Any = None) -> Table:
    """An input `x` and, where a target is given, an output `y`."""
    held_out = None if test is None else {"data": test}
    if target is None:
        return bind(Content({"data": train}, held_out, target=None), {}, {"x": (3,)}, {})
    return bind(Content({"data": train, "target": target}), {}, {"x": (3,)}, {"y": (3,)})


def applied(call: CallPlan, train: Any, test: Any = None) -> dict[str, Any]:
    return {part: e.arrays["x"] for part, e in make_transform(call).apply(table(train, test)).parts.items()}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
@given(train=VALUES, first=VALUES, second=VALUES)
@settings(max_examples=25)
def test_held_out_data_never_change_the_training_part(call: CallPlan, train: Any, first: Any, second: Any) -> None:
    with_first, with_second, alone = applied(call, train, first), applied(call, train, second), applied(call, train)
    np.testing.assert_array_equal(with_first["train"], with_second["train"])
    np.testing.assert_array_equal(with_first["train"], alone["train"])
    assert with_first["train"].dtype == np.float32


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
@given(train=VALUES, test=VALUES)
@settings(max_examples=25)
def test_examples_do_not_change_each_other(call: CallPlan, train: Any, test: Any) -> None:
    """The first rows of a held-out part come out the same whatever follows them."""
    whole, cut = applied(call, train, test)["test"], applied(call, train, test[:1])["test"]
    np.testing.assert_allclose(whole[:1], cut, rtol=1e-5, atol=1e-6)


@given(VALUES)
def test_unit_length(train: Any) -> None:
    lengths = np.linalg.norm(applied(CALLS[0], train)["train"].astype(np.float64), axis=1)
    np.testing.assert_allclose(lengths, (np.abs(train).max(axis=1) > 0).astype(float), atol=1e-5)


@given(VALUES, VALUES)
def test_standard(train: Any, test: Any) -> None:
    result = applied(CALLS[1], train, test)
    varies = train.max(axis=0) > train.min(axis=0)
    mean, deviation = train.mean(axis=0, dtype=np.float64), train.std(axis=0, dtype=np.float64)
    expected = (test - mean) / np.where(varies, deviation, 1)
    scale = np.abs(train).max() / np.where(varies, deviation, 1) + 1
    assert np.all(np.abs(result["test"] - expected) <= 1e-5 * (scale + np.abs(expected)))
    assert np.all(result["train"][:, ~varies] == 0)


def test_sign_of_zero_is_one() -> None:
    result = applied(CALLS[2], np.array([[0, -0.0, -0.1], [2, 1, -3]], dtype=np.float32))["train"]
    np.testing.assert_array_equal(result, [[1, 1, -1], [1, 1, -1]])


def test_projection_keeps_lengths_on_average() -> None:
    values = np.eye(3, dtype=np.float32)
    projected = applied(CallPlan("project", (4000,), {}), values)["train"]
    np.testing.assert_allclose(projected @ projected.T, np.eye(3), atol=0.1)


def test_projection_gives_the_layer_its_units(call: Any, data: Any, refused: Any) -> None:
    assert data(call("digits"), call("project", 100), x=(100,)).parts["train"].arrays["x"].shape == (1797, 100)
    refused(["(100,)", "(64,)"], call("digits"), call("project", 100))
    refused(["bytes"], call("digits"), call("project", 10**9))
    refused(["at least 1"], call("digits"), call("project", 0))


def test_flip_changes_the_given_share() -> None:
    values = np.ones((500, 3), dtype=np.float32)
    result = applied(CallPlan("flip", (0.25,), {"seed": 4}), values, values)
    assert set(np.unique(result["train"])) == {-1, 1}
    assert np.mean(result["train"] == -1) == pytest.approx(0.25, abs=0.04)
    assert not np.array_equal(result["train"], result["test"])


def test_noise_has_the_given_deviation() -> None:
    noise = applied(CallPlan("noise", (2.0,), {}), np.zeros((2000, 3), dtype=np.float32))["train"]
    assert (noise.mean(), noise.std()) == (pytest.approx(0, abs=0.1), pytest.approx(2, abs=0.1))


def test_targets_stay_and_what_inputs_share_changes_with_them(call: Any, data: Any) -> None:
    both = {"x": "images", "y": "images"}
    signs = data(call("digits"), call("normalize", "standard"), call("sign"), y=(64,), bindings=both).parts["train"]
    np.testing.assert_array_equal(signs.arrays["x"], signs.arrays["y"])
    assert set(np.unique(signs.arrays["x"])) == {-1, 1}
    noisy = data(call("digits"), call("flip", 0.3), y=(64,), bindings=both).parts["train"].arrays
    np.testing.assert_array_equal(np.abs(noisy["x"]), noisy["y"])
    assert noisy["x"].min() < 0 <= noisy["y"].min()


def test_regression_targets_stay() -> None:
    target = np.arange(9.0).reshape(3, 3)
    changed = make_transform(CALLS[1]).apply(table(np.eye(3), target=target)).train
    np.testing.assert_array_equal(changed.arrays["y"], target)


def test_onehot(call: Any, data: Any) -> None:
    plain = data(call("iris"), x=(4,), y=(3,)).parts["train"].arrays["y"]
    other = data(call("iris"), call("onehot", on=1.5, off=-1 / 3), x=(4,), y=(3,)).parts["train"].arrays["y"]
    np.testing.assert_array_equal(plain.argmax(axis=1), np.repeat([0, 1, 2], 50))
    np.testing.assert_array_equal(other, np.where(plain > 0, np.float32(1.5), np.float32(-1 / 3)))
    assert plain.sum() == -150


def test_seeds_are_independent_of_what_stands_before(call: Any, data: Any) -> None:
    flip, limit = call("flip", 0.5, seed=3), call("limit", 50)
    first = data(call("digits"), flip, limit).parts["train"].arrays["x"]
    second = data(call("digits"), call("reshape", 8, 8), call("onehot"), flip, limit).parts["train"].arrays["x"]
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("transform", "phrases"),
    [
        (CallPlan("normalise", ("unit",), {}), ["no transform 'normalise'", "did you mean 'normalize'"]),
        (CallPlan("normalize", ("max",), {}), ["'max'", "normalize(unit)"]),
        (CallPlan("normalize", (), {}), ["method"]),
        (CallPlan("flip", (2.0,), {}), ["p = 2.0", "from 0 to 1"]),
        (CallPlan("flip", (0.1,), {"seeds": 1}), ["'seeds'", "did you mean 'seed'"]),
        (CallPlan("flip", (0.1, -1), {}), ["seed -1"]),
        (CallPlan("flip", (CallPlan("sgd", (), {}),), {}), ["a number for p", "sgd(…)"]),
        (CallPlan("flip", (True,), {}), ["a number for p", "true"]),
        (CallPlan("noise", (-1,), {}), ["sigma = -1"]),
        (CallPlan("noise", (10**400,), {}), ["a number for sigma"]),
        (CallPlan("noise", (1e39,), {}), ["x, after noise,", "no finite"]),
        (CallPlan("reshape", (7, 9), {}), ["63 values", "(8, 8)"]),
        (CallPlan("reshape", (), {}), ["one or more sizes"]),
        (CallPlan("reshape", (8, -8), {}), ["at least 1"]),
        (CallPlan("onehot", (), {"on": -1, "off": -1}), ["on above off"]),
        (CallPlan("onehot", (1e39,), {}), ["finite"]),
        (CallPlan("sign", (1,), {}), ["sign()"]),
        (CallPlan("split", (0.2,), {"stratify": 1}), ["true or false for stratify"]),
    ],
)
def test_mistakes(transform: CallPlan, phrases: list[str], call: Any, refused: Any) -> None:
    refused(phrases, call("digits"), transform)


def test_transform_without_anything_to_change() -> None:
    content = Content({"target": np.array([0, 1])}, data=None)
    labels = bind(content, {}, {}, {"y": (2,)})
    for call in CALLS:
        with pytest.raises(DataError, match="nothing to change"):
            make_transform(call).apply(labels)
