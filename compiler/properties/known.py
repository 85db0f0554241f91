"""What a network's text says of its names before any parameter is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from dync.grammar import syntax
from dync.grammar.source import Span

LayerItem = syntax.Input | syntax.Layer | syntax.Instance | syntax.Output | syntax.Constant


class Known(Struct, frozen=True):
    """The names of a network. Of layers also where they are declared, and whether they are arrays."""

    layers: Mapping[str, syntax.Name]
    arrays: frozenset[str]
    groups: frozenset[str]
    phases: tuple[str, ...]
    parameters: Mapping[str, syntax.Param]

    def declared(self, layer: str) -> Span:
        """Where a layer is declared."""
        return self.layers[layer].span


def known_of(network: syntax.Network) -> Known:
    """The names of a network; of two that are the same the first counts."""
    layers = {item.name.text: item.name for item in reversed(network.items) if isinstance(item, LayerItem)}
    may_be_arrays = (item for item in network.items if isinstance(item, syntax.Layer | syntax.Instance))
    arrays = {item.name.text for item in may_be_arrays if item.members is not None}
    parameters = {item.name.text: item for item in reversed(network.items) if isinstance(item, syntax.Param)}
    return Known(
        layers=dict(reversed(layers.items())),
        arrays=frozenset(arrays),
        groups=frozenset(_groups(network.items)),
        phases=tuple(item.name.text for item in network.items if isinstance(item, syntax.Phase)),
        parameters=dict(reversed(parameters.items())),
    )


def _groups(items: Iterable[syntax.NetworkItem]) -> Iterator[str]:
    for item in items:
        match item:
            case syntax.Group(name=name):
                yield name.text
            case syntax.For(body=body):
                yield from _groups(body)
            case _:
                pass
