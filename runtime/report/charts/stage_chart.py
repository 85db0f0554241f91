"""The stages of a run along the time that it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from matplotlib.axes import Axes

from dync.runtime.report.blocks import Chart
from dync.runtime.report.charts.drawing import SIZE, colour, draw
from dync.runtime.report.wording import cut, seconds

_TONES: Final = {"completed": "accent", "failed": "bad", "interrupted": "warn", "not finished": "warn"}


@dataclass(frozen=True)
class StageTime:
    """From when to when a stage worked, in seconds after the run began, and how it ended."""

    name: str
    began: float
    ended: float
    state: Literal["completed", "failed", "interrupted", "not finished"]


def stage_times(stages: Sequence[StageTime]) -> Chart:
    """A bar for each time that a stage was worked on, the first on top."""
    total = max((stage.ended for stage in stages), default=0.0)

    def paint(axes: Axes) -> None:
        for row, stage in enumerate(stages):
            length = max(stage.ended - stage.began, total / 300)
            tone = colour(_TONES[stage.state])
            axes.broken_barh([(stage.began, length)], (row - 0.28, 0.56), facecolor=tone, edgecolor="none")
            spent = seconds(stage.ended - stage.began)
            spent = spent if stage.state == "completed" else f"{spent}, {stage.state}"
            axes.text(stage.began + length + total * 0.015, row, spent, va="center", fontsize=8, color=colour("soft"))
        axes.set_yticks(range(len(stages)), [cut(stage.name.replace("_", " "), 24) for stage in stages])
        axes.tick_params(axis="y", labelcolor=colour("ink"))
        axes.set_ylim(len(stages) - 0.4, -0.6)
        room = 1.2 if all(stage.state == "completed" for stage in stages) else 1.7  # for the last label
        axes.set_xlim(0, max(total * room, 1e-3))
        axes.set_xlabel("seconds after the run began")
        axes.grid(visible=False, axis="y")

    alt = (
        "Bar chart of stages: " + ", ".join(f"{s.name} {seconds(s.ended - s.began)} ({s.state})" for s in stages) + "."
    )
    return draw("Time of stages", paint, alt=alt, size=(SIZE[0], 0.9 + 0.3 * len(stages)))
