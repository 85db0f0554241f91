"""A pipeline as the runtime reads it: plain data with everything resolved, beside the plan of its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, Union


@dataclass(frozen=True)
class CallPlan:
    """A thing by name with arguments: a data source, a transform, an optimizer, a learning-rate schedule."""

    name: str
    positional: tuple[Value, ...]
    named: dict[str, Value]


Value: TypeAlias = Union[bool, int, float, str, CallPlan, None]  # noqa: UP007
"""An argument: a number, a text or bare word (`unit`, `none`, `true`), or a call."""


@dataclass(frozen=True)
class DataPlan:
    """A source, the arrays that its layers take by name (`{"x": "images"}`, empty: chosen for you), and transforms."""

    source: CallPlan
    bindings: dict[str, str]
    transforms: tuple[CallPlan, ...]


@dataclass(frozen=True)
class TrainingPlan:
    """A `training` pipeline. Exactly one of `epochs` and `updates` is set; 0 only evaluates.

    `network` names the network; its parameters are bound in the plan that goes with this. `evaluate_every` counts
    epochs (0: only at the end), `checkpoint_every` epochs (0: only the final one), `keep` is how many checkpoints stay.
    `base` is the folder that relative paths in data sources start from.
    """

    name: str
    network: str
    data: DataPlan
    epochs: int | None
    updates: int | None
    batch: int
    optimizer: CallPlan
    seed: int
    evaluate_every: int
    evaluate_on: dict[str, DataPlan]
    checkpoint_every: int
    keep: int
    base: str
