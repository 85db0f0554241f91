"""The networks of a file with their default parameters and those that its pipelines give them, each elaborated once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from msgspec import Struct, field

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.budget import ITEMS
from dync.compiler.elaboration.elaborate import elaborate
from dync.compiler.library import Libraries
from dync.compiler.model import NetworkModel
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.source import Span

MOST: Final = 5 * ITEMS
"""How many layers and edges all the networks of a file may have together, those of its pipelines too."""

FAILED: Final = ITEMS // 10
"""What a network with errors counts for."""

_Elaborated = tuple[NetworkModel | None, tuple[Diagnostic, ...]]


Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
"""Shapes of inputs and outputs that leave theirs to the data, by name."""

_Key = tuple[str, tuple[tuple[str, float], ...], tuple[tuple[str, tuple[int, ...]], ...], str | None]


class Elaborations(Struct):
    """What was elaborated so far, and how many layers and edges that were."""

    libraries: Libraries
    _done: dict[_Key, _Elaborated] = field(default_factory=dict)
    _spent: int = 0

    @property
    def exhausted(self) -> bool:
        """Whether no more can be elaborated."""
        return self._spent > MOST

    def model(
        self,
        network: syntax.Network,
        arguments: Mapping[str, float],
        places: Mapping[str, Span],
        user: Span,
        shapes: Shapes | None = None,
        protocol: str | None = None,
    ) -> _Elaborated:
        """See `elaborate`. A file that asks for too much is refused at `user`."""
        given = shapes or {}
        key = network.name.text, tuple(sorted(arguments.items())), tuple(sorted(given.items())), protocol
        if key in self._done:
            return self._done[key]
        if self.exhausted:
            what = "layers and edges of all networks and pipelines together"
            return None, (wrong.shapes.TooLarge(user, what, self._spent, MOST),)
        model, mistakes = elaborate(network, self.libraries.of(network), arguments, places, given, protocol)
        if model is not None or not (arguments or protocol):
            self._done[key] = model, mistakes  # a mistake in an argument is one at its own place each time
        self._spent += FAILED if model is None else len(model.layers) + len(model.edges)
        return model, mistakes
