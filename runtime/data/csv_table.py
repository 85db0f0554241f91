"""The source `csv`: a table of numbers with a header line, and a target column of numbers or classes."""

from __future__ import annotations

import array
import csv as csv_format
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Final

import numpy as np

from dync.grammar.diagnostic import nearest
from dync.runtime.data.content import Array, Content
from dync.runtime.data.error import DataError
from dync.runtime.data.input_file import InputFile, Reader, read_file

MAX_TEXT: Final = 2**30
"""The most bytes of text that a table may have, decompressed."""


def csv(base: Path, file: str, target: str | None = None) -> Content:
    """A table with a header line: `data` is all columns but the target, in order; every column has its own name too.

    A target of whole numbers or of texts becomes classes, in their order; a target of numbers with a point stays.
    """
    source = read_file(base, file)
    return read_table(source, target)


def read_table(source: InputFile, target: str | None) -> Content:
    """The content of a table that was read; see `csv`."""
    rows = _rows(source)
    header = next(rows, (1, []))[1]
    at = _target_place(header, target, source.path)
    numbers, targets = array.array("d"), []
    for line, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"{source.path}, line {line}: {len(row)} values, but the header names {len(header)} columns"
            )
        for column, text in enumerate(row):
            if column == at:
                targets.append((line, text.strip()))
            else:
                numbers.append(_number(text, header[column], line, source.path))
    return _content(source, header, at, np.frombuffer(numbers, dtype=np.float64), targets)


def _content(
    source: InputFile, header: list[str], at: int | None, numbers: Array, targets: list[tuple[int, str]]
) -> Content:
    """The arrays: the columns by name, all but the target together as `data`, and the target."""
    names = [name for column, name in enumerate(header) if column != at]
    data = numbers.reshape(-1, len(names)) if names else np.empty((len(targets), 0))
    arrays: dict[str, Array] = {name: data[:, i] for i, name in enumerate(names)} | {"data": data}
    if at is None:
        return Content(arrays, target=None, files=(source.record,))
    values, classes = _target(targets, header[at], source.path)
    counts = {"target": classes, header[at]: classes} if classes else {}
    return Content(arrays | {header[at]: values, "target": values}, class_counts=counts, files=(source.record,))


def _rows(source: InputFile) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its last line."""
    try:
        text = Reader(source).read_all(MAX_TEXT).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{source.path} is not UTF-8 text: byte {error.start} is {error.object[error.start]}") from None
    lines = csv_format.reader(StringIO(text, newline=""), strict=True)
    try:
        for row in lines:
            if row:
                yield lines.line_num, row
    except csv_format.Error as error:
        raise DataError(f"{source.path}, line {lines.line_num}: {error}") from None


def _target_place(header: list[str], target: str | None, path: str) -> int | None:
    if not header:
        raise DataError(f"{path} is empty: expected a header line with the names of the columns")
    counts = Counter(header)
    twice = next((name for name in header if counts[name] > 1 or not name.strip()), None)
    if twice is not None:
        raise DataError(f"{path} has no unique name for each column: {twice!r} is empty or comes twice in the header")
    if target is None:
        return None
    if target not in header:
        guess = nearest(target, header)
        hint = f"did you mean {guess!r}?" if guess else f"its columns are {', '.join(header[:20])}"
        raise DataError(f"{path} has no column {target!r} for the target: {hint}")
    return header.index(target)


def _number(text: str, column: str, line: int, path: str) -> float:
    try:
        return float(text)
    except ValueError:
        found = "no value" if not text.strip() else f"{text!r:.60}"
        raise DataError(
            f"{path}, line {line}, column {column!r}: expected a number, found {found}; write it as a number, or leave"
            " the column out"
        ) from None


def _target(targets: list[tuple[int, str]], column: str, path: str) -> tuple[Array, int]:
    """The target as numbers (and 0), or as labels and the number of classes."""
    for line, text in targets:
        if not text:
            raise DataError(f"{path}, line {line}, column {column!r}: the target has no value; remove the line")
    texts = [text for _, text in targets]
    if all(_is_whole(text) for text in texts):
        return _classes(texts, sorted(set(texts), key=int))
    try:
        return np.array([float(text) for text in texts]), 0
    except ValueError:
        return _classes(texts, sorted(set(texts)))


def _classes(texts: list[str], names: list[str]) -> tuple[Array, int]:
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers[text] for text in texts], dtype=np.int64), len(names)


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-").removeprefix("+")
    return digits.isascii() and digits.isdigit() and len(digits) < 19
