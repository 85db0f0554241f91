"""What a page is made of: blocks that hold texts, which the template escapes, and pictures that are safe already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

Tone = Literal["", "good", "bad", "warn", "soft"]
"""Whether a text is good or bad news; the words say it too, never the colour alone."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table. Numbers stand at the right, code in letters of one width, words are not broken."""

    text: str
    tone: Tone = ""
    form: Literal["", "number", "code", "long", "word"] = ""


@dataclass(frozen=True)
class Table:
    """A table with a head; the first cell of a row is its heading. `folded` tables open at a touch."""

    caption: str
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    folded: bool = False
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Chart:
    """A drawn figure: SVG that `drawing.themed` made, and under it a caption. `wide` ones take the whole width."""

    title: str
    svg: Markup
    caption: str = ""
    wide: bool = False
    kind: Literal["chart"] = "chart"


@dataclass(frozen=True)
class Charts:
    """Figures beside each other where there is room."""

    charts: tuple[Chart, ...]
    kind: Literal["charts"] = "charts"


@dataclass(frozen=True)
class Picture:
    """An SVG of somebody else's making, as a data address: shown as an image, in which nothing can run or load."""

    title: str
    alt: str
    address: str
    kind: Literal["picture"] = "picture"


@dataclass(frozen=True)
class Prose:
    """A paragraph; with a tone it is a notice."""

    text: str
    tone: Tone = ""
    kind: Literal["prose"] = "prose"


@dataclass(frozen=True)
class Tile:
    """A number worth a glance."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True)
class Tiles:
    """Some of them."""

    tiles: tuple[Tile, ...]
    kind: Literal["tiles"] = "tiles"


@dataclass(frozen=True)
class Badge:
    """A verdict, what it is about, and why."""

    word: str
    text: str
    detail: str
    tone: Tone
    sign: str


@dataclass(frozen=True)
class Badges:
    """A list of them."""

    caption: str
    badges: tuple[Badge, ...]
    kind: Literal["badges"] = "badges"


@dataclass(frozen=True)
class Code:
    """Lines of pieces of text, each piece with the class of its kind (empty: plain)."""

    caption: str
    lines: tuple[tuple[tuple[str, str], ...], ...]
    note: str = ""
    kind: Literal["code"] = "code"


@dataclass(frozen=True)
class Equation:
    """A rule: its name, its formula as MathML (None where it is too long) and as text, and where it holds."""

    name: str
    formula: Markup | None
    text: str
    uses: tuple[str, ...]


@dataclass(frozen=True)
class Equations:
    """Some of them."""

    equations: tuple[Equation, ...]
    kind: Literal["equations"] = "equations"


Block = Table | Chart | Charts | Picture | Prose | Tiles | Badges | Code | Equations


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading; `key` makes its address on the page."""

    key: str
    title: str
    blocks: tuple[Block, ...]


def head(*names: str, numbers: tuple[int, ...] = ()) -> tuple[Cell, ...]:
    """The head of a table, whose columns of these places hold numbers."""
    return tuple(Cell(name, form="number" if place in numbers else "") for place, name in enumerate(names))
