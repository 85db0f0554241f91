"""The whole path from a plan to arrays."""

from __future__ import annotations

from typing import Any

import numpy as np


def test_parts_in_order_and_shape(call: Any, data: Any) -> None:
    loaded = data(call("digits"), call("split", test=0.2, validation=0.1, seed=1), x=(8, 8))
    assert list(loaded.parts) == ["train", "validation", "test"]
    assert sum(part.examples for part in loaded.parts.values()) == 1797
    for part in loaded.parts.values():
        assert part.arrays["x"].shape == (part.examples, 8, 8)
        assert all(array.flags.c_contiguous for array in part.arrays.values())
    assert loaded.held_out is loaded.parts["test"]


def test_without_split_everything_is_training(call: Any, data: Any) -> None:
    loaded = data(call("wine"), x=(13,), y=(3,))
    assert list(loaded.parts) == ["train"]
    assert loaded.held_out is loaded.parts["train"]


def test_digest_tells_contents_apart(call: Any, data: Any) -> None:
    def digest(*transforms: Any, **shapes: Any) -> str:
        return str(data(call("digits"), *transforms, **shapes).digest)

    split = call("split", test=0.2)
    same = {digest(split), digest(call("split", test=0.2, validation=0, seed=0, stratify=True))}
    assert len(same) == 1
    others = {
        digest(),
        digest(split),
        digest(call("split", validation=0.2)),
        digest(x=(8, 8)),
        digest(call("noise", 0.1)),
    }
    assert len(others) == 5
    assert all(len(value) == 64 for value in others)


def test_examples_keep_together(call: Any, data: Any) -> None:
    """Every image still has its own label after the split."""
    whole = data(call("digits")).parts["train"].arrays
    label_of = {image.tobytes(): int(row.argmax()) for image, row in zip(whole["x"], whole["y"], strict=True)}
    for part in data(call("digits"), call("split", test=0.3, validation=0.3)).parts.values():
        found = [label_of[image.tobytes()] for image in part.arrays["x"]]
        np.testing.assert_array_equal(part.arrays["y"].argmax(axis=1), found)
