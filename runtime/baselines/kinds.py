"""The baselines by the names that `.dyn` files call them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Signature, signature
from typing import Final

from dync.compiler.pipeline_plan import CallPlan
from dync.grammar.diagnostic import nearest
from dync.runtime.baselines.baseline import Baseline
from dync.runtime.baselines.fixed import RandomFeatures, Reservoir
from dync.runtime.baselines.mlp import Linear, Mlp
from dync.runtime.data.arguments import call_with
from dync.runtime.data.error import DataError
from dync.runtime.error import RunError

BASELINES: Final[Mapping[str, Callable[..., Baseline]]] = {
    "mlp": Mlp,
    "linear": Linear,
    "reservoir": Reservoir,
    "random_features": RandomFeatures,
}
"""What makes each baseline from its arguments."""


def baseline_signatures() -> dict[str, Signature]:
    """The parameters of every baseline."""
    return {name: signature(make, eval_str=True) for name, make in BASELINES.items()}


def make_baseline(call: CallPlan) -> Baseline:
    """The baseline that a call names; raises RunError for unknown names and arguments that do not fit."""
    if call.name not in BASELINES:
        guess = nearest(call.name, BASELINES)
        hint = f"did you mean {guess!r}?" if guess else f"there are {', '.join(BASELINES)}"
        raise RunError(f"there is no baseline {call.name!r}: {hint}")
    try:
        return call_with(BASELINES[call.name], call, baseline_signatures()[call.name])
    except DataError as error:
        raise RunError(str(error)) from None
