"""What a sweep tried: the objective over trials, over each searched key, and all keys beside each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from dync.runtime.report.blocks import Chart
from dync.runtime.report.charts.curve_chart import as_share, legend_below
from dync.runtime.report.charts.drawing import WIDE, colour, draw
from dync.runtime.report.palette import step_of
from dync.runtime.report.thinning import thinned
from dync.runtime.report.wording import counted, cut, measured, number

Choice = float | str
MOST_TRIALS: Final = 1500
MOST_LINES: Final = 300
MOST_WORDS: Final = 12


@dataclass(frozen=True)
class Tried:
    """A trial as charts need it: the values of the searched keys, the status, the objective's value, and for one that
    was pruned the value at which it was `left`."""

    number: int
    params: Mapping[str, Choice]
    status: Literal["complete", "pruned", "failed"]
    value: float | None
    left: float | None = None


def is_logarithmic(values: Sequence[Choice]) -> bool:
    """Whether numbers spread so widely that only a logarithmic axis shows them."""
    numbers = [value for value in values if isinstance(value, float)]
    return len(numbers) == len(values) > 1 and min(numbers) > 0 and max(numbers) / min(numbers) >= 50


def progress(measure: str, trials: Sequence[Tried], larger_is_better: bool) -> Chart:
    """The value of every trial in their order, and the best so far."""
    better = max if larger_is_better else min
    running: list[tuple[int, float]] = []
    for trial in trials:
        if trial.status == "complete" and trial.value is not None:
            best = trial.value if not running else better(running[-1][1], trial.value)
            running.append((trial.number, best))

    def paint(axes: Axes) -> None:
        if running:
            x, y = zip(*thinned(running, MOST_TRIALS), strict=True)
            axes.step(x, y, where="post", color=colour("accent"), linewidth=1.6, label="best so far")
        _scatter(axes, trials)
        axes.set_xlabel("trial")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        as_share(axes, measure, "y")
        legend_below(axes)

    reached = f"; the best reaches {measured(measure, running[-1][1])}" if running else ""
    alt = f"Scatter chart: {measure} of {counted(len(trials), 'trial')} in their order{reached}."
    left = any(trial.status == "pruned" and _height(trial) is not None for trial in trials)
    caption = "Pruned trials stand at the value at which they were given up." if left else ""
    return draw(f"{measure} over trials", paint, alt=alt, caption=caption)


def _scatter(axes: Axes, trials: Sequence[Tried]) -> None:
    """Complete trials full, pruned ones hollow where they were left, failed ones as crosses at the lower edge."""
    for status, marker, tone in (("complete", "o", "series-0"), ("pruned", "o", "soft"), ("failed", "x", "bad")):
        of_status = thinned([trial for trial in trials if trial.status == status], MOST_TRIALS)
        valued = [(trial.number, value) for trial in of_status if (value := _height(trial)) is not None]
        if valued:
            x, y = zip(*valued, strict=True)
            face = colour(tone) if status == "complete" else "none"
            axes.plot(
                x, y, linestyle="", marker=marker, markersize=4.5, label=status, alpha=0.9, color=colour(tone),
                markerfacecolor=face,
            )  # fmt: skip
        nowhere = [trial.number for trial in of_status if _height(trial) is None]
        if nowhere:
            axes.plot(
                nowhere, [0.02] * len(nowhere), transform=axes.get_xaxis_transform(), linestyle="", marker="x",
                markersize=4.5, color=colour(tone), label=f"{status}, no value", clip_on=False,
            )  # fmt: skip


def _height(trial: Tried) -> float | None:
    return trial.left if trial.value is None else trial.value


def over_key(key: str, measure: str, trials: Sequence[Tried], logarithmic: bool | None) -> Chart:
    """The objective over the values of one key; the axis is logarithmic as told, or where the values ask for it."""
    found = [(trial.params[key], trial.value) for trial in trials if key in trial.params and trial.value is not None]
    found = thinned(found, MOST_TRIALS)
    axis = _Axis([choice for choice, _ in found], logarithmic)
    title = f"{measure} over {cut(key, 48)}"

    def paint(axes: Axes) -> None:
        x = [axis.place(choice) for choice, _ in found]
        axes.plot(x, [value for _, value in found], linestyle="", marker="o", markersize=4.5, alpha=0.75,
                  color=colour("series-0"), markeredgewidth=0)  # fmt: skip
        axes.set_xlabel(cut(key, 44))
        as_share(axes, measure, "y")
        if axis.words:
            axes.set_xticks(range(len(axis.words)), [cut(word, 12) for word in axis.words])
            axes.set_xlim(-0.6, len(axis.words) - 0.4)
            if len(axis.words) > 5:
                axes.tick_params(axis="x", rotation=40)
        elif axis.logarithmic:
            axes.set_xscale("log")
            plain = FuncFormatter(lambda value, _: number(value, 3))  # the usual one writes TeX
            axes.xaxis.set_major_formatter(plain)
            axes.xaxis.set_minor_formatter(NullFormatter())

    return draw(title, paint, alt=f"Scatter chart: {title}, {counted(len(found), 'trial')}.")


def parallel_coordinates(measure: str, keys: Sequence[str], logs: Mapping[str, bool], trials: Sequence[Tried]) -> Chart:
    """Every trial a line through its values of all keys; the stronger its colour, the higher its value."""
    valued = [trial for trial in trials if trial.value is not None and trial.status == "complete"]
    lines = thinned(sorted(valued, key=lambda trial: (trial.value or 0.0, trial.number)), MOST_LINES)
    scales = {key: _Axis([t.params[key] for t in lines if key in t.params], logs.get(key)) for key in keys}
    ends = (lines[0].value or 0.0, lines[-1].value or 0.0)
    last = len(keys)

    def paint(axes: Axes) -> None:
        for trial in lines:
            assert trial.value is not None
            points = [
                (place, scales[key].share(trial.params[key])) for place, key in enumerate(keys) if key in trial.params
            ]
            points.append((last, _share(trial.value, *ends)))
            x, y = zip(*points, strict=True)
            tone = colour(f"step-{step_of(trial.value, *ends)}")
            axes.plot(x, y, color=tone, linewidth=1.1, alpha=0.85)
        for place, key in enumerate(keys):
            _paint_axis(axes, place, scales[key])
        _paint_ticks(axes, last, [(0.0, measured(measure, ends[0])), (1.0, measured(measure, ends[1]))])
        axes.set_xticks(range(last + 1), [*(cut(key.rpartition(".")[2], 16) for key in keys), cut(measure, 24)])
        axes.tick_params(axis="x", labelcolor=colour("ink"))
        axes.set_yticks([])
        axes.set_ylim(-0.08, 1.08)
        axes.set_xlim(-0.2, last + 0.4)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.grid(visible=False, axis="y")

    alt = f"Parallel coordinates of {counted(len(lines), 'trial')} over {', '.join(keys)} and {measure}."
    caption = f"Each line is a trial; the stronger its colour, the larger {measure}."
    return draw("Parallel coordinates", paint, alt=alt, caption=caption, size=WIDE, wide=True)


class _Axis:
    """How values of a key lie along an axis: as numbers, as their logarithms, or as words in the order of coming."""

    def __init__(self, values: Sequence[Choice], logarithmic: bool | None) -> None:
        numbers = [value for value in values if isinstance(value, float)]
        self.words = () if len(numbers) == len(values) else tuple(dict.fromkeys(map(_word, values)))[:MOST_WORDS]
        wide = is_logarithmic(values) if logarithmic is None else logarithmic
        self.logarithmic = wide and not self.words and bool(numbers) and min(numbers) > 0
        self.low, self.high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)

    def place(self, value: Choice) -> float:
        """Where a value lies on an axis of values."""
        if self.words:
            return float(self.words.index(_word(value))) if _word(value) in self.words else float(len(self.words))
        return float(value)

    def share(self, value: Choice) -> float:
        """Where a value lies between the ends of the axis, from 0 to 1."""
        if self.words:
            return _share(self.place(value), 0.0, float(len(self.words) - 1))
        if self.logarithmic:
            return _share(math.log(float(value)), math.log(self.low), math.log(self.high))
        return _share(float(value), self.low, self.high)


def _paint_axis(axes: Axes, place: int, axis: _Axis) -> None:
    if axis.words:
        marks = [(axis.share(word), cut(word, 10)) for word in axis.words]
    else:
        marks = [(0.0, number(axis.low, 3)), (1.0, number(axis.high, 3))]
    _paint_ticks(axes, place, marks)


def _paint_ticks(axes: Axes, place: int, marks: Sequence[tuple[float, str]]) -> None:
    axes.plot([place, place], [0, 1], color=colour("soft"), linewidth=1)
    for height, word in marks:
        behind = {"facecolor": colour("paper"), "edgecolor": "none", "alpha": 0.8, "pad": 1.2}
        axes.text(place + 0.04, height, word, color=colour("ink"), fontsize=8.5, va="center", bbox=behind)


def _word(value: Choice) -> str:
    return value if isinstance(value, str) else number(value)


def _share(value: float, low: float, high: float) -> float:
    return 0.5 if high <= low else (value - low) / (high - low)
