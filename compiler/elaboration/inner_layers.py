"""Networks in the place of layers: what a table of layers knows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.model import EdgeModel, GroupModel, InnerModel, LayerModel, NetworkModel
from dync.grammar.source import Span

if TYPE_CHECKING:
    from dync.compiler.mistakes.nested import End


class Inner(Struct, frozen=True):
    """A network in the place of a layer: its layers, edges and groups as they stand in the network around it.

    `network` is the network by itself; None where it runs to completion, and where the table was made from a model.
    """

    model: InnerModel
    layers: dict[str, LayerModel]
    edges: tuple[EdgeModel, ...] = ()
    groups: tuple[GroupModel, ...] = ()
    network: NetworkModel | None = None

    def port(self, end: End, parts: str, place: Span, mistakes: Collector) -> LayerModel | None:
        """The layer at which edges from outside end or begin; `parts` are behind the name of the network, `.h[2]`."""
        model = self.model
        ports = model.inputs if end == "input" else model.outputs
        name = model.name + parts
        if name in ports or (not parts and len(ports) == 1):
            return self.layers[name if parts else ports[0]]
        if not parts and not ports:
            mistakes.add(wrong.nested.NoPort(place, name, model.network, end, model.span))
        elif not parts:
            mistakes.add(wrong.nested.WhichPort(place, name, end, ports, model.span))
        elif found := self.named(parts, place, mistakes):
            declared = found[0].span
            mistakes.add(wrong.nested.NotAPort(place, name, model.network, end, ports, declared))
        return None

    def has(self, parts: str) -> bool:
        """Whether there is a layer or an array by this name in it."""
        return bool(self._under(parts))

    def named(self, parts: str, place: Span, mistakes: Collector) -> tuple[LayerModel, ...]:
        """The layers in it that a name means: one, an array, what is in a network within it; all without `parts`."""
        found = self._under(parts)
        if not found:
            mistakes.add(wrong.nested.UnknownPart(place, self.model.name + parts, tuple(self.layers)))
        return found

    def _under(self, parts: str) -> tuple[LayerModel, ...]:
        name = self.model.name + parts
        return tuple(
            layer
            for full, layer in self.layers.items()
            if not parts or full == name or full.startswith((f"{name}[", f"{name}."))
        )


def root_of(layer: LayerModel) -> str:
    """The name of the declaration that a layer comes from: its own, that of its array or of the network it is in."""
    if "." in layer.name:
        return layer.name.partition(".")[0].partition("[")[0]
    return layer.array or layer.name
