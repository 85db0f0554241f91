"""The transforms by the names that `.dyn` files call them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Signature, signature
from typing import Final

from dync.compiler.pipeline_plan import CallPlan
from dync.grammar.diagnostic import nearest
from dync.runtime.data.arguments import call_with
from dync.runtime.data.corruption import Flip, Noise
from dync.runtime.data.error import DataError
from dync.runtime.data.onehot import OneHot
from dync.runtime.data.rows import Folds, Limit, Split
from dync.runtime.data.time_order import Windows
from dync.runtime.data.transform import Transform
from dync.runtime.data.values import Project, Sign, normalize, reshape

TRANSFORMS: Final[Mapping[str, Callable[..., Transform]]] = {
    "split": Split,
    "folds": Folds,
    "limit": Limit,
    "windows": Windows,
    "normalize": normalize,
    "sign": Sign,
    "project": Project,
    "flip": Flip,
    "noise": Noise,
    "reshape": reshape,
    "onehot": OneHot,
}
"""What makes each transform from its arguments."""


def transform_signatures() -> dict[str, Signature]:
    """The parameters of every transform."""
    return {name: signature(make, eval_str=True) for name, make in TRANSFORMS.items()}


def make_transform(call: CallPlan) -> Transform:
    """The transform that a call names; raises DataError for unknown names and arguments that do not fit."""
    if call.name not in TRANSFORMS:
        guess = nearest(call.name, TRANSFORMS)
        hint = f"did you mean {guess!r}?" if guess else f"there are {', '.join(TRANSFORMS)}"
        raise DataError(f"there is no transform {call.name!r}: {hint}")
    return call_with(TRANSFORMS[call.name], call, transform_signatures()[call.name])
