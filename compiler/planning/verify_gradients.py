"""Whether the gradients of a plan hold together: their measures, their phases, and the edges that follow them."""

from __future__ import annotations

from dync.compiler.plan import FamilyPlan, Structure
from dync.compiler.plan_error import require


def verify_gradients(structure: Structure) -> None:
    """Raise PlanError unless each gradient is that of a measure that there is, at a moment of training."""
    measures = {"mse", *(measure.name for measure in structure.measures)}
    for number, family in enumerate(structure.families):
        if family.gradient is not None:
            _verify_gradient(family, f"family {number}", measures, structure)


def _verify_gradient(family: FamilyPlan, where: str, measures: set[str], structure: Structure) -> None:
    assert family.gradient is not None
    measure, phase = family.gradient.measure, family.gradient.phase
    require(family.rule is None, f"{where} learns by a rule and by a gradient")
    require(family.owner is None, f"{where} has tied edges that learn by a gradient")
    require(family.during is None, f"{where} learns by a gradient during a phase")
    require(measure in measures, f"{where} follows the gradient of a measure that is not there")
    outputs = any(layer.role == "output" for layer in structure.layers)
    require(measure != "mse" or outputs, f"{where} follows the error of outputs that are not there")
    if phase is not None:
        require(0 <= phase < len(structure.phases), f"the phase of the gradient of {where} is {phase}")
        sampled = structure.time is None or phase in structure.time.phases
        require(sampled, f"{where} follows a gradient at the end of a phase that runs once")
        # A network without a training protocol may still have gradients: they are then never asked for.
        require(structure.train is None or phase in structure.train, f"{where} follows a gradient outside of training")
