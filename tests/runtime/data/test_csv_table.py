"""Tables as text."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dync.runtime.data import csv_table

TABLE = 'width,"height, cm",kind\n1,2,cat\n3,4,dog\n\n5.5,-6e1,cat\n'


def test_columns_and_classes(call: Any, data: Any, write_text: Any) -> None:
    train = data(call("csv", write_text(TABLE), target="kind"), x=(2,), y=(2,)).parts["train"].arrays
    np.testing.assert_array_equal(train["x"], [[1, 2], [3, 4], [5.5, -60]])
    np.testing.assert_array_equal(train["y"], [[1, -1], [-1, 1], [1, -1]])


def test_single_columns_and_quotes(call: Any, data: Any, write_text: Any) -> None:
    source = call("csv", write_text(TABLE), target="kind")
    train = data(source, x=(1,), y=(2,), bindings={"x": "height, cm", "y": "kind"}).parts["train"]
    np.testing.assert_array_equal(train.arrays["x"], [[2], [4], [-60]])


@pytest.mark.parametrize(
    ("values", "classes"), [("3 10 7 3", [0, 2, 1, 0]), ("b c a b", [1, 2, 0, 1]), ("-1 1 1 -1", [0, 1, 1, 0])]
)
def test_classes_in_their_order(values: str, classes: list[int], call: Any, data: Any, write_text: Any) -> None:
    name = write_text("a,t\n" + "".join(f"1,{value}\n" for value in values.split()))
    y = data(call("csv", name, target="t"), x=(1,), y=(max(classes) + 1,)).parts["train"].arrays["y"]
    np.testing.assert_array_equal(y.argmax(axis=1), classes)


def test_decimal_targets_stay_numbers(call: Any, data: Any, refused: Any, write_text: Any) -> None:
    name = write_text("a,t\n1,2.0\n1,3\n")
    np.testing.assert_array_equal(
        data(call("csv", name, target="t"), x=(1,), y=(1,)).parts["train"].arrays["y"], [[2], [3]]
    )
    refused(["nothing to change"], call("csv", name, target="t"), call("onehot"), x=(1,), y=(1,))


def test_without_target_all_columns_are_data(call: Any, data: Any, write_text: Any) -> None:
    train = data(call("csv", write_text("a,b\n1,2\n")), x=(2,), y=None).parts["train"].arrays
    np.testing.assert_array_equal(train["x"], [[1, 2]])


def test_gzipped_with_byte_order_mark(call: Any, data: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(gzip.compress("\ufeffa,b\r\n1,2\r\n".encode()))
    assert data(call("csv", "t.csv"), x=(2,), y=None).parts["train"].examples == 1


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("", ["is empty", "header"]),
        ("a,b\n", ["train part is empty"]),
        ("a,a\n1,2\n", ["'a'", "twice"]),
        ("a,b\n1,2\n1\n", ["line 3", "1 values", "2 columns"]),
        ("a,b\n1,x\n", ["line 2, column 'b'", "'x'"]),
        ("a,b\n1,\n", ["line 2, column 'b'", "no value"]),
        ("a,b\n1,nan\n", ["no finite", "example 0"]),
        ("a,b\n1,1e39\n", ["no finite", "example 0"]),
        ('a,b\n1,"2\n', ["line 2"]),
        ('a,b\n1,"2"3\n', ["line 2"]),
    ],
)
def test_mistakes_in_the_text(text: str, phrases: list[str], call: Any, refused: Any, write_text: Any) -> None:
    refused(phrases, call("csv", write_text(text)), x=(2,), y=None)


def test_target_that_is_not_there(call: Any, refused: Any, write_text: Any) -> None:
    refused(["no column 'kinds'", "did you mean 'kind'"], call("csv", write_text(TABLE), target="kinds"))
    refused(["line 3, column 't'", "no value"], call("csv", write_text("a,t\n1,2\n1,\n"), target="t"))


def test_not_utf8(call: Any, refused: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,\xff\n")
    refused(["t.csv is not UTF-8", "byte 6"], call("csv", "t.csv"))


def test_text_that_unpacks_to_too_much(
    call: Any, refused: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_table, "MAX_TEXT", 100)
    (tmp_path / "t.csv").write_bytes(gzip.compress(b"a\n" + b"1\n" * 100))
    refused(["t.csv holds more than the 100 bytes"], call("csv", "t.csv"))
