"""Where the parts of a picture go: columns from left to right along the forward edges, feedback below.

A small layered layout in the manner of Sugiyama, Tagawa and Toda (1981), without crossings being minimised: layers have
an order already, and it is the order that a picture is to show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from dync.compiler.picture.scene import Link, Scene

HEIGHT = 56.0
"""Height of a node."""

ROOM = 96.0
"""Vertical room between nodes of one column: a loop and its label fit."""

LOOP = 38.0
"""How far a loop stands out of its box."""

LETTER = 7.0
"""Width of a letter, about."""

MOST_LANES = 24
"""Beyond this many, curves share the outermost lane."""

MOST_CURVES = 2000
"""Beyond this many, lanes are given by length alone: nobody could follow single curves any more."""


class Box(Struct, frozen=True):
    """A node's place: its column, and its centre."""

    column: int
    x: float
    y: float


class Layout(Struct, frozen=True):
    """Boxes by node, all of one `width`, and for each link the lane of its curve, counted from the nodes outwards.

    Links drawn straight have lane 0. `spans` are the top of the highest and the bottom of the lowest box of each
    column, `loop_room` is what loops and their labels take above the boxes.
    """

    boxes: tuple[Box, ...]
    lanes: tuple[int, ...]
    width: float
    spans: Mapping[int, tuple[float, float]]
    loop_room: float


def layout(scene: Scene) -> Layout:
    """Places for all nodes and curves of a scene."""
    longest = max((len(text) for node in scene.nodes for text in (node.name, node.caption)), default=0)
    width = min(max(104.0, longest * LETTER + 28), 260.0)
    words = max((len(text) for link in scene.links for text in (link.kind, link.rule or "")), default=0)
    gap = max(72.0, words * (LETTER - 0.6) + 46)
    columns = _columns(scene)
    boxes = _boxes(scene, columns, width + gap)
    return Layout(
        boxes=boxes,
        lanes=_lanes(scene, columns),
        width=width,
        spans=_spans(boxes),
        loop_room=LOOP + 18 if any(link.direction == "self" for link in scene.links) else 0.0,
    )


def is_curved(link: Link, columns: list[int]) -> bool:
    """Whether a link leaves the straight way to the next column: feedback, and what skips columns."""
    return link.direction == "feedback" or columns[link.receiver] - columns[link.sender] > 1


def _columns(scene: Scene) -> list[int]:
    """Longest path over forward links; what feeds others stands just before them, outputs stand last."""
    count = len(scene.nodes)
    columns = [0] * count
    heard: list[list[int]] = [[] for _ in range(count)]
    told: list[list[int]] = [[] for _ in range(count)]
    for link in scene.links:
        if link.sender < link.receiver:
            heard[link.receiver].append(link.sender)
            told[link.sender].append(link.receiver)
    sources = [node.role in ("input", "constant") for node in scene.nodes]
    least = 1 if any(sources) else 0
    for n in range(count):
        columns[n] = 0 if sources[n] else max([least, *(columns[m] + 1 for m in heard[n])])
    last = max(columns, default=0)
    for n, node in enumerate(scene.nodes):
        if sources[n] and told[n]:
            columns[n] = min(columns[m] for m in told[n]) - 1
        elif node.role == "output" and not told[n]:
            columns[n] = max(last, least)
    return columns


def _boxes(scene: Scene, columns: list[int], pitch: float) -> tuple[Box, ...]:
    """Columns centred on one line; inputs and constants that stand among hidden layers go below these."""
    members: dict[int, list[int]] = {}
    for n, column in enumerate(columns):
        members.setdefault(column, []).append(n)
    y = [0.0] * len(columns)
    for stacked in members.values():
        sources = [n for n in stacked if scene.nodes[n].role in ("input", "constant")]
        others = [n for n in stacked if n not in set(sources)] or sources
        below = [] if others is sources else sources
        for place, n in enumerate(others + below):
            y[n] = (place - (len(others) - 1) / 2) * (HEIGHT + ROOM)
    return tuple(Box(column, column * pitch, y[n]) for n, column in enumerate(columns))


def _spans(boxes: Sequence[Box]) -> Mapping[int, tuple[float, float]]:
    """The top of the highest and the bottom of the lowest box of each column."""
    heights: dict[int, list[float]] = {}
    for box in boxes:
        heights.setdefault(box.column, []).append(box.y)
    return {column: (min(ys) - HEIGHT / 2, max(ys) + HEIGHT / 2) for column, ys in heights.items()}


def _lanes(scene: Scene, columns: list[int]) -> tuple[int, ...]:
    """Curves over (or under) the same columns get lanes of their own, the short ones nearest to the nodes."""
    lanes = [0] * len(scene.links)
    for below in (False, True):
        curved = [
            (abs(columns[link.sender] - columns[link.receiver]), min(columns[link.sender], columns[link.receiver]), n)
            for n, link in enumerate(scene.links)
            if link.direction != "self" and is_curved(link, columns) and (link.direction == "feedback") == below
        ]
        taken: list[list[tuple[int, int]]] = []
        for span, start, n in sorted(curved):
            crowded = len(curved) > MOST_CURVES
            lanes[n] = min(span + 1, MOST_LANES) if crowded else _first_free(taken, start, start + span)
    return tuple(lanes)


def _first_free(taken: list[list[tuple[int, int]]], start: int, end: int) -> int:
    for number, spans in enumerate(taken):
        if all(e <= start or end <= s for s, e in spans) and (start < end or (start, end) not in spans):
            spans.append((start, end))
            return number + 1
    if len(taken) < MOST_LANES:
        taken.append([])
    taken[-1].append((start, end))
    return len(taken)
