"""Expressions of rules and activations as LaTeX, with the indices of units and examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from dync.compiler.expression import Expression, Symbol, spoken
from dync.compiler.notation import Formula, number_text

_SIGNS: Final[Mapping[str, str]] = {
    "or": r"\lor", "and": r"\land", "lt": "<", "le": r"\le", "gt": ">", "ge": r"\ge", "eq": "=", "ne": r"\ne",
    "add": "+", "sub": "-", "mul": r"\,", "floordiv": r"\backslash", "mod": r"\bmod",
}  # fmt: skip

_FUNCTIONS: Final[Mapping[str, str]] = {
    "tanh": r"\tanh", "log": r"\log", "min": r"\min", "max": r"\max", "sign": r"\operatorname{sign}",
}  # fmt: skip

_SIZES: Final[Mapping[str, str]] = {
    "batch": "B", "fan_in": r"N_{\mathrm{in}}", "fan_out": r"N_{\mathrm{out}}", "weight": "w",
}  # fmt: skip


def latex(expression: Expression, indices: Mapping[str, str] | None = None) -> str:
    """The expression as LaTeX; `indices` are those of symbols by their names in the plan, none where left out."""
    return Formula(_LaTeX(indices or {})).of(expression)


def word(name: str) -> str:
    """A name of several letters."""
    return rf"\mathrm{{{_plain(name)}}}"


def _plain(name: str) -> str:
    """A name whose underscores mean nothing to LaTeX."""
    return name.replace("_", r"\_")


class _LaTeX(Struct, frozen=True):
    """How LaTeX writes the parts of a formula."""

    indices: Mapping[str, str] = field(default_factory=dict)

    def number(self, value: float) -> str:
        digits, _, exponent = number_text(value).partition("e")
        return rf"{digits} \cdot 10^{{{int(exponent)}}}" if exponent else digits

    def symbol(self, symbol: Symbol) -> str:
        name, index = spoken(symbol.name), self.indices.get(symbol.name, "")
        base, dot, part = name.partition(".")
        said = _SIZES.get(name) or word(base) + (rf"^{{{word(part)}}}" if dot else "")
        if symbol.moment is not None:
            said = rf"{{{said}}}^{{({word(symbol.moment)})}}" if dot else rf"{said}^{{({word(symbol.moment)})}}"
        return rf"{said}_{{{index}}}" if index else said

    def parameter(self, name: str) -> str:
        return rf"\mathit{{{_plain(name)}}}"

    def infix(self, operation: str, left: str, right: str) -> str:
        return f"{left} {_SIGNS[operation]} {right}"

    def prefix(self, operation: str, inner: str) -> str:
        return f"-{inner}" if operation == "neg" else rf"\lnot {inner}"

    def fraction(self, over: str, under: str) -> str:
        return rf"\frac{{{over}}}{{{under}}}"

    def power(self, base: str, exponent: str) -> str:
        return rf"{{{base}}}^{{{exponent}}}"

    def exponential(self, exponent: str) -> str:
        return rf"e^{{{exponent}}}"

    def root(self, inner: str) -> str:
        return rf"\sqrt{{{inner}}}"

    def between(self, left: str, inner: str, right: str) -> str:
        return rf"\left{left} {inner} \right{right}"

    def cases(self, condition: str, then: str, otherwise: str) -> str:
        rows = rf"{then} & \text{{if }} {condition} \\ {otherwise} & \text{{otherwise}}"
        return rf"\begin{{cases}} {rows} \end{{cases}}"

    def function(self, name: str, operands: Sequence[str]) -> str:
        said = _FUNCTIONS.get(name) or rf"\operatorname{{{_plain(name)}}}"
        return rf"{said}\left( {', '.join(operands)} \right)"
