"""The data files that trainings read: those that were hashed before work started are those that are trained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from dync.compiler.pipeline_plan import DataPlan, TrainingPlan
from dync.runtime.data.dataset import Dataset
from dync.runtime.error import RunError
from dync.runtime.pipelines.training.parts import Parts

FROM_FILES: Final = ("csv", "idx", "npz", "series")
"""The sources that read files of the user; what the others read comes with their packages."""


class ChangedDataError(RunError):
    """A data file has another content than when the run hashed it: no result of it may count."""


def files_of(training: TrainingPlan, parts: Parts) -> dict[str, str]:
    """The files that the data of a training were read from: the SHA-256 of the content by the absolute path."""
    further = [(training.evaluate_on[name], some) for name, some in parts.further.items()]
    return files_read([(training.data, parts.dataset), *further], training.base)


def files_read(data: Iterable[tuple[DataPlan, Dataset]], base: str) -> dict[str, str]:
    """The same of data one by one, whose relative paths start from the folder `base`."""
    read = [record for plan, some in data if plan.source.name in FROM_FILES for record in some.files]
    return {str((Path(base) / record.path).absolute()): record.sha256 for record in read}


def verify_unchanged(known: Mapping[str, str], read: Mapping[str, str]) -> None:
    """Raise ChangedDataError where a file was read with another content than is known; others may be anything."""
    for path, found in read.items():
        if known.get(path, found) != found:
            raise ChangedDataError(
                f"the data file {path} is not what it was when this run checked it: put it back and go on with"
                " --resume, or begin anew"
            )
