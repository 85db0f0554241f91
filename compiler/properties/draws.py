"""What a property draws: its parameters, each with a range that its declaration allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import number
from dync.compiler.elaboration.elaborate_parameters import bind_parameters
from dync.compiler.elaboration.scope import Amount, Scope
from dync.compiler.properties.model import Choice, Domain, DrawModel, Interval
from dync.grammar import syntax


def resolve_draws(node: syntax.Property, network: syntax.Network, mistakes: Collector) -> tuple[DrawModel, ...] | None:
    """What is drawn, in the order of the text; None where there was a mistake."""
    params = {item.name.text: item for item in reversed(network.items) if isinstance(item, syntax.Param)}
    found: dict[str, DrawModel] = {}
    first: dict[str, syntax.Draw] = {}
    for draw in node.draws:
        name = draw.name.text
        if name not in params:
            known = tuple(reversed(params))
            mistakes.add(wrong.parameters.UnknownParameter(draw.name.span, name, known, network.name.text))
        elif name in first:
            mistakes.add(wrong.properties.DrawnTwice(draw.span, name, first[name].name.span))
        else:
            first[name] = draw
            domain = _domain(draw, params[name], network, mistakes)
            found |= {name: DrawModel(name, domain, draw.span)} if domain is not None else {}
    return tuple(found.values()) if len(found) == len(node.draws) else None


def _domain(draw: syntax.Draw, param: syntax.Param, network: syntax.Network, mistakes: Collector) -> Domain | None:
    """From what a parameter is drawn."""
    declared = _declared(param, network)
    if draw.domain is None:
        if declared is None:
            mistakes.add(wrong.properties.NothingToDrawFrom(draw.span, draw.name.text, param.span))
        return declared
    domain = _read(draw.domain, Scope(), mistakes)
    if domain is None or declared is None:
        return domain
    outside = next((value for value in _telling(domain, declared) if not _allowed(value, declared)), None)
    if outside is not None:
        allowed = _text(declared)
        mistakes.add(wrong.properties.DrawnOutside(draw.domain.span, draw.name.text, outside, allowed, param.span))
        return None
    return domain


def _declared(param: syntax.Param, network: syntax.Network) -> Domain | None:
    """The range of the declaration, at the defaults of the parameters before it; None where it has none.

    Mistakes in it are the network's and reported there.
    """
    if param.domain is None:
        return None
    silent = Collector()
    scope = bind_parameters(_before(param, network), {}, {}, silent)
    return _read(param.domain, scope, silent)


def _before(param: syntax.Param, network: syntax.Network) -> syntax.Network:
    items = [item for item in network.items if isinstance(item, syntax.Param) and item.span.start < param.span.start]
    return replace(network, items=tuple(items))


def _read(node: syntax.Range | syntax.Choices, scope: Scope, mistakes: Collector) -> Domain | None:
    match node:
        case syntax.Range(low, high, span):
            ends = number(low, scope, mistakes), number(high, scope, mistakes)
            if ends[0] is None or ends[1] is None:
                return None
            if ends[0] > ends[1]:
                mistakes.add(wrong.parameters.EmptyDomain(span, ends[0], ends[1]))
                return None
            return Interval(ends[0], ends[1])
        case syntax.Choices(values):
            found = [number(value, scope, mistakes) for value in values]
            known = tuple(value for value in found if value is not None)
            return Choice(known) if len(known) == len(found) else None


def _telling(domain: Domain, declared: Domain) -> Sequence[Amount]:
    """Values of a domain of which one is not allowed, if any is not."""
    match domain, declared:
        case Choice(values), _:
            return values
        case Interval(low, high), Choice(allowed) if domain.whole:
            return range(int(low), min(int(high), int(low) + len(allowed)) + 1)
        case Interval(low, high), Choice():
            return low, (low + high) / 2, high
        case Interval(low, high), _:
            return low, high


def _allowed(value: Amount, declared: Domain) -> bool:
    match declared:
        case Interval(low, high):
            return low <= value <= high
        case Choice(values):
            return value in values


def _text(domain: Domain) -> str:
    match domain:
        case Interval(low, high):
            return f"in {low:.12g}..{high:.12g}"
        case Choice(values):
            return "one of " + ", ".join(f"{value:.12g}" for value in values)


def written(values: Mapping[str, float], before: str = " at ") -> str:
    """Values for the end of a sentence: ` at depth = 1, hidden = 16`; nothing where there are none."""
    listed = ", ".join(f"{name} = {value:.12g}" for name, value in values.items())
    return before + listed if listed else ""
