"""One edge of a layer map: its weights, its message, its own update; on the diagonal also the layer itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import equinox as eqx
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from dync.compiler.expression import Expression, Symbol
from dync.compiler.plan import FamilyPlan, LayerPlan, RulePlan, Structure
from dync.runtime.activation import activate, draw
from dync.runtime.cells import cells_sent, traces_of
from dync.runtime.evaluate import Value
from dync.runtime.kinds.kind import EdgeKind
from dync.runtime.kinds.of_family import kinds
from dync.runtime.kinds.stored import Stored
from dync.runtime.layer_map import LayerMap, Parameters
from dync.runtime.layout import EdgeKey, Place, layout, unknown
from dync.runtime.messages import emitted, inner_numbers
from dync.runtime.ports import ports
from dync.runtime.sent import sent
from dync.runtime.state import as_units
from dync.runtime.updates import rule_update

_TRACES: Final = "the units of {!r} have traces"

NamedFields = Mapping[str, ArrayLike]
"""Fields with names, `[batch, *shape]` each."""


class Edge(eqx.Module):
    """The edge from `sender` to `receiver`, read from a layer map.

    `weight` is `[units of sender, units of receiver]`, absent weights zero and a fixed diagonal in place; for
    `one_to_one` a number, or `[units]` where it learns; for `conv` its kernel; for `low_rank` both factors, one below
    the other; for `pool` and `unpool` empty. A tied edge shows the weights that it shares, turned as it uses them. A
    layer without an edge to itself still has a diagonal entry: its `weight` is None, and it has `reduce` and
    `activation`. So it is with the one of a layer that has several.
    """

    weight: Array | None
    mask: Array | None
    parameters: Parameters | None
    receiver: str = eqx.field(static=True)
    sender: str = eqx.field(static=True)
    place: Place | None = eqx.field(static=True)
    structure: Structure = eqx.field(static=True)

    def __call__(self, x: ArrayLike) -> Array:
        """The message, `[batch, *shape of the receiver]`, for the sender's state `[batch, *shape of the sender]`.

        Raises ValueError where units of the sender make what they send from traces too.
        """
        if self.place is None or self.weight is None:
            raise TypeError(f"{self.receiver!r} has no edge to itself, or several, so nothing is sent here")
        f, e = self.place.family, self.place.index
        family = self.structure.families[f]
        sender, receiver = self._layer(self.sender), self._layer(self.receiver)
        state = as_units(x, self.sender, sender.shape, None)[None]
        emits = emitted(
            family,
            state,
            lambda: self._sent(sender, state),
            lambda name: self._numbers()[f"family.{f}.sends.{name}"][e : e + 1],
        )
        inner = inner_numbers(family, f, self._numbers()) if family.inner is not None else {}
        stored = Stored(self.weight[None], None, None, None).with_numbers({k: n[e : e + 1] for k, n in inner.items()})
        message = self._kind().message(stored, emits)[0]
        return message.reshape(message.shape[0], *receiver.shape)

    def backward(
        self,
        x: ArrayLike,
        y: ArrayLike,
        y_hat: ArrayLike,
        *,
        rng: Array | None = None,
        fields: NamedFields | None = None,
    ) -> Edge:
        """The edge's own update, shaped like the edge and ready for Optax: `rate * (decay * weight - update)`.

        `x` is the sender's state, `y` the receiver's, `y_hat` the receiver's field, each `[batch, *shape]`; `fields`
        are its fields with names, those left out zero. Zero where nothing learns. A rule that reads `predicted` needs
        a key where the receiver's activation draws at random. Raises ValueError for a rule that reads other moments
        (`@`), traces of its own or of units, or a measure, or that is applied during a phase, and for an edge that
        learns by a gradient, all of which need a whole orchestrator, and KeyError for a field that the receiver does
        not have.
        """
        if self.place is None or self.weight is None:
            return self
        family = self.structure.families[self.place.family]
        if family.gradient is not None:
            raise ValueError("this edge learns by a gradient, which is not its own: call backward of the orchestrator")
        if family.rule is None:
            return self._with(jnp.zeros_like(self.weight))
        rule = self.structure.rules[family.rule]
        if rule.moments:
            raise ValueError(
                f"the rule {rule.name} reads the phases {', '.join(rule.moments)}; call backward of the orchestrator"
            )
        if rule.modulators or rule.sender_traces or rule.receiver_traces or family.during is not None:
            raise ValueError(
                f"the rule {rule.name} reads more than this moment at the ends of the edge, or is applied during a "
                "phase; call backward of the orchestrator"
            )
        return self._with(self._pseudo_gradient(family, rule, x, y, y_hat, rng, fields))

    def reduce(self, messages: Sequence[ArrayLike]) -> Array:
        """A field of the layer: the sum of the messages that reach it there, each `[batch, *shape]`."""
        self._on_diagonal("reduce")
        if not messages:
            raise ValueError("give at least one message; the field of a layer that nothing reaches is zero")
        return jnp.sum(jnp.stack([jnp.asarray(m) for m in messages]), axis=0)

    def activation(
        self,
        field: ArrayLike,
        state: ArrayLike | None = None,
        *,
        rng: Array | None = None,
        fields: NamedFields | None = None,
    ) -> Array:
        """The layer's new state for its field `[batch, *shape]` and its present state (zero where left out).

        `fields` are its fields with names, those left out zero. Activations that draw at random need a key. Raises
        ValueError for one that reads traces.
        """
        self._on_diagonal("activation")
        layer = self._layer(self.receiver)
        units = as_units(field, self.receiver, layer.shape, None)[None]
        present = jnp.zeros_like(units) if state is None else as_units(state, self.receiver, layer.shape, None)[None]
        named = self._named(fields, units)
        return self._activate(units, present, rng, named)[0].reshape(units.shape[1], *layer.shape)

    def _pseudo_gradient(
        self,
        family: FamilyPlan,
        rule: RulePlan,
        x: ArrayLike,
        y: ArrayLike,
        y_hat: ArrayLike,
        rng: Array | None,
        fields: NamedFields | None,
    ) -> Array:
        assert self.place is not None and self.weight is not None
        f, e = self.place.family, self.place.index
        sender, receiver = self._layer(self.sender), self._layer(self.receiver)
        post = as_units(y, self.receiver, receiver.shape, None)
        given = {
            "pre.state": as_units(x, self.sender, sender.shape, post.shape[0])[None],
            "post.state": post[None],
            "field": as_units(y_hat, self.receiver, receiver.shape, post.shape[0])[None],
        }
        named = self._named(fields, given["post.state"])
        given |= {f"field.{name}": field for name, field in named.items()}

        def ends(symbol: Symbol) -> Value:
            match symbol.name:
                case "pre":
                    return self._sent(sender, given["pre.state"])
                case "post":
                    return self._sent(receiver, given["post.state"])
                case "predicted" | "slope":
                    plan = self.structure.blocks[receiver.block].activation if symbol.name == "slope" else None
                    slope = None if plan is None else plan.slope_by(family.into)
                    found = self._activate(given["field"], given["post.state"], rng, named, slope)
                    return found if symbol.name == "slope" else self._sent(receiver, found)
                case name:
                    return given[name]

        def number(name: str) -> Array:
            return self._numbers()[f"family.{f}.{name}"][e : e + 1]

        kind = self._kind()
        stored = Stored(self.weight[None], None, None if self.mask is None else self.mask[None], None)
        update = rule_update(rule, kind, stored, lambda name: number(f"rule.{name}"), ends, post.shape[0])
        if family.owner is not None:  # shared weights decay where they belong
            return (-number("rate")[0] * update)[0]
        decayed = kind.confine(stored, number("decay")[0] * stored.weights)
        return (number("rate")[0] * (decayed - update))[0]

    def _kind(self) -> EdgeKind:
        """How an edge works by itself: its weights in full, states `[batch, units]`."""
        assert self.place is not None
        return kinds(self.structure)[self.place.family].alone()

    def _named(self, fields: NamedFields | None, like: Array) -> dict[str, Array]:
        """All fields with names of the receiver, `[1, batch, units]`; raises KeyError for one that it does not have."""
        layer, given = self._layer(self.receiver), fields or {}
        known = [name for b, name in ports(self.structure) if b == layer.block and name]
        for name in given:
            if name not in known:
                raise KeyError(unknown(f"field of {self.receiver}", name, known))
        size = like.shape[1]
        units = {name: as_units(field, self.receiver, layer.shape, size)[None] for name, field in given.items()}
        return {name: units.get(name, jnp.zeros_like(like)) for name in known}

    def _activate(
        self,
        field: Array,
        state: Array,
        rng: Array | None,
        named: Mapping[str, Array],
        expression: Expression | None = None,
    ) -> Array:
        """The receiver's activation, or another expression of it, for units `[1, batch, units]`."""
        layer = self._layer(self.receiver)
        if traces_of(self.structure, layer.block):
            raise ValueError(f"{_TRACES.format(layer.name)}; an orchestrator moves them together")
        draws = draw(self.structure, layer.block, rng, field.shape)
        at = self.structure, layer.block, self._numbers(), field, state, draws
        return activate(*at, _member(layer), expression, named, units=-1)

    def _sent(self, layer: LayerPlan, state: Array) -> Array:
        """What units `[1, batch, units]` of a layer send."""
        activation = self.structure.blocks[layer.block].activation
        if activation is None or activation.sends_state:
            return state
        if len(cells_sent(self.structure, layer.block)) > 1:
            raise ValueError(f"{_TRACES.format(layer.name)}, from which they make what they send; use an orchestrator")
        return sent(self.structure, layer.block, self._numbers(), {"": state}, _member(layer), units=-1)

    def _on_diagonal(self, what: str) -> None:
        if self.receiver != self.sender:
            raise TypeError(f"{what} belongs to a layer's diagonal entry: lmap[{self.receiver!r}, {self.receiver!r}]")

    def _layer(self, name: str) -> LayerPlan:
        return self.structure.layers[self.structure.layer_numbers[name]]

    def _numbers(self) -> Parameters:
        if self.parameters is None:
            raise ValueError("this map was taken out of its orchestrator; read the edge from orchestrator.lmap")
        return self.parameters

    def _with(self, weight: Array) -> Edge:
        return Edge(weight, self.mask, self.parameters, self.receiver, self.sender, self.place, self.structure)


def _member(layer: LayerPlan) -> Callable[[Array], Array]:
    """Takes a layer from numbers that hold one a member; what has more axes belongs to the layer already."""
    return lambda array: array if array.ndim > 1 else array[layer.member : layer.member + 1]


def read_edge(lmap: LayerMap, key: EdgeKey) -> Edge:
    """The edge of this key, which exists or is on the diagonal."""
    receiver, sender = key[:2]
    parameters = getattr(lmap, "_parameters", None)
    place = layout(lmap.structure).edges.get(key)
    if place is None:
        return Edge(None, None, parameters, receiver, sender, None, lmap.structure)
    f, e = place.family, place.index
    kind, stored = kinds(lmap.structure)[f], lmap.stored(f).map(lambda array: array[e])
    mask = stored.mask
    if mask is not None and stored.senders is not None:
        mask = kind.full(Stored(mask.astype(jnp.float32), None, None, stored.senders, stored.crowded)) != 0
    return Edge(kind.full(stored), mask, parameters, receiver, sender, place, lmap.structure)
