"""What the plan holds of activations and of rules."""

from __future__ import annotations

from msgspec import Struct

from dync.compiler.expression import Expression, Number, Symbol
from dync.compiler.plan_field import Added


class SlopePlan(Struct, frozen=True):
    """The derivative of an activation by the field of this name."""

    field: str
    slope: Expression


class TracePlan(Struct, frozen=True):
    """State of units that starts at zero; `next` is what it becomes, and reads it as `trace.NAME`."""

    name: str
    next: Expression


class ActivationPlan(Struct, frozen=True):
    """`next` gives the new state from `field`, `state`, `uniform`, `normal` and the traces; `slope` is its derivative
    by `field`, or what stands in for it (`surrogate`).

    `slopes` are its derivatives by the named fields that it reads, in the order of their names. `sends` is what the
    units send, from `state` and the traces; `traces` move with the state, from what all of them were before. Slopes are
    those of what the units send once they have moved. `surrogate` says that another expression stands in for the
    derivative of `next` by `field`, which is `slope` then; `sends_slope` stands in for that of `sends` by `state`.
    """

    name: str
    parameters: tuple[str, ...]
    next: Expression
    slope: Expression
    slopes: Added[tuple[SlopePlan, ...]] = ()
    sends: Added[Expression] = Symbol("state")
    traces: Added[tuple[TracePlan, ...]] = ()
    surrogate: Added[bool] = False
    sends_slope: Added[Expression | None] = None

    @property
    def moves(self) -> tuple[Expression, ...]:
        """What the state, then each trace becomes in a step."""
        return (self.next, *(trace.next for trace in self.traces))

    @property
    def sends_state(self) -> bool:
        """Whether the units send their state as it is."""
        return self.sends == Symbol("state")

    @property
    def fields(self) -> tuple[str, ...]:
        """The named fields that it reads."""
        return tuple(slope.field for slope in self.slopes)

    def slope_by(self, field: str) -> Expression:
        """Its derivative by a field; by one that it does not read, zero. `""` is the field without a name."""
        if not field:
            return self.slope
        return next((slope.slope for slope in self.slopes if slope.field == field), Number(0.0))


class TermPlan(Struct, frozen=True):
    """One product of a separated rule: `scalar * sum over the batch of (sender * receiver) * weight`.

    `scalar` reads sizes and parameters, `sender` what depends on the sender's unit, `receiver` on the receiver's,
    `weight` on the synapse's own weight. A missing factor is None: one.
    """

    scalar: Expression | None
    sender: Expression | None
    receiver: Expression | None
    weight: Expression | None


class RulePlan(Struct, frozen=True):
    """A rule as written, per synapse and example (`update`), and separated into `terms`; None where that is impossible.

    `moments` are the phases that it names with `@`. `modulators` are the names of its parameters that are one number
    an example, read as `modulator.NAME`. `sender_traces` and `receiver_traces` are state of the units at its ends, read
    as `trace.NAME`, which moves after every step of training.
    """

    name: str
    parameters: tuple[str, ...]
    update: Expression
    terms: tuple[TermPlan, ...] | None
    moments: tuple[str, ...] = ()
    modulators: Added[tuple[str, ...]] = ()
    sender_traces: Added[tuple[TracePlan, ...]] = ()
    receiver_traces: Added[tuple[TracePlan, ...]] = ()


class GradientPlan(Struct, frozen=True):
    """Learning by the derivative of a measure at the end of a phase, by its number, or of the training protocol."""

    measure: str
    phase: int | None = None
