"""The protocols of a network: the one that `train` and `infer` make, those that have a name, and which is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.context import Context
from dync.compiler.model import PhaseModel, ProtocolModel
from dync.grammar import syntax
from dync.grammar.source import Span

DEFAULT: Final = "default"
"""The name of the protocol that has none, by which a choice can go back to it."""

PARAMETER: Final = "protocol"
"""What stands for the choice among the parameters of a network."""


def protocol_models(network: syntax.Network, phases: Sequence[PhaseModel], context: Context) -> list[ProtocolModel]:
    """Every protocol, the one without a name first; it is there even where it is empty."""
    known = {phase.name: phase for phase in phases}
    plain = [item for item in network.items if isinstance(item, syntax.Protocol)]
    found = [_protocol(DEFAULT, plain, "the network", network.span, known, context)]
    first: dict[str, Span] = {}
    for node in named_protocols(network):
        name = node.name
        if name.text == DEFAULT:
            context.mistakes.add(wrong.protocols.NameOfDefault(name.span))
        elif name.text in first:
            context.mistakes.add(wrong.names.Duplicate(name.span, name.text, "protocol", first[name.text]))
        if not node.items:
            context.mistakes.add(wrong.protocols.EmptyProtocol(name.span, name.text))
        where = f"the protocol `{name.text}`"
        model = _protocol(name.text, node.items, where, node.span, known, context)
        if name.text != DEFAULT and name.text not in first:
            found.append(model)
        first.setdefault(name.text, name.span)
    return found


def chosen_protocol(
    protocols: Sequence[ProtocolModel], name: str | None, place: Span, network: str, context: Context
) -> ProtocolModel:
    """The protocol that is asked for by name; the one without a name where nothing is said or that is a mistake."""
    by_name = {protocol.name: protocol for protocol in protocols}
    if name is not None and name not in by_name:
        context.mistakes.add(wrong.protocols.UnknownProtocol(place, name, tuple(by_name), network))
    return by_name.get(name or DEFAULT, protocols[0])


def named_protocols(network: syntax.Network) -> list[syntax.NamedProtocol]:
    """The protocols with a name, as they are written."""
    return [item for item in network.items if isinstance(item, syntax.NamedProtocol)]


def parameter_names(network: syntax.Network) -> tuple[str, ...]:
    """What can be set of a network: its parameters, and where it has several protocols, which one."""
    params = tuple(item.name.text for item in network.items if isinstance(item, syntax.Param))
    return (*params, PARAMETER) if named_protocols(network) else params


def name_of_protocol(expression: syntax.Expression, mistakes: Collector) -> str | None:
    """The protocol that an expression names; None where it is no name, which is a mistake."""
    match expression:
        case syntax.Variable(name, None, _):
            return name.text
        case _:
            mistakes.add(wrong.protocols.NoNameOfProtocol(expression.span))
            return None


def parts_of(network: syntax.Network, chosen: str | None) -> tuple[syntax.Protocol, ...]:
    """`train` and `infer` of a protocol, as they are written; none where no protocol has the name."""
    if chosen is None or chosen == DEFAULT:
        return tuple(item for item in network.items if isinstance(item, syntax.Protocol))
    return next((node.items for node in named_protocols(network) if node.name.text == chosen), ())


def is_declared(network: syntax.Network, chosen: str | None) -> bool:
    """Whether there is such a protocol; the one without a name is there always."""
    return chosen in (None, DEFAULT, *(node.name.text for node in named_protocols(network)))


def phases_named(network: syntax.Network) -> frozenset[str]:
    """The phases that some protocol goes through."""
    parts = [*parts_of(network, None), *(part for node in named_protocols(network) for part in node.items)]
    return frozenset(name.text for part in parts for name in part.phases)


def _protocol(
    name: str,
    parts: Sequence[syntax.Protocol],
    where: str,
    span: Span,
    phases: Mapping[str, PhaseModel],
    context: Context,
) -> ProtocolModel:
    for part in parts:
        for phase in part.phases:
            if phase.text not in phases:
                context.mistakes.add(wrong.names.UnknownPhase(phase.span, phase.text, tuple(phases)))
        _check_beginnings(part, phases, context)
        _check_targets(part, phases, context)
    return ProtocolModel(
        name, _only(parts, "train", where, phases, context), _only(parts, "infer", where, phases, context), span
    )


def _only(
    parts: Iterable[syntax.Protocol],
    kind: Literal["train", "infer"],
    where: str,
    phases: Mapping[str, PhaseModel],
    context: Context,
) -> tuple[str, ...] | None:
    """The phases that `train` or `infer` goes through, None where the protocol has no such part."""
    mine = [part for part in parts if part.kind == kind]
    what = {"train": "a `train`", "infer": "an `infer`"}[kind]
    for part in mine[1:]:
        context.mistakes.add(wrong.dynamics.RepeatedStatement(part.span, what, where, mine[0].span))
    return tuple(name.text for name in mine[0].phases if name.text in phases) if mine else None


def _check_beginnings(part: syntax.Protocol, phases: Mapping[str, PhaseModel], context: Context) -> None:
    """A phase that starts `from` another needs that one to have run."""
    for place, name in enumerate(part.phases):
        phase = phases.get(name.text)
        if phase is None or phase.origin is None or phase.origin in {n.text for n in part.phases[:place]}:
            continue
        origin = phase.origin
        context.mistakes.add(wrong.protocols.NotYetRun(name.span, name.text, origin, part.kind, phase.span))


def _check_targets(part: syntax.Protocol, phases: Mapping[str, PhaseModel], context: Context) -> None:
    """Where a network is evaluated there are no targets, and a soft clamp would pull its outputs to zero."""
    if part.kind == "train":
        return
    for name in part.phases:
        phase = phases.get(name.text)
        outputs = () if phase is None else phase.soft_outputs
        if phase is not None and outputs:
            context.mistakes.add(wrong.protocols.NoTarget(name.span, name.text, outputs, phase.span))
