"""The beginning of a run on the page: how it went, and the numbers worth a glance."""

from __future__ import annotations

from typing import Final

from dync.runtime.report.blocks import Badge, Badges, Block, Prose, Section, Tile, Tiles, Tone
from dync.runtime.report.run_data import RunData
from dync.runtime.report.wording import counted, measured, number, seconds, shown

MOST_TILES: Final = 8
_STAGES: Final[dict[bool, tuple[str, Tone, str]]] = {True: ("completed", "good", "✓"), False: ("failed", "bad", "✕")}


def overview(run: RunData) -> Section:
    """Errors, headline numbers, stages."""
    blocks: list[Block] = [Prose(error, "bad") for error in run.result["errors"].texts()]
    if run.status == "unfinished":
        blocks.append(Prose("This run has left no result: it is still under way, or it was interrupted.", "warn"))
    if run.status == "finishing":
        blocks.append(Prose("The run wrote this report itself, as its last stage.", "soft"))
    tiles = _tiles(run)
    if tiles:
        blocks.append(Tiles(tuple(tiles[:MOST_TILES])))
    stages = _stages(run)
    if stages:
        blocks.append(Badges("Stages", stages))
    return Section("overview", "Overview", tuple(blocks))


def _stages(run: RunData) -> tuple[Badge, ...]:
    ended = [(name, True) for name in run.result["stages_completed"].texts()]
    ended += [(name, False) for name in run.result["stages_failed"].texts()]
    return tuple(_stage(name, good) for name, good in ended)


def _stage(name: str, good: bool) -> Badge:
    word, tone, sign = _STAGES[good]
    return Badge(word, name.replace("_", " "), "", tone, sign)


def _tiles(run: RunData) -> list[Tile]:
    made = [*_of_leaderboard(run), *_of_comparison(run), *_of_sweep(run), *_of_evaluation(run)]
    total = run.result["total_time_seconds"].number()
    return [*made[: MOST_TILES - 1], Tile("time", seconds(total))] if total is not None else made


def _of_evaluation(run: RunData) -> list[Tile]:
    return [
        Tile(f"{part} {name}", measured(name, value.number()))
        for part, measures in run.outputs["evaluation_results"].fields().items()
        for name, value in measures.fields().items()
    ]


def _of_sweep(run: RunData) -> list[Tile]:
    if not run.outputs["trials"].present():
        return []
    found = run.outputs["trials"].items()
    states = [trial["status"].text() for trial in found]
    detail = ", ".join(f"{states.count(name)} {name}" for name in ("pruned", "failed") if name in states)
    tiles = [Tile("trials", number(len(found)), detail)]
    objective = objective_of(run)
    best = run.outputs["best_value"].number()
    if best is not None:
        tiles.insert(0, Tile(f"best {objective}", measured(objective, best)))
    tiles += [
        Tile(f"best, {part} {name}", measured(name, value.number()))
        for part, measures in run.outputs["test_results"].fields().items()
        for name, value in measures.fields().items()
    ]
    return tiles


def _of_comparison(run: RunData) -> list[Tile]:
    statistics = run.outputs["summary_statistics"]
    tiles = []
    if statistics["best"].present() and not run.outputs["leaderboard"].present():
        tiles.append(Tile("best entry", shown(statistics["best"].value, 40)))
    claims = [claim["verdict"].text() for claim in run.outputs["claims"].items()]
    if claims:
        tiles.append(Tile("claims confirmed", f"{claims.count('confirmed')} of {len(claims)}"))
    entries = statistics["entries"].fields()
    if entries:
        tasks = {task for entry in entries.values() for task in entry.fields()}
        tiles.append(Tile("entries", number(len(entries)), f"on {counted(len(tasks), 'task')}"))
    return tiles


def _of_leaderboard(run: RunData) -> list[Tile]:
    rows = run.outputs["leaderboard"].items()
    if not rows:
        return []
    objective = objective_of(run)
    score = measured(objective, rows[0]["score"].number())
    return [Tile("best entry", shown(rows[0]["entry"].value, 40), f"{objective} {score}")]


def objective_of(run: RunData) -> str:
    """What the sweep or the comparison was about, `validation.accuracy`; `value` where nothing says."""
    statistics = run.outputs["summary_statistics"]
    comparison = run.spec["comparison"] if isinstance(run.spec["comparison"].value, dict) else run.spec
    candidates = (
        run.outputs["objective"], run.outputs["metric"], statistics["metric"], statistics["measure"],
        run.spec["objective"], comparison["metric"],
    )  # fmt: skip
    for found in candidates:
        match found.value:
            case {"part": str(part), "measure": str(measure)}:
                return f"{part}.{measure}"
            case {"metric": str(text)}:
                return text
            case str(text) if text:
                return text.rpartition(" ")[2]
    return "value"


def larger_is_better(run: RunData) -> bool:
    """Whether more of the objective is better: as the sweep says, otherwise not of `mse`."""
    said = f"{run.spec['direction'].value} {run.outputs['direction'].value} {run.outputs['objective'].value}"
    if "minimize" in said:
        return False
    return "maximize" in said or objective_of(run).rpartition(".")[2] != "mse"
