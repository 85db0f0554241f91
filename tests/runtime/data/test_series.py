"""Series: made on the spot and read from files, bound to layers over time, split in the order of time, cut, joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dync.compiler.pipeline_plan import CallPlan, DataPlan, Value
from dync.runtime.data import DataError, Dataset, load, register_source
from dync.runtime.data import mackey_glass as module
from dync.runtime.data import sources as registry
from dync.runtime.data.content import Content
from dync.runtime.data.mackey_glass import mackey_glass
from dync.runtime.data.narma import narma
from dync.runtime.data.streams import as_streams

Write = Callable[..., str]


def call(name: str, *positional: Value, **named: Value) -> CallPlan:
    return CallPlan(name, positional, named)


def loaded(
    folder: Path,
    source: CallPlan,
    *transforms: CallPlan,
    over_time: tuple[str, ...] = ("u", "y"),
    u: tuple[int, ...] = (1,),
    y: tuple[int, ...] = (1,),
    bindings: Mapping[str, str] | None = None,
) -> Dataset:
    return load(DataPlan(source, dict(bindings or {}), transforms), {"u": u}, {"y": y}, folder, over_time)


def series_of(content: Content, name: str) -> np.ndarray[Any, Any]:
    return content.train[name][:, :, 0].astype(np.float64)


# --- made on the spot -------------------------------------------------------------------------------------------------


def test_the_target_of_mackey_glass_is_the_series_later() -> None:
    near, far = mackey_glass(Path(), length=50), mackey_glass(Path(), length=50, horizon=6)
    assert near.train["data"].shape == near.train["target"].shape == (1, 50, 1)
    np.testing.assert_array_equal(near.train["target"][0, :-1], near.train["data"][0, 1:])
    np.testing.assert_array_equal(far.train["target"][0, :-6], near.train["data"][0, 6:])


def test_mackey_glass_solves_its_equation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against plain Euler steps a hundred times finer, from a past of 1.2. Chaos forbids a much longer comparison."""
    monkeypatch.setattr(module, "TRANSIENT", 0)
    found = module._integrated(17, 100, np.zeros((1, 17 * module.STEPS)))[0]
    fine = 100 * module.STEPS
    delay = 17 * fine
    values = [1.2] * delay
    while len(values) < delay + 99 * fine + 100:
        past, now = values[len(values) - delay], values[-1]
        values.append(now + (0.2 * past / (1 + past**10) - 0.1 * now) / fine)
    exact = np.array(values[delay - 1 + 100 :: fine])  # the first sample is one step of a tenth after the past
    assert np.ptp(exact) > 0.5
    assert np.abs(found - exact[:100]).max() < 1e-3


def test_mackey_glass_has_the_spread_that_is_known_of_it() -> None:
    """For tau = 17 the series is known to move between about 0.2 and 1.4, around 0.9 with a deviation near 0.23."""
    values = series_of(mackey_glass(Path(), length=5000), "data")
    assert 0.2 < values.min() < 0.5
    assert 1.2 < values.max() < 1.4
    assert 0.89 < values.mean() < 0.95
    assert 0.21 < values.std() < 0.25


def test_narma_obeys_its_equation() -> None:
    content = narma(Path(), length=300, seed=3)
    u, y = series_of(content, "data")[0], series_of(content, "target")[0]  # y[t] is the series at t + 1
    for t in range(10, 299):
        window = y[t - 9 : t + 1].sum()  # ten values up to that at t + 1
        later = 0.3 * y[t] + 0.05 * y[t] * window + 1.5 * u[t - 8] * u[t + 1] + 0.1
        assert later == pytest.approx(y[t + 1], abs=1e-6)
    assert 0 <= u.min() < 0.05
    assert 0.45 < u.max() <= 0.5


@pytest.mark.parametrize("make", [mackey_glass, narma])
def test_a_seed_decides_all(make: Callable[..., Content]) -> None:
    one, same, other = (series_of(make(Path(), length=40, seed=s, sequences=2), "target") for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
    assert one.shape == (2, 40)
    assert not np.allclose(one[0], one[1])


@pytest.mark.parametrize(
    ("source", "phrase"),
    [
        (call("mackey_glass", tau=0.5), "mackey_glass has tau = 0.5: give a delay from 1 to 1000"),
        (call("mackey_glass", length=0), "mackey_glass has length = 0: give at least 1"),
        (call("mackey_glass", length=10**9), "make it smaller"),
        (call("narma", order=1), "narma has order = 1: give at least 2"),
        (call("narma", order=60), "the series of narma(order = 60) run away"),
        (call("narma", horizon=0), "narma has horizon = 0: give at least 1"),
        (call("narma", length=10**8), "would take 100,000,201 steps, more than 20,000,000"),
        (call("narma", seed=-1), "the seed -1 of narma is negative"),
    ],
)
def test_what_cannot_be_made_is_refused(source: CallPlan, phrase: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        loaded(tmp_path, source)
    assert phrase in str(error.value)


# --- files ------------------------------------------------------------------------------------------------------------


def test_sequences_of_a_file_go_to_layers_over_time(tmp_path: Path, write_npz: Write) -> None:
    u, y = np.arange(24.0).reshape(2, 4, 3), np.arange(8.0).reshape(2, 4, 1)
    found = loaded(tmp_path, call("series", write_npz({"u": u, "y": y})), u=(3,))
    np.testing.assert_array_equal(found.parts["train"].arrays["u"], u)
    assert found.parts["train"].examples == 2


@pytest.mark.parametrize("shape", [(4,), (4, 1), (1, 4, 1)])
def test_one_sequence_may_be_written_shortly(shape: tuple[int, ...], tmp_path: Path, write_npz: Write) -> None:
    file = write_npz({"u": np.arange(4.0).reshape(shape), "y": np.arange(4).reshape(4)})
    found = loaded(tmp_path, call("series", file)).parts["train"]
    assert {name: array.shape for name, array in found.arrays.items()} == {"u": (1, 4, 1), "y": (1, 4, 1)}


@pytest.mark.parametrize(("shape", "sequences"), [((5, 2, 3), 1), ((4, 5, 2, 3), 4)])
def test_a_layer_of_two_dimensions_takes_images_over_time(
    shape: tuple[int, ...], sequences: int, tmp_path: Path, write_npz: Write
) -> None:
    file = write_npz({"u": np.arange(float(np.prod(shape))).reshape(shape), "y": np.zeros((sequences, 5, 1))})
    found = loaded(tmp_path, call("series", file), u=(2, 3)).parts["train"]
    assert found.arrays["u"].shape == (sequences, 5, 2, 3)


def test_a_still_output_has_one_target_a_sequence(tmp_path: Path, write_npz: Write) -> None:
    file = write_npz({"u": np.zeros((3, 5, 1)), "y": np.array([0, 1, 1])})
    found = loaded(tmp_path, call("series", file), over_time=("u",), y=(2,)).parts["train"]
    np.testing.assert_array_equal(found.arrays["y"], [[1, -1], [-1, 1], [-1, 1]])


@pytest.mark.parametrize(
    ("arrays", "over_time", "phrase"),
    [
        (
            {"u": np.zeros((5, 1)), "y": np.zeros((4, 1))},
            ("u", "y"),
            "the series of the train part do not run side by side: 'u' has 5 samples, 'y' has 4 samples; give them",
        ),
        (
            {"u": np.zeros((2, 5, 1)), "y": np.zeros((3, 5, 1))},
            ("u", "y"),
            "'u' has 2 sequences of 5 samples, 'y' has 3 sequences of 5 samples",
        ),
        (
            {"u": np.zeros((2, 5, 1)), "y": np.zeros((5, 1))},
            ("u",),
            "do not have equally many sequences: 'y' has 5, 'u' has 2; a layer that is not over time takes one",
        ),
        ({"u": np.zeros((2, 5, 1)), "y": np.zeros((2, 5, 1))}, (), "the source gives series, but u and y take none"),
        (
            {"u": np.zeros((2, 0, 1)), "y": np.zeros((2, 0, 1))},
            ("u", "y"),
            "the series 'u' of the train part are",
        ),
        ({"u": np.full((5, 1), np.inf), "y": np.zeros((5, 1))}, ("u", "y"), "the series 'u' has 5 values that are no"),
        (
            {"u": np.zeros((5, 2)), "y": np.zeros((5, 1))},
            ("u", "y"),
            "u has the shape (1,), 1 units, but 'u' gives (2,), 2 values a sample",
        ),
    ],
)
def test_series_that_do_not_fit_are_refused(
    arrays: dict[str, Any], over_time: tuple[str, ...], phrase: str, tmp_path: Path, write_npz: Write
) -> None:
    with pytest.raises(DataError) as error:
        loaded(tmp_path, call("series", write_npz(arrays)), over_time=over_time)
    assert phrase in str(error.value)


def test_other_sources_give_no_series(tmp_path: Path, write_npz: Write) -> None:
    with pytest.raises(DataError, match="u is over time, but 'u' is no series: take a source of series"):
        loaded(tmp_path, call("npz", write_npz({"u": np.zeros((5, 1)), "y": np.zeros((5, 1))})))


def test_a_registered_source_can_give_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    register_source("ramp", lambda base: Content({"data": np.arange(6.0), "target": np.arange(6.0)}, series=True))
    assert loaded(tmp_path, call("ramp")).parts["train"].arrays["u"].shape == (1, 6, 1)
    with pytest.raises(DataError, match="nothing is drawn: leave the seed of split out"):
        loaded(tmp_path, call("ramp"), call("split", test=0.5, seed=1))


# --- parts ------------------------------------------------------------------------------------------------------------


def ramp(write: Write, sequences: int, samples: int) -> CallPlan:
    values = np.arange(float(sequences * samples)).reshape(sequences, samples, 1)
    return call("series", write({"u": values, "y": -values}))


def test_one_sequence_is_split_in_time(tmp_path: Path, write_npz: Write) -> None:
    found = loaded(tmp_path, ramp(write_npz, 1, 10), call("split", test=0.3, validation=0.2))
    parts = {name: part.arrays["u"][0, :, 0].tolist() for name, part in found.parts.items()}
    assert parts == {"train": [0, 1, 2, 3, 4], "validation": [5, 6], "test": [7, 8, 9]}


def test_several_sequences_are_split_in_their_order(tmp_path: Path, write_npz: Write) -> None:
    found = loaded(tmp_path, ramp(write_npz, 5, 2), call("split", test=0.4))
    assert found.parts["train"].arrays["u"][:, 0, 0].tolist() == [0, 2, 4]
    assert found.parts["test"].arrays["y"][:, 0, 0].tolist() == [-6, -8]


def test_a_split_that_leaves_nothing_is_refused(tmp_path: Path, write_npz: Write) -> None:
    with pytest.raises(DataError, match="split of 4 samples leaves the test part empty"):
        loaded(tmp_path, ramp(write_npz, 1, 4), call("split", test=0.1))


def test_windows_cut_the_training_part_alone(tmp_path: Path, write_npz: Write) -> None:
    found = loaded(tmp_path, ramp(write_npz, 1, 11), call("split", test=0.3), call("windows", 3))
    assert found.parts["train"].arrays["u"][:, :, 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found.parts["test"].arrays["u"].shape == (1, 3, 1)
    with pytest.raises(DataError, match="windows has length = 12, but the training part has 11 samples a sequence"):
        loaded(tmp_path, ramp(write_npz, 1, 11), call("windows", 12))


def test_windows_repeat_what_is_still(tmp_path: Path, write_npz: Write) -> None:
    file = write_npz({"u": np.zeros((2, 4, 1)), "y": np.array([[1.0], [2.0]])})
    found = loaded(tmp_path, call("series", file), call("windows", 2), over_time=("u",)).parts["train"]
    assert found.arrays["y"][:, 0].tolist() == [1, 1, 2, 2]


def test_values_are_transformed_sample_by_sample(tmp_path: Path, write_npz: Write) -> None:
    values = np.arange(12.0).reshape(2, 3, 2) ** 2
    file = write_npz({"u": values, "y": np.zeros((2, 3, 1))})
    found = loaded(tmp_path, call("series", file), call("normalize", "standard"), u=(2,)).parts["train"].arrays["u"]
    flat = values.reshape(6, 2)
    np.testing.assert_allclose(found.reshape(6, 2), (flat - flat.mean(0)) / flat.std(0), rtol=1e-5)
    unit = loaded(tmp_path, call("series", file), call("normalize", "unit"), u=(2,)).parts["train"].arrays["u"]
    np.testing.assert_allclose(np.linalg.norm(unit, axis=2), 1, rtol=1e-5)
    wide = loaded(tmp_path, call("series", file), call("project", 5), u=(5,)).parts["train"].arrays["u"]
    assert wide.shape == (2, 3, 5)


def test_streams_are_sequences_end_to_end(tmp_path: Path, write_npz: Write) -> None:
    found = as_streams(loaded(tmp_path, ramp(write_npz, 8, 2), call("split", test=0.4)), batch=2)
    assert found.parts["train"].arrays["u"][:, :, 0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert found.parts["test"].arrays["u"][:, :, 0].tolist() == [[10, 11, 12, 13, 14, 15]]
    with pytest.raises(DataError, match="a batch of 9 streams needs as many sequences, but the training part has 8"):
        as_streams(loaded(tmp_path, ramp(write_npz, 8, 2)), batch=9)
