"""Windows that slide over the positions of a layer: what `conv`, `pool` and `unpool` have in common.

A layer with positions is channels-last, `(height, width, channels)`, with one to three axes of positions. The window
slides over the **large** end of an edge; the **small** end has one unit for each place of the window and each channel.
In a `conv` and a `pool` the sender is the large end, in an `unpool` and a transposed `conv` the receiver.
"""

from __future__ import annotations

from math import prod
from typing import Literal

from msgspec import Struct

Shape = tuple[int, ...]

Pooling = Literal["max", "mean", "sum", "copy", "share"]
"""How `pool` takes a window together (`max`, `mean`, `sum`), and how `unpool` spreads a unit over one."""

MOST_AXES = 3
"""The most axes of positions."""


class WindowPlan(Struct, frozen=True):
    """One number an axis of positions: the size of the window, its stride, the padding before and after the large end.

    Padding holds no units: nothing is sent from there and nothing learns. `groups` divide the channels of a `conv`;
    `by` is how a `pool` or an `unpool` works; `transposed` says that the sender is the small end.
    """

    kernel: Shape
    stride: Shape
    before: Shape
    after: Shape
    groups: int = 1
    transposed: bool = False
    by: Pooling | None = None

    def places(self, large: Shape) -> Shape:
        """How many places the window has on each axis of a large end of this shape; below one where it does not fit."""
        axes = zip(large, self.kernel, self.stride, self.before, self.after, strict=False)
        return tuple((n + b + a - k) // s + 1 for n, k, s, b, a in axes)

    def ends(self, sender: Shape, receiver: Shape) -> tuple[Shape, Shape]:
        """The shapes of the large and of the small end."""
        return (receiver, sender) if self.transposed else (sender, receiver)

    def weights(self, sender: Shape, receiver: Shape) -> Shape:
        """The shape of the weights of a `conv`: `[*kernel, channels of the large end / groups, of the small end]`."""
        large, small = self.ends(sender, receiver)
        return (*self.kernel, large[-1] // self.groups, small[-1])

    def fan_in(self, sender: Shape, receiver: Shape) -> int:
        """How many units a receiver's unit hears, where no padding is in reach."""
        return self._in_window(sender) if not self.transposed else self._windows_over(sender)

    def fan_out(self, sender: Shape, receiver: Shape) -> int:
        """How many units a sender's unit reaches, where no border is in reach."""
        return self._windows_over(receiver) if not self.transposed else self._in_window(receiver)

    def multiply_adds(self, sender: Shape, receiver: Shape) -> int:
        """Of one message for one example, padding included."""
        large, small = self.ends(sender, receiver)
        channels = 1 if self.by is not None else large[-1] // self.groups
        return prod(small) * prod(self.kernel) * channels

    def _in_window(self, large: Shape) -> int:
        return prod(self.kernel) * (large[-1] // self.groups)

    def _windows_over(self, small: Shape) -> int:
        """The units of the small end whose windows hold one position of the large end, at most."""
        return prod(-(-k // s) for k, s in zip(self.kernel, self.stride, strict=True)) * (small[-1] // self.groups)


def same_padding(large: Shape, kernel: Shape, stride: Shape) -> tuple[Shape, Shape]:
    """The padding before and after each axis with which a window has a place for every stride-th position.

    Where it cannot be halved, the greater part comes after: the convention of XLA.
    """
    missing = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(large, kernel, stride, strict=False)]
    return tuple(m // 2 for m in missing), tuple(m - m // 2 for m in missing)
