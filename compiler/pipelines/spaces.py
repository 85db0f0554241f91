"""What a sweep searches: the values of each setting, and the conditions under which it is searched at all."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, log10
from typing import Final

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import number
from dync.compiler.pipeline_plan import Choices, Condition, Interval, SearchPlan
from dync.compiler.pipelines.calls import EMPTY
from dync.compiler.pipelines.fragment import Fragment
from dync.grammar import syntax
from dync.grammar.source import Span
from dync.grammar.spelling import expression as spelled

LOG: Final = "log"

MOST: Final = 1000
"""How many values a set may list."""

LONGEST_GRID: Final = 100_000
"""How many points a grid may have."""


class Sample(Struct, frozen=True):
    """A value that a setting may get, and where it is written."""

    text: str
    span: Span


class Space(Struct, frozen=True):
    """A searched setting: as a plan, as it is written, and the values by which it is tried before anything runs."""

    plan: SearchPlan
    node: syntax.SearchSetting
    samples: tuple[Sample, ...]

    def fragment(self, sample: Sample) -> Fragment:
        """The setting with this value."""
        return Fragment(self.plan.key, sample.text, (self.node.key.span, sample.span))


def space_of(node: syntax.SearchSetting, mistakes: Collector) -> Space | None:
    """A searched setting; None where its values are a mistake."""
    when = node.condition
    condition = None if when is None else Condition(when.key.text, spelled(when.value))
    if isinstance(node.space, syntax.Choices):
        return _choices(node, node.space, condition, mistakes)
    found = _interval(node.space, mistakes)
    if found is None:
        return None
    low, high = node.space.range.low.span, node.space.range.high.span
    samples = (
        Sample(number_text(found.low, found.integer), low),
        Sample(number_text(_last(found), found.integer), high),
    )
    return Space(SearchPlan(node.key.text, found, condition), node, samples)


def number_text(value: float, integer: bool) -> str:
    """A number as the language writes it."""
    return str(int(value)) if integer else repr(float(value))


def _choices(
    node: syntax.SearchSetting, choices: syntax.Choices, condition: Condition | None, mistakes: Collector
) -> Space | None:
    if len(choices.values) > MOST:
        mistakes.add(wrong.searches.TooManyValues(choices.span, len(choices.values), MOST))
        return None
    found: dict[str, Sample] = {}
    for value in choices.values:
        text = spelled(value)
        if text in found:
            mistakes.add(wrong.names.Duplicate(value.span, text, "value", found[text].span))
        found.setdefault(text, Sample(text, value.span))
    return Space(SearchPlan(node.key.text, Choices(tuple(found)), condition), node, tuple(found.values()))


def _interval(node: syntax.Interval, mistakes: Collector) -> Interval | None:
    low, high = (number(end, EMPTY, mistakes) for end in (node.range.low, node.range.high))
    step = None if node.step is None else number(node.step, EMPTY, mistakes)
    if node.scale is not None and node.scale.text != LOG:
        mistakes.add(wrong.studies.UnknownWord(node.scale.span, node.scale.text, (LOG,), "in"))
        return None
    if low is None or high is None or (node.step is not None and step is None):
        return None
    why = _why_empty(low, high, step, node.scale is not None)
    if why is not None:
        mistakes.add(wrong.searches.NoValues(node.span, why))
        return None
    if node.scale is not None and low <= 0:
        mistakes.add(wrong.searches.NoLogarithm(node.range.low.span, low))
        return None
    integer = all(isinstance(value, int) for value in (low, high, 1 if step is None else step))
    return Interval(float(low), float(high), node.scale is not None, None if step is None else float(step), integer)


def _why_empty(low: float, high: float, step: float | None, log: bool) -> str | None:
    if high < low:
        return f"it ends at {high:g}, before it begins at {low:g}"
    if step is not None and step <= 0:
        return f"its step is {step:g}"
    if step is not None and log:
        return "on a logarithmic scale there is no `step`"
    return None


def count(space: Choices | Interval) -> int | None:
    """How many values there are; None where they cannot be counted."""
    match space:
        case Choices(values):
            return len(values)
        case Interval(low, high, False, step, integer) if step is not None or integer:
            return _steps(low, high, 1.0 if step is None else step) + 1
        case _:
            return None


def _steps(low: float, high: float, step: float) -> int:
    """How many whole steps lie between two numbers, a hundredth of a millionth of a step more or less."""
    return floor((high - low) / step + 1e-8)


def _last(space: Interval) -> float:
    """The largest value."""
    if space.step is None:
        return space.high
    last = space.low + space.step * _steps(space.low, space.high, space.step)
    return round(last, 12 - floor(log10(abs(last)))) if last else 0.0


def check_conditions(spaces: Mapping[str, Space], mistakes: Collector) -> None:
    """Conditions are about settings that are searched, ask for values that these have, and do not go in circles."""
    for space in spaces.values():
        when = space.node.condition
        if when is None:
            continue
        key, other = when.key, spaces.get(when.key.text)
        if other is None:
            mistakes.add(
                wrong.searches.NotSearched(key.span, key.text, tuple(k for k in spaces if k != space.plan.key))
            )
        elif space.plan.key in _chain(space, spaces):
            why = "its condition depends on itself"
            mistakes.add(wrong.searches.NeverTrue(when.span, space.plan.key, why, other.node.space.span))
        elif not _has(other.plan.space, when.value, mistakes):
            why = f"`{key.text}` is never `{spelled(when.value)}`"
            mistakes.add(wrong.searches.NeverTrue(when.span, space.plan.key, why, other.node.space.span))


def _chain(space: Space, spaces: Mapping[str, Space]) -> tuple[str, ...]:
    """The keys that a setting's condition is about, those that these conditions are about, and so on."""
    found: list[str] = []
    condition = space.plan.condition
    while condition is not None and condition.key in spaces and condition.key not in found:
        found.append(condition.key)
        condition = spaces[condition.key].plan.condition
    return tuple(found)


def conditions_of(space: Space, spaces: Mapping[str, Space]) -> list[Fragment]:
    """The settings under which a setting is searched, the one that all depend on first."""
    found: dict[str, Fragment] = {}
    while (when := space.node.condition) is not None and when.key.text not in found and when.key.text in spaces:
        found[when.key.text] = Fragment(when.key.text, spelled(when.value), (when.key.span, when.value.span))
        space = spaces[when.key.text]
    return list(found.values())[::-1]


def _has(space: Choices | Interval, value: syntax.Expression, mistakes: Collector) -> bool:
    if isinstance(space, Choices):
        return spelled(value) in space.values
    found = number(value, EMPTY, mistakes)
    return found is None or space.low <= found <= space.high
