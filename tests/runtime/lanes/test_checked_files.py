"""What was hashed before work started is what is trained on: a file that changes meanwhile ends the run."""

from dataclasses import replace
from inspect import signature

import numpy as np

import dync
from dync.compiler.pipeline_plan import CallPlan, DataPlan
from dync.data_files import FILES
from dync.runtime.data.sources import BUILT_IN
from dync.runtime.event_log import read_events
from dync.runtime.executors.frames import frame_from_bytes
from dync.runtime.executors.messages import Work, work_frame
from dync.runtime.executors.work import do_work
from dync.runtime.lanes.checked_files import FROM_FILES
from dync.runtime.lanes.groups import groups
from dync.runtime.lanes.lane import Lane
from dync.runtime.lanes.need import need_of
from dync.runtime.lanes.train import watch_nothing
from dync.runtime.pipelines.training.parts import read_parts
from tests.runtime.pipelines.conftest import a_network, a_plan

TEXT = """
network Net {
  input x (3)
  output y (2)
  edge x -> y dense learn delta
  phase clamped { steps 1 }
  train clamped
  infer clamped
}
pipeline fit training {
  network Net
  data npz("some.npz") then split(test = 0.2, validation = 0.2)
  epochs 0
  optimizer sgd(0.1)
}
pipeline tune sweep {
  base fit
  search optimizer.learning_rate in { 0.1, 0.2 }
  objective maximize validation.accuracy
}
pipeline duel comparison {
  entry theirs baseline linear
  entry given checkpoint "fit/final"
  entry ours fit
  task some npz("some.npz") then split(test = 0.2)
}
pipeline given comparison {
  entry given checkpoint "fit/final"
  task some npz("some.npz") then split(test = 0.2)
}
"""


def write(path, shift=0.0, units=3):
    np.savez(path, data=np.ones((40, units), np.float32) * shift, target=np.arange(40) % 2)


def test_a_file_that_changes_after_it_was_checked_ends_the_run(tmp_path):
    (tmp_path / "some.dyn").write_text(TEXT)
    data = tmp_path / "some.npz"
    write(data)
    dync.run(tmp_path / "some.dyn", "fit", out=tmp_path / "fit", store=tmp_path / "runs.sqlite")

    def change(event):
        if event["event"] == "stage_completed" and event["stage"] == "environment_check":
            write(data, 1.0)

    for name in ("tune", "duel", "given"):
        write(data)
        path, store = tmp_path / "some.dyn", tmp_path / "runs.sqlite"
        result = dync.run(path, name, on_event=[change], out=tmp_path / name, store=store)
        assert result.status == "failed"
        assert f"the data file {data} is not what it was when this run checked it" in result.errors[0]
        assert not [e for e in read_events(tmp_path / name / "events.jsonl") if e["event"] in ("trial", "score")]


def test_a_worker_says_so_and_does_not_take_what_it_remembers_for_another_content(tmp_path):
    write(tmp_path / "some.npz", units=8)
    plan = a_plan(base=str(tmp_path), data=DataPlan(CallPlan("npz", ("some.npz",), {}), {}, ()), epochs=0, updates=None)
    network = a_network()
    need = need_of(plan, network.plan, read_parts(plan, network), 1)
    lane = Lane("a", plan, network.plan, files=need.files)
    apart = replace(lane, name="b", files=dict.fromkeys(need.files, "0" * 64))
    assert len(groups([lane, apart])) == 2
    sent = frame_from_bytes(work_frame(Work((lane, apart), "off", False)).to_bytes())
    kinds = [frame.kind for frame in do_work(sent, watch_nothing)]
    assert kinds == ["result", "changed"]


def test_every_source_that_reads_a_file_is_checked_and_found_in_a_folder():
    reading = {name for name, found in BUILT_IN.items() if {"file", "images"} & signature(found).parameters.keys()}
    assert reading == set(FROM_FILES) == set(FILES) > {"series"}
