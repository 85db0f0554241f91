"""Critical differences: entries by their average rank, and bars over those that are not told apart (Demšar 2006,
"Statistical Comparisons of Classifiers over Multiple Data Sets")."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dync.runtime.report.blocks import Chart
from dync.runtime.report.charts.drawing import SIZE, colour, draw
from dync.runtime.report.wording import cut, number


def average_ranks(blocks: Sequence[Mapping[str, float]], larger_is_better: bool) -> dict[str, float]:
    """The mean rank of each entry over blocks of scores, 1 the best; equal scores share their ranks.

    Only blocks in which every entry has a score count.
    """
    names = list(dict.fromkeys(name for block in blocks for name in block))
    whole = [block for block in blocks if len(block) == len(names)]
    if not whole or len(names) < 2:
        return {}
    scores = np.array([[block[name] for name in names] for block in whole]) * (-1.0 if larger_is_better else 1.0)
    below = (scores[:, None, :] < scores[:, :, None]).sum(axis=2)
    equal = (scores[:, None, :] == scores[:, :, None]).sum(axis=2)
    ranks = (below + (equal + 1) / 2).mean(axis=0)
    return {name: float(rank) for name, rank in zip(names, ranks, strict=True)}


def cliques(ordered: Sequence[str], different: Collection[frozenset[str]]) -> list[tuple[int, int]]:
    """The longest stretches of two and more neighbours among which no two are told apart, as first and last place."""
    found: list[tuple[int, int]] = []
    for start in range(len(ordered)):
        end = start
        while end + 1 < len(ordered) and all(
            frozenset((ordered[end + 1], ordered[place])) not in different for place in range(start, end + 1)
        ):
            end += 1
        if end > start and not any(end <= other for _, other in found):
            found.append((start, end))
    return found


def critical_differences(
    ranks: Mapping[str, float], different: Collection[frozenset[str]], over: str, friedman_p: float | None = None
) -> Chart:
    """The diagram. `different` are the pairs that the tests told apart, `over` says what was ranked over."""
    ordered = sorted(ranks, key=lambda name: (ranks[name], name))
    bars = cliques(ordered, different)
    count = len(ordered)
    left = (count + 1) // 2
    depth = 0.35 * len(bars) + 0.5

    def paint(axes: Axes) -> None:
        low, high = 1.0, float(max(count, 2))
        margin = (high - low) * 0.62
        axes.set_xlim(low - margin, high + margin)
        axes.set_ylim(depth + 0.62 * left + 0.3, -0.5)
        axes.axis("off")
        _paint_scale(axes, low, high)
        for place, name in enumerate(ordered):
            is_left = place < left
            row = depth + 0.62 * (place if is_left else count - 1 - place) + 0.3
            end = low - margin * 0.06 if is_left else high + margin * 0.06
            rank = ranks[name]
            axes.plot([rank, rank, end], [0, row, row], color=colour("soft"), linewidth=1)
            axes.plot([rank], [0], marker="o", markersize=4, color=colour("accent"), linestyle="")
            shift, side = (-margin * 0.04, "right") if is_left else (margin * 0.04, "left")
            label = f"{cut(name, 16)} {rank:.2f}"
            axes.text(end + shift, row, label, ha=side, va="center", color=colour("ink"), fontsize=8.5)
        for place, (first, last) in enumerate(bars):
            height = 0.32 + 0.35 * place
            ends = [ranks[ordered[first]] - 0.02 * (high - low), ranks[ordered[last]] + 0.02 * (high - low)]
            axes.plot(ends, [height] * 2, color=colour("warn"), linewidth=4)

    groups = "; ".join(", ".join(ordered[first : last + 1]) for first, last in bars) or "none"
    listed = ", ".join(f"{name} {ranks[name]:.2f}" for name in ordered)
    alt = f"Critical-difference diagram. Average ranks over {over}: {listed}. Not told apart: {groups}."
    caption = f"Average rank over {over}; 1 is best. A bar joins entries that the tests do not tell apart."
    if friedman_p is not None:
        caption += f" Friedman's p, against all being alike: {number(friedman_p, 2)}."
    height = 0.9 + 0.3 * (left + 0.56 * len(bars))
    return draw("Critical differences", paint, alt=alt, caption=caption, size=(SIZE[0], max(height, 1.9)))


def _paint_scale(axes: Axes, low: float, high: float) -> None:
    axes.plot([low, high], [0, 0], color=colour("ink"), linewidth=1)
    for tick in MaxNLocator(nbins=8, integer=True).tick_values(low, high):
        if low <= tick <= high:
            axes.plot([tick, tick], [0, -0.1], color=colour("ink"), linewidth=1)
            axes.text(float(tick), -0.16, f"{tick:.0f}", ha="center", va="bottom", color=colour("soft"), fontsize=8.5)
