"""The echo-state network: its error against simpler answers, and what it computes against NumPy."""

from pathlib import Path

import numpy as np
import pytest

import dync
from dync.runtime.data.mackey_glass import mackey_glass

SPEC = Path(__file__).resolve().parents[2] / "specs" / "echo_state.dyn"
SPLIT, SKIP = 2800, 100


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    folder = tmp_path_factory.mktemp("echo") / "run"
    result = dync.run(SPEC, "fit", out=folder)
    assert result.is_success(), result.errors
    return folder, result.outputs["evaluation_results"]["test"]


@pytest.fixture(scope="module")
def series() -> tuple[np.ndarray, np.ndarray]:
    content = mackey_glass(Path(), length=4000)
    u, d = (content.train[name][0, :, 0].astype(np.float64) for name in ("data", "target"))
    return (u - u[:SPLIT].mean()) / u[:SPLIT].std(), d


def error(found: np.ndarray, wanted: np.ndarray) -> float:
    """Over the test part, behind its transient."""
    return float(np.sqrt(((found - wanted) ** 2).mean() / wanted.var()))


def states(folder: Path, u: np.ndarray) -> np.ndarray:
    """The reservoir, step by step: its units, the input and the bias."""
    lmap = dync.load(folder).orchestrator.lmap
    into, bias, within = (np.asarray(lmap["h", s].weight, np.float64) for s in ("u", "one", "h"))
    h, found = np.zeros(len(within)), []
    for value in u:
        h = 0.1 * h + 0.9 * np.tanh(value * into[0] + bias[0] + h @ within)
        found.append([*h, value, 1.0])
    return np.array(found)


def test_its_error_is_in_the_range_that_is_reported(run: tuple[Path, dict[str, float]]) -> None:
    assert 0.005 < run[1]["nrmse"] < 0.05


def test_what_is_measured_is_what_numpy_computes(
    run: tuple[Path, dict[str, float]], series: tuple[np.ndarray, np.ndarray]
) -> None:
    folder, measures = run
    u, d = series
    lmap = dync.load(folder).orchestrator.lmap
    readout = np.concatenate([np.asarray(lmap["y", s].weight, np.float64) for s in ("h", "u", "one")])[:, 0]
    found = states(folder, u[SPLIT:])[SKIP:] @ readout
    assert error(found, d[SPLIT + SKIP :]) == pytest.approx(measures["nrmse"], rel=1e-3)


def test_what_the_spec_says_of_other_answers(
    run: tuple[Path, dict[str, float]], series: tuple[np.ndarray, np.ndarray]
) -> None:
    """The last value for an answer; and the read-out of the same reservoir that ridge regression finds."""
    u, d = series
    last = mackey_glass(Path(), length=4000).train["data"][0, :, 0]
    assert error(last[SPLIT + SKIP :], d[SPLIT + SKIP :]) == pytest.approx(0.146, abs=0.003)
    taught = states(run[0], u[:SPLIT])[SKIP:]
    ridge = np.linalg.solve(taught.T @ taught + 1e-6 * np.eye(taught.shape[1]), taught.T @ d[SKIP:SPLIT])
    found = states(run[0], u[SPLIT:])[SKIP:] @ ridge
    assert 0.0005 < error(found, d[SPLIT + SKIP :]) < 0.003


def test_without_recurrence_it_answers_little_better_than_the_last_value(tmp_path: Path) -> None:
    optimizer = "adam(cosine_decay_schedule(0.001, 16200))"
    result = dync.run(SPEC, "deaf", out=tmp_path / "run", epochs=6, optimizer=optimizer)
    assert 0.13 < result.outputs["evaluation_results"]["test"]["nrmse"] < 0.17
