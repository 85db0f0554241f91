"""The tables that ship with the package."""

from __future__ import annotations

import gzip
import importlib.util
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dync.runtime.data import embedded

SHAPES = {"digits": ((1797, 8, 8), 10), "iris": ((150, 4), 3), "wine": ((178, 13), 3), "breast_cancer": ((569, 30), 2)}
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", SHAPES)
def test_sizes_and_classes(name: str) -> None:
    content = getattr(embedded, name)(Path())
    shape, classes = SHAPES[name]
    assert content.train["data"].shape == shape
    assert set(content.train["target"].tolist()) == set(range(classes))
    assert content.class_counts["target"] == classes
    assert [record.path for record in content.files] == [f"{name}.csv.gz"]


def test_the_target_of_a_regression_is_a_number() -> None:
    content = embedded.diabetes(Path())
    assert content.train["data"].shape == (442, 10)
    assert "target" not in content.class_counts
    assert (content.train["target"].min(), content.train["target"].max()) == (25, 346)


def test_digits_are_pixels_of_0_to_1() -> None:
    images = embedded.digits(Path()).train["data"]
    assert (images.min(), images.max()) == (0, 1)
    assert images.dtype == np.dtype(np.float32)


@pytest.mark.parametrize("name", [*SHAPES, "diabetes"])
def test_equal_to_scikit_learn(name: str) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    settings = {"scaled": False} if name == "diabetes" else {}
    bunch: Any = getattr(datasets, f"load_{name}")(**settings)
    content = getattr(embedded, name)(Path())
    scale = 16 if name == "digits" else 1
    flat = content.train["data"].reshape(len(bunch.data), -1)
    np.testing.assert_array_equal(flat * scale, bunch.data)
    np.testing.assert_array_equal(content.train["target"], bunch.target)


@pytest.mark.parametrize("name", [*SHAPES, "diabetes"])
def test_the_tool_writes_the_very_tables(name: str) -> None:
    pytest.importorskip("sklearn")
    path = ROOT / "tools" / "embed_datasets.py"
    spec = importlib.util.spec_from_file_location("embed_datasets", path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    written = tool.compressed(tool.table(tool.TABLES[name]()))
    shipped = files("dync.runtime.data").joinpath(f"{name}.csv.gz").read_bytes()
    assert written[:10] == shipped[:10]  # the header: no time, no name
    assert gzip.decompress(written) == gzip.decompress(shipped)
