"""Mistakes about windows: `conv`, `pool`, `unpool`."""

from __future__ import annotations

from dync.compiler.mistakes.examples import network
from dync.compiler.mistakes.shapes import Shape, TwoShapes, shown
from dync.grammar.diagnostic import Diagnostic, Fix, Note, nearest
from dync.grammar.source import Span

_AXES = {1: "(length, channels)", 2: "(height, width, channels)", 3: "(depth, height, width, channels)"}


def _images(edge: str, x: str = "8, 8, 1", h: str = "6, 6, 4", out: str = "edge h -> y dense learn delta") -> str:
    return network(f"input  x ({x})", f"layer  h ({h}) tanh", "output y (2)", edge, out)


def _pooled(edge: str, h: str = "4, 4, 1") -> str:
    return _images(edge, h=h)


class NotPositions(Diagnostic, frozen=True):
    """A window slides over the positions of a layer, and its channels are the last dimension: with two axes of
    positions a layer is `(height, width, channels)`, with one channel too.
    """

    code = "E0331"
    wrong = _images("edge x -> h conv((3, 3))", x="8, 8")
    right = _images("edge x -> h conv((3, 3))")

    kind: str
    axes: int
    layer: str
    shape: Shape
    declared: Span

    @property
    def message(self) -> str:
        """What is needed, and the layer."""
        axes = "1 axis" if self.axes == 1 else f"{self.axes} axes"
        return (
            f"a `{self.kind}` over {axes} joins layers of the shape {_AXES[self.axes]}, "
            f"but `{self.layer}` is {shown(self.shape)}"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The shape, and how one channel is written."""
        here = Note(f"`{self.layer}` is {shown(self.shape)} here", self.declared)
        one = Note(f"a layer of one channel is written {shown((*self.shape, 1))}")
        return (here, one) if len(self.shape) == self.axes else (here,)


class UnlikeAxes(Diagnostic, frozen=True):
    """Kernel, stride and padding have one number for all axes of positions, or one for each of them."""

    code = "E0332"
    wrong = _images("edge x -> h conv(kernel = (3, 3), stride = (1, 1, 1))")
    right = _images("edge x -> h conv(kernel = (3, 3), stride = (1, 1))")

    name: str
    count: int
    other: str
    axes: int

    @property
    def message(self) -> str:
        """Both arguments with their numbers."""
        return f"`{self.name}` has {self.count} numbers and `{self.other}` has {self.axes}: both need one for each axis"


class WindowShapes(Diagnostic, frozen=True):
    """The window has more or fewer places than the smaller layer has positions.

    An axis of n units gives `(n + padding before and after - kernel) // stride + 1` places. A transposed `conv` and an
    `unpool` go the other way: there the window slides over the receiver.
    """

    code = "E0333"
    wrong = _images("edge x -> h conv(3, padding = same)")
    right = _images("edge x -> h conv(3)")

    kind: str
    transposed: bool
    large: str
    large_shape: Shape
    large_span: Span
    small: str
    small_shape: Shape
    small_span: Span
    gives: Shape

    @property
    def message(self) -> str:
        """What the window makes of the larger layer, and what the smaller one is."""
        what = f"a window over `{self.large}`" if self.transposed else f"this `{self.kind}` of `{self.large}`"
        return (
            f"{what} {shown(self.large_shape)} gives {shown(self.gives)}, "
            f"but `{self.small}` is {shown(self.small_shape)}"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where both shapes are declared, and how the size comes about."""
        return (
            Note(f"`{self.large}` is {shown(self.large_shape)} here", self.large_span),
            Note(f"`{self.small}` is {shown(self.small_shape)} here", self.small_span),
            Note("an axis of n units gives (n + padding before and after - kernel) // stride + 1"),
        )


class WindowTooLarge(Diagnostic, frozen=True):
    """The window does not fit into the layer over which it is to slide, its padding included."""

    code = "E0334"
    wrong = _images("edge x -> h conv(9)")
    right = _images("edge x -> h conv(3)")

    kernel: Shape
    layer: str
    shape: Shape
    declared: Span

    @property
    def message(self) -> str:
        """The kernel and the layer."""
        return f"the kernel {shown(self.kernel)} is larger than `{self.layer}` {shown(self.shape)} with its padding"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The declaration of the layer."""
        return (Note(f"`{self.layer}` is {shown(self.shape)} here", self.declared),)


class PoolChannels(TwoShapes, frozen=True):
    """Pooling takes each channel by itself, so both layers have as many. A `conv` can mix them."""

    code = "E0335"
    wrong = _pooled("edge x -> h pool(2)", h="4, 4, 3")
    right = _pooled("edge x -> h pool(2)")

    kind: str

    @property
    def message(self) -> str:
        """Both layers with their channels."""
        return (
            f"`{self.kind}` keeps every channel by itself, but `{self.sender}` has {self.sender_shape[-1]} "
            f"and `{self.receiver}` has {self.receiver_shape[-1]}"
        )


class GroupsDivide(TwoShapes, frozen=True):
    """The groups of a `conv` divide the channels of both layers, and each group hears its own alone."""

    code = "E0336"
    wrong = _images("edge x -> h conv(3, groups = 3)", x="8, 8, 3")
    right = _images("edge x -> h conv(3, groups = 2)", x="8, 8, 2")

    groups: int

    @property
    def message(self) -> str:
        """The groups and the channels."""
        return (
            f"`groups` is {self.groups}, which has to divide the channels of both layers: "
            f"{self.sender_shape[-1]} of `{self.sender}` and {self.receiver_shape[-1]} of `{self.receiver}`"
        )


class NothingToLearn(Diagnostic, frozen=True):
    """A `pool` and an `unpool` have no weights, so there is nothing that a rule could change."""

    code = "E0337"
    wrong = _pooled("edge x -> h pool(2) learn hebbian")
    right = _pooled("edge x -> h pool(2)")

    kind: str

    @property
    def message(self) -> str:
        """Names the kind."""
        return f"a `{self.kind}` has no weights, so it cannot learn"


class UnknownWord(Diagnostic, frozen=True):
    """An argument that takes one of a few words is given something else."""

    code = "E0338"
    wrong = _pooled("edge x -> h pool(2, by = average)")
    right = _pooled("edge x -> h pool(2, by = mean)")

    name: str
    words: tuple[str, ...]
    or_number: bool = False

    @property
    def message(self) -> str:
        """What was found, and what can stand there."""
        *others, last = (f"`{word}`" for word in self.words)
        known = [*others, last, "a number"] if self.or_number else [*others, last]
        return f"`{self.name}` is {', '.join(known[:-1])} or {known[-1]}, not `{self.span.text}`"

    @property
    def fix(self) -> Fix | None:
        """The nearest word."""
        near = nearest(self.span.text, self.words)
        return Fix(f"write `{near}`", self.span, near) if near else None


class TooManyAxes(Diagnostic, frozen=True):
    """A window slides over one, two or three axes of positions."""

    code = "E0339"
    wrong = _images("edge x -> h conv((3, 3, 1, 1))")
    right = _images("edge x -> h conv((3, 3))")

    name: str
    count: int

    @property
    def message(self) -> str:
        """The argument and its numbers."""
        return f"`{self.name}` has {self.count} numbers, but a window slides over three axes at most"
