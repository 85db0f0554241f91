"""Evaluating requirements on one network: numbers by the rules of constants, predicates by asking the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import Evaluator, Value, number
from dync.compiler.elaboration.layer_table import LayerTable, table_of
from dync.compiler.model import NetworkModel
from dync.compiler.plan import MessageFilter
from dync.compiler.properties.answer import Answer, Dynamics
from dync.compiler.properties.called import FILTERS, arguments_of, as_reference, as_word
from dync.compiler.properties.check import check_within
from dync.compiler.properties.predicate import PREDICATES, ROLES, THINGS
from dync.compiler.properties.work import Work
from dync.grammar import syntax
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.source import Span

if TYPE_CHECKING:
    from dync.compiler.properties.topology_answers import Topology

_MOST_BITS: Final = 1023


class Asked(Struct, frozen=True):
    """A network that is asked. Without `topology` only the names in the questions are looked at.

    `dynamics` answers what needs the network to run; it is not needed where nothing does.
    """

    model: NetworkModel
    table: LayerTable
    groups: dict[str, tuple[str, ...]]
    topology: Topology | None
    dynamics: Dynamics | None


def asked(model: NetworkModel, mistakes: Collector, work: Work | None, dynamics: Dynamics | None) -> Asked:
    """A network ready to be asked; without `work` nothing is computed on its graph."""
    groups = {group.name: group.layers for group in model.groups}
    topology = None
    if work is not None:
        from dync.compiler.properties.topology_answers import Topology  # NetworkX takes longer to load than a check

        topology = Topology(model, work)
    return Asked(model, table_of(model, mistakes), groups, topology, dynamics)


class RequirementEvaluator(Evaluator, frozen=True):
    """Evaluates one requirement; `answers` are what its predicates answered, by the ids of their calls."""

    network: Asked
    answers: dict[int, Answer | None] = field(default_factory=dict)

    def _call(self, call: syntax.Call) -> Value | None:
        if call.function.text not in PREDICATES:
            return super()._call(call)
        if id(call) not in self.answers:
            self.answers[id(call)] = self._ask(call)
        answer = self.answers[id(call)]
        return None if answer is None else answer.value

    def _bounded(self, value: Value, span: Span) -> Value | None:
        """Infinite lengths are numbers here."""
        unfit = math.isnan(value) if isinstance(value, float) else value.bit_length() > _MOST_BITS
        if unfit:
            self.mistakes.add(wrong.parameters.NumberTooLarge(span))
        return None if unfit else value

    # --- arguments ---

    def _ask(self, call: syntax.Call) -> Answer | None:
        """The answer of a predicate; None where nothing may be asked, or a mistake is reported."""
        predicate = PREDICATES[call.function.text]
        given = arguments_of(call, predicate, self.mistakes)
        layers = {t.name: self._layers(given[t.name]) for t in predicate.takes if _about_layers(t.sort, given, t.name)}
        topology = self.network.topology
        if topology is None or any(found is None for found in layers.values()):
            return None
        known = {name: found for name, found in layers.items() if found is not None}
        if predicate.dynamic:
            return self._run(predicate.name, given, known)
        return self._of_topology(topology, predicate.name, given, known)

    def _of_topology(
        self,
        topology: Topology,
        name: str,
        given: dict[str, syntax.Expression],
        layers: dict[str, tuple[str, ...]],
    ) -> Answer | None:
        from dync.compiler.properties import topology_answers as answers

        messages = _messages(given) or "all"
        if name in answers.OF_PAIRS:
            return answers.OF_PAIRS[name](topology, layers["sender"], layers["receiver"], messages)
        if name in answers.OF_TWO:
            return answers.OF_TWO[name](topology, layers["sender"][0], layers["receiver"][0], messages)
        if name in answers.OF_ONE:
            return answers.OF_ONE[name](topology, layers["layer"][0], messages)
        if name in answers.OF_SOME:
            some = layers.get("layers", tuple(topology.order))
            return answers.OF_SOME[name](topology, some, messages)
        if name == "units":
            self._verify_shapes(layers["layer"])
            return answers.units(topology, layers["layer"][0])
        return self._count(topology, given["of"])

    def _count(self, topology: Topology, thing: syntax.Expression) -> Answer | None:
        from dync.compiler.properties import topology_answers as answers

        word = as_word(thing)
        if word is None or word.text not in THINGS or word.text in self.network.table.entries:
            found = self._layers(thing)
            return None if found is None else Answer(len(found))
        if word.text in ("units", "weights", "parameters"):
            self._verify_shapes(tuple(topology.order))
        return answers.count(topology, word.text)

    def _verify_shapes(self, layers: Sequence[str]) -> None:
        """Raises DiagnosticError where the data have to say how large a layer is."""
        model = self.network.model
        names = set(layers)
        open_ones = [layer for layer in model.layers if layer.name in names and layer.shape_of_data and not layer.shape]
        if open_ones:
            found = tuple(layer.name for layer in open_ones)
            raise DiagnosticError([wrong.studies.ShapeOfData(open_ones[0].span, model.name, found)])

    def _run(self, name: str, given: dict[str, syntax.Expression], layers: dict[str, tuple[str, ...]]) -> Answer | None:
        dynamics, messages = self.network.dynamics, _messages(given)
        assert dynamics is not None, "a property that runs its network was tried without the means to"
        if name == "bounded":
            by = self._plain(given["by"])
            return None if by is None else dynamics.bounded(self.network.model, layers["layers"], float(by), messages)
        within, phase = self._plain(given["within"]), as_word(given["phase"])
        if within is None or phase is None or not check_within(within, given["within"].span, self.mistakes):
            return None
        return dynamics.settles(self.network.model, phase.text, int(within), messages)

    def _plain(self, node: syntax.Expression) -> int | float | None:
        """A number in which nothing is asked."""
        return number(node, self.scope, self.mistakes)

    def _layers(self, node: syntax.Expression) -> tuple[str, ...] | None:
        """The layers that an argument means; None where that was a mistake."""
        reference = as_reference(node)
        if reference is None:
            return None
        table, name = self.network.table, reference.name.text
        if name not in table.entries and reference.index is None:
            if name in self.network.groups:
                return self.network.groups[name]
            if name in ROLES:
                return tuple(layer.name for layer in self.network.model.layers if layer.role in ROLES[name])
        found = table.all(reference, self.scope)
        return tuple(layer.name for layer in found) or None


def _about_layers(sort: str, given: dict[str, syntax.Expression], name: str) -> bool:
    return sort in ("layer", "layers") and name in given


def _messages(given: dict[str, syntax.Expression]) -> MessageFilter | None:
    """The messages that an argument speaks of; None where nothing is said."""
    word = as_word(given["messages"]) if "messages" in given else None
    return next((one for one in FILTERS if word is not None and one == word.text), None)
