"""Distributions over seeds: every seed a point, the middle half a box, the mean with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes

from dync.runtime.report.blocks import Chart
from dync.runtime.report.charts.curve_chart import as_share
from dync.runtime.report.charts.drawing import SIZE, colour, draw, series
from dync.runtime.report.thinning import thinned
from dync.runtime.report.wording import counted, cut, measured

MOST_ROWS: Final = 24
MOST_POINTS: Final = 300
FEW: Final = 3
"""So few seeds have no middle half to speak of."""


@dataclass(frozen=True)
class Sample:
    """The values of an entry, one a seed, with the mean and its interval where they are known.

    `place` is that of the entry among all entries of the page, which gives it its colour.
    """

    name: str
    values: tuple[float, ...]
    mean: float | None = None
    interval: tuple[float, float] | None = None
    failed: int = 0
    place: int | None = None


def distributions(title: str, measure: str, samples: Sequence[Sample]) -> Chart:
    """A row for each entry, the first on top."""
    rows = [sample for sample in samples if sample.values][:MOST_ROWS]

    def paint(axes: Axes) -> None:
        for number, sample in enumerate(rows):
            _paint_row(axes, number, sample)
        axes.set_yticks(range(len(rows)), [cut(sample.name, 22) for sample in rows])
        axes.tick_params(axis="y", labelcolor=colour("ink"))
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(cut(measure, 40))
        as_share(axes, measure, "x")

    means = ", ".join(f"{sample.name} {measured(measure, _mean(sample))}" for sample in rows)
    failed = sum(sample.failed for sample in samples)
    caption = "Points are seeds"
    if any(len(sample.values) > FEW for sample in rows):
        caption += ", boxes their middle half with the median"
    if any(sample.interval is not None for sample in rows):
        caption += ", bars the 95% interval of the mean"
    caption += "."
    if failed:
        caption += f" {counted(failed, 'seed')} failed: worst of all in the mean, and not drawn."
    alt = f"Strip chart of {measure} over seeds; means: {means}."
    return draw(title, paint, alt=alt, caption=caption, size=(SIZE[0], 1.0 + 0.42 * max(len(rows), 1)))


def _paint_row(axes: Axes, number: int, sample: Sample) -> None:
    tone = series(number if sample.place is None else sample.place)
    values = np.asarray(thinned(sample.values, MOST_POINTS))
    low, middle, high = np.percentile(np.asarray(sample.values), (25, 50, 75))
    if len(sample.values) > FEW:
        axes.broken_barh([(low, high - low)], (number - 0.2, 0.4), facecolor=tone, alpha=0.2, edgecolor="none")
        axes.plot([middle, middle], [number - 0.2, number + 0.2], color=tone, linewidth=2)
    # Points one below the other by the golden ratio: spread evenly, and the same whenever it is drawn.
    shift = (np.arange(len(values)) * 0.618034 % 1.0 - 0.5) * 0.3 if len(values) > 1 else np.zeros(1)
    axes.plot(
        values, number + shift, linestyle="", marker="o", markersize=3.6, color=tone, alpha=0.75, markeredgewidth=0
    )
    mean = _mean(sample)
    if sample.interval is not None:
        axes.plot(sample.interval, [number + 0.3] * 2, color=colour("ink"), linewidth=1.3)
        axes.plot([mean], [number + 0.3], marker="D", markersize=3.6, color=colour("ink"), linestyle="")


def _mean(sample: Sample) -> float:
    return sample.mean if sample.mean is not None else float(np.mean(sample.values))
