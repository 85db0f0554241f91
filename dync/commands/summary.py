"""What `dync run` says at the end of a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dync.runtime.pipelines.result import PipelineResult


def summary(result: PipelineResult, folder: Path) -> list[str]:
    """What a person wants to know at the end: how it went, how good it is, and where it lies."""
    lines = [f"{result.pipeline_name}: {result.status} in {result.total_time_seconds:.1f} s"]
    outputs = result.outputs
    lines += _measures(outputs.get("evaluation_results") or {})
    lines += _best(outputs)
    lines += _ranking(outputs)
    lines += [f"  {claim['text']}: {claim['verdict']}, {claim['why']}" for claim in outputs.get("claims") or ()]
    return [*lines, *(_place(outputs, folder))]


def _measures(measured: Mapping[str, Mapping[str, float]]) -> list[str]:
    from dync.compiler.report.text_table import table

    names = sorted({name for measures in measured.values() for name in measures})
    if not names:
        return []
    rows = [[part, *(_number(name, measures.get(name)) for name in names)] for part, measures in measured.items()]
    return table([["", *names], *rows], right=set(range(1, len(names) + 1)))


def _best(outputs: Mapping[str, Any]) -> list[str]:
    """The best of a sweep: its settings, its value, and how it does on the test part."""
    if not outputs.get("best_config"):
        return []
    objective = str(outputs.get("objective", ""))
    value = _number(objective, outputs.get("best_value"))
    settings = ", ".join(f"{key} = {found}" for key, found in outputs["best_config"].items())
    return [f"  best: {settings}", f"  {objective} {value}", *_measures(outputs.get("test_results") or {})]


def _ranking(outputs: Mapping[str, Any]) -> list[str]:
    """The entries of a comparison, best first."""
    from dync.compiler.report.text_table import table

    entries = (outputs.get("summary_statistics") or {}).get("entries") or {}
    rows = [
        [entry, task, _plain(found.get("mean")), _interval(found.get("interval")), _seeds(found)]
        for entry, tasks in entries.items()
        for task, found in tasks.items()
    ]
    return table([["entry", "task", "mean", "interval", "seeds"], *rows], right={2, 4}) if rows else []


def _interval(found: Any) -> str:
    return f"[{_plain(found[0])}, {_plain(found[1])}]" if found else "-"


def _seeds(found: Mapping[str, Any]) -> str:
    failed = found.get("failed") or 0
    return f"{found.get('seeds', 0)}" + (f", {failed} failed" if failed else "")


def _place(outputs: Mapping[str, Any], folder: Path) -> list[str]:
    for key, words in (
        ("package", "the package is"), ("report", "the report is"), ("best_checkpoint", "the best weights are"),
        ("final_checkpoint", "the weights are"),
    ):  # fmt: skip
        if isinstance(outputs.get(key), str):
            return [f"  {words} in {folder / outputs[key]}"]
    return [f"  what there is lies in {folder}"]


def _plain(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "-"


def _number(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2%}" if name.endswith(("accuracy", "agreement")) else f"{value:.4g}"
