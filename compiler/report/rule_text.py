"""A rule or an activation as equations, in text and in LaTeX, from what is executed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from dync.compiler.expression import Apply, Expression, Symbol, symbols
from dync.compiler.latex import latex, word
from dync.compiler.notation import text
from dync.compiler.plan import RulePlan, TermPlan, TracePlan
from dync.compiler.rules.reads import side_of


class EquationText(Struct, frozen=True):
    """One equation in both forms."""

    text: str
    latex: str


def update_equation(rule: RulePlan) -> EquationText:
    """The rule as it is written: per synapse, summed over the examples b of the batch."""
    said, inner = text(rule.update), latex(rule.update, _indices(rule, rule.update))
    if _is_sum(rule.update):
        said, inner = f"({said})", rf"\left( {inner} \right)"
    return EquationText(f"Δw[i, j] = Σ_b {said}", rf"\Delta w_{{ij}} = \sum_{{b=1}}^{{B}} {inner}")


def term_equations(rule: RulePlan) -> tuple[EquationText, ...]:
    """What is computed for it: ΔW, the matrix of all synapses, one product of matrices a term."""
    first = ("ΔW = ", r"\Delta W = ")
    rest = ("   + ", "+ ")
    return tuple(_term(rule, term, *(rest if place else first)) for place, term in enumerate(rule.terms or ()))


def trace_equations(rule: RulePlan) -> tuple[EquationText, ...]:
    """What becomes of its traces after each step."""
    sides: tuple[tuple[str, tuple[TracePlan, ...]], ...] = (("i", rule.sender_traces), ("j", rule.receiver_traces))
    return tuple(
        EquationText(
            f"{trace.name}[{unit}] <- {text(trace.next)}",
            rf"{word(trace.name)}_{{b{unit}}} \leftarrow {latex(trace.next, _indices(rule, trace.next))}",
        )
        for unit, own in sides
        for trace in own
    )


def assignment(name: str, value: Expression, arrow: str = "<-") -> EquationText:
    """Something of a unit and what it becomes or is."""
    sign = r"\leftarrow" if arrow == "<-" else arrow
    return EquationText(f"{name} {arrow} {text(value)}", f"{word(name)} {sign} {latex(value)}")


def derivative(of: str, value: Expression, by: str, *, stands_in: bool = False) -> EquationText:
    """The slope of an activation by one of its fields, or what stands in for it by a surrogate."""
    base, dot, part = by.partition(".")
    said = word(base) + (rf"^{{{word(part)}}}" if dot else "")
    sign = ":=" if stands_in else "="
    return EquationText(
        f"d {of} / d {by} {sign} {text(value)}",
        rf"\frac{{\partial {word(of)}}}{{\partial {said}}} {sign} {latex(value)}",
    )


def _term(rule: RulePlan, term: TermPlan, start: str, start_latex: str) -> EquationText:
    """`scalar · Σ_b sender ⊗ receiver ∘ weight`, of which any may be missing."""
    plain = [_factor(text(term.scalar), term.scalar)] if term.scalar is not None else []
    marked = [latex(term.scalar)] if term.scalar is not None else []
    ends = [end for end in (term.sender, term.receiver) if end is not None]
    plain.append("Σ_b " + (" ⊗ ".join(_factor(text(end), end) for end in ends) or "1"))
    marked.append(r"\sum_b " + (r" \otimes ".join(_in_brackets(end, rule) for end in ends) or "1"))
    said, formula = " · ".join(plain), r" \, ".join(marked)
    if term.weight is not None:
        weight = _factor(text(term.weight), term.weight)
        said, formula = f"({said}) ∘ {weight}", rf"\left( {formula} \right) \odot {_in_brackets(term.weight, rule)}"
    return EquationText(start + said, start_latex + formula)


def _factor(said: str, expression: Expression) -> str:
    return f"({said})" if _is_sum(expression) else said


def _in_brackets(expression: Expression, rule: RulePlan) -> str:
    examples = {s.name: "b" for s in symbols(expression) if side_of(s, rule) in ("sender", "receiver", "modulator")}
    found = latex(expression, examples)
    return rf"\left( {found} \right)" if _is_sum(expression) else found


def _is_sum(expression: Expression) -> bool:
    return isinstance(expression, Apply) and expression.operation in ("add", "sub")


def _indices(rule: RulePlan, expression: Expression) -> dict[str, str]:
    """Of each symbol the unit and the example to which it belongs."""
    by_side = {"sender": "bi", "receiver": "bj", "weight": "ij", "modulator": "b"}
    return {s.name: by_side[side] for s, side in _sides(rule, symbols(expression)) if side in by_side}


def _sides(rule: RulePlan, found: Iterable[Symbol]) -> Iterator[tuple[Symbol, str]]:
    return ((symbol, side_of(symbol, rule)) for symbol in found)
