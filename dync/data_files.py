"""Where the data files of a pipeline are, when the caller says so beside the spec."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from dync.compiler.pipeline_plan import CallPlan, DataPlan, TrainingPlan, Value
from dync.compiler.pipelines.signatures import EMBEDDED
from dync.runtime.error import RunError

FOLDER: Final = "data.folder"
"""The setting that says in which folder the data files are."""

FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "idx": ("images", "labels", "test_images", "test_labels"),
    "npz": ("file",),
    "csv": ("file",),
    "series": ("file",),
}
"""The arguments of sources that are paths of files."""

_MADE: Final = {*EMBEDDED, "prototypes", "mackey_glass", "narma"}
"""Sources that read no file of the user."""


def without_folder(settings: Mapping[str, object]) -> tuple[dict[str, object], Path | None]:
    """The settings without `data.folder`, and the folder, relative to the current one.

    Raises RunError where there is no such folder.
    """
    rest = {key: value for key, value in settings.items() if key != FOLDER}
    if FOLDER not in settings:
        return rest, None
    folder = Path(str(settings[FOLDER]).strip('"'))
    if not folder.is_dir():
        raise RunError(f"{FOLDER}={folder}: there is no such folder")
    return rest, folder.resolve()


def file_setting(key: str, text: str) -> str:
    """The value of a setting as the language writes it, where it is the path of a data file, else as it is.

    A path of a file that exists, seen from the current folder, is made absolute; any other stays relative to the spec.
    """
    arguments = {f"data.{name}" for names in FILES.values() for name in names}
    if key not in arguments or text in ("none", ""):
        return text
    path = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    place = str(Path(path).resolve()) if _is_file(path) else path
    escaped = place.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def in_folder(pipeline: TrainingPlan, folder: Path) -> TrainingPlan:
    """The pipeline with its data files looked up in this folder, by their names alone; absolute paths stay."""
    return replace(
        pipeline,
        data=plan_in_folder(pipeline.data),
        evaluate_on={name: plan_in_folder(data) for name, data in pipeline.evaluate_on.items()},
        base=str(folder),
    )


def anchored(pipeline: TrainingPlan) -> TrainingPlan:
    """The pipeline with an absolute base folder, where it reads files at all: it can then be run from anywhere."""
    sources = {data.source.name for data in (pipeline.data, *pipeline.evaluate_on.values())}
    return pipeline if sources <= _MADE else replace(pipeline, base=str(Path(pipeline.base).resolve()))


def plan_in_folder(data: DataPlan) -> DataPlan:
    """Data whose files are looked up by their names alone; absolute paths stay."""
    source = data.source
    if source.name not in FILES:
        return data
    named = {key: _name(value) if key in FILES[source.name] else value for key, value in source.named.items()}
    return replace(data, source=CallPlan(source.name, source.positional, named))


def _name(value: Value) -> Value:
    return Path(value).name if isinstance(value, str) and not Path(value).is_absolute() else value


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False
