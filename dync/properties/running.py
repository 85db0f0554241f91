"""What answers the predicates that have to run a network: the compiler's model becomes a plan, the runtime runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from dync.compiler.driver import plan_of
from dync.compiler.mistakes.properties import CannotRun
from dync.compiler.model import NetworkModel
from dync.compiler.plan import MessageFilter, Plan
from dync.compiler.properties.answer import Answer
from dync.grammar.diagnostic import DiagnosticError
from dync.runtime.error import RunError

FORGET: Final = 64
"""After so many networks the programs compiled for them are thrown away: each has its own."""


@dataclass
class Runner:
    """Runs networks; `seed` is the first one from which weights and inputs are drawn. JAX is loaded at the first run.

    Both methods raise DiagnosticError for a network that cannot be run.
    """

    seed: int
    _runs: int = field(default=0, init=False)

    def settles(self, model: NetworkModel, phase: str, within: int, messages: MessageFilter | None) -> Answer:
        """Whether a phase comes to rest in so many steps, at every draw."""
        from dync.runtime.properties.rest import find_unrest

        plan = self._plan(model)
        try:
            found = find_unrest(plan, phase, within, messages, self.seed)
        except RunError as error:
            raise _cannot(model, error) from None
        if found is None:
            return Answer(True)
        order = ", ".join(found.protocol)
        return Answer(False, f"in {order}, with seed {found.seed}, `{phase}` still moves after {within} steps")

    def bounded(self, model: NetworkModel, layers: Sequence[str], by: float, messages: MessageFilter | None) -> Answer:
        """Whether no unit of the layers goes beyond a value, at every draw."""
        from dync.runtime.properties.peaks import find_excess

        plan = self._plan(model)
        try:
            found = find_excess(plan, layers, by, messages, self.seed)
        except RunError as error:
            raise _cannot(model, error) from None
        if found is None:
            return Answer(True)
        return Answer(False, f"with seed {found.seed} a unit of `{found.layer}` reaches {found.reached:.6g}")

    def _plan(self, model: NetworkModel) -> Plan:
        self._runs += 1
        if self._runs % FORGET == 0:
            import jax

            jax.clear_caches()  # type: ignore[no-untyped-call]
        return plan_of(model)


def _cannot(model: NetworkModel, error: RunError) -> DiagnosticError:
    return DiagnosticError([CannotRun(model.span, model.name, str(error))])
