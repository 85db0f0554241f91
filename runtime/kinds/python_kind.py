"""Edges of a kind in Python: a class with the functions `weights` and `message`."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from dync.compiler.expression import Expression, Symbol
from dync.compiler.plan import ForeignPlan, RulePlan, TermPlan
from dync.runtime.error import RunError
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.kinds.kind import EdgeKind, turned
from dync.runtime.kinds.rule_sum import RuleInput, scaled_ends
from dync.runtime.kinds.stored import Stored
from dync.runtime.python_functions import python_object


@dataclass(frozen=True)
class PythonKind(EdgeKind):
    """Weights of whatever shape the class gives them; nothing of them is absent or fixed."""

    foreign: ForeignPlan

    @property
    def shape(self) -> tuple[int, ...]:
        """What the class makes of the numbers of units."""
        return weights_shape(self.foreign, self.senders, self.receivers)

    @property
    def numbers(self) -> int:
        """None: the class draws its weights itself."""
        return 0

    @property
    def work(self) -> int:
        """Taken for that of a matrix."""
        return self.senders * self.receivers

    def draw(self, normal: Array, strength: Array, density: Array) -> Stored:
        """Nothing is drawn here: see `drawn`."""
        raise TypeError("a kind in Python draws its weights itself")

    def drawn(self, key: Array) -> Array:
        """One edge's weights as they are first drawn."""
        return drawn(self.foreign, self.senders, self.receivers, key)

    def message(self, stored: Stored, sent: Array) -> Array:
        """What the class makes of weights and what is sent, edge by edge."""
        answers = jax.vmap(self._answer)(stored.weights, turned(sent, self.sender_units_first))
        return turned(answers, self.receiver_units_first)

    def _answer(self, weights: Array, sent: Array) -> Array:
        return answered(self.foreign, self.receivers, weights, sent)

    def update(self, rule: RulePlan, stored: Stored, given: RuleInput) -> Array:
        """For each term, what the message would pass back to the weights: the derivative of the receiver's factor times
        the message of the sender's.
        """
        assert rule.terms is not None
        total = jnp.zeros_like(stored.weights)
        for term in rule.terms:
            total = total + self._term(term, stored, given)
        return total

    def _term(self, term: TermPlan, stored: Stored, given: RuleInput) -> Array:
        sender, receiver, scalar = scaled_ends(term, given, self)
        left = self._end(sender, self.sender_units_first, self.senders, stored, given.batch)
        right = self._end(receiver, self.receiver_units_first, self.receivers, stored, given.batch)
        _, back = jax.vjp(lambda weights: jax.vmap(self._answer)(weights, left), stored.weights)
        found: Array = back(right)[0]
        if scalar is not None:
            found = found * scalar.reshape(-1, *(1,) * len(self.shape))
        return found if term.weight is None else found * self._weight_factor(term.weight, stored, given)

    def _end(self, factor: Array | None, units_first: bool, units: int, stored: Stored, batch: int) -> Array:
        value = jnp.ones((1, 1, 1), jnp.float32) if factor is None else turned(factor, units_first)
        return jnp.broadcast_to(value, (stored.weights.shape[0], batch, units))

    def _weight_factor(self, expression: Expression, stored: Stored, given: RuleInput) -> Array:
        def read(symbol: Symbol) -> Value:
            return stored.weights if symbol.name == "weight" else given.read(symbol)

        def number(name: str) -> Value:
            return given.number(name).reshape(-1, *(1,) * len(self.shape))

        return jnp.asarray(evaluate(expression, read, number))


@lru_cache(maxsize=64)
def weights_shape(foreign: ForeignPlan, senders: int, receivers: int) -> tuple[int, ...]:
    """The shape of one edge's weights; nothing is drawn."""
    found = jax.eval_shape(lambda key: drawn(foreign, senders, receivers, key), jax.random.key(0))
    return tuple(found.shape)


def drawn(foreign: ForeignPlan, senders: int, receivers: int, key: Array) -> Array:
    """One edge's weights as they are first drawn. Raises RunError where the class fails."""
    given = {"key": key, "senders": senders, "receivers": receivers}
    return _called(foreign, "weights", given)


def answered(foreign: ForeignPlan, receivers: int, weights: Any, sent: Any) -> Array:
    """One edge's message `[batch, receivers]` for what is sent, `[batch, senders]`. Raises RunError where it is not."""
    message = _called(foreign, "message", {"weights": weights, "sent": sent})
    if message.shape != (sent.shape[0], receivers):
        expected = [sent.shape[0], receivers]
        raise RunError(f"{foreign.place}.message gives the shape {list(message.shape)}, not {expected}")
    return message


def _called(foreign: ForeignPlan, name: str, given: dict[str, Any]) -> Array:
    """One of the two functions, given what it asks for; whole parameters are given as `int`."""
    function = getattr(python_object(foreign.place, foreign.digest), name)
    values = (int(value) if value.is_integer() else value for value in foreign.values)
    given |= dict(zip(foreign.parameters, values, strict=True))
    try:
        taken = inspect.signature(function).parameters
        return jnp.asarray(function(**{key: value for key, value in given.items() if key in taken}), jnp.float32)
    except Exception as error:
        raise RunError(f"{foreign.place}.{name} fails: {error}") from error
