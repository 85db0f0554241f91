"""Whether a family of a plan is what its kind says: shapes, windows, ranks, and whose weights it has."""

from __future__ import annotations

from math import isfinite
from re import fullmatch

from dync.compiler.expression import symbols
from dync.compiler.plan import FamilyPlan, Structure
from dync.compiler.plan_error import require
from dync.compiler.planning.edge_sizes import weights_between
from dync.compiler.window_plan import MOST_AXES, Shape, WindowPlan
from dync.grammar.python_modules import is_place

MOST_WEIGHTS = 2**31 - 1
"""The most weights of one edge."""

_BY = {"conv": (None,), "pool": ("max", "mean", "sum"), "unpool": ("copy", "share")}


def verify_kind(family: FamilyPlan, where: str, structure: Structure) -> None:
    """Raise PlanError unless kind, shapes, window and rank of a family go together."""
    sender, receiver = structure.blocks[family.sender].shape, structure.blocks[family.receiver].shape
    fits = family.kind == "dense" or not (family.diagonal or (family.masked and family.kind != "conv"))
    require(fits, f"{where} is {family.kind} with a mask or a diagonal")
    require(family.kind == "dense" or family.slots is None, f"{where} is {family.kind} with slots")
    require(family.kind != "one_to_one" or sender == receiver, f"{where} is one_to_one between layers of unlike shapes")
    _verify_rank(family, where, structure)
    require((family.kind in _BY) == (family.window is not None), f"{where} has a window too many or too few")
    if family.window is not None:
        _verify_window(family.window, family.kind, where, sender, receiver)
    if family.kind in ("pool", "unpool"):
        require(not family.learns, f"{where} has no weights and learns")
    require((family.kind == "network") == (family.inner is not None), f"{where} has a network too many or too few")
    if family.inner is not None:
        require(not family.learns, f"{where} learns by itself, though its edges are networks")
        ends = [[block.shape for block in family.inner.blocks if block.role == role] for role in ("input", "output")]
        require(ends == [[sender], [receiver]], f"the ends of the network in {where} do not fit its layers")
    _verify_foreign(family, where, structure)
    require(weights_between(family, sender, receiver) <= MOST_WEIGHTS, f"{where} has more than {MOST_WEIGHTS} weights")


def _verify_foreign(family: FamilyPlan, where: str, structure: Structure) -> None:
    foreign = family.foreign
    require((family.kind == "python") == (foreign is not None), f"{where} has a class too many or too few")
    if foreign is None:
        return
    require(is_place(foreign.place), f"the class of {where} is not named in plain identifiers")
    require(fullmatch("[0-9a-f]{64}", foreign.digest) is not None, f"the module of {where} has no SHA-256")
    names = foreign.parameters
    known = all(name.isidentifier() for name in names) and len(set(names)) == len(names) == len(foreign.values)
    require(known and all(map(isfinite, foreign.values)), f"the parameters of {where} are no names with numbers")
    apart = family.rule is None or structure.rules[family.rule].terms is not None
    require(apart, f"{where} learns by a rule that is no sum of products")


def _verify_rank(family: FamilyPlan, where: str, structure: Structure) -> None:
    require((family.kind == "low_rank") == (family.rank is not None), f"{where} has a rank too many or too few")
    if family.rank is not None:
        most = min(structure.blocks[b].units for b in (family.sender, family.receiver))
        require(1 <= family.rank <= most, f"the rank of {where} is {family.rank}, of {most}")


def _verify_window(window: WindowPlan, kind: str, where: str, sender: Shape, receiver: Shape) -> None:
    axes = len(window.kernel)
    numbers = window.kernel, window.stride, window.before, window.after
    require(1 <= axes <= MOST_AXES and all(len(n) == axes for n in numbers), f"the window of {where} has odd axes")
    require(len(sender) == len(receiver) == axes + 1, f"the window of {where} is for layers of other dimensions")
    require(min(*window.kernel, *window.stride, window.groups) >= 1, f"the window of {where} has a size below 1")
    for padding in (window.before, window.after):
        fits = all(0 <= p < k for p, k in zip(padding, window.kernel, strict=True))
        require(fits, f"the padding of {where} is not between 0 and the kernel")
    large, small = window.ends(sender, receiver)
    require(window.places(large) == small[:-1], f"the window of {where} does not fit its layers")
    require(window.by in _BY[kind], f"the window of {where} is that of another kind")
    require(kind == "conv" or window.transposed == (kind == "unpool"), f"the window of {where} goes the other way")
    alike = kind == "conv" or (sender[-1] == receiver[-1] and window.groups == 1)
    divided = sender[-1] % window.groups == receiver[-1] % window.groups == 0
    require(alike and divided, f"the channels of {where} do not fit its window")


def verify_inner(inner: Structure, where: str) -> None:
    """Raise PlanError unless a network, which holds together, can run to completion as a message."""
    what = f"the network in {where}"
    for role in ("input", "output"):
        require(sum(layer.role == role for layer in inner.layers) == 1, f"{what} has not one {role}")
    require(inner.infer is not None, f"{what} has no protocol of inference")
    require(inner.time is None, f"{what} meets series")
    require(all(family.slots is None for family in inner.families), f"{what} lists its weights")
    drawing = [
        symbol.name
        for block in inner.blocks
        if block.activation is not None
        for part in block.activation.moves
        for symbol in symbols(part)
        if symbol.name in ("uniform", "normal")
    ]
    require(not drawing, f"{what} draws at random")


def verify_owner(family: FamilyPlan, where: str, structure: Structure) -> None:
    """Raise PlanError unless the weights that tied edges use are there, and fit them."""
    tied = [edge.owner is not None for edge in family.edges]
    require(all(tied) if family.owner is not None else not any(tied), f"an edge of {where} is tied and another not")
    require(family.owner is not None or not family.turned, f"{where} turns weights that are its own")
    if family.owner is None:
        return
    require(0 <= family.owner < len(structure.families), f"the owner of {where} is {family.owner}")
    owner = structure.families[family.owner]
    require(owner.kind != "python", f"the weights of the owner of {where} belong to one edge")
    require(not owner.weightless, f"the owner of {where} has no weights of its own")
    require(owner.slots is None and family.slots is None, f"{where} shares weights that are stored in slots")
    require(not family.learns or owner.learns, f"{where} learns weights that do not learn")
    own = family.kind, family.masked, family.diagonal, family.rank
    require(
        own == (owner.kind, owner.masked, owner.diagonal, owner.rank), f"{where} is unlike the owner of its weights"
    )
    for edge in family.edges:
        require(edge.owner is not None and 0 <= edge.owner < len(owner.edges), f"an edge of {where} has no owner")
    require(
        _weights(family, family.turned, structure) == _weights(owner, False, structure), f"{where} is of other weights"
    )


def _weights(family: FamilyPlan, turned: bool, structure: Structure) -> tuple[object, ...]:
    """What has to be equal of edges that share weights."""
    sender, receiver = structure.blocks[family.sender], structure.blocks[family.receiver]
    window = family.window
    if window is not None:
        shape = window.weights(sender.shape, receiver.shape)
        return (
            shape,
            window.kernel,
            window.stride,
            window.before,
            window.after,
            window.groups,
            window.transposed != turned,
        )
    if family.kind == "one_to_one":
        return (sender.units,)
    return (receiver.units, sender.units) if turned else (sender.units, receiver.units)
