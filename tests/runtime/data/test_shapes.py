"""Shapes that the data give to layers that leave theirs open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dync.compiler.pipeline_plan import DataPlan
from dync.runtime.data import DataError, load
from dync.runtime.data.shapes import shapes_of


def test_the_shape_of_an_example_and_a_unit_a_class(call: Any, tmp_path: Path) -> None:
    plan = DataPlan(call("digits"), {}, (call("split", test=0.2),))
    assert shapes_of(plan, {"x": None}, {"y": None}, tmp_path) == {"x": (8, 8), "y": (10,)}
    assert shapes_of(plan, {"x": None}, {"y": (10,)}, tmp_path) == {"x": (8, 8)}
    assert shapes_of(plan, {"x": (64,)}, {"y": (10,)}, tmp_path) == {}


@pytest.mark.parametrize(("name", "units", "classes"), [("wine", 13, 3), ("iris", 4, 3), ("breast_cancer", 30, 2)])
def test_tables(call: Any, tmp_path: Path, name: str, units: int, classes: int) -> None:
    plan = DataPlan(call(name), {}, (call("normalize", method="standard"), call("onehot")))
    assert shapes_of(plan, {"x": None}, {"y": None}, tmp_path) == {"x": (units,), "y": (classes,)}


def test_after_all_transforms(call: Any, tmp_path: Path) -> None:
    plan = DataPlan(call("digits"), {}, (call("project", units=12), call("reshape", 3, 4)))
    assert shapes_of(plan, {"x": None}, {"y": None}, tmp_path)["x"] == (3, 4)


def test_an_output_that_takes_what_the_input_takes(call: Any, tmp_path: Path) -> None:
    plan = DataPlan(call("wine"), {"x": "data", "y": "data"}, (call("normalize", method="unit"),))
    assert shapes_of(plan, {"x": None}, {"y": None}, tmp_path) == {"x": (13,), "y": (13,)}
    untaught = DataPlan(call("wine"), {"x": "data", "y": "none"}, ())
    assert shapes_of(untaught, {"x": None}, {"y": None}, tmp_path) == {"x": (13,), "y": (1,)}


def test_labels_of_files_and_what_is_loaded_with_these_shapes(call: Any, write_npz: Any, tmp_path: Path) -> None:
    numbers = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    name = write_npz({"data": numbers, "target": np.array([0, 2, 1, 4]), "dose": np.array([0.5, 1.5, 2.5, 3.5])})
    plan = DataPlan(call("npz", file=name), {}, ())
    shapes = shapes_of(plan, {"x": None}, {"y": None}, tmp_path)
    assert shapes == {"x": (3, 2), "y": (5,)}
    part = load(plan, {"x": shapes["x"]}, {"y": shapes["y"]}, tmp_path).parts["train"]
    assert {layer: array.shape[1:] for layer, array in part.arrays.items()} == shapes
    dose = DataPlan(call("npz", file=name), {"x": "data", "y": "dose"}, ())
    assert shapes_of(dose, {"x": None}, {"y": None}, tmp_path)["y"] == (1,)


def test_what_cannot_be_bound_is_refused(call: Any, tmp_path: Path) -> None:
    plan = DataPlan(call("wine"), {"x": "dta", "y": "target"}, ())
    with pytest.raises(DataError, match="dta"):
        shapes_of(plan, {"x": None}, {"y": None}, tmp_path)
    with pytest.raises(DataError, match="no array of its name"):
        shapes_of(DataPlan(call("wine"), {}, ()), {"a": None, "b": None}, {"y": None}, tmp_path)
