"""Kinds of edges in which a weight is that of synapses, each between a unit of the sender and one of the receiver."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from jax import Array

from dync.compiler.expression import Expression
from dync.compiler.plan import RulePlan
from dync.runtime.kinds.kind import EdgeKind
from dync.runtime.kinds.rule_sum import RuleInput, RuleSum
from dync.runtime.kinds.stored import Stored

CHUNK_BYTES = 64 * 2**20
"""Memory for the intermediate of a rule that cannot be separated, which has a number a synapse and example; at least
one example, or one place of a window, is taken."""


@dataclass(frozen=True)
class SynapticKind(EdgeKind):
    """What a rule needs to be summed synapse by synapse."""

    def update(self, rule: RulePlan, stored: Stored, given: RuleInput) -> Array:
        """A sum of products where the rule separates, else synapse by synapse."""
        return RuleSum(self, stored, given).total(rule)

    @abstractmethod
    def contract(self, sender: Array | None, receiver: Array | None, stored: Stored, batch: int) -> Array:
        """A product of factors at both ends summed over the batch, shaped as the weights or so that it broadcasts."""

    @abstractmethod
    def scalar(self, value: Array) -> Array:
        """A factor `[edges, 1, 1]`, as it multiplies weights."""

    @abstractmethod
    def literal(self, rule: Expression, given: RuleInput, stored: Stored) -> Array:
        """A rule evaluated synapse by synapse and summed over the batch, in bounded memory."""
