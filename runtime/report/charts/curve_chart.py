"""Learning curves: a line for each thing that learns, with a band where several seeds did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from dync.runtime.report.blocks import Chart
from dync.runtime.report.charts.drawing import DASHES, colour, draw, series
from dync.runtime.report.thinning import thinned, thinned_line
from dync.runtime.report.wording import counted, cut, is_share, measured

Points = Sequence[tuple[float, float]]

MOST_LINES: Final = 8
MOST_POINTS_OF_BAND: Final = 200


def learning_curves(
    title: str,
    measure: str,
    lines: Mapping[str, Sequence[Points]],
    across: str = "epoch",
    places: Mapping[str, int] | None = None,
) -> Chart:
    """A line for each name: of several seeds the mean where all were measured, and a band from lowest to highest.

    `places` are the places of the names among all of the page, which give them their colours.
    """
    kept = {name: [points for points in seeds if points] for name, seeds in list(lines.items())[:MOST_LINES]}
    kept = {name: seeds for name, seeds in kept.items() if seeds}

    def paint(axes: Axes) -> None:
        for number, (name, seeds) in enumerate(kept.items()):
            _paint_line(axes, (places or {}).get(name, number), name, seeds)
        axes.set_xlabel(cut(across, 44))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        as_share(axes, measure, "y")
        if len(kept) > 1:
            legend_below(axes)

    most = max((len(seeds) for seeds in kept.values()), default=0)
    caption = (
        f"Lines are means, bands reach from the lowest to the highest of {counted(most, 'seed')}." if most > 1 else ""
    )
    if len(lines) > MOST_LINES:
        caption = f"{caption} The first {MOST_LINES} of {len(lines)} are drawn.".strip()
    ends = ", ".join(f"{name} ends at {measured(measure, _mean(seeds)[-1][1])}" for name, seeds in kept.items())
    return draw(title, paint, alt=f"Line chart, {title} by {across}: {ends}.", caption=caption)


def as_share(axes: Axes, measure: str, direction: str) -> None:
    """Ticks in per cent where the measure is a share of one."""
    if is_share(measure):
        axis = axes.yaxis if direction == "y" else axes.xaxis
        axis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(PercentFormatter(1.0))


def legend_below(axes: Axes) -> None:
    """A legend under the axes, out of the way of what is drawn."""
    figure = axes.get_figure()
    assert figure is not None
    handles, labels = axes.get_legend_handles_labels()
    longest = max((len(label) for label in labels), default=0)
    columns = 3 if longest < 14 else 2 if longest < 26 else 1
    by_rows = [place for column in range(columns) for place in range(column, len(labels), columns)]
    figure.legend(
        [handles[place] for place in by_rows], [labels[place] for place in by_rows],
        loc="outside lower center", ncols=columns,
    )  # fmt: skip


def _paint_line(axes: Axes, number: int, name: str, seeds: Sequence[Points]) -> None:
    mean = _mean(seeds)
    dash = DASHES[(number // 8 + number) % len(DASHES)] if number else DASHES[0]
    marker = "o" if len(mean) <= 30 else ""
    x, y = zip(*thinned_line(mean), strict=True)
    axes.plot(x, y, color=series(number), linestyle=dash, marker=marker, markersize=3, label=cut(name, 34))
    if len(seeds) > 1:
        band = thinned(_band(seeds), MOST_POINTS_OF_BAND)
        places, low, high = zip(*band, strict=True)
        axes.fill_between(places, low, high, color=series(number), alpha=0.18, linewidth=0)


def _by_place(seeds: Sequence[Points]) -> dict[float, list[float]]:
    """The values of all seeds at the places where every seed was measured; where there is none, at all places."""
    found: dict[float, list[float]] = {}
    for points in seeds:
        for place, value in points:
            found.setdefault(place, []).append(value)
    common = {place: values for place, values in found.items() if len(values) >= len(seeds)}
    return dict(sorted((common or found).items()))


def _mean(seeds: Sequence[Points]) -> list[tuple[float, float]]:
    return [(place, sum(values) / len(values)) for place, values in _by_place(seeds).items()]


def _band(seeds: Sequence[Points]) -> list[tuple[float, float, float]]:
    return [(place, min(values), max(values)) for place, values in _by_place(seeds).items()]


def intermediate_curves(measure: str, trials: Sequence[Points], best: Points) -> Chart:
    """The evaluations of all trials on the way, the best one on top."""

    def paint(axes: Axes) -> None:
        for points in thinned(trials, 120):
            x, y = zip(*thinned_line(points, 120), strict=True)
            axes.plot(x, y, color=colour("soft"), alpha=0.35, linewidth=0.9, marker="." if len(x) == 1 else "")
        if best:
            x, y = zip(*thinned_line(best), strict=True)
            axes.plot(x, y, color=colour("accent"), linewidth=2.2, label="best trial")
            legend_below(axes)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        as_share(axes, measure, "y")

    alt = f"Line chart: {measure} by epoch of {counted(len(trials), 'trial')}, those that were pruned end early."
    return draw(f"{measure} on the way", paint, alt=alt, caption="Lines that end early were pruned.")
