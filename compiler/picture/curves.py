"""The lines between boxes: where they start and end, how they bend, where their labels and heads go."""

from __future__ import annotations

from math import atan2, cos, hypot, pi, sin

from msgspec import Struct

from dync.compiler.picture.layout import HEIGHT, LOOP, Box, Layout
from dync.compiler.picture.scene import Link

LANE = 42.0
"""Between one lane of curves and the next: a label fits."""

Point = tuple[float, float]


class Curve(Struct, frozen=True):
    """A cubic Bézier curve from `start` by `first` and `second` to `end`."""

    start: Point
    first: Point
    second: Point
    end: Point

    def at(self, t: float) -> Point:
        """The point at t in 0..1."""
        u = 1 - t
        weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
        points = (self.start, self.first, self.second, self.end)
        return (
            sum(w * p[0] for w, p in zip(weights, points, strict=True)),
            sum(w * p[1] for w, p in zip(weights, points, strict=True)),
        )

    def head(self, length: float = 9.0) -> tuple[Point, Point, Point]:
        """The corners of an arrow head at the end."""
        dx, dy = self.end[0] - self.second[0], self.end[1] - self.second[1]
        angle = atan2(dy, dx) if hypot(dx, dy) > 0 else 0.0
        left, right = (
            (self.end[0] + length * cos(angle + turn), self.end[1] + length * sin(angle + turn))
            for turn in (pi - 0.42, pi + 0.42)
        )
        return left, self.end, right


def curve(link: Link, lane: int, place: Layout, shift: float = 0.0) -> Curve:
    """The line of a link. `shift`, in pixels, sets links between the same two boxes apart."""
    sender, receiver = place.boxes[link.sender], place.boxes[link.receiver]
    if link.direction == "self":
        return _loop(sender, abs(shift))
    if lane == 0:
        return _straight(sender, receiver, place.width, shift)
    if sender.column == receiver.column:
        return _beside(sender, receiver, place.width, lane)
    return _arch(sender, receiver, place, lane, below=link.direction == "feedback")


def _straight(sender: Box, receiver: Box, width: float, shift: float) -> Curve:
    start = sender.x + width / 2, sender.y + shift
    end = receiver.x - width / 2 - 2, receiver.y + shift
    bend = (end[0] - start[0]) * 0.45
    return Curve(start, (start[0] + bend, start[1]), (end[0] - bend, end[1]), end)


def _loop(box: Box, shift: float) -> Curve:
    top, reach = box.y - HEIGHT / 2, (LOOP + shift) / 0.75
    x = box.x
    return Curve((x + 13, top), (x + 40, top - reach), (x - 40, top - reach), (x - 13, top - 2))


def _beside(sender: Box, receiver: Box, width: float, lane: int) -> Curve:
    side, out = width / 2, 24 + 14.0 * lane
    start, end = (sender.x + side, sender.y), (receiver.x + side + 2, receiver.y)
    return Curve(start, (start[0] + out, start[1]), (end[0] + out, end[1]), end)


def _arch(sender: Box, receiver: Box, place: Layout, lane: int, below: bool) -> Curve:
    """Over the boxes, or under them; the middle of the curve lies in its lane."""
    sign = 1 if below else -1
    towards = place.width * max(0.43 - 0.06 * (lane - 1), 0.22) * (1 if receiver.x > sender.x else -1)
    start = sender.x + towards, sender.y + sign * HEIGHT / 2
    end = receiver.x - towards, receiver.y + sign * (HEIGHT / 2 + 2)
    crossed = range(min(sender.column, receiver.column), max(sender.column, receiver.column) + 1)
    spans = [place.spans[column] for column in crossed if column in place.spans]
    outermost = max(low for _, low in spans) if below else min(high for high, _ in spans) - place.loop_room
    peak = outermost + sign * LANE * (lane - 0.15)
    bend = (peak - (start[1] + end[1]) / 8) / 0.75
    return Curve(start, (start[0], bend), (end[0], bend), end)
