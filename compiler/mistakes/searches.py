"""Mistakes about what a sweep searches, and how: spaces, conditions, strategies, pruners."""

from __future__ import annotations

from dync.compiler.mistakes.examples import DATA, sweep
from dync.compiler.mistakes.unknown import Unknown
from dync.grammar.diagnostic import Diagnostic, Note
from dync.grammar.source import Span

TASK = DATA.replace("data     ", "task patterns")
OBJECTIVE = "objective maximize validation.accuracy"


class EndlessSpace(Diagnostic, frozen=True):
    """A strategy that tries every value needs values that can be counted: a set, whole numbers, or a `step`."""

    code = "E0828"
    wrong = sweep("search batch in { 8, 16 }", "strategy grid").replace("{ 0.1, 0.01 }", "0.01..0.1")
    right = sweep("search batch in { 8, 16 }", "strategy grid").replace("{ 0.1, 0.01 }", "0.01..0.1 step 0.03")

    key: str
    strategy: str

    @property
    def message(self) -> str:
        """The key and the strategy."""
        return f"`{self.strategy}` tries every value, and those of `{self.key}` cannot be counted"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The ways out."""
        return (Note("list values in `{ … }`, give the range a `step`, or choose another strategy, such as `tpe`"),)


class NoValues(Diagnostic, frozen=True):
    """A range to search goes from its low end up to its high end, by a step above zero; a logarithmic one has none."""

    code = "E0829"
    wrong = sweep("trials 3", "strategy random").replace("{ 0.1, 0.01 }", "0.1..0.01")
    right = sweep("trials 3", "strategy random").replace("{ 0.1, 0.01 }", "0.01..0.1")

    why: str

    @property
    def message(self) -> str:
        """What is wrong with it."""
        return f"this range cannot be searched: {self.why}"


class NoLogarithm(Diagnostic, frozen=True):
    """A range that is searched on a logarithmic scale lies above zero."""

    code = "E0830"
    wrong = sweep("trials 3", "strategy random").replace("{ 0.1, 0.01 }", "log(0..0.1)")
    right = sweep("trials 3", "strategy random").replace("{ 0.1, 0.01 }", "log(0.001..0.1)")

    low: float

    @property
    def message(self) -> str:
        """The low end."""
        return f"a logarithmic range begins above zero, and this one at {self.low:g}"


class UnknownStrategy(Unknown, frozen=True):
    """The strategy of a sweep proposes its trials: a grid, or one of Optuna's samplers."""

    code = "E0831"
    noun, nouns = "strategy", "strategies"
    wrong = sweep("strategy gird")
    right = sweep("strategy grid")


class UnknownPruner(Unknown, frozen=True):
    """`prune` ends trials early that do worse than others: by Optuna's pruners."""

    code = "E0832"
    noun, nouns = "pruner", "pruners"
    wrong = sweep(OBJECTIVE, "prune medain")
    right = sweep(OBJECTIVE, "prune median")


class NotSearched(Unknown, frozen=True):
    """A condition is about the value of another setting that the same sweep searches."""

    code = "E0836"
    noun, nouns = "searched setting", "settings that this sweep searches"
    wrong = sweep("search batch in { 8, 16 } when seed == 1")
    right = sweep("search batch in { 8, 16 } when optimizer.learning_rate == 0.1")


class NeverTrue(Diagnostic, frozen=True):
    """A condition asks for a value that its setting never has, or depends on itself."""

    code = "E0837"
    wrong = sweep("search batch in { 8, 16 } when optimizer.learning_rate == 5")
    right = sweep("search batch in { 8, 16 } when optimizer.learning_rate == 0.1")

    key: str
    why: str
    searched: Span

    @property
    def message(self) -> str:
        """The key, and why."""
        return f"`{self.key}` is never searched: {self.why}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The values."""
        return (Note("its values stand here", self.searched),)


class TooManyValues(Diagnostic, frozen=True):
    """A sweep lists more values of a setting than it could try, or a grid has too many points."""

    code = "E0842"
    wrong = sweep("search batch in 1..1000000", "strategy grid")
    right = sweep("search batch in 1..1000000", "strategy random", "trials 9")

    found: int
    most: int

    @property
    def message(self) -> str:
        """How many there are, and may be."""
        return f"these are {self.found} values to try, more than the {self.most} that a sweep can list"
