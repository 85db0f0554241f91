"""The specs to start from: right, in the canonical layout, explained, and they do what they say."""

import gzip
import re
import struct
from pathlib import Path

import numpy as np
import pytest

import dync
from dync.cli import main
from dync.grammar.printer import format_source
from dync.grammar.source import Source

SPECS = sorted((Path(__file__).resolve().parents[2] / "specs").glob("*.dyn"))
by_name = pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)


def spec(name: str) -> str:
    (path,) = (path for path in SPECS if path.stem == name)
    return str(path)


def measured(name: str, folder: Path, **settings: object) -> dict[str, dict[str, float]]:
    """What the evaluation of the spec's pipeline came to."""
    result = dync.run(spec(name), "fit", out=folder / "run", **settings)
    assert result.status == "success", result.errors
    return result.outputs["evaluation_results"]


def test_the_page_of_examples_shows_every_spec() -> None:
    page = (SPECS[0].parents[1] / "docs" / "examples.md").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"specs/(\w+)\.dyn", page))) == [path.stem for path in SPECS]


@by_name
def test_nothing_is_wrong_with_it(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", str(path)])
    assert ended.value.code in (0, None)
    assert capsys.readouterr().err == ""


@by_name
def test_it_has_the_canonical_layout(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert format_source(Source(path.name, text)) == text


@by_name
def test_it_is_explained(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.lstrip().startswith("#")]
    assert lines[0].startswith("# ")
    assert any("dync run" in line and f"specs/{path.name}" in line for line in comments)
    assert len(comments) >= len(lines) // 7


@by_name
def test_it_says_what_it_is_meant_to_be(path: Path) -> None:
    """Its properties are tests of their own: pytest collects them, three values each here, many in `make test-long`."""
    assert dync.compile(path).compilation.properties


def test_digits_are_told_apart(tmp_path: Path) -> None:
    assert measured("digits", tmp_path)["test"]["accuracy"] > 0.93


@pytest.mark.parametrize("name", ["contrastive", "equilibrium"])
def test_digits_are_told_apart_by_rules_of_two_moments(name: str, tmp_path: Path) -> None:
    assert measured(name, tmp_path)["test"]["accuracy"] > 0.93


@pytest.mark.slow
@pytest.mark.parametrize("name", ["contrastive", "equilibrium"])
def test_digits_are_told_apart_on_average(name: str, tmp_path: Path) -> None:
    found = [measured(name, tmp_path / str(seed), seed=seed)["test"]["accuracy"] for seed in range(3)]
    assert np.mean(found) > 0.93


@pytest.mark.parametrize(("name", "least"), [("predictive", 0.93), ("spiking", 0.75)])
def test_digits_are_told_apart_by_errors_and_by_spikes(name: str, least: float, tmp_path: Path) -> None:
    assert measured(name, tmp_path, epochs=4)["test"]["accuracy"] > least


@pytest.mark.slow
def test_predictive_coding_is_within_two_points_of_back_propagation(tmp_path: Path) -> None:
    means = {}
    for name in ("fit", "twin"):
        runs = [dync.run(spec("predictive"), name, out=tmp_path / f"{name}{seed}", seed=seed) for seed in range(3)]
        means[name] = np.mean([run.outputs["evaluation_results"]["test"]["accuracy"] for run in runs])
    assert abs(means["fit"] - means["twin"]) < 0.02


@pytest.mark.slow
def test_spikes_are_worth_learning(tmp_path: Path) -> None:
    found = {name: dync.run(spec("spiking"), name, out=tmp_path / name) for name in ("fit", "unlearned")}
    accuracy = {name: run.outputs["evaluation_results"]["test"]["accuracy"] for name, run in found.items()}
    assert accuracy["fit"] > 0.85
    assert accuracy["unlearned"] < 0.55


@pytest.mark.slow
def test_reward_is_nearly_as_good_as_being_told(tmp_path: Path) -> None:
    found = [measured("reward", tmp_path / str(seed), seed=seed)["test"]["accuracy"] for seed in range(3)]
    assert np.mean(found) > 0.94


def test_a_kernel_learns_by_a_local_rule(tmp_path: Path) -> None:
    assert measured("convolutional", tmp_path, epochs=3)["test"]["accuracy"] > 0.9


def test_networks_within_a_network_tell_digits_apart(tmp_path: Path) -> None:
    assert measured("nested", tmp_path, epochs=3)["test"]["accuracy"] > 0.75


def test_patterns_are_told_apart_by_reward_alone(tmp_path: Path) -> None:
    assert measured("reinforce", tmp_path)["test"]["accuracy"] > 0.9


def test_digits_are_told_apart_by_the_timing_of_spikes(tmp_path: Path) -> None:
    assert measured("spike_timing", tmp_path)["test"]["accuracy"] > 0.78


def test_noisy_prototypes_are_told_apart(tmp_path: Path) -> None:
    assert measured("prototypes", tmp_path)["test"]["accuracy"] > 0.9


def test_damaged_memories_are_recalled(tmp_path: Path) -> None:
    found = measured("associative_memory", tmp_path)
    assert found["damaged"]["agreement"] > 0.99


def idx(array: np.ndarray) -> bytes:
    """An array of bytes in the format of MNIST."""
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.tobytes()


@pytest.fixture
def images() -> dict[str, bytes]:
    """Four files like those of MNIST: ten blurred shapes, easily told apart."""
    rng = np.random.default_rng(0)
    shapes = rng.integers(0, 2, (10, 28, 28)) * 200
    files = {}
    for part, count in (("train", 480), ("t10k", 100)):
        labels = np.arange(count, dtype=np.uint8) % 10
        pixels = (shapes[labels] + rng.integers(0, 56, (count, 28, 28))).astype(np.uint8)
        files[f"{part}-images-idx3-ubyte"] = idx(pixels)
        files[f"{part}-labels-idx1-ubyte"] = idx(labels)
    return files


@pytest.mark.parametrize("packed", [True, False], ids=["gzipped", "unpacked"])
def test_mnist_from_a_folder(images: dict[str, bytes], packed: bool, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, content in images.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        else:
            (folder / name).write_bytes(content)
    settings = {"data.folder": str(folder), "network.hidden": 200}
    assert measured("mnist", tmp_path, **settings)["test"]["accuracy"] > 0.9


def test_mnist_has_the_published_values() -> None:
    plan = dync.compile(spec("mnist")).network("Mnist").plan
    numbers = {name: values[0] for name, values in plan.numbers.items()}
    named = {layer.name: number for number, layer in enumerate(plan.structure.layers)}
    assert [layer.shape for layer in plan.structure.layers] == [(784,), (2000,), (10,)]
    assert [(phase.name, phase.steps) for phase in plan.structure.phases] == [("warm", 1), ("clamped", 5), ("relax", 5)]
    expected = {
        ("x", "h"): {"strength": 5, "density": 0.1, "rule.margin": 1.78, "rate": 0.159 / 0.1**0.5, "decay": 1.13e-4},
        ("h", "h"): {"diagonal": 0.95, "density": 0.01, "rule.margin": 1.78, "rate": 0.58, "decay": 4.2e-7},
        ("h", "y"): {"rule.margin": 7, "rate": 0.17, "decay": 4.5e-4},
        ("y", "h"): {"strength": 1.3},
    }
    found = {}
    for number, family in enumerate(plan.structure.families):
        (edge,) = family.edges
        found[edge.sender, edge.receiver] = number
    for (sender, receiver), values in expected.items():
        number = found[named[sender], named[receiver]]
        for name, value in values.items():
            assert numbers[f"family.{number}.{name}"] == pytest.approx(value), (sender, receiver, name)
