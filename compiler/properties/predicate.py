"""What a requirement can ask: each predicate by its name, with what it takes and gives.

The names are those of NetworkX (https://networkx.org) wherever it asks the same, without the `is_` or `number_of_` of a
few. What they answer stands in `topology_answers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

Sort = Literal["layer", "layers", "messages", "phase", "number", "things"]
"""What an argument is: one layer, any number of them, `forward` and the like, a phase, a number, what to count."""

Gives = Literal["number", "condition"]


class Taken(Struct, frozen=True):
    """An argument that a predicate takes."""

    name: str
    sort: Sort
    needed: bool = True


class Predicate(Struct, frozen=True):
    """A question to a network; a `dynamic` one is answered by running it."""

    name: str
    takes: tuple[Taken, ...]
    gives: Gives
    dynamic: bool = False

    @property
    def written(self) -> str:
        """How it is called, for a note."""
        return f"{self.name}({', '.join(t.name if t.needed else f'[{t.name}]' for t in self.takes)})"


MESSAGES: Final = Taken("messages", "messages", needed=False)
SOME: Final = Taken("layers", "layers", needed=False)

_OF_PAIRS: Final = (Taken("sender", "layers"), Taken("receiver", "layers"), MESSAGES)
_OF_TWO: Final = (Taken("sender", "layer"), Taken("receiver", "layer"), MESSAGES)
_OF_ONE: Final = (Taken("layer", "layer"), MESSAGES)
_OF_SOME: Final = (SOME, MESSAGES)

_ALL: Final = (
    Predicate("reachable", _OF_PAIRS, "condition"),
    Predicate("has_edge", _OF_PAIRS, "condition"),
    Predicate("path_length", _OF_TWO, "number"),
    Predicate("number_of_edges", _OF_TWO, "number"),
    Predicate("fan_in", _OF_ONE, "number"),
    Predicate("fan_out", _OF_ONE, "number"),
    Predicate("in_degree", _OF_ONE, "number"),
    Predicate("out_degree", _OF_ONE, "number"),
    Predicate("degree", _OF_ONE, "number"),
    Predicate("eccentricity", _OF_ONE, "number"),
    Predicate("units", (Taken("layer", "layer"),), "number"),
    Predicate("count", (Taken("of", "things"),), "number"),
    Predicate("has_cycle", _OF_SOME, "condition"),
    Predicate("is_dag", _OF_SOME, "condition"),
    Predicate("is_bipartite", _OF_SOME, "condition"),
    Predicate("strongly_connected", _OF_SOME, "condition"),
    Predicate("weakly_connected", _OF_SOME, "condition"),
    Predicate("diameter", _OF_SOME, "number"),
    Predicate("density", _OF_SOME, "number"),
    Predicate("average_clustering", _OF_SOME, "number"),
    Predicate("average_shortest_path_length", _OF_SOME, "number"),
    Predicate("settles", (Taken("phase", "phase"), Taken("within", "number"), MESSAGES), "condition", dynamic=True),
    Predicate("bounded", (Taken("layers", "layers"), Taken("by", "number"), MESSAGES), "condition", dynamic=True),
)

PREDICATES: Final[Mapping[str, Predicate]] = {predicate.name: predicate for predicate in _ALL}
"""Every predicate by its name."""

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "layers": ("input", "layer", "output", "constant"),
    "inputs": ("input",),
    "hidden": ("layer",),
    "outputs": ("output",),
    "constants": ("constant",),
}
"""The words that mean all layers of some roles, where nothing in the network bears the name."""

THINGS: Final = ("edges", "learning", "units", "weights", "parameters")
"""What can be counted besides layers."""

LONGEST: Final = 10_000
"""The most steps that a predicate lets a network take in one phase."""
