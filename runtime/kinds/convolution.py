"""Edges whose weights are a kernel that slides over the positions of a layer: every place shares it.

States are flat, channels last; here they take the shape of their layer. The window slides over the large end of the
edge, of shape `[*positions, channels]`; the small end has a unit for each place and each of its channels. Messages and
updates are the convolution and its two transposes, with respect to the layer and to the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod

import jax
import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.expression import Expression, Symbol, symbols
from dync.compiler.plan import WindowPlan
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.kinds.kind import turned
from dync.runtime.kinds.rule_sum import RuleInput
from dync.runtime.kinds.stored import Stored
from dync.runtime.kinds.synaptic import CHUNK_BYTES, SynapticKind

_AXES = "WHD"
"""Names of the axes of positions, the last one first, as JAX's convolution wants them."""


@dataclass(frozen=True)
class Convolution(SynapticKind):
    """Weights `[*kernel, channels of the large end / groups, channels of the small end]`.

    `masked` ones can be absent.
    """

    window: WindowPlan
    sender_shape: tuple[int, ...]
    receiver_shape: tuple[int, ...]
    masked: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the kernel."""
        return self.window.weights(self.sender_shape, self.receiver_shape)

    @property
    def numbers(self) -> int:
        """One a weight, and where weights can be absent another."""
        return prod(self.shape) * (2 if self.masked else 1)

    @property
    def work(self) -> int:
        """One multiply-add for each place of the window and weight, groups apart."""
        return self.window.multiply_adds(self.sender_shape, self.receiver_shape)

    @property
    def fan_in(self) -> int:
        """The units that one unit of the receiver hears, away from the border."""
        return self.window.fan_in(self.sender_shape, self.receiver_shape)

    @property
    def fan_out(self) -> int:
        """The units that one unit of the sender reaches, away from the border."""
        return self.window.fan_out(self.sender_shape, self.receiver_shape)

    @property
    def large(self) -> tuple[int, ...]:
        """The shape of the large end."""
        return self.window.ends(self.sender_shape, self.receiver_shape)[0]

    @property
    def small(self) -> tuple[int, ...]:
        """The shape of the small end."""
        return self.window.ends(self.sender_shape, self.receiver_shape)[1]

    def draw(self, normal: Array, strength: Array, density: Array) -> Stored:
        """Gaussian weights of deviation `strength / sqrt(fan_in * density)`, each kept with probability `density`."""
        numbers = normal.reshape(-1, *self.shape)
        weights = strength / jnp.sqrt(self.fan_in * density) * numbers[0]
        if not self.masked:
            return Stored(weights, None, None, None)
        kept = jnp.abs(numbers[1]) < jnp.sqrt(2.0) * lax.erf_inv(density)
        return Stored(jnp.where(kept, weights, 0), None, kept, None)

    def turn(self, stored: Stored) -> Stored:
        """As they are: a convolution and its transpose read one kernel, each in its own way."""
        return stored

    def message(self, stored: Stored, sent: Array) -> Array:
        """The convolution of what is sent, or its transpose."""
        sent = turned(sent, self.sender_units_first).reshape(*_lead(sent, self.sender_units_first), *self.sender_shape)
        apply = self._spread if self.window.transposed else self._convolve
        message = _over_edges(apply, sent, stored.weights)
        return turned(message.reshape(*message.shape[:2], self.receivers), self.receiver_units_first)

    def contract(self, sender: Array | None, receiver: Array | None, stored: Stored, batch: int) -> Array:
        """The transpose of the convolution with respect to its kernel, at both factors."""
        edges = stored.weights.shape[0]
        left = self._spatial(sender, self.sender_units_first, edges, batch, self.sender_shape)
        right = self._spatial(receiver, self.receiver_units_first, edges, batch, self.receiver_shape)
        large, small = (right, left) if self.window.transposed else (left, right)
        return _over_edges(self._correlate, large, small)

    def scalar(self, value: Array) -> Array:
        """A number an edge before the axes of the kernel."""
        return value.reshape(-1, *(1,) * len(self.shape))

    def literal(self, rule: Expression, given: RuleInput, stored: Stored) -> Array:
        """Offset by offset of the kernel: there each place of the window is one synapse for each pair of channels."""
        ends = {s: self._shaped(s, given, stored) for s in symbols(rule) if s.name != "weight"}
        patches = _Patches(self, {s: end for s, end in ends.items() if not isinstance(end, float)}, given)

        def at(offset: Array, weights: Array) -> Array:
            def chunk(total: Array, start: Array) -> tuple[Array, None]:
                found, exists = patches.chunk(offset, start)

                def value(symbol: Symbol) -> Value:
                    if symbol.name == "weight":
                        return weights[:, None]
                    end = ends[symbol]
                    return end if isinstance(end, float) else found[symbol]

                part = evaluate(rule, value, lambda name: given.number(name)[:, None, None, None, None])
                return total + jnp.sum(jnp.where(exists, jnp.asarray(part, jnp.float32), 0), axis=1), None

            return lax.scan(chunk, jnp.zeros_like(weights), patches.starts)[0]

        grouped = self._grouped(stored.weights)
        found = lax.map(lambda each: at(*each), (patches.offsets, grouped))
        return self._ungrouped(found)

    # --- one edge: [batch, *shape] and a kernel -----------------------------------------------------------------------

    def _convolve(self, large: Array, kernel: Array) -> Array:
        window = self.window
        padding = zip(window.before, window.after, strict=True)
        return _convolved(large, kernel, padding, stride=window.stride, groups=window.groups)

    def _spread(self, small: Array, kernel: Array) -> Array:
        """The transpose with respect to the layer.

        Without groups written as a convolution in the layout that XLA's fast one wants: on a CPU several times as fast
        as what JAX derives, which with groups is the faster one.
        """
        window = self.window
        if window.groups > 1:
            large = jnp.zeros((small.shape[0], *self.large), small.dtype)  # only its shape is read
            (found,) = jax.linear_transpose(lambda value: self._convolve(value, kernel), large)(small)
            return jnp.asarray(found)
        flipped = jnp.swapaxes(jnp.flip(kernel, range(kernel.ndim - 2)), -1, -2)
        padding = [
            (k - 1 - before, n + before - (p - 1) * s - 1)
            for k, n, p, s, before in zip(
                window.kernel, self.large, self.small, window.stride, window.before, strict=False
            )
        ]
        # XLA ends the process over such an axis beside one whose kernel is longer than the layer (SwapConvOperands of
        # jaxlib 0.10.2 takes it for one of groups), unless there is padding on it, which is cut off again.
        wider = [
            k == s == 2 and pads == (0, 0) for k, s, pads in zip(window.kernel, window.stride, padding, strict=True)
        ]
        padding = [(low + more, high) for more, (low, high) in zip(wider, padding, strict=True)]
        found = _convolved(small, flipped, padding, spread=window.stride)
        return found[(slice(None), *(slice(int(more), None) for more in wider))]

    def _correlate(self, large: Array, small: Array) -> Array:
        """The transpose with respect to the kernel: a convolution in which examples and channels change places.

        On a CPU ten times and more as fast as what JAX derives, for the same reason.
        """
        window, groups = self.window, self.window.groups
        parts = large.reshape(*large.shape[:-1], groups, -1)
        examples = jnp.moveaxis(parts, (-1, 0), (0, -1)).reshape(parts.shape[-1], *self.large[:-1], -1)
        padding = [
            (before, k + (p - 1) * s - n - before)
            for k, n, p, s, before in zip(
                window.kernel, self.large, self.small, window.stride, window.before, strict=False
            )
        ]
        found = _convolved(examples, jnp.moveaxis(small, 0, -2), padding, apart=window.stride, groups=groups)
        return jnp.moveaxis(found, 0, -2)

    def _axes(self) -> Iterable[tuple[int, int, int, int, int]]:
        """Of each axis of positions: the kernel, both ends, stride and padding before."""
        window = self.window
        return zip(window.kernel, self.large, self.small, window.stride, window.before, strict=False)

    # --- layouts ------------------------------------------------------------------------------------------------------

    def _spatial(
        self, factor: Array | None, units_first: bool, edges: int, batch: int, shape: tuple[int, ...]
    ) -> Array:
        """A factor at one end as `[edges, batch, *shape]`; none is one, at every unit that there is."""
        value = jnp.ones((1, 1, 1), jnp.float32) if factor is None else turned(factor, units_first)
        return jnp.broadcast_to(value, (edges, batch, prod(shape))).reshape(edges, batch, *shape)

    def _shaped(self, symbol: Symbol, given: RuleInput, stored: Stored) -> Value:
        value = given.read_in(symbol, self.receiver_units_first)
        if isinstance(value, float):
            return value
        at_sender = given.at_sender(symbol)
        units_first = self.sender_units_first if at_sender else self.receiver_units_first
        shape = self.sender_shape if at_sender else self.receiver_shape
        return self._spatial(value, units_first, stored.weights.shape[0], given.batch, shape)

    def _grouped(self, weights: Array) -> Array:
        """`[offsets, edges, groups, large channels, small channels]` of each group."""
        groups = self.window.groups
        inner, outer = self.shape[-2], self.shape[-1] // groups
        parts = weights.reshape(weights.shape[0], -1, inner, groups, outer)
        return jnp.moveaxis(parts, (1, 3), (0, 2))

    def _ungrouped(self, parts: Array) -> Array:
        return jnp.moveaxis(parts, (0, 2), (1, 3)).reshape(parts.shape[1], *self.shape)


class _Patches:
    """What is at both ends of the synapses of one offset of the kernel, some places of all examples at a time.

    At each place of the window, an offset picks one position of the large end. `[edges, places, groups, large channels,
    small channels]` is the shape to which all that is read here broadcasts.
    """

    def __init__(self, kind: Convolution, ends: dict[Symbol, Array], given: RuleInput) -> None:
        self._kind, self._batch = kind, given.batch
        window = kind.window
        self._large = {s: self._padded(v, 2) for s, v in ends.items() if given.at_sender(s) != window.transposed}
        self._small = {s: v for s, v in ends.items() if s not in self._large}
        self._exists = self._padded(jnp.ones((*kind.large[:-1], 1), bool), 0)
        places = given.batch * prod(kind.small[:-1])
        channels = kind.shape[-2] * kind.shape[-1]
        edges = max((v.shape[0] for v in ends.values()), default=1)
        self._size = min(places, max(1, CHUNK_BYTES // (4 * channels * edges)))
        self.starts = jnp.arange(0, places, self._size)
        self.offsets = jnp.stack(jnp.meshgrid(*map(jnp.arange, window.kernel), indexing="ij"), -1).reshape(
            -1, len(window.kernel)
        )

    def chunk(self, offset: Array, start: Array) -> tuple[dict[Symbol, Array], Array]:
        """What is read at some places, by symbol, and whether the synapse exists there."""
        found = {s: self._rows(self._at(v, offset, 2), start)[..., None] for s, v in self._large.items()}
        found |= {s: self._rows(v, start)[:, :, :, None, :] for s, v in self._small.items()}
        exists = self._at(self._exists, offset, 0)
        every = jnp.broadcast_to(exists, (1, self._batch, *exists.shape)).reshape(1, -1)
        return found, self._cut(every, start)[:, :, None, None, None]

    def _padded(self, value: Array, lead: int) -> Array:
        window = self._kind.window
        pads = [(0, 0)] * lead + list(zip(window.before, window.after, strict=True)) + [(0, 0)]
        return jnp.pad(value, pads)

    def _at(self, value: Array, offset: Array, lead: int) -> Array:
        """The positions of the large end that an offset picks, one for each place."""
        places, stride = self._kind.small[:-1], self._kind.window.stride
        sizes = [(n - 1) * s + 1 for n, s in zip(places, stride, strict=True)]
        starts = [*(jnp.int32(0) for _ in range(lead)), *offset, jnp.int32(0)]
        cut = lax.dynamic_slice(value, starts, (*value.shape[:lead], *sizes, value.shape[-1]))
        return cut[(*(slice(None) for _ in range(lead)), *(slice(None, None, s) for s in stride))]

    def _rows(self, value: Array, start: Array) -> Array:
        """`[edges, places, groups, channels of a group]`, from `[edges, batch, *places, channels]`."""
        groups = self._kind.window.groups
        rows = value.reshape(value.shape[0], -1, groups, value.shape[-1] // groups)
        return self._cut(rows, start)

    def _cut(self, rows: Array, start: Array) -> Array:
        """A chunk; what lies beyond the last place is nothing."""
        missing = -rows.shape[1] % self._size
        padded = jnp.pad(rows, [(0, 0), (0, missing)] + [(0, 0)] * (rows.ndim - 2))
        return lax.dynamic_slice_in_dim(padded, start, self._size, axis=1)


def _convolved(
    values: Array,
    kernel: Array,
    padding: Iterable[tuple[int, int]],
    *,
    stride: tuple[int, ...] | None = None,
    spread: tuple[int, ...] | None = None,
    apart: tuple[int, ...] | None = None,
    groups: int = 1,
) -> Array:
    """A convolution, channels last: of values `spread`, by a kernel whose places lie so far `apart`."""
    axes = _AXES[: kernel.ndim - 2][::-1]
    return lax.conv_general_dilated(
        values,
        kernel,
        stride or (1,) * len(axes),
        tuple(padding),
        lhs_dilation=spread,
        rhs_dilation=apart,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        feature_group_count=groups,
    )


def _over_edges(function: Callable[[Array, Array], Array], first: Array, second: Array) -> Array:
    """A function of one edge's arrays for all edges; a single one goes without a batch of convolutions."""
    if second.shape[0] == 1 and first.shape[0] == 1:
        return function(first[0], second[0])[None]
    return jax.vmap(function)(first, second)


def _lead(value: Array, units_first: bool) -> tuple[int, int]:
    """Edges and batch of an array of a block."""
    return value.shape[0], value.shape[2 if units_first else 1]
