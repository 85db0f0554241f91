"""Verifying a network of a file, whose model says what its plan has to be."""

from __future__ import annotations

from dync.compiler import driver
from dync.compiler.driver import Compilation
from dync.compiler.model import NetworkModel
from dync.grammar.diagnostic import DiagnosticError
from dync.verification.verdict import Verification
from dync.verification.verify import verify

UNITS = 8
"""Units of an input or output that leaves its shape to the data."""


def verify_model(compilation: Compilation, model: NetworkModel, seed: int = 0) -> Verification:
    """Verify a network of a file with the parameters of its model; see `verify`.

    Raises DiagnosticError where the data would have to say which shape a layer has and eight units do not fit.
    """
    whole = _with_shapes(compilation, model)
    return verify(driver.plan_of(whole), whole, seed=seed)


def _with_shapes(compilation: Compilation, model: NetworkModel) -> NetworkModel:
    """The model with some shape for layers that leave theirs to the data."""
    shapes = {layer.name: (UNITS,) for layer in model.layers if layer.shape_of_data and not layer.shape}
    if not shapes:
        return model
    try:
        return driver.bind(compilation, model.name, model.parameters, shapes, model.protocol)
    except DiagnosticError:
        return model  # whose plan then says which layers want a shape
