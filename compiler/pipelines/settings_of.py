"""The settings of one pipeline by their sort: which there are, and the numbers that they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import integer, number
from dync.compiler.pipeline_plan import Limits
from dync.compiler.pipelines.calls import EMPTY
from dync.grammar import syntax

MOST: Final = 2**31 - 1

Item = TypeVar("Item", bound=syntax.PipelineItem)

LIMITS: Final[Mapping[str, tuple[float, float, bool]]] = {
    "parallel_jobs": (1, MOST, True),
    "gpu_memory_fraction": (0.01, 1, False),
    "threads": (1, MOST, True),
    "stage_seconds": (1, MOST, False),
}
"""The least and the most of each limit, and whether it is a whole number."""


class SettingsOf(Struct, frozen=True):
    """Reads the settings of one pipeline; a mistake is reported, and gives the default."""

    pipeline: syntax.Pipeline
    mistakes: Collector

    def all(self, item_type: type[Item]) -> list[Item]:
        """All the settings of a sort."""
        return [item for item in self.pipeline.items if isinstance(item, item_type)]

    def only(self, item_type: type[Item], what: str) -> Item | None:
        """The one setting of a sort, if there is any."""
        return self.first(self.all(item_type), what)

    def first(self, items: Sequence[Item], what: str) -> Item | None:
        """The first of settings of which there can be one."""
        for item in items[1:]:
            self.mistakes.add(wrong.dynamics.RepeatedStatement(item.span, what, "the pipeline", items[0].span))
        return items[0] if items else None

    def number(self, keyword: str) -> syntax.NumberSetting | None:
        """The setting of a number, if there is any."""
        return self.first(
            [item for item in self.all(syntax.NumberSetting) if item.keyword.text == keyword], f"`{keyword}`"
        )

    def only_number(self, keyword: str) -> syntax.Expression | None:
        """The expression of the setting of a number, if there is any."""
        setting = self.number(keyword)
        return None if setting is None else setting.value

    def count(self, keyword: str, default: int, least: int) -> int:
        """The whole number of a setting, which is its keyword."""
        return self.counted(keyword, self.only_number(keyword), default, least)

    def counted(self, name: str, expression: syntax.Expression | None, default: int, least: int) -> int:
        """A whole number in `least..MOST`."""
        if expression is None:
            return default
        value = integer(expression, EMPTY, self.mistakes, f"`{name}`")
        if value is not None and not least <= value <= MOST:
            self.mistakes.add(wrong.pipelines.SettingOutOfRange(expression.span, name, value, least, MOST))
            return default
        return default if value is None else value

    def amount(self, name: str, expression: syntax.Expression | None, default: float) -> float:
        """A number of at least 0."""
        value = default if expression is None else number(expression, EMPTY, self.mistakes)
        if value is not None and expression is not None and value < 0:
            self.mistakes.add(wrong.pipelines.SettingOutOfRange(expression.span, name, value, 0, None))
        return default if value is None else float(value)

    def limits(self) -> Limits:
        """What the run may use, and how it meets failure."""
        found: dict[str, syntax.LimitSetting] = {}
        for item in self.all(syntax.LimitSetting):
            name = item.what
            if name.text not in LIMITS:
                self.mistakes.add(wrong.studies.UnknownLimit(name.span, name.text, tuple(LIMITS)))
            elif name.text in found:
                self.first([found[name.text], item], f"`limit {name.text}`")
            else:
                found[name.text] = item
        values = {name: self._limit(item, *LIMITS[name]) for name, item in found.items()}
        going_on = self.only(syntax.ContinueOnFailure, "`continue_on_failure`") is not None
        jobs, threads = values.get("parallel_jobs"), values.get("threads")
        return Limits(
            parallel_jobs=None if jobs is None else int(jobs),
            gpu_memory_fraction=values.get("gpu_memory_fraction"),
            threads=None if threads is None else int(threads),
            stage_seconds=values.get("stage_seconds"),
            retries=self.count("retries", 0, 0),
            continue_on_failure=going_on,
        )

    def _limit(self, item: syntax.LimitSetting, least: float, most: float, whole: bool) -> float | None:
        name = item.what.text
        if whole:
            value: float | None = integer(item.value, EMPTY, self.mistakes, f"`{name}`")
        else:
            value = number(item.value, EMPTY, self.mistakes)
        if value is not None and not least <= value <= most:
            self.mistakes.add(wrong.pipelines.SettingOutOfRange(item.value.span, name, value, least, most))
        return None if value is None else float(value)
