"""Training a baseline as a network of ours is trained: the same examples, in the same batches, for as long."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax
from numpy.typing import NDArray

from dync.compiler.pipeline_plan import CallPlan, TrainingPlan
from dync.compiler.plan import Plan
from dync.runtime.baselines.baseline import BaselineModel, Sizes
from dync.runtime.baselines.kinds import make_baseline
from dync.runtime.baselines.targets import Target, targets_of
from dync.runtime.data.dataset import Part
from dync.runtime.error import RunError
from dync.runtime.lanes.lane import LaneResult, Measures
from dync.runtime.measures import measure
from dync.runtime.schedule_of_batches import BatchSchedule

TOGETHER: Final = 1024
"""Examples that are predicted at once."""

Units = NDArray[np.float32]


@dataclass(frozen=True)
class BaselineData:
    """What a baseline learns from and is measured on, and which of its layers are inputs and outputs.

    `held_out` are the parts to measure on; where there is none, the training part serves.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    train: Part
    held_out: Mapping[str, Part]


def train_baseline(
    model: CallPlan,
    like: TrainingPlan,
    plan: Plan,
    parts: Mapping[str, Part],
    seed: int,
    name: str = "",
    tick: Callable[[], None] = lambda: None,
) -> LaneResult:
    """Train the baseline that a call names as `like` trains the network of `plan`, from this seed.

    Epochs or updates, the size and order of batches and the evaluations are those of `like`; the optimizer is Adam at
    the baseline's own rate, and inputs are standardised over the training part. `parts` has `train`; the others are
    measured. The same arguments give the same bits on one machine. `tick` is called between the calls of the program,
    and may raise an error to end it. Raises RunError for a call that makes no baseline and data that leave nothing to
    learn; a training that diverges is a failed result.
    """
    baseline = make_baseline(model)
    data = _data(plan, parts)
    began = time.monotonic()
    teaching = _Teaching(data, like, seed)
    hidden = tuple(layer.units for layer in plan.structure.layers if layer.role == "layer")
    sizes = Sizes(teaching.x.shape[1], teaching.y.shape[1], hidden)
    student = baseline.init(sizes, jax.random.fold_in(jax.random.key(seed), 3))
    history: list[Mapping[str, Any]] = []
    error = None
    try:
        student = teaching.teach(student, baseline.learning_rate, history, tick)
    except _DivergedError as failure:
        error = str(failure)
    seconds = round(time.monotonic() - began, 3)
    if error is not None:
        return LaneResult(name, "failed", tuple(history), {}, {}, seconds, error)
    return LaneResult(name, "complete", tuple(history), teaching.measures(student), _arrays(student), seconds)


def _data(plan: Plan, parts: Mapping[str, Part]) -> BaselineData:
    train = parts["train"]
    layers = plan.structure.layers
    inputs = tuple(layer.name for layer in layers if layer.role == "input" and layer.name in train.arrays)
    outputs = tuple(layer.name for layer in layers if layer.role == "output" and layer.name in train.arrays)
    if not inputs or not outputs:
        raise RunError("a baseline learns from inputs to outputs: give the data of at least one input and one output")
    held_out = {name: part for name, part in parts.items() if name != "train"} or {"train": train}
    return BaselineData(inputs, outputs, train, held_out)


class _DivergedError(Exception):
    """The loss is no longer finite."""


class _Teaching:
    """The training part on the device, and what training runs on."""

    def __init__(self, data: BaselineData, like: TrainingPlan, seed: int) -> None:
        self.data, self.like = data, like
        count = data.train.examples
        if like.batch > count:
            raise RunError(f"a batch of {like.batch} is more than the {count} training examples: make it smaller")
        total = like.updates if like.updates is not None else (like.epochs or 0) * (count // like.batch)
        self.batches = BatchSchedule(count, like.batch, total, seed)
        self.targets = targets_of(_flat(data.train, data.outputs))
        plain = _beside(data.train, data.inputs)
        deviation = plain.std(axis=0, dtype=np.float64)
        self.mean = plain.mean(axis=0, dtype=np.float64).astype(np.float32)
        self.scale = np.where(deviation > 1e-12, deviation, 1).astype(np.float32)
        self.x = jnp.asarray((plain - self.mean) / self.scale)
        self.y = jnp.asarray(_beside(data.train, data.outputs))

    def teach(
        self, student: BaselineModel, rate: float, history: list[Mapping[str, Any]], tick: Callable[[], None]
    ) -> BaselineModel:
        """All epochs; raises an error where it diverges."""
        learned = eqx.filter(student, student.learns())
        state = optax.adam(rate).init(learned)
        done = 0
        for epoch in range(self.batches.epochs):
            began = time.monotonic()
            for rows, count in self.batches.calls(epoch):
                tick()
                student, state, loss = _learn(
                    student, state, self.x, self.y, jnp.asarray(rows), jnp.int32(count), jnp.float32(rate), self.targets
                )
                done += count
                if not np.isfinite(float(loss)):
                    raise _DivergedError(f"the training diverged before update {done}: its loss is no longer finite")
            record: dict[str, Any] = {"epoch": epoch + 1, "updates": done}
            record["seconds"] = round(time.monotonic() - began, 3)
            if self.like.evaluate_every and (epoch + 1) % self.like.evaluate_every == 0:
                record |= self.measures(student)
            history.append(record)
        return student

    def measures(self, student: BaselineModel) -> Measures:
        """The measures of the read-outs on every held-out part."""
        found = {}
        for name, part in self.data.held_out.items():
            targets = _flat(part, self.data.outputs)
            found[name] = measure(self._predict(student, part), targets)
        return found

    def _predict(self, student: BaselineModel, part: Part) -> dict[str, Units]:
        """The read-out of every output, `[examples, units]`; the last batch is filled up."""
        x = (_beside(part, self.data.inputs) - self.mean) / self.scale
        size = min(TOGETHER, len(x))
        rows = np.minimum(np.arange(-(-len(x) // size) * size), len(x) - 1).reshape(-1, size)
        found = [_read_out(student, jnp.asarray(x[some]), self.targets) for some in rows]
        return {
            target.name: np.concatenate([np.asarray(batch[target.name]) for batch in found])[: len(x)]
            for target in self.targets
        }


@eqx.filter_jit
def _learn(
    student: BaselineModel,
    state: optax.OptState,
    x: Array,
    y: Array,
    rows: Array,
    count: Array,
    rate: Array,
    targets: tuple[Target, ...],
) -> tuple[BaselineModel, optax.OptState, Array]:
    """Up to `count` batches of `rows`; the student, Adam's state and the sum of the losses after them."""
    learned, fixed = eqx.partition(student, student.learns())
    optimizer = optax.adam(rate)

    def loss(part: BaselineModel, chosen: Array) -> Array:
        scores = eqx.combine(part, fixed)(x[chosen])
        return jnp.mean(sum((target.loss(scores, y[chosen]) for target in targets), start=jnp.float32(0)))

    def body(batch: Array, carry: Any) -> Any:
        part, before, total = carry
        value, gradient = jax.value_and_grad(loss)(part, rows[batch])
        steps, after = optimizer.update(gradient, before, part)
        return optax.apply_updates(part, steps), after, total + value

    learned, state, total = lax.fori_loop(0, count, body, (learned, state, jnp.float32(0)))
    return eqx.combine(learned, fixed), state, total


@eqx.filter_jit
def _read_out(student: BaselineModel, x: Array, targets: tuple[Target, ...]) -> dict[str, Array]:
    scores = student(x)
    return {target.name: target.read_out(scores) for target in targets}


def _flat(part: Part, names: tuple[str, ...]) -> dict[str, Units]:
    return {name: part.arrays[name].reshape(part.examples, -1) for name in names if name in part.arrays}


def _beside(part: Part, names: tuple[str, ...]) -> Units:
    """Layers side by side, `[examples, units]`."""
    return np.concatenate(list(_flat(part, names).values()), axis=1)


def _arrays(student: BaselineModel) -> dict[str, NDArray[Any]]:
    """The arrays of a model by the path of each."""
    leaves = jax.tree_util.tree_leaves_with_path(student)
    return {jax.tree_util.keystr(path).lstrip("."): np.asarray(leaf) for path, leaf in leaves if eqx.is_array(leaf)}
