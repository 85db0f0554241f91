"""The picture of a network as SVG: one text, without scripts, fonts or anything from elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from dync.compiler.picture.curves import Curve, Point, curve
from dync.compiler.picture.layout import HEIGHT, Box, Layout, layout
from dync.compiler.picture.markup import element, escaped, number
from dync.compiler.picture.scene import Link, Node, Scene
from dync.compiler.picture.style import HUES, style_sheet

_MARGIN = 28.0
_HEADING = 62.0
_LEGEND = 34.0


class _Drawn(Struct, frozen=True):
    """A link with its line, its place among links between the same boxes, and its colour."""

    link: Link
    curve: Curve
    straight: bool
    alone: bool
    colour: str


def svg(scene: Scene) -> str:
    """The picture. Colours follow the reader's light or dark scheme; what hovers says more."""
    place = layout(scene)
    drawn = _drawn(scene, place)
    left, top, right, bottom = _extent(place, drawn)
    width = max(right - left, _heading_width(scene)) + 2 * _MARGIN
    height = bottom - top + _HEADING + _LEGEND + 2 * _MARGIN
    x, y = left - _MARGIN - (width - 2 * _MARGIN - (right - left)) / 2, top - _HEADING - _MARGIN
    parts = [
        element("title", escaped(f"{scene.network}: {scene.summary}")),
        element("style", style_sheet(len(scene.rules))),
        element("rect", class_="page", x=x + 0.5, y=y + 0.5, width=width - 1, height=height - 1, rx=14),
        _heading(scene, x + _MARGIN, y + _MARGIN),
        *(_line(d) for d in drawn),
        *(_box(node, box, place.width) for node, box in zip(scene.nodes, place.boxes, strict=True)),
        *(_label(d) for d in drawn),
        _legend(scene, x + _MARGIN, y + height - _MARGIN),
    ]
    view = " ".join(map(number, (x, y, width, height)))
    return (
        element(
            "svg",
            "\n" + "\n".join(parts) + "\n",
            xmlns="http://www.w3.org/2000/svg",
            viewBox=view,
            width=width,
            height=height,
            role="img",
        )
        + "\n"
    )


def _drawn(scene: Scene, place: Layout) -> list[_Drawn]:
    total = Counter((link.sender, link.receiver, link.direction) for link in scene.links)
    met: Counter[tuple[int, int, str]] = Counter()
    drawn = []
    for link, lane in zip(scene.links, place.lanes, strict=True):
        pair = link.sender, link.receiver, link.direction
        middle = 0.0 if link.direction == "self" else (total[pair] - 1) / 2
        shift = (met[pair] - middle) * min(24.0, (HEIGHT - 12) / total[pair])
        met[pair] += 1
        straight = lane == 0 and link.direction != "self"
        line = curve(link, lane, place, shift)
        drawn.append(_Drawn(link, line, straight, total[pair] == 1, _colour(scene, link.rule)))
    return drawn


def _colour(scene: Scene, rule: str | None) -> str:
    return "fixed" if rule is None else str(scene.rules.index(rule) % len(HUES))


def _extent(place: Layout, drawn: Iterable[_Drawn]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of all that is drawn, with room for labels of curves."""
    xs = [box.x + side * place.width / 2 for box in place.boxes for side in (-1, 1)] or [0.0]
    ys = [box.y + side * HEIGHT / 2 for box in place.boxes for side in (-1, 1)] or [0.0]
    for d in drawn:
        points = [d.curve.at(t / 8) for t in range(9)]
        xs += [p[0] for p in points]
        ys += [p[1] for p in points] if d.straight else [p[1] + side * 20 for p in points[2:7] for side in (-1, 1)]
    return min(xs), min(ys), max(xs), max(ys)


def _heading_width(scene: Scene) -> float:
    return max(len(scene.network) * 11.0, len(scene.summary) * 6.4, 100.0 + sum(len(r) * 6.2 + 90 for r in scene.rules))


def _heading(scene: Scene, x: float, y: float) -> str:
    return element("text", escaped(scene.network), class_="title", x=x, y=y + 14) + element(
        "text", escaped(scene.summary), class_="summary", x=x, y=y + 34
    )


def _line(drawn: _Drawn) -> str:
    line = drawn.curve
    inner = (line.first, line.second, line.end)
    path = f"M{_at(line.start)}C{' '.join(map(_at, inner))}"
    corners = " ".join(map(_at, line.head()))
    kind = drawn.link.direction
    return element(
        "g",
        element("title", escaped(drawn.link.details)),
        element("path", class_=f"link {kind} line-{drawn.colour}", d=path),
        element("polygon", class_=f"head-{drawn.colour}", points=corners),
    )


def _box(node: Node, box: Box, width: float) -> str:
    x, y = box.x - width / 2, box.y - HEIGHT / 2
    behind = [
        element("rect", class_=f"box {node.role}", x=x + s, y=y - s, width=width, height=HEIGHT, rx=11)
        for s in ((10, 5) if node.count > 1 else ())
    ]
    return element(
        "g",
        element("title", escaped(node.details)),
        *behind,
        element("rect", class_=f"box {node.role}", x=x, y=y, width=width, height=HEIGHT, rx=11),
        element("text", escaped(_short(node.name)), class_="name", x=box.x, y=box.y - 3),
        element("text", escaped(_short(node.caption)), class_="caption", x=box.x, y=box.y + 16),
    )


def _label(drawn: _Drawn) -> str:
    """Kind and rule: on either side of a level line, outside a curve, and in the middle of any other line."""
    link, line = drawn.link, drawn.curve
    kind = f"{link.label}: {link.kind}" if link.label else link.kind
    both = kind if link.rule is None else f"{kind} · {link.rule}"
    level = abs(line.start[1] - line.end[1]) < 1
    x, y = line.at(0.5)
    if not drawn.straight and line.start[0] != line.end[0] and abs(y - line.start[1]) > HEIGHT / 4:
        return _words(both, x, y + (17 if y > line.start[1] else -8), drawn.colour)
    if not (drawn.straight and level):
        return _words(both, x, y + 4, drawn.colour)
    if link.rule is None or not drawn.alone:
        return _words(both, x, y - 8, drawn.colour)
    return _words(kind, x, y - 8, drawn.colour) + _words(link.rule, x, y + 17, drawn.colour)


def _words(words: str, x: float, y: float, colour: str) -> str:
    return element("text", escaped(_short(words)), class_=f"label text-{colour}", x=x, y=y)


def _legend(scene: Scene, x: float, y: float) -> str:
    """What the colours mean: one for each rule, one for what is fixed."""
    entries = [(f"learns by {rule}", _colour(scene, rule), "") for rule in scene.rules[: len(HUES)]]
    edges = [link for link in scene.links if link.direction != "start"]
    if any(link.rule is None for link in edges):
        entries.append(("fixed", "fixed", ""))
    if len(edges) < len(scene.links):
        entries.append(("start", "fixed", " start"))
    parts = []
    for words, colour, extra in entries:
        parts.append(element("path", class_=f"link{extra} line-{colour}", d=f"M{_at((x, y - 4))}h22"))
        parts.append(element("text", escaped(_short(words)), class_=f"legend text-{colour}", x=x + 29, y=y))
        x += 54 + len(_short(words)) * 6.0
    return "".join(parts)


def _short(words: str) -> str:
    return words if len(words) <= 36 else words[:35] + "…"


def _at(point: Point) -> str:
    return f"{number(point[0])},{number(point[1])}"
