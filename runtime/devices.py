"""Several devices for one training: every batch is shared out among them, the weights are the same on all.

The program stays the one of `runtime/learner.py`. JAX's partitioner cuts it along the batch: each device relaxes its
share of the examples, and the sums over the batch that rules make are added up over the devices. Random numbers
belong to the example, not to the device, so the result is that of one device but for the order in which sums are
taken. What cannot be shared, such as the update of a sparse family in large batches, is done by every device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from dync.runtime.error import RunError
from dync.runtime.learner import Feed, Learner, Outcome, Program, learning_program

DATA: Final = "data"
"""The name of the mesh's only axis, along which a batch is cut."""

Tree = TypeVar("Tree")


@dataclass(frozen=True)
class Devices:
    """The devices of one training, in a mesh of one axis. With several processes each has as many of its own."""

    mesh: Mesh

    @property
    def count(self) -> int:
        """How many there are, those of all processes together."""
        return int(self.mesh.devices.size)

    @property
    def own(self) -> tuple[jax.Device, ...]:
        """Those of this process."""
        return tuple(self.mesh.local_devices)

    @property
    def same(self) -> NamedSharding:
        """How an array lies that is the same on all devices."""
        return NamedSharding(self.mesh, PartitionSpec())  # type: ignore[no-untyped-call]

    @property
    def cut(self) -> NamedSharding:
        """How rows `[batches, batch]` lie: every batch is cut among the devices."""
        return NamedSharding(self.mesh, PartitionSpec(None, DATA))  # type: ignore[no-untyped-call]


def choose_devices(count: int, batch: int) -> Devices:
    """The first `count` devices, as many from every process, for batches of `batch` examples.

    Raises RunError where there are fewer, or where the batch or the processes do not divide them.
    """
    there, processes = jax.devices(), jax.process_count()
    if count < 1:
        raise RunError(f"a training needs at least one device, not {count}")
    if count > len(there):
        raise RunError(_too_few(count, there))
    if count % processes:
        raise RunError(
            f"{count} devices cannot be taken evenly from {processes} processes: ask for a multiple of {processes}"
        )
    if batch % count:
        raise RunError(
            f"a batch of {batch} cannot be shared evenly among {count} devices: make the batch a multiple of {count},"
            f" or ask for {_divisor(batch, count, processes)} devices"
        )
    each = count // processes
    chosen = [device for p in range(processes) for device in [d for d in there if d.process_index == p][:each]]
    if len(chosen) < count:
        raise RunError(f"some process has fewer than {each} devices: give each process as many, or ask for fewer")
    return Devices(Mesh(np.array(chosen), (DATA,), axis_types=(AxisType.Auto,)))


def _too_few(count: int, there: list[jax.Device]) -> str:
    kind = there[0].platform
    found = f"{count} devices were asked for and JAX sees {len(there)} ({kind}): "
    if kind == "cpu":
        return found + f"a CPU counts as one, unless XLA_FLAGS=--xla_force_host_platform_device_count={count} is set"
    return found + "ask for fewer, or start more processes (docs/clusters.md)"


def _divisor(batch: int, count: int, processes: int) -> int:
    """The most devices below `count` that share such a batch evenly; one always does."""
    return max((n for n in range(1, count) if batch % n == 0 and n % processes == 0), default=1)


def learning_program_on(devices: Devices | None, optimizer: optax.GradientTransformation) -> Program:
    """The program of `learning_program` on several devices; None, or a single one, is that program itself.

    It takes and gives a learner on one device, as if there were no others, so that whoever calls it can evaluate and
    save as usual. It keeps what it has put on the devices: a learner that comes back as it was given, and data that
    stay the same from call to call, are not sent again. Every process has to make the same calls with the same arrays.
    """
    if devices is None or devices.count == 1:
        return learning_program(optimizer)
    return _SharedProgram(devices, optimizer)


class _SharedProgram:
    """The program, and what lies on the devices since the last call."""

    def __init__(self, devices: Devices, optimizer: optax.GradientTransformation) -> None:
        self._devices = devices
        self._program = learning_program(_summed_over(devices, optimizer))
        self._data: dict[str, tuple[Array, Array]] = {}
        self._last: tuple[Learner, Learner] | None = None

    def __call__(self, feed: Feed, learner: Learner) -> tuple[Learner, Outcome]:
        """Learn from a feed; the learner is taken over, as by any program."""
        placed = self._learner(learner)
        after, outcome = self._program(self._feed(feed), placed)
        near = _nearest(self._devices, after)
        self._last = near, after
        return near, _nearest(self._devices, outcome)

    def _learner(self, learner: Learner) -> Learner:
        """The learner on all devices; the one that was given last lies there already."""
        last, self._last = self._last, None
        return last[1] if last is not None and last[0] is learner else on_all(self._devices, learner)

    def _feed(self, feed: Feed) -> Feed:
        """The data whole on every device, of each batch's rows only a share."""
        rows = np.asarray(feed.rows)
        shared = jax.make_array_from_callback(rows.shape, self._devices.cut, lambda index: rows[index])
        arrays = {name: self._array(name, array) for name, array in feed.arrays.items()}
        return Feed(arrays, shared, on_all(self._devices, feed.count), on_all(self._devices, feed.key))

    def _array(self, name: str, array: Array) -> Array:
        known = self._data.get(name)
        if known is None or known[0] is not array:
            self._data[name] = known = array, on_all(self._devices, array)
        return known[1]


def _summed_over(devices: Devices, optimizer: optax.GradientTransformation) -> optax.GradientTransformation:
    """The optimizer, given updates that are the same on all devices.

    This is where the sums over the devices are made: from here on every device does the same with the same weights,
    whatever else the partitioner might find cheaper.
    """

    def update(updates: Any, state: Any, params: Any = None, **more: Any) -> tuple[Any, Any]:
        whole = lax.with_sharding_constraint(updates, devices.same)  # type: ignore[no-untyped-call]
        found: tuple[Any, Any] = optimizer.update(whole, state, params, **more)
        return found

    return optax.GradientTransformation(optimizer.init, update)


def on_all(devices: Devices, tree: Tree) -> Tree:
    """A tree whose arrays are on all devices, from one of which this process has them all."""

    def put(leaf: Array) -> Array:
        copies = [jax.device_put(leaf, device, may_alias=False) for device in devices.own]
        return jax.make_array_from_single_device_arrays(leaf.shape, devices.same, copies)

    found: Tree = jax.tree.map(partial(_with_plain_keys, put), tree)
    return found


def _nearest(devices: Devices, tree: Tree) -> Tree:
    """What lies on the first device of this process, of a tree that is the same on all."""

    def pick(leaf: Array) -> Array:
        shard: Array = next(s.data for s in leaf.addressable_shards if s.device == devices.own[0])
        return shard

    found: Tree = jax.tree.map(partial(_with_plain_keys, pick), tree)
    return found


def _with_plain_keys(move: Callable[[Array], Array], leaf: Array) -> Array:
    """A leaf moved; a random key is moved as its data."""
    if not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return move(leaf)
    key: Array = jax.random.wrap_key_data(move(jax.random.key_data(leaf)), impl=jax.random.key_impl(leaf))
    return key
