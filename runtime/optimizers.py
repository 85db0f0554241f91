"""Optax optimizers and schedules by their Optax names, checked before a run begins.

Nothing is listed here: an optimizer is a public function of Optax with a `learning_rate` that returns a gradient
transformation, a schedule one that returns an Optax schedule and takes numbers alone.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from functools import cache, partial
from inspect import Parameter, Signature, getmembers, isfunction, signature
from math import isfinite
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, Union, assert_never, get_args, get_origin

import jax
import jax.numpy as jnp
import optax

from dync.compiler.pipeline_plan import CallPlan, Value
from dync.grammar.diagnostic import nearest
from dync.runtime.arguments import ArgumentError, bind_arguments, plain_signature, plain_value
from dync.runtime.plain_json import plain_json

_FAILURES: Final = (TypeError, ValueError, AttributeError, KeyError, IndexError, ArithmeticError, AssertionError)
"""What Optax and JAX raise for arguments that make no sense."""

Factory = Callable[..., Any]


class OptimizerError(Exception):
    """An optimizer or schedule that cannot be made; the sentence says why and what there is."""


def make_optimizer(call: CallPlan) -> optax.GradientTransformation:
    """The optimizer that a call such as `adam(learning_rate = cosine_decay_schedule(0.1, 5000))` names.

    Any argument that is a number in Optax may be a schedule. Plain numbers are leaves of the optimizer's state, not
    constants of the program: optimizers of one form (see `optimizer_form`) share one `update`, and so what is compiled
    from it, whatever their numbers. Raises OptimizerError for unknown names, arguments that do not fit, and optimizers
    that need more than an update and the weights (the value of a loss, say).
    """
    factory = _known(call.name, known_optimizers(), "optimizer")
    arguments = _arguments(call, factory)
    numbers = _numbers(factory, arguments)
    injected = {name for name, value in arguments.items() if callable(value) and not _takes_schedule(factory, name)}
    injected |= set(numbers)
    try:
        if injected:
            static = [name for name in signature(factory).parameters if name not in injected]
            factory = optax.inject_hyperparams(factory, static_args=static)
        optimizer = factory(**arguments | numbers)
        form = optimizer_form(call)
        if form not in _updates:
            _try_step(optimizer)
    except _FAILURES as error:
        raise OptimizerError(
            f"optimizer {call.name}: {_first_line(error)}; it is {_shown(call.name, factory)}"
        ) from None
    return optax.GradientTransformationExtraArgs(optimizer.init, _shared_update(form, optimizer))


def optimizer_form(call: CallPlan) -> str:
    """What of an optimizer is compiled in: its name, schedules and options, with a blank for each plain number.

    Raises OptimizerError as `make_optimizer` does.
    """
    factory = _known(call.name, known_optimizers(), "optimizer")
    given = _given(call, factory)
    blanks = _numbers(factory, given)
    form = {name: None if name in blanks else plain_json(value) for name, value in given.items()}
    return json.dumps([call.name, sorted(blanks), form], sort_keys=True)


def _numbers(factory: Factory, arguments: Mapping[str, Any]) -> dict[str, float]:
    """The arguments that are plain numbers where Optax takes any number; whole numbers alone shape the program.

    A whole number where Optax has none by default is a seed (`key = 0`), and no number of that kind.
    """
    parameters = signature(factory).parameters
    return {
        name: float(value)
        for name, value in arguments.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and _is_real(parameters[name].annotation)
        and not (isinstance(value, int) and parameters[name].default is None)
    }


_updates: Final[dict[str, Any]] = {}


def _shared_update(form: str, optimizer: optax.GradientTransformation) -> Any:
    """The update of the first optimizer of this form, which serves all of them: their numbers are in their states."""
    return _updates.setdefault(form, optimizer.update)


@cache
def known_optimizers() -> Mapping[str, Factory]:
    """The optimizers of the Optax that is installed, by name."""
    return MappingProxyType({name: f for name, f in _public() if _is_optimizer(name, f)})


@cache
def known_schedules() -> Mapping[str, Factory]:
    """The schedules of the Optax that is installed, by name."""
    return MappingProxyType({name: f for name, f in _public() if _is_schedule(signature(f))})


def _public() -> list[tuple[str, Factory]]:
    members = getmembers(optax, lambda member: isfunction(member) or isinstance(member, partial))
    return [(name, function) for name, function in members if not name.startswith("_")]


def _is_optimizer(name: str, function: Factory) -> bool:
    """`scale_by_…` are the pieces that optimizers are made of; some of them climb instead of descending."""
    found = signature(function)
    rated = _returns_transformation(found) and "learning_rate" in found.parameters
    return rated and not name.startswith("scale_by_") and _is_content(function)


def _is_content(function: Factory) -> bool:
    """Whether an update and the weights are all that its steps need."""
    required = [p.name for p in signature(function).parameters.values() if p.default is Parameter.empty]
    if set(required) > {"learning_rate"}:
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Optax says of a default concerns only who uses it
            _try_step(function(learning_rate=0.1))
    except _FAILURES:
        return False
    return True


def _returns_transformation(found: Signature) -> bool:
    return isinstance(found.return_annotation, type) and issubclass(
        found.return_annotation, optax.GradientTransformation | optax.GradientTransformationExtraArgs
    )


def _is_schedule(found: Signature) -> bool:
    numbers = all(_is_number(parameter.annotation) for parameter in found.parameters.values())
    return found.return_annotation == optax.Schedule and numbers


def _is_number(annotation: Any) -> bool:
    """Whether a parameter of this annotation takes a number."""
    return any(member in (int, float, bool) for member in _members(annotation))


def _is_real(annotation: Any) -> bool:
    """Whether a parameter of this annotation takes any real number."""
    return float in _members(annotation)


def _members(annotation: Any) -> tuple[Any, ...]:
    """The types that an annotation names, those of unions within unions too."""
    if get_origin(annotation) in (Union, UnionType):
        return tuple(found for member in get_args(annotation) for found in _members(member))
    return (annotation,)


def _takes_schedule(factory: Factory, name: str) -> bool:
    """Whether Optax itself lets this argument be a schedule."""
    return optax.Schedule in get_args(signature(factory).parameters[name].annotation)


def _known(name: str, known: Mapping[str, Factory], kind: str) -> Factory:
    if name in known:
        return known[name]
    guess = nearest(name, known)
    hint = f"did you mean {guess!r}?" if guess else f"there are {', '.join(known)}"
    function = dict(_public()).get(name)
    if kind == "optimizer" and function is not None and _returns_transformation(signature(function)):
        raise OptimizerError(f"{name} of Optax cannot serve as the optimizer: {_obstacle(name, function)}; {hint}")
    raise OptimizerError(f"Optax has no {kind} {name!r}: {hint}")


def _obstacle(name: str, function: Factory) -> str:
    rated = any(parameter.endswith("learning_rate") for parameter in signature(function).parameters)
    if rated and not name.startswith("scale_by_"):
        return "its steps need the value of a loss, and local rules have none"
    return "it wraps an optimizer or is a part of one"


def _arguments(call: CallPlan, factory: Factory) -> dict[str, Any]:
    """The arguments of an optimizer or schedule by name, as Optax gets them: a schedule for each call."""
    given = _given(call, factory)
    return {name: _schedule(value) if isinstance(value, CallPlan) else value for name, value in given.items()}


def _given(call: CallPlan, factory: Factory) -> dict[str, Value]:
    """The arguments of a call by name, as the plan has them."""
    found = signature(factory)
    try:
        positional, named = bind_arguments(call, found)
    except ArgumentError as error:
        raise OptimizerError(str(error)) from None
    given = found.bind(*positional, **named).arguments
    for name, value in given.items():
        _verify_value(call.name, found.parameters[name], value)
    return given


def _verify_value(owner: str, parameter: Parameter, value: Value) -> None:
    """Refuse values of the wrong sort, which Optax would take and misread."""
    annotation = parameter.annotation
    match value:
        case None:
            fits = parameter.default is None or NoneType in get_args(annotation)
        case bool():
            fits = annotation is bool
        case float():
            fits = _is_number(annotation) and annotation is not bool and isfinite(value)
        case int() | CallPlan():
            fits = _is_number(annotation) and annotation is not bool
        case str():
            fits = annotation is str or "dtype" in parameter.name
        case _:
            assert_never(value)
    if not fits:
        raise OptimizerError(f"{owner} takes {_expected(parameter)} for {parameter.name}, not {plain_value(value)}")


def _expected(parameter: Parameter) -> str:
    if parameter.annotation is bool:
        return "true or false"
    if _is_number(parameter.annotation):
        return "a finite number"
    return "a text" if parameter.annotation is str or "dtype" in parameter.name else "nothing that a .dyn file can say"


def _schedule(call: CallPlan) -> Any:
    factory = _known(call.name, known_schedules(), "schedule")
    arguments = _arguments(call, factory)
    if any(callable(value) for value in arguments.values()):
        raise OptimizerError(f"schedule {call.name} takes numbers, not further schedules")
    try:
        schedule = factory(**arguments)
        jax.eval_shape(schedule, jnp.int32(0))
    except _FAILURES as error:
        raise OptimizerError(
            f"schedule {call.name}: {_first_line(error)}; it is {_shown(call.name, factory)}"
        ) from None
    return schedule


def _try_step(optimizer: optax.GradientTransformation) -> None:
    """Trace one update, with no more than training has to offer, on small made-up weights."""
    weights = {"weight": jnp.zeros((2, 2), jnp.float32)}

    def step(updates: Any, parameters: Any) -> Any:
        return optimizer.update(updates, optimizer.init(parameters), parameters)

    steps, _ = jax.eval_shape(step, weights, weights)
    if jax.tree.map(lambda x: x.shape, steps) != {"weight": (2, 2)}:
        raise ValueError("its steps do not have the shapes of the weights")


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0].rstrip(".") if text else type(error).__name__


def _shown(name: str, factory: Factory) -> str:
    found = signature(factory)
    plain = [p for p in found.parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
    return f"{name}{plain_signature(found.replace(parameters=plain))}"
