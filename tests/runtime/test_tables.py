"""Histories and trials as tables."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dync.runtime.error import RunError
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.tables import table

HISTORY = [
    {"epoch": 1, "updates": 8, "seconds": 0.5, "steps": {"free": 2.5}},
    {"epoch": 2, "updates": 16, "seconds": 0.25, "steps": {"free": 2.0}, "test": {"accuracy": 0.75, "y.mse": 1}},
]
TRIALS = [
    {"number": 0, "params": {"epochs": 3, "rule": "oja"}, "status": "complete", "value": 0.5, "seeds": [0.4, 0.6],
     "intermediate": [[1, 0.2]], "error": None},
    {"number": 1, "params": {"epochs": 4}, "status": "failed", "value": None, "seeds": [], "intermediate": [],
     "error": "diverged"},
]  # fmt: skip


def result(**outputs):
    return PipelineResult("fit", "success", (), (), (), outputs, 1.0, "2026-01-01T00:00:00+00:00")


def test_a_history_is_a_table():
    found = result(history=HISTORY).history_table()
    assert found.dtype.names == ("epoch", "updates", "seconds", "steps.free", "test.accuracy", "test.y.mse")
    assert found["epoch"].dtype == np.int64
    assert found["seconds"].tolist() == [0.5, 0.25]
    np.testing.assert_array_equal(found["test.accuracy"], [np.nan, 0.75])
    assert len(result().history_table()) == 0


def test_trials_are_a_table():
    found = result(trials=TRIALS).trials_table()
    assert found["params.rule"].tolist() == ["oja", ""]
    assert found["error"].tolist() == ["", "diverged"]
    np.testing.assert_array_equal(found["value"], [0.5, np.nan])
    np.testing.assert_array_equal(found["seeds.1"], [0.6, np.nan])
    assert "intermediate" not in " ".join(found.dtype.names)


def test_results_are_a_table_of_parts_or_of_scores():
    parts = {"validation": {"accuracy": 0.5}, "test": {"accuracy": 0.25, "mse": 2.0}}
    for name in ("evaluation_results", "test_results"):
        found = result(**{name: parts}).results_table()
        assert (found["part"].tolist(), found["accuracy"].tolist()) == (["validation", "test"], [0.5, 0.25])
    score = {"entry": "deep", "task": "wine", "seed": 3, "status": "complete", "measures": parts, "error": None}
    found = result(scores=[score, {**score, "seed": 4, "status": "failed", "measures": {}}]).results_table()
    assert found["seed"].tolist() == [3, 4]
    np.testing.assert_array_equal(found["measures.test.mse"], [2.0, np.nan])
    assert len(result(test_results=None).results_table()) == 0


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(-9, 9) | st.floats(allow_nan=False)), max_size=5))
def test_every_number_is_where_it_was(records):
    found = table(records)
    assert len(found) == len(records)
    for row, record in zip(found, records, strict=True):
        assert all(row[name] == value for name, value in record.items())
        assert all(np.isnan(row[name]) for name in set(found.dtype.names or ()) - set(record))


def test_pandas_is_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(RunError, match="pip install pandas"):
        table(HISTORY, "pandas")
    with pytest.raises(RunError, match="numpy or pandas"):
        table(HISTORY, "polars")


def test_a_data_frame():
    pytest.importorskip("pandas")
    found = result(history=HISTORY).history_table("pandas")
    assert list(found["updates"]) == [8, 16]
    assert found.loc[1, "test.accuracy"] == 0.75
