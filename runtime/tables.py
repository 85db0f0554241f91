"""Histories and trials as tables: a column a number, a row an epoch or a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dync.runtime.error import RunError

Kind = Literal["numpy", "pandas"]
Record = Mapping[str, Any]


def table(records: Sequence[Record], kind: Kind = "numpy") -> Any:
    """Records as a NumPy structured array, or as a pandas DataFrame.

    What is nested gets a dotted column, `test.accuracy`; lists are counted out, `seeds.0`. A number that a record does
    not have is not-a-number, a text the empty one. Raises RunError where pandas is asked for and not installed.
    """
    flat = [_flat(record) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))
    columns = {name: _column([record.get(name) for record in flat]) for name in names}
    if kind == "pandas":
        return _frame(columns, len(flat))
    if kind != "numpy":
        raise RunError(f"a table is of the kind numpy or pandas, not {kind!r}")
    found = np.empty(len(flat), dtype=[(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        found[name] = column
    return found


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """The numbers and texts in nested mappings and lists, by dotted names."""
    if isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list | tuple):
        inner = {str(n): v for n, v in enumerate(value)}.items()
    else:
        return {name: value}
    return {key: v for n, part in inner for key, v in _flat(part, f"{name}.{n}" if name else str(n)).items()}


def _column(values: Sequence[Any]) -> NDArray[Any]:
    """One type for all: whole numbers or truth values where all rows have one, else decimals, else texts."""
    given = [value for value in values if value is not None]
    if given and all(isinstance(value, bool) for value in given) and len(given) == len(values):
        return np.array(values, np.bool_)
    if all(isinstance(value, int | float) for value in given):
        whole = len(given) == len(values) and all(type(value) is int and abs(value) < 2**63 for value in given)
        return np.array(values, np.int64) if whole else np.array([_number(value) for value in values], np.float64)
    return np.array(["" if value is None else str(value) for value in values], np.str_)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _frame(columns: Mapping[str, NDArray[Any]], rows: int) -> Any:
    try:
        import pandas as pd
    except ImportError:
        raise RunError("pandas is not installed: pip install pandas, or ask for the kind numpy") from None
    return pd.DataFrame(dict(columns), index=range(rows))
