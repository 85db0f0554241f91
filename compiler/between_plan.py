"""What an edge says of single pairs of units: which weights exist, what they are at the start, how large together.

Units are counted from 1, in C order where a layer has several dimensions. In the expressions `i` is the sender's unit
and `j` the receiver's; `i[1]`, `i[2]`, … are the sender's indices axis by axis, from 1 too; `fan_in` and `fan_out` are
the units of sender and receiver; `uniform` and `normal` are draws, one of each for a pair of units.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from dync.compiler.expression import Expression, axis_of, parameters, symbols
from dync.compiler.window_plan import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWS: Final = frozenset({"uniform", "normal"})

PAIRS: Final = 2**26
"""How many pairs of units an expression may be asked about: a layer of 8192 units joined to itself."""

ARCS: Final = 2**20
"""How many weights a graph generator may give one edge: a plan holds each of them."""

GIVEN: Final = 2**20
"""How many weights of one edge may come from a file: a plan holds each of them."""


class BetweenPlan(Struct, frozen=True):
    """Which pairs of units have a weight (`present`, or for each sender its receivers from 0, `arcs`), and which one.

    `weights` gives the weights at the start, and with `given` they are numbers of the plan; without either they are
    Gaussian. With `radius` the matrix is then rescaled to a spectral radius, which is a number of the plan.
    """

    weights: Expression | None = None
    present: Expression | None = None
    arcs: tuple[tuple[int, ...], ...] | None = None
    given: bool = False
    radius: bool = False

    @property
    def chosen(self) -> bool:
        """Whether it says which weights exist."""
        return self.present is not None or self.arcs is not None

    @property
    def known(self) -> bool:
        """Whether the weights that exist are known before anything is drawn."""
        return self.chosen and not (self.present is not None and draws(self.present))

    def existing(self, sender: Shape, receiver: Shape) -> NDArray[Any]:
        """Which weights between layers of these shapes exist, `[senders, receivers]`, where that is known."""
        from dync.compiler.planning.presence import existing

        return existing(self, sender, receiver)


class Between(Struct, frozen=True):
    """The plan with its numbers: those that `weights` reads, the weights of a file row by row, the radius."""

    plan: BetweenPlan
    arguments: dict[str, float] = field(default_factory=dict)
    given: tuple[float, ...] = ()
    radius: float | None = None


def draws(expression: Expression | None) -> tuple[str, ...]:
    """Which draws an expression reads, sorted."""
    return () if expression is None else tuple(sorted({s.name for s in symbols(expression)} & DRAWS))


def names_read(plan: BetweenPlan) -> tuple[str, ...]:
    """The parameters that `weights` reads, sorted."""
    return () if plan.weights is None else tuple(sorted(parameters(plan.weights)))


def readable(sender: Shape, receiver: Shape) -> frozenset[str]:
    """The symbols that expressions between layers of these shapes can read."""
    axes = {f"{end}[{axis}]" for end, shape in (("i", sender), ("j", receiver)) for axis in range(1, len(shape) + 1)}
    return DRAWS | {"i", "j", "fan_in", "fan_out"} | axes


def highest_axes(expression: Expression | None) -> dict[str, int]:
    """The highest axis that an expression reads of `i` and of `j`, where it reads any."""
    found: dict[str, int] = {}
    for symbol in symbols(expression) if expression is not None else ():
        end, axis = axis_of(symbol.name) or ("", 0)
        if axis:
            found[end] = max(found.get(end, 0), axis)
    return found


def units_at(name: str, sender: Shape, receiver: Shape, senders: NDArray[Any], receivers: NDArray[Any]) -> NDArray[Any]:
    """What a symbol that is no draw reads for these units, given by their numbers from 0; in double precision.

    `senders` and `receivers` broadcast against each other.
    """
    import numpy as np

    if name in ("fan_in", "fan_out"):
        return np.asarray(prod(sender if name == "fan_in" else receiver), np.float64)
    end, axis = axis_of(name) or (name, 0)
    numbers, shape = (senders, sender) if end == "i" else (receivers, receiver)
    found: NDArray[Any] = numbers if not axis else np.unravel_index(numbers, shape)[axis - 1]
    return found.astype(np.float64) + 1
