"""Networks within networks that the explanations of mistakes show."""

from __future__ import annotations

from dync.compiler.mistakes.examples import network


def inner_network(*lines: str, name: str = "Part") -> str:
    """A network with an input `a`, a layer `b` and an output `c`, and these lines."""
    own = ("input a (4)", "layer b (4) tanh", "output c (4)", "edge a -> b dense", "edge b -> c dense", *lines)
    return f"network {name} {{\n" + "".join(f"  {line}\n" for line in own) + "}\n"


def around(layer: str, *lines: str, into: str = "m", out: str = "m", inner: str = "") -> str:
    """A network around it: `x` to `m` to `y`."""
    edges = (f"edge x -> {into} dense", f"edge {out} -> y dense")
    return (inner or inner_network()) + network("input x (4)", layer, "output y (2)", *edges, *lines)


def coded(kind: str, *lines: str, inner: str) -> str:
    """A network with an edge that is a network."""
    return inner + network("input x (4)", "layer h (4) tanh", "output y (2)", kind, "edge h -> y dense", *lines)


M = "layer m network Part"
CONTRASTIVE = (
    "layer d (4) tanh", "edge a -> d dense learn contrastive", "edge d -> c one_to_one", "phase clamped { steps 3 }",
    "phase free { steps 3  clamp a }", "train clamped, free",
)  # fmt: skip
INFER = ("phase go { steps 3 }", "infer go")
