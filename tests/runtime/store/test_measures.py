"""What came out, by name, for every kind of pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from dync.runtime.store.measures import main_measure, measures_of
from dync.runtime.store.run_data import Measured

STATISTICS = {
    "best": "deep",
    "entries": {"twin": {"digits": {"mean": 0.8}}, "deep": {"digits": {"mean": 0.9, "std": 0.1}}},
}


@pytest.mark.parametrize(
    ("outputs", "main"),
    [
        (
            {"evaluation_results": {"noisy": {"accuracy": 0.5}, "test": {"mse": 1, "accuracy": 0.9}}},
            ("test.accuracy", 0.9),
        ),
        ({"evaluation_results": {"test": {"overlap": 0.5}}}, ("test.overlap", 0.5)),
        ({"best_value": 0.8, "objective": "maximize validation.accuracy"}, ("validation.accuracy", 0.8)),
        ({"best_value": 0.8, "objective": {"part": "test", "measure": "mse"}}, ("test.mse", 0.8)),
        ({"best_value": 0.8, "objective": None}, ("best_value", 0.8)),
        ({"summary_statistics": STATISTICS}, ("deep.digits.mean", 0.9)),
        ({"summary_statistics": STATISTICS, "leaderboard": [{"entry": "deep", "score": 3}]}, ("deep.score", 3.0)),
        ({}, None),
        (
            {"best_value": True, "evaluation_results": [1], "leaderboard": "x", "summary_statistics": {"best": "a"}},
            None,
        ),
        ({"evaluation_results": {"test": {"accuracy": 10**400}}}, None),
    ],
)
def test_the_main_measure(outputs: dict[str, Any], main: tuple[str, float] | None) -> None:
    assert main_measure(outputs) == (None if main is None else Measured(*main))


def test_all_measures() -> None:
    outputs: dict[str, Any] = {
        "evaluation_results": {"test": {"accuracy": 0.9}},
        "best_value": 0.8,
        "best_epoch": 3,
        "summary_statistics": STATISTICS,
        "leaderboard": [{"rank": 1, "entry": "deep", "score": 0.7}, "nonsense"],
    }
    assert measures_of(outputs) == {
        "test.accuracy": 0.9,
        "best_value": 0.8,
        "best_epoch": 3.0,
        "twin.digits.mean": 0.8,
        "deep.digits.mean": 0.9,
        "deep.score": 0.7,
    }


def test_there_are_not_too_many() -> None:
    many = {"evaluation_results": {"test": {f"m{n}": n for n in range(5000)} | {"x" * 1000: 1}}}
    assert len(measures_of(many)) == 2000  # type: ignore[arg-type]
