"""Networks of many layers alike, joined by a graph: their sizes, and a `.dyn` text for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["chain", "grid", "small world"]
Order = Literal["sequential", "synchronous", "grouped"]

SIZES: Final[dict[Kind, tuple[int, ...]]] = {
    "chain": (8, 64, 256),
    "grid": (4 * 4, 10 * 10, 20 * 20),
    "small world": (50, 200, 800),
}
"""How many layers each kind is tried with, a grid with squares of them."""

UNITS: Final = 32
CLASSES: Final = 10


@dataclass(frozen=True)
class Topology:
    """Layers that a graph joins both ways, all edges learning, between an input and an output."""

    kind: Kind
    layers: int
    order: Order

    @property
    def size(self) -> str:
        """The number of layers as tables show it."""
        side = int(self.layers**0.5)
        return f"{side}×{side}" if self.kind == "grid" else str(self.layers)

    @property
    def text(self) -> str:
        """The network, in the language; `grouped` has every second layer in the one group, the others in the other."""
        graph = {"chain": "chain", "grid": f"grid({self.size.partition('×')[0]})", "small world": "small_world(4, 0.1)"}
        groups = """
  for i in 1..n // 2   { group even { h[2 * i] } }
  for i in 1..n - n // 2 { group odd { h[2 * i - 1] } }"""
        return f"""
network Net {{
  param n = {self.layers} in 2..4096
  input  x ({UNITS})
  layer  h[1..n] ({UNITS}) sign
  output y ({CLASSES})
  edge x -> h[1] dense learn perceptron(margin = 1)
  wire h by {graph[self.kind]} dense learn perceptron(margin = 1)
  edge h[n] -> y dense learn perceptron(margin = 1)
  edge y -> h[n] dense{groups if self.order == "grouped" else ""}
  schedule {"grouped(odd, even)" if self.order == "grouped" else self.order}
  phase warm    {{ steps 1 messages forward }}
  phase clamped {{ steps 7 messages all }}
  phase relax   {{ steps 7 messages forward }}
  train warm, clamped, relax
  infer warm, relax
}}
"""
