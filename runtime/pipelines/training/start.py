"""Where the weights of a training come from: drawn from its seed, or those that another left."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jax import Array
from numpy.typing import NDArray

from dync.compiler.plan import FamilyPlan, Structure
from dync.runtime.error import RunError
from dync.runtime.network import Network
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.saved_model import load_model
from dync.runtime.saved_weights import restored_orchestrator, saved_arrays

Start = WaveOrchestrator | Mapping[str, NDArray[Any]] | Path
"""An orchestrator as it is; arrays as `saved_arrays` names them; a run's folder, a checkpoint or an artefact."""


def starting_orchestrator(network: Network, start: Start | None, key: Array) -> WaveOrchestrator:
    """The orchestrator before the first update.

    Of arrays and checkpoints the weights are taken, and which of them exist; the numbers (rates, margins, strengths,
    fixed diagonals) are those of the present spec. Raises RunError where the weights do not fit the network.
    """
    if isinstance(start, WaveOrchestrator):
        return start
    drawn = network.init(key)
    if start is None:
        return drawn
    return _with_weights_of(network, drawn, _arrays(network, start))


def start_digest(start: Start | None) -> str | None:
    """SHA-256 of the weights that a training starts from, in hexadecimal; None where they are drawn."""
    from hashlib import sha256

    if start is None:
        return None
    if isinstance(start, Path):
        start = load_model(start).orchestrator
    arrays = saved_arrays(start) if isinstance(start, WaveOrchestrator) else start
    total = sha256()
    for name, array in sorted(arrays.items()):
        total.update(f"{name} {array.shape} {array.dtype.str}\n".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def _arrays(network: Network, start: Mapping[str, NDArray[Any]] | Path) -> Mapping[str, NDArray[Any]]:
    if not isinstance(start, Path):
        return start
    model = load_model(start)
    _verify_alike(network.plan.structure, model.network.plan.structure, start)
    return saved_arrays(model.orchestrator)


def _with_weights_of(network: Network, drawn: WaveOrchestrator, arrays: Mapping[str, NDArray[Any]]) -> WaveOrchestrator:
    """The weights of the arrays with the numbers and diagonals of the drawn orchestrator."""
    own = {name: array for name, array in saved_arrays(drawn).items() if name.startswith(("number.", "diagonal."))}
    return restored_orchestrator(network, {**arrays, **own})


def _verify_alike(mine: Structure, others: Structure, path: Path) -> None:
    """Raise RunError with the first layer or edge that differs where the weights of one do not fit the other."""
    for name in [*mine.layer_numbers, *others.layer_numbers]:
        a, b = (_shape(structure, name) for structure in (mine, others))
        if a != b:
            raise RunError(
                f"the weights in {path} do not fit: the layer {name} is {b or 'missing'} there and"
                f" {a or 'missing'} here; start from a network of the same layers"
            )
    if [_edges(mine, family) for family in mine.families] != [_edges(others, family) for family in others.families]:
        edges, other_edges = (dict(_all_edges(structure)) for structure in (mine, others))
        differing = next((edge for edge in [*edges, *other_edges] if edges.get(edge) != other_edges.get(edge)), None)
        where = f"the edge {differing} differs" if differing else "the edges are grouped in another way"
        raise RunError(f"the weights in {path} do not fit: {where}; start from a network of the same edges")


def _shape(structure: Structure, name: str) -> tuple[int, ...] | None:
    number = structure.layer_numbers.get(name)
    return None if number is None else structure.layers[number].shape


def _edges(structure: Structure, family: FamilyPlan) -> tuple[Any, ...]:
    """What decides how the weights of a family are stored, and of which edges they are."""
    names = [layer.name for layer in structure.layers]
    edges = tuple((names[e.sender], names[e.receiver], e.label) for e in family.edges)
    return edges, family.kind, family.masked, family.slots, family.diagonal


def _all_edges(structure: Structure) -> list[tuple[str, Any]]:
    found = []
    for family in structure.families:
        edges, *storage = _edges(structure, family)
        found += [(f"{label + ': ' if label else ''}{s} -> {r}", tuple(storage)) for s, r, label in edges]
    return found
