"""A short way to load data in tests."""

from __future__ import annotations

import gzip
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import pytest

from dync.compiler.pipeline_plan import CallPlan, DataPlan, Value
from dync.runtime.data import DataError, Dataset, load


class Call(Protocol):
    def __call__(self, name: str, /, *positional: Value, **named: Value) -> CallPlan: ...


class Load(Protocol):
    def __call__(
        self, source: CallPlan, *transforms: CallPlan, x: Any = ..., y: Any = ..., bindings: Mapping[str, str] = ...
    ) -> Dataset: ...


Refused = Callable[..., None]


@pytest.fixture
def call() -> Call:
    def make(name: str, /, *positional: Value, **named: Value) -> CallPlan:
        return CallPlan(name, positional, named)

    return make


@pytest.fixture
def data(tmp_path: Path) -> Load:
    """Load for a network with the input `x` and the output `y` of these shapes (None: it has none)."""

    def loaded(
        source: CallPlan,
        *transforms: CallPlan,
        x: Any = (64,),
        y: Any = (10,),
        bindings: Mapping[str, str] = MappingProxyType({}),
    ) -> Dataset:
        inputs, outputs = ({name: shape} if shape else {} for name, shape in (("x", x), ("y", y)))
        return load(DataPlan(source, dict(bindings), transforms), inputs, outputs, tmp_path)

    return loaded


@pytest.fixture
def refused(data: Load) -> Refused:
    """Assert that loading fails with a sentence that has each of the phrases."""

    def check(phrases: list[str], *arguments: Any, **named: Any) -> None:
        with pytest.raises(DataError) as error:
            data(*arguments, **named)
        for phrase in phrases:
            assert re.search(re.escape(phrase), str(error.value)), str(error.value)

    return check


@pytest.fixture
def write_idx(tmp_path: Path) -> Callable[..., str]:
    """Write an IDX file and return its name."""

    def write(
        name: str, array: np.ndarray[Any, Any], *, sizes: tuple[int, ...] | None = None, magic: int | None = None
    ) -> str:
        shape = array.shape if sizes is None else sizes
        header = struct.pack(f">{1 + len(shape)}I", 2048 + len(shape) if magic is None else magic, *shape)
        content = header + array.astype(np.uint8).tobytes()
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return name

    return write


@pytest.fixture
def write_npz(tmp_path: Path) -> Callable[..., str]:
    """Write `arrays.npz` and return its name."""

    def write(arrays: Mapping[str, Any], name: str = "arrays.npz") -> str:
        np.savez_compressed(tmp_path / name, **arrays)
        return name

    return write


@pytest.fixture
def write_text(tmp_path: Path) -> Callable[..., str]:
    """Write `table.csv` and return its name."""

    def write(text: str, name: str = "table.csv") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write
