"""Rules and activations that are functions in Python, to their definitions. Nothing is imported: the text is read."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.expression import Expression, Foreign, Symbol, foreign
from dync.compiler.model import ActivationDefinition, RuleDefinition
from dync.compiler.rules.declare import declare_parameters
from dync.compiler.rules.derivative import derivative
from dync.compiler.rules.python_source import Declared, Signature, SyntaxRefusedError, declared
from dync.compiler.rules.resolve import Resolver
from dync.compiler.rules.scope import ACTIVATION, GRADIENT, RULE
from dync.compiler.rules.separate import Obstacle, separate
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, has_errors, nearest
from dync.grammar.python_modules import ModuleRefusedError, PythonModule, find_module, is_place, remember

MOST_FILES = 300
"""How many files beside one are compared with the name of a module that is not there."""


def define_foreign_rule(node: syntax.Foreign) -> tuple[RuleDefinition | None, tuple[Diagnostic, ...]]:
    """The rule; what it reads at both ends is not taken apart, so that it is evaluated synapse by synapse."""
    resolver = Resolver(RULE)
    if node.name.text == GRADIENT:
        resolver.mistake(wrong.gradients.GradientReserved(node.name.span))
    body = _body(node, resolver, "a rule")
    if body is None or has_errors(resolver.diagnostics):
        return None, tuple(resolver.diagnostics)
    plan = separate(body.call)
    definition = RuleDefinition(
        name=node.name.text,
        parameters=body.defaults,
        update=body.call,
        terms=None if isinstance(plan, Obstacle) else plan,
        obstacle=node.place.span if isinstance(plan, Obstacle) else None,
        moments={},
        span=node.name.span,
        modulators=tuple(resolver.modulators),
        takes=tuple(parameter.name.text for parameter in node.parameters),
    )
    return definition, tuple(resolver.diagnostics)


def define_foreign_activation(node: syntax.Foreign) -> tuple[ActivationDefinition | None, tuple[Diagnostic, ...]]:
    """The activation; its slope is what JAX says of the function."""
    resolver = Resolver(ACTIVATION)
    body = _body(node, resolver, "an activation")
    if body is None or has_errors(resolver.diagnostics):
        return None, tuple(resolver.diagnostics)
    slope = derivative(body.call, Symbol("field"))
    definition = ActivationDefinition(node.name.text, body.defaults, body.call, slope, node.name.span)
    return definition, tuple(resolver.diagnostics)


class _Body(Struct, frozen=True):
    """The call of the function, and the defaults of its parameters."""

    call: Foreign
    defaults: dict[str, float]


def _body(node: syntax.Foreign, resolver: Resolver, what: str) -> _Body | None:
    """The function with what it is given; None, with mistakes, where it cannot be found or given that."""
    names: dict[str, syntax.Name] = {}
    if needs_defaults(node, resolver):
        return None
    defaults = declare_parameters(resolver, node.parameters, names)
    found = read_module(node, resolver)
    if found is None:
        return None
    module, inside = found
    signature = _function(node, inside, resolver)
    if signature is None:
        return None
    operands = _operands(node, signature, resolver, what)
    if operands is None:
        return None
    call = foreign(node.place.value, module.digest, tuple(operands), tuple(operands.values()))
    return _Body(call, defaults)


def needs_defaults(node: syntax.Foreign, resolver: Resolver) -> bool:
    """Whether a parameter without a default stands where there are no modulators; that is a mistake."""
    without = [] if resolver.scope.modulated else [p.name for p in node.parameters if p.default is None]
    for name in without:
        resolver.mistake(wrong.python.ParameterNotTaken(name.span, node.name.text, name.text, (), True))
    return bool(without)


def read_module(node: syntax.Foreign, resolver: Resolver) -> tuple[PythonModule, Declared] | None:
    """The module that a declaration names, and what stands in it; None with a mistake where it cannot be read."""
    place, span = node.place.value, node.place.span
    if not is_place(place):
        resolver.mistake(wrong.python.PythonPlace(span, place))
        return None
    name, folder = place.partition(":")[0], Path(node.span.source.name).parent
    try:
        module = find_module(name, folder)
        if module is None:
            resolver.mistake(wrong.python.ModuleMissing(span, name, _near(name, folder)))
            return None
        remember(folder.resolve())
        return module, declared(module)
    except ModuleRefusedError as error:
        resolver.mistake(wrong.python.ModuleRefused(span, name, None, str(error)))
    except SyntaxRefusedError as error:
        resolver.mistake(wrong.python.ModuleRefused(span, name, error.line, str(error)))
    return None


def _near(name: str, folder: Path) -> str | None:
    """The module beside a file whose name is nearest to one that is not there."""
    try:
        files = sorted(path.stem for path in folder.glob("*.py"))[:MOST_FILES]
    except OSError:
        return None
    return nearest(name, files)


def _function(node: syntax.Foreign, inside: Declared, resolver: Resolver) -> Signature | None:
    module, _, name = node.place.value.partition(":")
    if name not in inside.functions:
        known = tuple(inside.functions)
        mistake = wrong.python.FunctionMissing(node.place.span, "function", module, name, known, nearest(name, known))
        resolver.mistake(mistake)
        return None
    return inside.functions[name]


def _operands(
    node: syntax.Foreign, signature: Signature, resolver: Resolver, what: str
) -> dict[str, Expression] | None:
    """What each argument is given; None where one cannot be given, or a parameter is not taken."""
    readable, before = resolver.scope.symbols, len(resolver.diagnostics)
    if signature.open:
        resolver.mistake(
            wrong.python.ArgumentNotLocal(node.place.span, what, signature.name, "", signature.line, readable)
        )
    given: dict[str, Expression] = {}
    for name in signature.arguments:
        known = resolver.names.get(name)
        if known is not None:
            given[name] = known.expression
        elif name in readable:
            given[name] = Symbol(name)
        elif name not in signature.optional:
            resolver.mistake(
                wrong.python.ArgumentNotLocal(node.place.span, what, signature.name, name, signature.line, readable)
            )
    for parameter in node.parameters:
        if parameter.name.text not in signature.arguments:
            span = parameter.name.span
            taken = signature.arguments
            resolver.mistake(wrong.python.ParameterNotTaken(span, signature.name, parameter.name.text, taken, False))
    return None if len(resolver.diagnostics) > before else given
