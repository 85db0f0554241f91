"""What goes on beside the movement while a network trains: traces of rules move, and edges that learn during a phase
gather their updates.

Both happen after every step, from the state after it: first the traces move, from what all of them were, then the rules
are applied, which read the new ones. Weights stand still meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
from jax import Array, lax

from dync.runtime.beside import Beside, traced
from dync.runtime.engine import Machine
from dync.runtime.history import History, heard
from dync.runtime.state import State, Values
from dync.runtime.updates import Moment, Moments, family_update, moved_traces


@dataclass(frozen=True)
class Accompaniment:
    """What goes on beside the steps of a phase, by its number, which begins in this state.

    Where the protocol trains nothing the number is None.
    """

    machine: Machine
    state: State
    phase: int | None

    @property
    def rests(self) -> bool:
        """Whether nothing goes on."""
        return self.phase is None or not (traced(self.machine.structure) or self._learning)

    @property
    def _learning(self) -> tuple[int, ...]:
        """The families that learn during the phase."""
        families = self.machine.structure.families
        return tuple(f for f, family in enumerate(families) if self.phase is not None and family.during == self.phase)

    def after(self, values: Values, history: History | None, beside: Beside, key: Array | None) -> Beside:
        """What has come of it after a step, which led to these values and drew from this key."""
        if self.rests:
            return beside
        structure = self.machine.structure
        values, history = lax.stop_gradient((values, history))  # nothing that moves reads what goes on beside it
        own = None if key is None else jax.random.fold_in(key, len(structure.blocks))  # blocks draw from those below
        now = Moment(self.machine, heard(structure, values, history), own, self.state.held)
        traces = dict(beside.traces)
        for f in traced(structure):
            traces |= moved_traces(self.machine, f, now, beside.traces)
        moments: Moments = {None: now, **self._before(own)}
        gathered = dict(beside.gathered)
        for f in self._learning:
            gathered[str(f)] = gathered[str(f)] + family_update(self.machine, f, moments, traces)
        return Beside(traces, gathered)

    def _before(self, key: Array | None) -> Moments:
        """The ends of the phases that are over."""
        held = self.state.held
        return {name: Moment(self.machine, then, key, held) for name, then in self.state.snapshots.items()}
