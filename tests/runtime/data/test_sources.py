"""Sources by name, and sources that others add."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dync.runtime.data import Content, register_source, source_signatures, sources, transform_signatures


def ramp(base: Path, size: int, slope: float = 1) -> Content:
    """A source as a user would write it."""
    return Content({"data": slope * np.arange(3 * size).reshape(3, size)}, target=None)


@pytest.fixture
def no_registrations(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sources, "_registered", {})
    yield


@pytest.mark.usefixtures("no_registrations")
def test_registered_source(call: Any, data: Any, refused: Any) -> None:
    refused(["no data source 'ramp'"], call("ramp", 2), x=(2,), y=None)
    register_source("ramp", ramp)
    loaded = data(call("ramp", 2, slope=3), x=(2,), y=None)
    np.testing.assert_array_equal(loaded.parts["train"].arrays["x"], [[0, 3], [6, 9], [12, 15]])
    assert list(source_signatures()["ramp"].parameters) == ["size", "slope"]
    refused(["a whole number for size"], call("ramp", "two"), x=(2,), y=None)
    refused(["size", "slope = 1"], call("ramp"), x=(2,), y=None)


@pytest.mark.usefixtures("no_registrations")
@pytest.mark.parametrize("name", ["digits", "two words", ""])
def test_names_that_cannot_be_registered(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be called"):
        register_source(name, ramp)


def test_entry_points(call: Any, data: Any, refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    good = EntryPoint("ramp", f"{__name__}:ramp", sources.ENTRY_POINTS)
    bad = EntryPoint("gone", "no_such_package:source", sources.ENTRY_POINTS)
    odd = EntryPoint("odd", "sys:version", sources.ENTRY_POINTS)
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or _this_module())
    monkeypatch.setattr(sources, "entry_points", lambda group: (good, bad, odd) if group == "dync.sources" else ())
    assert data(call("ramp", 2), x=(2,), y=None).parts["train"].examples == 3
    refused(["'gone' of no_such_package:source cannot be imported"], call("gone"))
    refused(["'odd' of sys:version is not a function"], call("odd"))
    refused(["did you mean 'ramp'"], call("ramps"))


def _this_module() -> Any:
    from types import ModuleType

    module = ModuleType(__name__)
    module.ramp = ramp  # type: ignore[attr-defined]
    return module


def test_unknown_source_lists_what_there_is(call: Any, refused: Any) -> None:
    refused(
        ["'zzz'", "iris, mackey_glass, narma, npz, prototypes, series, wine"],
        call("zzz"),
    )


def test_signatures_are_those_of_the_language() -> None:
    """What the program's page promises."""
    found = {name: list(s.parameters) for name, s in {**source_signatures(), **transform_signatures()}.items()}
    promised = {
        "digits": [],
        "prototypes": ["classes", "units", "samples", "flip", "seed"],
        "idx": ["images", "labels", "test_images", "test_labels"],
        "npz": ["file"],
        "csv": ["file", "target"],
        "split": ["test", "validation", "seed", "stratify"],
        "limit": ["n", "per"],
        "sign": [],
        "project": ["units", "seed"],
        "flip": ["p", "seed"],
        "noise": ["sigma", "seed"],
        "onehot": ["on", "off"],
    }
    assert {name: found[name] for name in promised} == promised


def test_data_do_not_import_jax() -> None:
    code = "import sys, dync.runtime.data; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
