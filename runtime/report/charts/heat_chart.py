"""Heat maps: a measure over two searched keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from dync.runtime.report.blocks import Chart
from dync.runtime.report.charts.drawing import SIZE, colour, draw
from dync.runtime.report.palette import INK_UP_TO, step_of
from dync.runtime.report.wording import cut, is_share, measured, number

MOST_CELLS: Final = 40
_NUMBERS_UP_TO: Final = 9

Choice = float | str


def heat_map(measure: str, across: str, down: str, cells: Mapping[tuple[Choice, Choice], float], caption: str) -> Chart:
    """`cells` gives the measure at values of the key `across` and of the key `down`."""
    columns, rows = _ordered([cell[0] for cell in cells]), _ordered([cell[1] for cell in cells])
    low, high = min(cells.values()), max(cells.values())
    numbered = max(len(columns), len(rows)) <= _NUMBERS_UP_TO

    def paint(axes: Axes) -> None:
        for x, column in enumerate(columns):
            for y, row in enumerate(rows):
                if (column, row) in cells:
                    _paint_cell(axes, x, y, cells[column, row], (low, high), measure if numbered else None)
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(-0.5, len(rows) - 0.5)
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_visible(False)
        _name_ticks(axes, columns, rows)
        axes.set_xlabel(cut(across, 40))
        axes.set_ylabel(cut(down, 30))

    title = f"{measure} over {cut(across, 40)} and {cut(down, 40)}"
    alt = f"Heat map: {title}, from {measured(measure, low)} to {measured(measure, high)}."
    scale = f"From {measured(measure, low)} (weak colour) to {measured(measure, high)} (strong colour). {caption}"
    return draw(title, paint, alt=alt, caption=scale.strip(), size=(SIZE[0], min(1.0 + 0.34 * len(rows), 5.0) + 0.5))


def _paint_cell(axes: Axes, x: int, y: int, value: float, ends: tuple[float, float], measure: str | None) -> None:
    step = step_of(value, *ends)
    patch = Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=colour(f"step-{step}"), edgecolor="none")
    axes.add_patch(patch)
    if measure is not None:
        text = f"{100 * value:.1f}" if is_share(measure) else number(value, 3)
        ink = colour("ink" if step <= INK_UP_TO else "paper")
        axes.text(x, y, text, ha="center", va="center", color=ink, fontsize=7.5)


def _name_ticks(axes: Axes, columns: Sequence[Choice], rows: Sequence[Choice]) -> None:
    every = max(1, len(columns) // 8)
    axes.set_xticks(range(0, len(columns), every), [_word(choice) for choice in columns[::every]])
    every = max(1, len(rows) // 10)
    axes.set_yticks(range(0, len(rows), every), [_word(choice) for choice in rows[::every]])


def _ordered(found: Sequence[Choice]) -> list[Choice]:
    """Each value once: numbers by their size, then words in the order of coming."""
    distinct = list(dict.fromkeys(found))
    numbers: list[Choice] = [*sorted(value for value in distinct if isinstance(value, float))]
    return [*numbers, *(value for value in distinct if isinstance(value, str))][:MOST_CELLS]


def _word(choice: Choice) -> str:
    return cut(choice, 10) if isinstance(choice, str) else number(choice, 3)
