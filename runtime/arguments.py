"""The arguments of a call in a `.dyn` file, matched to the parameters of the Python function that serves it.

The function's own signature is the only table: names, order, defaults and what may be left out.
"""

from __future__ import annotations

from inspect import Parameter, Signature

from dync.compiler.pipeline_plan import CallPlan, Value
from dync.grammar.diagnostic import nearest


class ArgumentError(Exception):
    """A call that does not fit the signature; the message is a clause such as `digits(): unknown argument 'a'`."""


def bind_arguments(call: CallPlan, signature: Signature) -> tuple[tuple[Value, ...], dict[str, Value]]:
    """The positional and named arguments to call the function with; raises ArgumentError where they do not fit."""
    shown = f"{call.name}{plain_signature(signature)}"
    _verify_names(call, signature, shown)
    try:
        bound = signature.bind(*call.positional, **call.named)
    except TypeError as error:
        raise ArgumentError(f"{call.name}: {error}; it is {shown}") from None
    return bound.args, bound.kwargs


def _verify_names(call: CallPlan, signature: Signature, shown: str) -> None:
    named = [p.name for p in signature.parameters.values() if p.kind is not Parameter.VAR_POSITIONAL]
    for name in call.named:
        if name not in named:
            guess = nearest(name, named)
            hint = f"; did you mean {guess!r}?" if guess else ""
            raise ArgumentError(f"{call.name} has no argument {name!r}{hint}; it is {shown}")


def plain_signature(signature: Signature) -> str:
    """The signature as a reader of `.dyn` files would write it: names and defaults, no types."""
    return f"({', '.join(_plain(p) for p in signature.parameters.values())})"


def _plain(parameter: Parameter) -> str:
    if parameter.kind is Parameter.VAR_POSITIONAL:
        return f"{parameter.name}, …"
    if parameter.default is Parameter.empty:
        return parameter.name
    return f"{parameter.name} = {plain_value(parameter.default)}"


def plain_value(value: object) -> str:
    """A value as a `.dyn` file spells it."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:g}" if isinstance(value, float) else str(value)
        case str():
            return f'"{value}"'
        case CallPlan(name):
            return f"{name}(…)"
        case _:
            return "…"
