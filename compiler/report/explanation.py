"""What there is to say of a rule or an activation: equations, source, parameters, what it reads, where it is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct

from dync.compiler.expression import REDUCTIONS, Apply, Number, Symbol, field_of, symbols, walk
from dync.compiler.model import ActivationDefinition, EdgeModel, LayerModel, NetworkModel, RuleDefinition
from dync.compiler.notation import number_text, text
from dync.compiler.plan import ActivationPlan, RulePlan
from dync.compiler.planning.families import rule_plan
from dync.compiler.planning.planner import activation_plan
from dync.compiler.report.batch_words import batch_sentence
from dync.compiler.report.folding import fold_names, listed
from dync.compiler.report.rule_text import (
    EquationText,
    assignment,
    derivative,
    term_equations,
    trace_equations,
    update_equation,
)
from dync.compiler.rules.batch_degree import batch_law
from dync.compiler.rules.reads import rule_reads, shown, side_of
from dync.grammar.source import Span


class Use(Struct, frozen=True):
    """Edges or layers of a network that are alike in it, and the values that it has there."""

    network: str
    where: str
    values: tuple[tuple[str, str], ...]


class Explanation(Struct, frozen=True):
    """A rule or an activation.

    `declared` is its head as it is written, `place` its file and line, `about` the comment above it. `equations` say
    what it is, `computed` what is computed for it and `how` in words. `reads` are the names that it reads with what
    they mean, `parameters` those with their defaults.
    """

    kind: Literal["rule", "activation"]
    name: str
    declared: str
    place: str
    about: str
    equations: tuple[EquationText, ...]
    computed: tuple[EquationText, ...]
    how: str
    batch: str | None
    reads: tuple[tuple[str, str], ...]
    local: str
    parameters: tuple[tuple[str, str], ...]
    uses: tuple[Use, ...]


def explained_rule(definition: RuleDefinition, models: Iterable[NetworkModel]) -> Explanation:
    """A rule, and where the networks use it."""
    rule, law = rule_plan(definition), batch_law(definition.update)
    reads, computed = rule_reads(rule), term_equations(rule)
    defaults = {name: number_text(value) for name, value in definition.parameters.items()}
    defaults |= dict.fromkeys(definition.modulators, "a measure, given at each use")
    names = definition.takes or tuple(defaults)
    found = {
        symbol: meaning
        for part in (rule.update, *(trace.next for trace in (*rule.sender_traces, *rule.receiver_traces)))
        for symbol, meaning in _meanings(rule, symbols(part))
    }
    return Explanation(
        kind="rule",
        name=rule.name,
        declared=_head("rule", rule.name, names, definition.parameters),
        place=_place(definition.span),
        about=comment_above(definition.span),
        equations=(update_equation(rule), *trace_equations(rule)),
        computed=computed,
        how=_how(definition, len(computed)),
        batch=batch_sentence(law.degree, tuple(map(text, law.by)), known=law.promise != "unknown"),
        reads=tuple((name, found[name]) for name in reads.local),
        local="yes: nothing but what is at the two ends of the synapse" + (
            ", and what is told to all of them" if rule.modulators else ""
        ),
        parameters=tuple((name, defaults[name]) for name in names),
        uses=tuple(use for model in models for use in _uses_of_rule(definition.name, model)),
    )  # fmt: skip


def explained_activation(definition: ActivationDefinition, models: Iterable[NetworkModel]) -> Explanation:
    """An activation, and the layers that have it."""
    plan = activation_plan(definition)
    return Explanation(
        kind="activation",
        name=plan.name,
        declared=_head("activation", plan.name, plan.parameters, definition.parameters),
        place=_place(definition.span),
        about=comment_above(definition.span),
        equations=tuple(_moves(plan)),
        computed=(),
        how="",
        batch=None,
        reads=tuple(_read_by(plan)),
        local="yes: its own field and state" + (", and numbers of its whole layer" if _layer_wide(plan) else ""),
        parameters=tuple((name, number_text(value)) for name, value in definition.parameters.items()),
        uses=tuple(use for model in models for use in _uses_of_activation(plan.name, model)),
    )  # fmt: skip


def _layer_wide(plan: ActivationPlan) -> bool:
    """Whether a unit knows a number of all units of its layer."""
    moves = (plan.next, plan.sends, *(trace.next for trace in plan.traces))
    return any(isinstance(e, Apply) and e.operation in REDUCTIONS for part in moves for e in walk(part))


def comment_above(span: Span) -> str:
    """The lines of comment right above a declaration, as one paragraph."""
    number, _ = span.source.position(span.start)
    lines: list[str] = []
    while number > 1 and span.source.line(number - 1).lstrip().startswith("#"):
        number -= 1
        lines.append(span.source.line(number).strip().lstrip("#").strip())
    return " ".join(reversed(lines))


def _place(span: Span) -> str:
    return f"{span.source.name}:{span.source.position(span.start)[0]}"


def _head(kind: str, name: str, names: Iterable[str], defaults: Mapping[str, float]) -> str:
    said = [f"{p} = {number_text(defaults[p])}" if p in defaults else p for p in names]
    return f"{kind} {name}" + (f"({', '.join(said)})" if said else "")


def _how(definition: RuleDefinition, terms: int) -> str:
    if definition.terms is not None:
        return "as one product of matrices" if terms == 1 else f"as {terms} terms, each one product of matrices at most"
    why = (
        ""
        if definition.obstacle is None
        else f": `{' '.join(definition.obstacle.text.split())}` ties both ends together"
    )
    return f"synapse by synapse, in portions of bounded memory{why}"


# --- what is read -----------------------------------------------------------------------------------------------------

_MEANINGS: Final[Mapping[str, str]] = {
    "pre": "what unit i of the sender sends",
    "pre.state": "the state of unit i of the sender",
    "post": "what unit j of the receiver sends",
    "post.state": "the state of unit j of the receiver",
    "field": "the field of unit j of the receiver",
    "predicted": "what the receiver's activation makes of that field",
    "slope": "the derivative of the receiver's activation by the field into which the edge sends",
    "weight": "the weight of the synapse itself",
}


def _meanings(rule: RulePlan, found: Iterable[Symbol]) -> Iterator[tuple[str, str]]:
    for symbol in found:
        side, name = side_of(symbol, rule), shown(symbol)
        if side == "modulator":
            meaning = "a measure, one number an example"
        elif symbol.name.startswith("trace."):
            meaning = f"the trace of unit {'i of the sender' if side == 'sender' else 'j of the receiver'}"
        elif part := field_of(symbol.name):
            meaning = f"the field `{part}` of unit j of the receiver"
        else:
            meaning = _MEANINGS.get(symbol.name, "")
        when = "" if side in ("weight", "sizes") else _when(symbol)
        yield name, meaning + when


def _when(symbol: Symbol) -> str:
    return f", at the end of the phase `{symbol.moment}`" if symbol.moment is not None else ", when the rule is applied"


def _read_by(plan: ActivationPlan) -> Iterator[tuple[str, str]]:
    meanings = {"state": "its state before", "uniform": "a fresh draw from 0 to 1", "normal": "a fresh normal draw"}
    meanings["field"] = "the sum of the messages that arrive"
    moves = (plan.next, *(trace.next for trace in plan.traces))
    for symbol in sorted({s for part in moves for s in symbols(part)}, key=shown):
        named = field_of(symbol.name)
        yield shown(symbol), f"the messages into `{named}`" if named else meanings.get(symbol.name, "its trace")


def _moves(plan: ActivationPlan) -> Iterator[EquationText]:
    yield assignment("state", plan.next)
    for trace in plan.traces:
        yield assignment(trace.name, trace.next)
    if plan.sends != Symbol("state"):
        yield assignment("sent", plan.sends, "=")
    stands_in = plan.surrogate or plan.sends_slope is not None
    yield derivative(_sent(plan), plan.slope, "field", stands_in=stands_in)
    for slope in plan.slopes:
        if slope.slope != Number(0.0):
            yield derivative(_sent(plan), slope.slope, f"field.{slope.field}", stands_in=plan.sends_slope is not None)


def _sent(plan: ActivationPlan) -> str:
    """What its slopes are derivatives of."""
    return "state" if plan.sends == Symbol("state") else "sent"


# --- where it is used -------------------------------------------------------------------------------------------------


def _uses_of_rule(name: str, model: NetworkModel) -> Iterator[Use]:
    """Edges that learn by a rule, those with the same values together."""
    groups: dict[tuple[tuple[str, str], ...], list[EdgeModel]] = {}
    for edge in model.edges:
        if edge.rule is not None and edge.rule.definition.name == name:
            groups.setdefault(_values(edge), []).append(edge)
    for values, edges in groups.items():
        senders, receivers = (fold_names(names) for names in zip(*((e.sender, e.receiver) for e in edges), strict=True))
        yield Use(model.name, f"{listed(senders)} -> {listed(receivers)}", values)


def _values(edge: EdgeModel) -> tuple[tuple[str, str], ...]:
    assert edge.rule is not None
    own = [(name, number_text(value)) for name, value in edge.rule.arguments.items()]
    own += list(edge.rule.modulators.items())
    own += [("during", edge.rule.during)] if edge.rule.during is not None else []
    others = [("rate", edge.rate, 1.0), ("decay", edge.decay, 0.0)]
    return (*own, *((name, f"{value:.6g}") for name, value, default in others if value != default))


def _uses_of_activation(name: str, model: NetworkModel) -> Iterator[Use]:
    groups: dict[tuple[tuple[str, str], ...], list[LayerModel]] = {}
    for layer in model.layers:
        if layer.activation is not None and layer.activation.definition.name == name:
            values = tuple((n, number_text(value)) for n, value in layer.activation.arguments.items())
            groups.setdefault(values, []).append(layer)
    for values, layers in groups.items():
        yield Use(model.name, listed(fold_names(layer.name for layer in layers)), values)
