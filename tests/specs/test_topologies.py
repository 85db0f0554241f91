"""The specs that are about a topology do what they say."""

from pathlib import Path

import pytest

import dync
from tools.pictures.capacity import overlap, theory

SPECS = Path(__file__).resolve().parents[2] / "specs"


def measured(name: str, folder: Path, **settings: object) -> dict[str, float]:
    """What the evaluation of the spec's pipeline came to on the test part."""
    result = dync.run(SPECS / f"{name}.dyn", "fit", out=folder / "run", **settings)
    assert result.status == "success", result.errors
    return result.outputs["evaluation_results"]["test"]


def test_a_pattern_passes_through_a_chain_of_64_layers(tmp_path: Path) -> None:
    assert measured("chain", tmp_path, epochs=3)["accuracy"] > 0.9


def test_a_pattern_crosses_a_sheet(tmp_path: Path) -> None:
    assert measured("grid", tmp_path, epochs=3, **{"network.rows": 5})["accuracy"] > 0.9


def test_entangled_images_are_told_apart(tmp_path: Path) -> None:
    assert measured("entangled", tmp_path, epochs=10)["accuracy"] > 0.8


def test_a_regression_explains_about_half_of_the_variance(tmp_path: Path) -> None:
    assert measured("regression", tmp_path)["mse"] < 0.6 * 77.0**2  # the deviation of the target


def test_a_memory_of_1000_units_recalls_below_its_capacity_and_not_above() -> None:
    assert overlap(1000, 0.12, tries=1) > 0.97
    assert overlap(1000, 0.2, tries=1) < 0.6


def test_the_theory_ends_between_0_1375_and_0_139() -> None:
    sparse, below, above = theory([0.05, 0.1375, 0.139])
    assert sparse == pytest.approx(1, abs=1e-3)
    assert below > 0.96
    assert above == 0
