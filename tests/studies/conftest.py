"""A study of all four kinds of pipeline, so small that it runs in seconds, on two files of data."""

from pathlib import Path

import numpy as np
import pytest

import dync
from dync.jobs import jobs
from dync.running import Means, run_job
from dync.runtime.reporter import Reporter

STUDY = """
network Net {
  param hidden = 4 in 1..16
  input  x (8)
  layer  h (hidden) tanh
  output y (2)
  edge x -> h dense learn hebbian rate 0.01
  edge readout: h -> y dense learn delta
  phase free { until settled within 0.01 max 2 messages forward }
  train free
  infer free
}
pipeline fit training {
  network    Net
  data       npz("data.npz") then split(test = 0.2, validation = 0.2)
  evaluate   more npz("more.npz")
  epochs     3
  batch      8
  optimizer  adam(learning_rate = 0.05)
  checkpoint every 2
}
pipeline tune sweep {
  base       fit
  from       fit
  search     optimizer.learning_rate in { 0.01, 0.1 }
  search     epochs in { 1, 2 }
  objective  minimize validation.mse
  prune      median(startup = 1)
  compare    best 2
}
pipeline duel comparison {
  entry best tune.best
  entry still fit with { optimizer.learning_rate = 0 }
  task  one npz("data.npz") then split(test = 0.2)
  task  two npz("more.npz") then split(test = 0.2)
  seeds 2
  claim best > still on test.mse
}
pipeline suite benchmark {
  entry wide fit with { hidden = 6 }
  entry given checkpoint "study/fit/final"
  task  one npz("data.npz") then split(test = 0.2)
  seeds 2
  against baselines
  package best
}
"""

KINDS = {"fit": "training", "tune": "sweep", "duel": "comparison", "suite": "benchmark"}


def write_data(path: Path, seed: int) -> None:
    """Forty examples of two classes."""
    draw = np.random.default_rng(seed)
    labels = np.arange(40) % 2
    np.savez(path, data=(draw.normal(size=(40, 8)) + labels[:, None]).astype(np.float32), target=labels)


class Heard(Reporter):
    """Keeps the sentences that are said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def message(self, text: str) -> None:
        self.said.append(text)


class Study:
    """A folder with the study, which it runs as `dync run study.dyn --out study` does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out, self.path = folder, folder / "study", folder / "study.dyn"
        self.path.write_text(STUDY, encoding="utf-8")
        write_data(folder / "data.npz", 1)
        write_data(folder / "more.npz", 2)

    def run(self, pipeline: str | None = None, **settings: object) -> tuple[dict[str, dync.PipelineResult], list[str]]:
        """The results by pipeline, and what was said; what is there already is resumed."""
        found = jobs(self.path, pipeline, settings)
        folders = {job.name: self.out / job.name for job in found}
        heard = Heard()
        means = Means(heard, folders=folders, store=self.folder / "runs.sqlite")
        results = {
            job.name: run_job(job, folders[job.name], resume=folders[job.name].exists(), means=means) for job in found
        }
        return results, heard.said


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study that has not run."""
    return Study(tmp_path)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study whose four pipelines are complete; whoever changes its data runs it again."""
    made = Study(tmp_path_factory.mktemp("study"))
    results, _ = made.run()
    assert [result.errors for result in results.values()] == [()] * len(KINDS)
    return made
