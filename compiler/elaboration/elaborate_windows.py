"""Windows against the shapes of the layers that they join."""

from __future__ import annotations

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.elaborate_kinds import Amounts, WindowUse
from dync.compiler.elaboration.elaborate_layers import UNKNOWN
from dync.compiler.elaboration.layer_table import LayerTable
from dync.compiler.model import LayerModel
from dync.compiler.window_plan import MOST_AXES, Shape, WindowPlan, same_padding
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.source import Span


def window_plan(
    use: WindowUse, kind: syntax.Application, sender: LayerModel, receiver: LayerModel, table: LayerTable
) -> WindowPlan | None:
    """The window of an edge between two layers; None where their shapes are not known yet, or do not fit it."""
    if UNKNOWN in (sender.shape, receiver.shape):
        return None
    return _Fitting(use, kind, sender, receiver, table).plan()


class _Fitting(Struct, frozen=True):
    """A window and the two layers that it is to join."""

    use: WindowUse
    kind: syntax.Application
    sender: LayerModel
    receiver: LayerModel
    table: LayerTable

    @property
    def large(self) -> LayerModel:
        """The layer over which the window slides."""
        return self.receiver if self.use.transposed else self.sender

    @property
    def small(self) -> LayerModel:
        """The layer that has a unit for each place of the window and each channel."""
        return self.sender if self.use.transposed else self.receiver

    def plan(self) -> WindowPlan | None:
        """The window with one number an axis, where everything fits."""
        axes = self._axes()
        if axes is None:
            return None
        kernel = _each(self.use.kernel, axes)
        pooling = self.use.by is not None
        stride = (kernel if pooling else (1,) * axes) if self.use.stride is None else _each(self.use.stride, axes)
        if isinstance(self.use.padding, str):
            before, after = same_padding(self.large.shape, kernel, stride)
        else:
            before = after = _each(self.use.padding, axes)
            if any(p >= k for p, k in zip(before, kernel, strict=True)):
                padding, allowed = float(max(before)), f"less than the kernel, {wrong.shapes.shown(kernel)}"
                self._add(wrong.parameters.OutOfBounds(self.kind.span, "padding", padding, allowed))
                return None
        window = WindowPlan(kernel, stride, before, after, self.use.groups, self.use.transposed, self.use.by)
        return window if self._fits(window) else None

    def _axes(self) -> int | None:
        """How many axes of positions there are: as the arguments say, else as the layers have."""
        given = {"kernel": self.use.kernel, "stride": self.use.stride, "padding": self.use.padding}
        counts = {name: len(value) for name, value in given.items() if isinstance(value, tuple)}
        axes = next(iter(counts.values()), min(max(1, len(self.large.shape) - 1), MOST_AXES))
        for name, count in counts.items():
            if count != axes:
                self._add(wrong.windows.UnlikeAxes(self.kind.span, name, count, next(iter(counts)), axes))
                return None
        unlike = [layer for layer in (self.sender, self.receiver) if len(layer.shape) != axes + 1]
        for layer in unlike:
            where = self.table.entry(layer).shape
            self._add(wrong.windows.NotPositions(self.kind.span, self._name, axes, layer.name, layer.shape, where))
        return None if unlike else axes

    def _fits(self, window: WindowPlan) -> bool:
        places = window.places(self.large.shape)
        if min(places) < 1:
            self._add(wrong.windows.WindowTooLarge(self.kind.span, window.kernel, *self._end(self.large)))
            return False
        if places != self.small.shape[:-1]:
            ends = *self._end(self.large), *self._end(self.small)
            gives = (*places, self.small.shape[-1])
            self._add(wrong.windows.WindowShapes(self.kind.span, self._name, window.transposed, *ends, gives))
            return False
        return self._channels_fit(window.groups)

    def _channels_fit(self, groups: int) -> bool:
        ends = *self._end(self.sender), *self._end(self.receiver)
        if self.use.by is not None and self.sender.shape[-1] != self.receiver.shape[-1]:
            self._add(wrong.windows.PoolChannels(self.kind.span, *ends, self._name))
            return False
        if self.sender.shape[-1] % groups or self.receiver.shape[-1] % groups:
            self._add(wrong.windows.GroupsDivide(self.kind.span, *ends, groups))
            return False
        return True

    @property
    def _name(self) -> str:
        return self.kind.name.text

    def _end(self, layer: LayerModel) -> tuple[str, Shape, Span]:
        return layer.name, layer.shape, self.table.entry(layer).shape

    def _add(self, mistake: Diagnostic) -> None:
        self.table.mistakes.add(mistake)


def _each(amounts: Amounts, axes: int) -> Shape:
    return amounts if isinstance(amounts, tuple) else (amounts,) * axes
