"""What a pipeline leaves: which stages were completed, what failed and why, and what there is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from dync.runtime.plain_json import plain_json

if TYPE_CHECKING:
    from dync.runtime.tables import Kind

Status = Literal["success", "partial", "failed"]


@dataclass(frozen=True)
class PipelineResult:
    """The result of a pipeline.

    `status` is `success` where all stages were completed, `partial` where a stage failed after the one that does the
    pipeline's work, `failed` otherwise. `errors` has a sentence for each failed stage and, where `retries` allowed more
    than one, for each attempt that failed, even if a later one did not. Paths in `outputs` are relative to the run's
    folder. `timestamp` is when it ended, in ISO 8601 with the time zone.
    """

    pipeline_name: str
    status: Status
    stages_completed: tuple[str, ...]
    stages_failed: tuple[str, ...]
    errors: tuple[str, ...]
    outputs: Mapping[str, Any]
    total_time_seconds: float
    timestamp: str

    def is_success(self) -> bool:
        """Whether every stage was completed."""
        return self.status == "success"

    def history_table(self, kind: Kind = "numpy") -> Any:
        """The history of a training, a row an epoch, with columns such as `epoch`, `seconds`, `test.accuracy`.

        A NumPy structured array, or with `"pandas"` a DataFrame; see `tables.table`. Without a history it has no rows.
        """
        return _table(self.outputs.get("history") or [], kind)

    def trials_table(self, kind: Kind = "numpy") -> Any:
        """The trials of a sweep, a row a trial, with columns such as `number`, `status`, `value`, and by the searched
        keys `params.optimizer.learning_rate`; otherwise as `history_table`."""
        trials = self.outputs.get("trials") or []
        return _table([{k: v for k, v in trial.items() if k != "intermediate"} for trial in trials], kind)

    def results_table(self, kind: Kind = "numpy") -> Any:
        """What was measured, otherwise as `history_table`: of a comparison or a benchmark a row a score, with `entry`,
        `task`, `seed`, `status` and columns such as `measures.test.accuracy`; of a training, and of the best of a
        sweep, a row a part."""
        if "scores" in self.outputs:
            return _table(self.outputs["scores"], kind)
        parts = self.outputs.get("evaluation_results") or self.outputs.get("test_results") or {}
        return _table([{"part": part, **measures} for part, measures in parts.items()], kind)

    def to_json(self) -> str:
        """The result as a JSON text; what is not finite is written as null."""
        return json.dumps(plain_json(self), indent=2, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> PipelineResult:
        """Read back what `to_json` gave; raises ValueError for anything else."""
        data = json.loads(text)
        names = set(cls.__dataclass_fields__)
        if not isinstance(data, dict) or set(data) != names:
            raise ValueError(f"not a pipeline's result: it has the fields {', '.join(sorted(names))}")
        for name in ("stages_completed", "stages_failed", "errors"):
            if not isinstance(data[name], list) or not all(isinstance(part, str) for part in data[name]):
                raise ValueError(f"not a pipeline's result: {name} is a list of texts")
            data[name] = tuple(data[name])
        if data["status"] not in get_args(Status) or not isinstance(data["outputs"], dict):
            raise ValueError(f"not a pipeline's result: a status is {', '.join(get_args(Status))}, outputs an object")
        return cls(**data)


def _table(records: Sequence[Mapping[str, Any]], kind: Kind) -> Any:
    from dync.runtime.tables import table  # NumPy takes a fifth of a second to import, and a list of runs needs none

    return table(records, kind)
