"""Whether everything in a network is reached by something and leads somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dync.compiler.collector import Collector
from dync.compiler.layer_table import Entry, LayerTable
from dync.compiler.mistakes.topology import (
    LeadsNowhere,
    NoInputs,
    NoOutputs,
    UnreachedLayer,
    UnreachedOutput,
    UntrainedOutput,
)
from dync.compiler.model import NetworkModel, ScheduleModel
from dync.compiler.topology import (
    dead_layers,
    reached_from,
    reaching,
    topology,
    unheard_outputs,
    unreached_layers,
    with_role,
)
from dync.grammar.source import Span


@dataclass(frozen=True)
class LooseEnds:
    """Layers that may be joined by edges with a mistake: one wrong name is not to make others seem unconnected.

    `receivers` and `senders` are layers whose edge has a mistake at its other end. With `any_receiver` an edge leads to
    a name that no layer has, which may be meant for any layer; `any_sender` likewise.
    """

    receivers: frozenset[str]
    senders: frozenset[str]
    any_receiver: bool
    any_sender: bool


def check_topology(model: NetworkModel, table: LayerTable, loose: LooseEnds, name: Span, mistakes: Collector) -> None:
    """Report what is cut off. `name` is the place of the network's name."""
    graph = topology(replace(model, schedule=ScheduleModel("sequential", (), None)))
    heard, sending = ({edge.receiver for edge in model.edges}, {edge.sender for edge in model.edges})
    receivers = loose.receivers | (set(graph) - heard if loose.any_receiver else set())
    senders = loose.senders | (set(graph) - sending if loose.any_sender else set())
    reached, alive = reached_from(graph, receivers), reaching(graph, senders)
    unheard = set(unheard_outputs(graph)) - reached
    for entry, names in _by_entry(table, set(unreached_layers(graph)) - reached):
        mistakes.add(UnreachedLayer(entry.name.span, names))
    for entry, names in _by_entry(table, unheard):
        mistakes.add(UnreachedOutput(entry.name.span, names[0]))
    dead = set(dead_layers(graph)) - alive
    starts = {layer.start for layer in model.layers if layer.name not in dead}
    for entry, names in _by_entry(table, dead - starts):
        mistakes.add(LeadsNowhere(entry.name.span, names))
    if model.train is not None:
        taught = reached_from(graph, {edge.receiver for edge in model.edges if edge.rule is not None}) | reached
        for entry, names in _by_entry(table, set(with_role(graph, "output")) - unheard - taught):
            mistakes.add(UntrainedOutput(entry.name.span, names[0]))
    roles = {layer.role for layer in model.layers}
    if "input" not in roles:
        mistakes.add(NoInputs(name, model.name))
    if "output" not in roles:
        mistakes.add(NoOutputs(name, model.name))


def _by_entry(table: LayerTable, layers: Iterable[str]) -> Iterator[tuple[Entry, tuple[str, ...]]]:
    """Layers together with those of the same declaration, in the order of declaration."""
    wanted = set(layers)
    for entry in table.entries.values():
        names = tuple(member.name for member in entry.members or () if member.name in wanted)
        if names:
            yield entry, names
