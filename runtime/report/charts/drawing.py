"""Figures drawn by Matplotlib, as SVG that stands within the page and takes its colours.

Matplotlib knows no CSS. So a figure is drawn in stand-in colours, one for every variable of the palette, and they are
exchanged for `var(--NAME)` afterwards: the browser then knows light from dark. What else is changed: the file's
surroundings and measures go, the names of parts get a prefix so that figures do not meet, a title is put in for those
who do not see, and letters become those of the page. Equal figures give equal texts: nothing in them is of today.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import Any, Final
from xml.etree import ElementTree

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from dync.runtime.report.blocks import Chart
from dync.runtime.report.fields import clean_text
from dync.runtime.report.palette import variables

_NAMES: Final = tuple(variables("light"))
_STAND_IN: Final = {name: f"#0b{number:02x}c1" for number, name in enumerate(_NAMES)}
_VARIABLE: Final = {colour: f"var(--{name})" for name, colour in _STAND_IN.items()}
_COLOUR: Final = re.compile(r"#0b[0-9a-f]{2}c1")
_WITHIN: Final = re.compile(r"url\(#([^)]*)\)")
_LETTERS: Final = re.compile(r"font-family:[^;]*;?\s*")
_SVG: Final = "{http://www.w3.org/2000/svg}"
_LINK: Final = "{http://www.w3.org/1999/xlink}href"

PREFIX: Final = "figure-0-"
"""What names within a figure begin with, until it has a number on the page."""
_NAME: Final = re.compile(r'((?: id="| href="#|url\(#| aria-labelledby="))figure-0-')

SIZE: Final = (4.0, 2.6)
"""Inches of a figure: narrow, so that its letters stay legible on a phone."""
WIDE: Final = (8.4, 3.2)
DASHES: Final = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)))
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "h")


def colour(name: str) -> str:
    """The stand-in for a colour of the palette."""
    return _STAND_IN[name]


def series(number: int) -> str:
    """The stand-in for the colour of a line by its number."""
    return colour(f"series-{number % len(MARKERS)}")


def draw(
    title: str,
    paint: Callable[[Axes], None],
    *,
    alt: str = "",
    caption: str = "",
    size: tuple[float, float] = SIZE,
    wide: bool = False,
) -> Chart:
    """A figure with one pair of axes, painted by the function; `alt` says in words what it shows."""
    with warnings.catch_warnings(), matplotlib.rc_context():
        warnings.simplefilter("ignore")  # letters that Matplotlib's font lacks: the page's letters are others anyway
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_settings(title))
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        paint(axes)
        drawn = io.BytesIO()
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return Chart(title, themed(drawn.getvalue(), alt or title), caption, wide)


def themed(svg: bytes, alt: str) -> Markup:
    """What Matplotlib drew, as an element of a page; `numbered` must give it names of its own there."""
    root = ElementTree.fromstring(svg)
    for removed in root.findall(f"{_SVG}metadata"):
        root.remove(removed)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        _adapt(element)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("class", "chart")
    root.set("aria-labelledby", f"{PREFIX}title")
    named = ElementTree.Element("title", {"id": f"{PREFIX}title"})
    named.text = clean_text(alt)
    root.insert(0, named)
    for element in root.iter():  # white space between elements says nothing
        element.tail = None
        if element.text is not None and not element.text.strip():
            element.text = None
    return Markup(ElementTree.tostring(root, encoding="unicode", short_empty_elements=False))


def numbered(svg: Markup, number: int) -> Markup:
    """The figure with the names that it has as that of this number on the page: no two may have the same."""
    return Markup(_NAME.sub(rf"\g<1>figure-{number}-", str(svg)))


def _adapt(element: ElementTree.Element) -> None:
    link = element.attrib.pop(_LINK, None)
    if link is not None:
        element.set("href", f"#{PREFIX}{link.removeprefix('#')}")
    name = element.attrib.pop("id", None)
    if name is not None and element.tag in ("path", "clipPath", "g") and not _is_place(name):
        element.set("id", f"{PREFIX}{name}")
    for key, value in element.attrib.items():
        if key in ("style", "fill", "stroke", "clip-path"):
            changed = _COLOUR.sub(lambda found: _VARIABLE.get(found.group(), found.group()), value)
            changed = _WITHIN.sub(lambda found: f"url(#{PREFIX}{found.group(1)})", changed)
            element.set(key, _LETTERS.sub("", _font(changed)))


def _is_place(name: str) -> bool:
    """Whether a name is one that Matplotlib gives to parts that nothing refers to."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9.]*_[0-9_]+", name) is not None


def _font(style: str) -> str:
    """`font: 9px 'One', 'Other'` becomes its size alone."""
    return re.sub(r"font: (?:[a-z0-9]+ )*?([0-9.]+px) [^;]*", r"font-size: \1", style)


def _settings(salt: str) -> dict[Any, Any]:
    return {
        "svg.fonttype": "none", "svg.hashsalt": salt, "text.parse_math": False, "axes.unicode_minus": True,
        "font.size": 9.5, "axes.titlesize": 9.5, "axes.labelsize": 9.5, "xtick.labelsize": 9.0, "ytick.labelsize": 9.0,
        "legend.fontsize": 9.0, "text.color": colour("ink"), "axes.labelcolor": colour("soft"),
        "xtick.color": colour("line"), "ytick.color": colour("line"),
        "xtick.labelcolor": colour("soft"), "ytick.labelcolor": colour("soft"),
        "axes.edgecolor": colour("line"), "axes.facecolor": "none", "figure.facecolor": "none",
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": colour("line"),
        "grid.linewidth": 0.6, "axes.axisbelow": True, "xtick.major.size": 0.0, "ytick.major.size": 0.0,
        "xtick.minor.size": 0.0, "ytick.minor.size": 0.0, "lines.linewidth": 1.8, "lines.solid_capstyle": "round",
        "legend.frameon": False, "path.simplify": False, "axes.formatter.useoffset": False,
    }  # fmt: skip
