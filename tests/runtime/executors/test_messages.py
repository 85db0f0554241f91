"""What goes between processes comes out as it went in, and nothing else is taken for it."""

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lanes_of_iris import baseline, lane, several

from dync.runtime.executors.frames import Frame, FrameError, frame_from_bytes, read_frame, write_frame
from dync.runtime.executors.messages import (
    Work,
    report_frame,
    report_from,
    result_frame,
    result_from,
    work_frame,
    work_from,
)
from dync.runtime.executors.portions import portions
from dync.runtime.lanes.decision import Decision
from dync.runtime.lanes.lane import LaneReport, LaneResult

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.tuples(st.dictionaries(st.text(), PLAIN, max_size=4), st.binary(max_size=50)), max_size=4))
def test_frames_follow_each_other_in_a_pipe(sent):
    pipe = io.BytesIO()
    for says, arrays in sent:
        write_frame(pipe, Frame(says, arrays))
    pipe.seek(0)
    for says, arrays in sent:
        assert read_frame(pipe) == Frame(says, arrays)
        assert frame_from_bytes(Frame(says, arrays).to_bytes()) == Frame(says, arrays)
    assert read_frame(pipe) is None


@given(st.binary(max_size=40), st.data())
def test_a_pipe_that_closes_in_the_middle_is_closed(arrays, data):
    whole = Frame({"kind": "done"}, arrays).to_bytes()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    assert read_frame(io.BytesIO(cut)) is None
    with pytest.raises(FrameError):
        frame_from_bytes(cut)


@pytest.mark.parametrize(
    "data", [b"a line that somebody printed\n", b"dync" + b"\xff" * 16, Frame({}).to_bytes()[:-2] + b"[]"]
)
def test_what_is_no_frame(data):
    with pytest.raises(FrameError):
        read_frame(io.BytesIO(data))
    with pytest.raises(FrameError):
        frame_from_bytes(data)


def test_numbers_of_numpy_are_plain_and_those_that_are_not_finite_stay():
    says = read_frame(io.BytesIO(Frame({"a": np.float32(0.5), "b": np.int64(3), "c": float("nan")}).to_bytes())).says
    assert (says["a"], says["b"]) == (0.5, 3)
    assert np.isnan(says["c"])
    with pytest.raises(TypeError):
        Frame({"a": np.zeros(2)}).to_bytes()


def test_work_comes_through_with_what_lanes_share_sent_once():
    start = {"weights.0": np.arange(6, dtype=np.float32).reshape(2, 3), "mask.0": np.array([True]), "n": np.int32(4)}
    lanes = [lane("a", start=start), lane("b", seed=3, start=start), lane("c", hidden=7), lane("d", start=dict(start))]
    lanes.append(baseline("e", "mlp", depth=2, learning_rate=0.1, activation="tanh"))
    decisions = {"key": Decision("fast", "it is", {"fast": 0.5, "off": 1.0})}
    frame = work_frame(Work(tuple(lanes), "auto", True, decisions))
    found = work_from(frame_from_bytes(frame.to_bytes()))
    assert (found.mode, found.watched, found.decisions) == ("auto", True, decisions)
    for one, expected in zip(found.lanes, lanes, strict=True):
        assert (one.name, one.pipeline) == (expected.name, expected.pipeline)
        assert one.plan.digest == expected.plan.digest
        assert one.baseline == expected.baseline
        assert (one.start is None) == (expected.start is None)
    for name, array in start.items():
        found_array = found.lanes[1].start[name]
        assert found_array.dtype == array.dtype
        np.testing.assert_array_equal(found_array, array)
    text = json.dumps(frame.says)
    assert text.count('"waves"') == 2  # the structures of 6 and of 7 units
    assert found.lanes[0].start["weights.0"] is found.lanes[1].start["weights.0"]


def test_results_and_reports_come_through():
    history = ({"epoch": 1, "seconds": 0.1, "validation": {"accuracy": 1 / 3}},)
    arrays = {"weights.0": np.float32([[1.5]]), "number.x": np.zeros((0,), np.float32)}
    for result in (
        LaneResult("a", "pruned", history, {"validation": {"accuracy": 0.1 + 0.2}}, arrays, 2.5),
        LaneResult("b", "failed", (), {}, {}, 0.0, "it diverged"),
    ):
        found = result_from(frame_from_bytes(result_frame(result).to_bytes()))
        assert (found.lane, found.status, found.history) == (result.lane, result.status, result.history)
        assert (found.evaluation, found.seconds, found.error) == (result.evaluation, result.seconds, result.error)
        assert found.arrays.keys() == result.arrays.keys()
        assert all(
            np.array_equal(found.arrays[n], a) and found.arrays[n].dtype == a.dtype
            for n, a in arrays.items()
            if n in found.arrays
        )
    report = LaneReport("a", 3, {"validation": {"accuracy": 0.25}})
    assert report_from(frame_from_bytes(report_frame(report).to_bytes())) == report


@pytest.mark.parametrize(
    ("workers", "expected"), [(1, [5, 2]), (2, [5, 2]), (3, [3, 2, 2]), (7, [1] * 7), (50, [1] * 7)]
)
def test_portions_keep_those_alike_together(workers, expected):
    lanes = [lane("x"), *several(4), lane("y", hidden=9), lane("z", hidden=9, margin=2)]
    found = portions(lanes, workers)
    assert [len(portion) for portion in found] == expected
    assert sorted(one.name for portion in found for one in portion) == sorted(one.name for one in lanes)
    assert all(len({one.plan.structure.digest for one in portion}) == 1 for portion in found)
    assert portions([], workers) == ()
