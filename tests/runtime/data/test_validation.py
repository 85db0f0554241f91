"""The validation part that is cut off where none was split."""

from pathlib import Path

import numpy as np
import pytest

from dync.compiler.pipeline_plan import CallPlan, DataPlan
from dync.runtime.data.dataset import load
from dync.runtime.data.validation import has_validation, with_validation

INPUTS, OUTPUTS = {"x": (64,)}, {"y": (10,)}


def plan(*transforms):
    return DataPlan(CallPlan("digits", (), {}), {}, transforms)


def split(**named):
    return CallPlan("split", (), named)


def parts(data):
    return load(data, INPUTS, OUTPUTS, Path()).parts


@pytest.mark.parametrize("data", [
    plan(split(validation=0.2)), plan(CallPlan("split", (0.1, 0.2), {})), plan(split(test=0.2), split(validation=0.1)),
])  # fmt: skip
def test_a_validation_part_that_was_split_is_taken(data):
    assert has_validation(data)
    assert with_validation(data) is data


def test_a_tenth_of_the_training_part_serves_and_the_test_part_stays():
    data = plan(split(test=0.2, seed=3), CallPlan("normalize", ("standard",), {}))
    before, after = parts(data), parts(with_validation(data))
    assert after["validation"].examples == pytest.approx(before["train"].examples / 10, abs=1)
    assert after["validation"].examples + after["train"].examples == before["train"].examples
    np.testing.assert_array_equal(after["test"].arrays["y"], before["test"].arrays["y"])
    shares = after["validation"].arrays["y"].argmax(1)
    assert np.bincount(shares, minlength=10).min() >= 13  # of about 14.4 each: every class gives its share
    # what is fitted has not seen it: the training part alone has mean 0
    assert abs(after["train"].arrays["x"].mean()) < 1e-6 < abs(after["validation"].arrays["x"].mean())


def test_it_is_drawn_before_anything_is_fitted_and_by_the_seed_of_the_split():
    bare = with_validation(plan(CallPlan("normalize", ("unit",), {})))
    assert [call.name for call in bare.transforms] == ["split", "normalize"]
    seeded = with_validation(plan(CallPlan("split", (0.2, 0, 7), {})))
    assert seeded.transforms[1] == CallPlan("split", (), {"validation": 0.1, "seed": 7})
    assert with_validation(seeded) is seeded
