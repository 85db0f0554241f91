"""Looking for values at which a property does not hold, and for the smallest of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from dync.compiler.elaboration.scope import Amount
from dync.compiler.library import Library
from dync.compiler.properties.model import PropertyModel
from dync.compiler.properties.outcome import Failure, Holds, Outcome
from dync.compiler.properties.trial import Means, try_property
from dync.compiler.properties.work import OutOfWorkError, Work
from dync.properties.running import Runner
from dync.runtime.error import RunError

CASES: Final = 100
"""How many values are drawn for a property that asks about the topology alone."""

RUNS: Final = 10
"""How many are drawn where each case runs the network."""

Values: TypeAlias = Mapping[str, Amount]
"""Values of the parameters that a property draws."""


@dataclass(frozen=True)
class Counterexample:
    """The smallest values found at which a property fails, and how it does."""

    values: Values
    failure: Failure


@dataclass(frozen=True)
class Verdict:
    """What the search came to: so many different values were tried, and the counterexample if there is one.

    `given_up_at` are the values at which the work that a property may do was used up, None where it was enough.
    """

    prop: PropertyModel
    tried: int
    counterexample: Counterexample | None
    given_up_at: Values | None

    @property
    def holds(self) -> bool:
        """Whether it held wherever it was tried, which must be somewhere."""
        return self.counterexample is None and self.tried > 0


def search(
    prop: PropertyModel,
    library: Library,
    *,
    cases: int | None = None,
    seed: int = 0,
    heard: Callable[[int], None] = lambda tried: None,
) -> Verdict:
    """Try a property at up to `cases` values drawn from a seed, by default `CASES`, or `RUNS` where it runs networks.

    One that draws nothing is tried once, at the defaults. The same seed draws the same values. `heard` is told how many
    were tried. Raises RunError where Hypothesis is missing.
    """
    trials = _Trials(prop, Means(library, Work(), Runner(seed)), heard)
    if not prop.draws:
        found = trials.failure({})
    else:
        verify_extra()
        from dync.properties.drawing import smallest_failure

        wanted = cases if cases is not None else RUNS if prop.dynamic else CASES
        found = smallest_failure(prop.draws, trials.failure, wanted, seed)
    return Verdict(prop, len(trials.outcomes), found, trials.given_up_at)


def verify_extra() -> None:
    """Raises RunError that says how to install Hypothesis where it is missing."""
    try:
        import hypothesis  # noqa: F401
    except ImportError:
        raise RunError(
            "trying properties needs the package hypothesis, which is not installed: pip install 'dync[test]'"
        ) from None


@dataclass
class _Trials:
    """The outcomes so far, by the values; each is tried once."""

    prop: PropertyModel
    means: Means
    heard: Callable[[int], None]
    outcomes: dict[tuple[Amount, ...], Outcome] = field(default_factory=dict)
    given_up_at: Values | None = None

    def failure(self, drawn: Values) -> Counterexample | None:
        """The failure at these values; None where it holds there, and where the work is used up."""
        values = {draw.name: drawn[draw.name] for draw in self.prop.draws}  # Hypothesis draws them in any order
        key = tuple(values.values())
        if key not in self.outcomes:
            if self.given_up_at is not None:
                return None
            try:
                self.outcomes[key] = try_property(self.prop, values, self.means)
            except OutOfWorkError:
                self.given_up_at = values
                return None
            self.heard(len(self.outcomes))
        outcome = self.outcomes[key]
        return None if isinstance(outcome, Holds) else Counterexample(values, outcome)
