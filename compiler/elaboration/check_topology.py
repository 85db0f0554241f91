"""Whether everything in a network is reached by something and leads somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias, get_args

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.layer_table import Entry, LayerTable
from dync.compiler.elaboration.reach import Arc, reached, reaching
from dync.compiler.model import NetworkModel
from dync.compiler.plan import Role
from dync.grammar.source import Span

Roles: TypeAlias = dict[str, list[str]]
"""The names of the layers of each role."""


class LooseEnds(Struct, frozen=True):
    """Layers that may be joined by edges with a mistake: one wrong name is not to make others seem unconnected.

    `receivers` and `senders` are layers whose edge has a mistake at its other end. With `any_receiver` an edge leads to
    a name that no layer has, which may be meant for any layer; `any_sender` likewise.
    """

    receivers: frozenset[str]
    senders: frozenset[str]
    any_receiver: bool
    any_sender: bool

    @property
    def exist(self) -> bool:
        """Whether there are any."""
        return bool(self.receivers or self.senders or self.any_receiver or self.any_sender)


def check_topology(model: NetworkModel, table: LayerTable, loose: LooseEnds, name: Span, mistakes: Collector) -> None:
    """Report what is cut off. `name` is the place of the network's name."""
    roles = {role: [layer.name for layer in model.layers if layer.role == role] for role in get_args(Role)}
    arcs = [(edge.sender, edge.receiver) for edge in model.edges]
    _check_heard(model, roles, arcs, table, loose, mistakes)
    _check_used(model, roles, arcs, table, loose, mistakes)
    if not roles["input"]:
        mistakes.add(wrong.topology.NoInputs(name, model.name))
    if not roles["output"]:
        mistakes.add(wrong.topology.NoOutputs(name, model.name))


def _check_heard(
    model: NetworkModel, roles: Roles, arcs: list[Arc], table: LayerTable, loose: LooseEnds, mistakes: Collector
) -> None:
    """Every hidden layer is reached, every output hears another layer, and training has a say in each of them."""
    silent = {layer.name for layer in model.layers} - {receiver for sender, receiver in arcs if sender != receiver}
    meant = loose.receivers | (silent if loose.any_receiver else set())
    started = [layer.name for layer in model.layers if layer.start is not None]
    alive = reached([*roles["input"], *roles["constant"], *started, *meant], arcs)
    for entry, names in _by_entry(table, set(roles["layer"]) - alive):
        mistakes.add(wrong.topology.UnreachedLayer(entry.name.span, names))
    unheard = set(roles["output"]) & silent - meant
    for entry, names in _by_entry(table, unheard):
        mistakes.add(wrong.topology.UnreachedOutput(entry.name.span, names[0]))
    if model.train is not None:
        taught = reached([*meant, *(edge.receiver for edge in model.edges if edge.learns or edge.faulty_rule)], arcs)
        for entry, names in _by_entry(table, set(roles["output"]) - unheard - taught):
            mistakes.add(wrong.topology.UntrainedOutput(entry.name.span, names[0]))


def _check_used(
    model: NetworkModel, roles: Roles, arcs: list[Arc], table: LayerTable, loose: LooseEnds, mistakes: Collector
) -> None:
    """From everything a way leads to an output, or it gives its value to a layer from which one does."""
    if not roles["output"]:
        return
    layers = {layer.name for layer in model.layers}
    unsaid = layers - {sender for sender, receiver in arcs if sender != receiver}
    meant = loose.senders | (unsaid if loose.any_sender else set())
    starts = [(layer.start, layer.name) for layer in model.layers if layer.start is not None]
    used = reaching([*roles["output"], *meant], [*arcs, *starts])
    for entry, names in _by_entry(table, layers - used):
        mistakes.add(wrong.topology.LeadsNowhere(entry.name.span, names))


def _by_entry(table: LayerTable, layers: Iterable[str]) -> Iterator[tuple[Entry, tuple[str, ...]]]:
    """Layers together with those of the same declaration, in the order of declaration."""
    wanted = set(layers)
    for entry in table.entries.values():
        names = tuple(member.name for member in entry.members or () if member.name in wanted)
        if names:
            yield entry, names
