"""A literal reading of networks over time: one long protocol, sample by sample, over the interpreter's steps.

Independent of how the runtime goes through samples: a Python loop that knows which layers were clamped last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from dync.compiler.plan import PhasePlan
from dync.testing.evaluate import Array
from dync.testing.interpreter import Interpreter, State
from dync.testing.moment import Past
from dync.testing.plasticity import Beside, Plasticity

Weights = dict[str, Array]


@dataclass
class Sequence:
    """A batch of sequences on its way through a protocol: the state, what its ends hold, and who is clamped.

    `past` are the states at the ends of all steps so far, after the one that the first began with; `snapshots` and
    `pasts` what these were at the end of each phase. `beside` is what rules have
    that train. `taken` are the steps that each phase took whenever it ran.
    """

    interpreter: Interpreter
    held: State
    state: State
    clamped: set[str]
    snapshots: dict[str, State] = field(default_factory=dict)
    past: Past = ()
    pasts: dict[str, Past] = field(default_factory=dict)
    taken: dict[str, list[int]] = field(default_factory=dict)
    beside: Beside | None = None

    def present(self, sample: Mapping[str, Array]) -> None:
        """The next sample: clamped layers take it at once, others when they are clamped again."""
        for name, value in sample.items():
            self.held[name] = value
            if name in self.clamped:
                self.state = {**self.state, name: value}

    def run(self, phase: PhasePlan, weights: Weights) -> None:
        """One phase."""
        names = list(self.interpreter.layers)
        clamped = {names[n] for n in phase.clamped}
        before = self.clamped
        if phase.origin is not None:
            self.state, before = dict(self.snapshots[self.interpreter.plan.structure.phases[phase.origin].name]), set()
        for name in self.held:
            if name in clamped:
                self.state = {**self.state, name: self.held[name]}
            elif name in before and self.interpreter.layers[name].role == "output":
                self.state = {**self.state, name: np.zeros_like(self.held[name])}
        self.clamped = clamped & set(self.held)
        self.past = self.past or (self.state,)
        self.taken.setdefault(phase.name, []).append(self._steps(phase, weights, clamped))
        self.snapshots[phase.name], self.pasts[phase.name] = self.state, self.past

    def _steps(self, phase: PhasePlan, weights: Weights, clamped: set[str]) -> int:
        names, numbers = list(self.interpreter.layers), self.interpreter.plan.numbers
        silent = {names[n] for n in phase.silent}
        strengths = numbers[f"phase.{phase.name}.soft"] if phase.soft else ()
        pulled = [names[n] for n in phase.soft]
        soft = {name: (strength, self.held[name]) for name, strength in zip(pulled, strengths, strict=True)}
        for step in range(1, phase.steps + 1):
            before = self.state
            self.state = self.interpreter.step(before, weights, phase.messages, silent, clamped, soft, self.past)
            self.past = (*self.past, self.state)
            if self.beside is not None:
                rules, now = Plasticity(self.interpreter, weights), (self.state, self.past)
                self.beside = rules.stepped(phase.name, *now, self.snapshots, self.pasts, self.beside)
            moved = max(float(np.max(np.abs(self.state[n] - before[n]), initial=0.0)) for n in names)
            if phase.settle and moved <= numbers[f"phase.{phase.name}.within"][0]:
                return step
        return phase.steps


def follow(
    interpreter: Interpreter,
    protocol: Literal["train", "infer"],
    data: Mapping[str, Any],
    weights: Weights,
    samples: int | None = None,
    batch: int | None = None,
) -> Iterator[tuple[int, Sequence]]:
    """Each sample's number with the sequence as it is after it; `infer` has made its read-out by then.

    `data` are `[batch, units]` by layer, `[batch, time, units]` of layers over time; targets too where they are held.
    The weights may be changed between samples. How many `samples` there are, and sequences in a `batch`, has to be
    said where no data tell it.
    """
    structure = interpreter.plan.structure
    assert structure.time is not None
    numbers = structure.train if protocol == "train" else structure.infer
    names = list(interpreter.layers)
    moving = {names[n] for n in structure.time.layers if names[n] in data}
    phases = [(n in structure.time.phases, structure.phases[n]) for n in numbers or ()]

    def sample(t: int) -> State:
        return {name: np.asarray(data[name], np.float64)[:, t] for name in moving}

    first = {**{name: np.asarray(value, np.float64) for name, value in data.items()}, **sample(0)}
    roles = {name: layer.role for name, layer in interpreter.layers.items()}
    ends = {role: {n: v for n, v in first.items() if roles[n] == role} for role in ("input", "output")}
    state = interpreter.start(ends["input"], ends["output"] or None, batch=batch)
    held = {name: state[name] for name, role in roles.items() if role in ("input", "output")}
    sequence = Sequence(interpreter, held, state, set(held))
    rules = Plasticity(interpreter, weights)
    if protocol == "train":
        sequence.beside = rules.nothing(state, held)
    for phase in (phase for sampled, phase in phases if not sampled):
        sequence.run(phase, weights)
    for t in range(min(np.shape(data[name])[1] for name in moving) if samples is None else samples):
        if t:
            sequence.present(sample(t))
            if sequence.beside is not None:
                sequence.beside = rules.anew(sequence.beside, sequence.held)
        for phase in (phase for sampled, phase in phases if sampled):
            sequence.run(phase, weights)
        if protocol == "infer":
            sequence.state = interpreter.predict(sequence.state, weights, sequence.past)
        yield t, sequence


def descended(sequence: Sequence, weights: Weights, learning_rate: float) -> Weights:
    """The weights after a plain descent by what the rules make of a sequence as it stands."""
    past, pasts = sequence.past, sequence.pasts
    then = sequence.snapshots, past, pasts, sequence.beside
    gradients = sequence.interpreter.pseudo_gradients(sequence.state, weights, *then)
    return {name: weights[name] - learning_rate * change for name, change in gradients.items()}


def learn(
    interpreter: Interpreter, data: Mapping[str, Any], weights: Weights, learning_rate: float
) -> tuple[Weights, Sequence]:
    """The weights after a batch of sequences, by plain descent after every sample that is not skipped; its end too."""
    time = interpreter.plan.structure.time
    assert time is not None
    found = dict(weights)
    for t, sequence in follow(interpreter, "train", data, found):
        if t >= time.skip:
            found.update(descended(sequence, found, learning_rate))
    return found, sequence
