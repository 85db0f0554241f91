"""The graph generators that `wire` knows: NetworkX's, over as many nodes as there are layers.

A generator gives **links**, each once and in its own direction: from the lower to the higher index, and in a ring or a
torus round it. Node `i` is the layer `i` of the list. NetworkX is loaded where a graph is drawn: to load it takes
longer than to check most files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import isqrt
from typing import Any, Final, Literal

from msgspec import Struct

Args = Mapping[str, Any]
"""The arguments of a generator by name: `int` for whole numbers, `float` for chances."""

Link = tuple[int, int]

Sort = Literal["whole", "chance"]


class Parameter(Struct, frozen=True):
    """What a generator takes; `default` is computed from the number of layers and the size of the first array."""

    name: str
    sort: Sort
    least: int = 0
    default: Callable[[int, int], int | float] | None = None


class Generator(Struct, frozen=True):
    """A generator: what it takes, why it cannot be drawn (None where it can), how many links to expect, the links."""

    parameters: tuple[Parameter, ...]
    refusal: Callable[[int, Args], str | None]
    expected: Callable[[int, Args], float]
    links: Callable[[int, Args], Iterable[Link]]
    directed: bool = False
    """Whether the links are arcs already, so that there is no choice of arcs."""


SEED: Final = Parameter("seed", "whole", default=lambda n, first: 0)
CHANCE: Final = Parameter("p", "chance")
ROWS: Final = Parameter("rows", "whole", 1, lambda n, first: isqrt(n) or 1)
COLUMNS: Final = Parameter("columns", "whole", default=lambda n, first: 0)


def _nx() -> Any:
    import networkx

    return networkx


def _never(n: int, args: Args) -> str | None:
    return None


def _linear(n: int, args: Args) -> float:
    return n


def _of(graph: Any) -> list[Link]:
    """The links of a graph, its nodes numbered in their order."""
    number = {node: i for i, node in enumerate(sorted(graph))}
    return [(min(number[a], number[b]), max(number[a], number[b])) for a, b in graph.edges()]


# --- of one shape -----------------------------------------------------------------------------------------------------


def _ring(n: int, args: Args) -> Iterable[Link]:
    return ((i, (i + 1) % n) for i in range(n))


def _pairs(n: int, args: Args) -> float:
    return n * (n - 1) / 2


def _shape(n: int, args: Args) -> tuple[int, int]:
    return args["rows"], args["columns"] or n // args["rows"]


def _not_a_grid(n: int, args: Args) -> str | None:
    rows, columns = _shape(n, args)
    return None if rows * columns == n else f"{rows} rows of {columns} are {rows * columns}"


def _torus(n: int, args: Args) -> Iterable[Link]:
    rows, columns = _shape(n, args)
    for i in range(n):
        row, column = divmod(i, columns)
        yield from (
            (i, j) for j in (row * columns + (column + 1) % columns, (row + 1) % rows * columns + column) if j != i
        )


def _no_power(n: int, args: Args) -> str | None:
    return None if n & (n - 1) == 0 else "their number must be a power of 2"


def _odd(n: int, args: Args) -> str | None:
    return None if n % 2 == 0 else "their number must be even"


def _hypercube(n: int, args: Args) -> Iterable[Link]:
    return ((i, i | bit) for bit in (1 << b for b in range(n.bit_length() - 1)) for i in range(n) if not i & bit)


# --- at random --------------------------------------------------------------------------------------------------------

PAIRS: Final = 10_000_000
"""How many pairs of layers a generator may look at one by one."""


def _many_pairs(n: int, args: Args) -> str | None:
    return None if _pairs(n, args) <= PAIRS else f"it would draw for each of {_pairs(n, args):,.0f} pairs"


def _by_chance(n: int, args: Args) -> float:
    return _pairs(n, args) * float(args["p"])


def _no_ring_of(n: int, args: Args) -> str | None:
    k = args["k"]
    if k % 2:
        return f"`k` counts the neighbours on both sides and must be even, not {k}"
    return None if k < n else f"`k` must be less than the number of layers, not {k}"


def _no_growth(n: int, args: Args) -> str | None:
    return None if args["m"] < n else f"`m` must be less than the number of layers, not {args['m']}"


def _not_regular(n: int, args: Args) -> str | None:
    degree = args["degree"]
    if degree >= n:
        return f"`degree` must be less than the number of layers, not {degree}"
    return "the number of layers times `degree` must be even" if n * degree % 2 else None


def _no_sides(n: int, args: Args) -> str | None:
    return None if args["first"] < n else f"`first` leaves no layers for the second side: {args['first']} of {n}"


def _no_cliques(n: int, args: Args) -> str | None:
    return None if n % args["size"] == 0 else f"they do not make up cliques of {args['size']}"


def _no_blocks(n: int, args: Args) -> str | None:
    return None if n % args["blocks"] == 0 else f"they do not make up {args['blocks']} blocks of one size"


def _sided(n: int, args: Args) -> float:
    return float(args["first"] * (n - args["first"]) * args["p"])


def _planted(n: int, args: Args) -> float:
    within = n * (n // args["blocks"] - 1) / 2
    return float(within * args["p_in"] + (_pairs(n, args) - within) * args["p_out"])


def _regular(n: int, args: Args) -> Iterable[Link]:
    """Of many neighbours the graph of those that are none is drawn: NetworkX tries without end to draw the graph."""
    degree = args["degree"]
    if 2 * degree < n:
        return _of(_nx().random_regular_graph(degree, n, seed=args["seed"]))
    return _of(_nx().complement(_nx().random_regular_graph(n - 1 - degree, n, seed=args["seed"])))


def _relaxed(n: int, args: Args) -> Iterable[Link]:
    return _of(_nx().relaxed_caveman_graph(n // args["size"], args["size"], args["p"], seed=args["seed"]))


GENERATORS: Final[Mapping[str, Generator]] = {
    "chain": Generator((), _never, _linear, lambda n, a: ((i, i + 1) for i in range(n - 1))),
    "ring": Generator((), _never, _linear, _ring),
    "complete": Generator((), _never, _pairs, lambda n, a: ((i, j) for i in range(n) for j in range(i + 1, n))),
    "star": Generator((), _never, _linear, lambda n, a: ((0, i) for i in range(1, n))),
    "wheel": Generator((), _never, _linear, lambda n, a: _of(_nx().wheel_graph(n))),
    "tree": Generator(
        (Parameter("branching", "whole", 1, lambda n, first: 2),), _never, _linear,
        lambda n, a: ((i // a["branching"], i + 1) for i in range(n - 1)),
    ),
    "grid": Generator(
        (ROWS, COLUMNS), _not_a_grid, lambda n, a: 2 * n, lambda n, a: _of(_nx().grid_2d_graph(*_shape(n, a)))
    ),
    "torus": Generator((ROWS, COLUMNS), _not_a_grid, lambda n, a: 2 * n, _torus),
    "hypercube": Generator((), _no_power, lambda n, a: n * n.bit_length() / 2, _hypercube),
    "ladder": Generator((), _odd, lambda n, a: 1.5 * n, lambda n, a: _of(_nx().ladder_graph(n // 2))),
    "circular_ladder": Generator((), _odd, lambda n, a: 1.5 * n, lambda n, a: _of(_nx().circular_ladder_graph(n // 2))),
    "random": Generator(
        (CHANCE, SEED), _many_pairs, _by_chance,
        lambda n, a: _of(_nx().gnp_random_graph(n, a["p"], seed=a["seed"])),
    ),
    "random_directed": Generator(
        (CHANCE, SEED), _many_pairs, lambda n, a: 2 * _by_chance(n, a),
        lambda n, a: _nx().gnp_random_graph(n, a["p"], seed=a["seed"], directed=True).edges(), directed=True,
    ),
    "random_links": Generator(
        (Parameter("links", "whole"), SEED), _never, lambda n, a: min(a["links"], _pairs(n, a)),
        lambda n, a: _of(_nx().gnm_random_graph(n, a["links"], seed=a["seed"])),
    ),
    "random_tree": Generator(
        (SEED,), _never, _linear, lambda n, a: _of(_nx().random_labeled_tree(n, seed=a["seed"]))
    ),
    "small_world": Generator(
        (Parameter("k", "whole"), CHANCE, SEED), _no_ring_of, lambda n, a: n * a["k"] / 2,
        lambda n, a: _of(_nx().watts_strogatz_graph(n, a["k"], a["p"], seed=a["seed"])),
    ),
    "scale_free": Generator(
        (Parameter("m", "whole", 1), SEED), _no_growth, lambda n, a: n * a["m"],
        lambda n, a: _of(_nx().barabasi_albert_graph(n, a["m"], seed=a["seed"])),
    ),
    "powerlaw_cluster": Generator(
        (Parameter("m", "whole", 1), CHANCE, SEED), _no_growth, lambda n, a: n * a["m"],
        lambda n, a: _of(_nx().powerlaw_cluster_graph(n, a["m"], a["p"], seed=a["seed"])),
    ),
    "regular": Generator(
        (Parameter("degree", "whole"), SEED), _not_regular, lambda n, a: n * a["degree"] / 2,
        _regular,
    ),
    "bipartite": Generator(
        (Parameter("first", "whole", 1, lambda n, first: first), Parameter("p", "chance", default=lambda n, first: 1),
         SEED),
        _no_sides, _sided,
        lambda n, a: _of(_nx().bipartite.random_graph(a["first"], n - a["first"], a["p"], seed=a["seed"])),
    ),
    "caveman": Generator(
        (Parameter("size", "whole", 1),), _no_cliques, lambda n, a: n * a["size"] / 2,
        lambda n, a: _of(_nx().caveman_graph(n // a["size"], a["size"])),
    ),
    "connected_caveman": Generator(
        (Parameter("size", "whole", 2),), _no_cliques, lambda n, a: n * a["size"] / 2,
        lambda n, a: _of(_nx().connected_caveman_graph(n // a["size"], a["size"])),
    ),
    "relaxed_caveman": Generator(
        (Parameter("size", "whole", 1), CHANCE, SEED), _no_cliques, lambda n, a: n * a["size"] / 2, _relaxed,
    ),
    "planted_partition": Generator(
        (Parameter("blocks", "whole", 1), Parameter("p_in", "chance"), Parameter("p_out", "chance"), SEED),
        _no_blocks, _planted,
        lambda n, a: _of(_nx().planted_partition_graph(
            a["blocks"], n // a["blocks"], a["p_in"], a["p_out"], seed=a["seed"])),
    ),
}  # fmt: skip
"""Every generator by the name that a file calls it by, most of them those of NetworkX without `_graph`."""
