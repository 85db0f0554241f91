"""Noisy copies of random patterns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dync.runtime.data.prototypes import prototypes


@given(st.integers(1, 5), st.integers(1, 40), st.integers(1, 6), st.sampled_from([0.0, 0.3, 1.0]), st.integers(0, 9))
def test_copies_of_their_patterns(classes: int, units: int, samples: int, flip: float, seed: int) -> None:
    arrays = prototypes(Path(), classes, units, samples, flip, seed).train
    data, target, patterns = arrays["data"], arrays["target"], arrays["patterns"]
    assert data.shape == patterns.shape == (classes * samples, units)
    assert set(np.unique(data)) <= {-1, 1}
    assert np.bincount(target).tolist() == [samples] * classes
    for label in range(classes):
        assert len(np.unique(patterns[target == label], axis=0)) == 1
    if flip in (0, 1):
        np.testing.assert_array_equal(data, patterns * (1 - 2 * flip))


def test_share_of_flipped_units() -> None:
    arrays = prototypes(Path(), 4, 500, 20, flip=0.2, seed=3).train
    assert np.mean(arrays["data"] != arrays["patterns"]) == pytest.approx(0.2, abs=0.01)


def test_seeds_fix_everything(call: Any, data: Any) -> None:
    digests = [data(call("prototypes", 3, 16, 4, seed=seed), x=(16,), y=(3,)).digest for seed in (0, 0, 1)]
    assert digests[0] == digests[1] != digests[2]


def test_clean_patterns_as_target(call: Any, data: Any) -> None:
    source = call("prototypes", 3, 16, 4, flip=0.5)
    arrays = data(source, x=(16,), y=(16,), bindings={"x": "data", "y": "patterns"}).parts["train"].arrays
    assert len(np.unique(arrays["y"], axis=0)) <= 3
    assert not np.array_equal(arrays["x"], arrays["y"])


@pytest.mark.parametrize(
    ("named", "phrase"),
    [
        ({"classes": 0}, "classes = 0"),
        ({"units": -1}, "units = -1"),
        ({"samples": 0}, "samples = 0"),
        ({"flip": 1.5}, "flip = 1.5"),
        ({"seed": -1}, "seed -1"),
        ({"units": 10**12}, "bytes"),
        ({"units": "many"}, "whole number"),
    ],
)
def test_numbers_out_of_range(named: dict[str, Any], phrase: str, call: Any, refused: Any) -> None:
    refused([phrase], call("prototypes", **{"classes": 3, "units": 16, "samples": 4} | named), x=(16,), y=(3,))
