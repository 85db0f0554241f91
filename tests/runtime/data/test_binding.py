"""Which layer takes which array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dync.runtime.data import DataError
from dync.runtime.data.binding import bind
from dync.runtime.data.content import Content

PIXELS = np.arange(12.0).reshape(6, 2)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def test_one_input_and_one_output_bind_themselves(call: Any, data: Any) -> None:
    arrays = data(call("digits")).parts["train"].arrays
    assert {name: array.shape for name, array in arrays.items()} == {"x": (1797, 64), "y": (1797, 10)}
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}
    assert set(np.unique(arrays["y"])) == {-1, 1}


def test_input_alone(call: Any, data: Any) -> None:
    assert set(data(call("digits"), y=None).parts["train"].arrays) == {"x"}


def test_output_may_take_the_input(call: Any, data: Any) -> None:
    arrays = data(call("digits"), y=(8, 8), bindings={"x": "images", "y": "data"}).parts["train"].arrays
    np.testing.assert_array_equal(arrays["x"], arrays["y"].reshape(-1, 64))


def test_output_may_have_no_target(call: Any, data: Any, refused: Any) -> None:
    assert set(data(call("digits"), bindings={"x": "images", "y": "none"}).parts["train"].arrays) == {"x"}
    refused(["y takes no array", 'y = "none"'], call("digits"), bindings={"x": "images"})
    refused(["x is to take the array 'none'"], call("digits"), bindings={"x": "none", "y": "labels"})


def test_labels_may_be_the_input(call: Any, data: Any) -> None:
    arrays = data(call("digits"), x=(10,), y=(64,), bindings={"x": "labels", "y": "images"}).parts["train"].arrays
    np.testing.assert_array_equal(np.sort(np.unique(arrays["x"])), [-1, 1])


def test_layers_take_arrays_of_their_own_names() -> None:
    content = Content({"a": PIXELS, "b": -PIXELS, "y": LABELS}, data=None, target=None)
    arrays = bind(content, {}, {"a": (2,), "b": (2,)}, {"y": (3,)}).train.arrays
    np.testing.assert_array_equal(arrays["a"], -arrays["b"])
    assert arrays["y"].dtype == np.int64


def test_an_autoassociative_network_must_say_what_it_means(call: Any, refused: Any) -> None:
    refused(['{ x = "data", y = "data" }'], call("digits"), y=(64,))


@pytest.mark.parametrize(
    ("bindings", "phrases"),
    [
        ({"x": "image", "y": "labels"}, ["'image'", "'data'"]),
        ({"z": "images"}, ["no input or output 'z'"]),
        ({"y": "labels"}, ["x takes no array"]),
    ],
)
def test_bindings_that_do_not_fit(bindings: dict[str, str], phrases: list[str], call: Any, refused: Any) -> None:
    refused(phrases, call("digits"), bindings=bindings)


def test_shapes_that_do_not_fit(call: Any, refused: Any) -> None:
    refused(["(63,)", "63 units", "(8, 8)", "64 values"], call("digits"), x=(63,))
    refused(["(4, 16)", "(8, 8)"], call("digits"), x=(4, 16))
    refused(["9 units", "10 classes"], call("digits"), y=(9,))
    refused(["12 units", "10 classes"], call("digits"), y=(12,))


def test_a_file_may_lack_some_classes() -> None:
    table = bind(Content({"data": PIXELS, "target": LABELS}), {}, {"x": (2,)}, {"y": (10,)})
    assert table.train.arrays["y"].max() == 2
    with pytest.raises(DataError, match="3 classes"):
        bind(Content({"data": PIXELS, "target": LABELS}), {}, {"x": (2,)}, {"y": (1,)})


def test_a_class_of_the_test_part_needs_a_unit_too() -> None:
    content = Content({"data": PIXELS, "target": LABELS}, {"data": PIXELS, "target": LABELS + 1})
    with pytest.raises(DataError, match="4 classes"):
        bind(content, {}, {"x": (2,)}, {"y": (3,)})


def test_unequal_counts_and_non_finite_values() -> None:
    with pytest.raises(DataError, match="'data' has 6, 'target' has 5"):
        bind(Content({"data": PIXELS, "target": LABELS[:5]}), {}, {"x": (2,)}, {"y": (3,)})
    bad = PIXELS.copy()
    bad[4, 1] = np.inf
    with pytest.raises(DataError, match=r"'data' has 1 values .* example 4 .* test part"):
        bind(Content({"data": PIXELS}, {"data": bad}, target=None), {}, {"x": (2,)}, {})


def test_networks_that_data_cannot_reach() -> None:
    content = Content({"data": PIXELS, "target": LABELS})
    with pytest.raises(DataError, match="neither inputs nor outputs"):
        bind(content, {}, {}, {})
    with pytest.raises(DataError, match="the input a has no array"):
        bind(content, {}, {"a": (2,), "b": (2,)}, {})
