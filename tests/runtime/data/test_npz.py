"""NumPy archives."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dync.runtime.data import bounds

IMAGES = np.linspace(-1, 1, 24).reshape(6, 4)
LABELS = np.array([0, 1, 2, 2, 1, 0])


def test_arrays_of_usual_names_need_no_binding(call: Any, data: Any, write_npz: Any) -> None:
    for names in (("data", "target"), ("images", "labels"), ("x", "y")):
        name = write_npz(dict(zip(names, (IMAGES, LABELS), strict=True)))
        train = data(call("npz", name), x=(4,), y=(3,)).parts["train"].arrays
        np.testing.assert_array_equal(train["x"], IMAGES.astype(np.float32))
        np.testing.assert_array_equal(train["y"].argmax(axis=1), LABELS)


def test_bindings(call: Any, data: Any, refused: Any, write_npz: Any) -> None:
    source = call("npz", write_npz({"left": IMAGES, "right": -IMAGES, "price": np.arange(6.0)}))
    arrays = data(source, x=(2, 2), y=(1,), bindings={"x": "right", "y": "price"}).parts["train"].arrays
    np.testing.assert_array_equal(arrays["x"], -IMAGES.astype(np.float32).reshape(6, 2, 2))
    np.testing.assert_array_equal(arrays["y"][:, 0], np.arange(6))
    refused(["the input x", "'left'"], source, x=(4,), y=(1,))


def test_texts_are_classes(call: Any, data: Any, refused: Any, write_npz: Any) -> None:
    source = call("npz", write_npz({"data": IMAGES, "target": np.array(list("cabacb"))}))
    y = data(source, x=(4,), y=(3,)).parts["train"].arrays["y"]
    np.testing.assert_array_equal(y.argmax(axis=1), [2, 0, 1, 0, 2, 1])
    refused(["5 units", "3 classes"], source, x=(4,), y=(5,))


def test_labels_must_count_from_zero(call: Any, refused: Any, write_npz: Any) -> None:
    refused(
        ["-1", "number the classes"], call("npz", write_npz({"data": IMAGES, "target": LABELS - 1})), x=(4,), y=(3,)
    )


def test_objects_are_not_unpickled(call: Any, refused: Any, write_npz: Any) -> None:
    name = write_npz({"data": np.array([{"a": 1}, None], dtype=object)})
    refused(["'data'", "never unpickles"], call("npz", name))


@pytest.mark.parametrize(
    "array", [np.zeros((2, 2), np.complex64), np.float32(3), np.array(["2020-01-01"], "datetime64[D]")]
)
def test_arrays_of_other_types(array: Any, call: Any, refused: Any, write_npz: Any) -> None:
    refused(["'data'", "expected numbers"], call("npz", write_npz({"data": array})))


def test_files_that_are_no_archives(call: Any, refused: Any, write_npz: Any, tmp_path: Path) -> None:
    name = write_npz({"data": IMAGES})
    whole = (tmp_path / name).read_bytes()
    for content in (b"", b"hello", whole[: len(whole) // 2], whole[:60] + b"xxxx" + whole[64:]):
        (tmp_path / name).write_bytes(content)
        refused(["arrays.npz"], call("npz", name))
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("note.txt", "hello")
    refused(["note.txt", "no NumPy array"], call("npz", name))


def test_header_that_claims_too_much(call: Any, refused: Any, tmp_path: Path) -> None:
    claim = np.lib.format.magic(1, 0)
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999, 9), }".ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("data.npy", claim + len(header).to_bytes(2, "little") + header + bytes(16))
    refused(["'data' of a.npz is damaged"], call("npz", "a.npz"))


def test_archive_that_unpacks_to_too_much(
    call: Any, refused: Any, write_npz: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write_npz({"data": np.zeros(10**6)})
    monkeypatch.setattr(bounds, "MAX_BYTES", 10**6)
    refused(["arrays.npz, decompressed,", "8,000,"], call("npz", name))
