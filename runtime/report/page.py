"""The page: every run with its sections, put into the one template. What is not drawn here is escaped there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from itertools import count
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from dync.runtime.report.blocks import Section, Tone
from dync.runtime.report.charts.drawing import numbered
from dync.runtime.report.palette import variables
from dync.runtime.report.run_data import RunData
from dync.runtime.report.sections.comparison import best_compared, comparison, further
from dync.runtime.report.sections.leaderboard import leaderboard
from dync.runtime.report.sections.learning import learning
from dync.runtime.report.sections.network import Draw, network, spec
from dync.runtime.report.sections.overview import overview
from dync.runtime.report.sections.surroundings import environment, timeline
from dync.runtime.report.sections.sweep import sweep
from dync.runtime.report.wording import seconds

_TONES: Final[dict[str, Tone]] = {
    "success": "good",
    "partial": "warn",
    "failed": "bad",
    "finishing": "good",
    "unfinished": "warn",
    "interrupted": "warn",
}


@dataclass(frozen=True)
class Shown:
    """A run as the template takes it; `anchor` is its address on the page."""

    anchor: str
    name: str
    status: str
    tone: Tone
    about: str
    sections: tuple[Section, ...]


def page(title: str, runs: Sequence[RunData], draw: Draw | None) -> str:
    """The HTML of a report. Equal runs give equal texts."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    numbers = count(1)
    environment.filters["numbered"] = lambda svg: numbered(svg, next(numbers))
    template = environment.from_string(_file("page.html.jinja"))
    shown = [_shown(place, run, draw, _same_spec(run, runs)) for place, run in enumerate(runs, start=1)]
    text = template.render(title=title, runs=shown, style=Markup(style_sheet()))
    return text.lstrip() + "\n"


def style_sheet() -> str:
    """The CSS of a page, with the colours of both schemes."""
    light, dark = (";".join(f"--{name}:{colour}" for name, colour in variables(s).items()) for s in ("light", "dark"))
    schemes = f":root{{color-scheme:light dark;{light}}}\n@media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    return schemes + _file("page.css")


def _same_spec(run: RunData, runs: Sequence[RunData]) -> str:
    """The name of the first run before this one that was made from the same text; empty where there is none."""
    first = next(other for other in runs if other.source == run.source)
    return "" if first is run or run.source is None else first.name


def _shown(place: int, run: RunData, draw: Draw | None, same_spec: str) -> Shown:
    about: list[str] = [run.kind]
    total = run.result["total_time_seconds"].number()
    if total is not None:
        about.append(f"took {seconds(total)}")
    ended = _moment(run.result["timestamp"].text())
    if ended:
        about.append(f"ended {ended}")
    sections = tuple(section for section in _sections(run, draw, same_spec) if section is not None and section.blocks)
    return Shown(f"run-{place}", run.name, run.status, _TONES[run.status], " · ".join(about), sections)


def _sections(run: RunData, draw: Draw | None, same_spec: str) -> Iterator[Section | None]:
    yield overview(run)
    yield leaderboard(run)
    yield comparison(run)
    yield from further(run)
    yield sweep(run)
    yield best_compared(run)
    yield learning(run)
    yield network(run, draw)
    yield spec(run, same_spec)
    yield environment(run)
    yield timeline(run)


def _moment(stamp: str) -> str:
    """`2026-11-22 08:14 UTC`; the stamp itself where it is none."""
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp[:40]
    return f"{found:%Y-%m-%d %H:%M} {found.tzname() or ''}".strip()


def _file(name: str) -> str:
    return files("dync.runtime.report").joinpath(name).read_text(encoding="utf-8")
