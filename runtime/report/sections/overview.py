"""The beginning of a run on the page: how it went, and the numbers worth a glance."""

from __future__ import annotations

from typing import Final

from dync.runtime.report.blocks import Badge, Badges, Block, Prose, Section, Tile, Tiles, Tone
from dync.runtime.report.run_data import RunData
from dync.runtime.report.wording import counted, measured, number, seconds, shown

MOST_TILES: Final = 8
GO_ON: Final = "To go on where it was: the same dync run as before, with --resume --out FOLDER, the folder of this run."
_SIGNS: Final[dict[str, tuple[Tone, str]]] = {
    "completed": ("good", "✓"), "failed": ("bad", "✕"), "interrupted": ("warn", "!"), "not finished": ("warn", "…"),
}  # fmt: skip
_STATES: Final = {
    "stage_started": "not finished", "stage_completed": "completed", "stage_skipped": "completed",
    "stage_failed": "failed", "stage_interrupted": "interrupted",
}  # fmt: skip
"""What an event says of its stage."""


def overview(run: RunData) -> Section:
    """Errors, whether it is over and how to go on, headline numbers, stages."""
    blocks: list[Block] = [Prose(error, "bad") for error in _errors(run)]
    blocks += _not_over(run)
    if run.status == "finishing":
        blocks.append(Prose("The run wrote this report itself, as its last stage.", "soft"))
    if run.events.cut:
        blocks.append(
            Prose("The log is too long to be read whole: of what it tells, only the beginning is here.", "warn")
        )
    tiles = _tiles(run)
    if tiles:
        blocks.append(Tiles(tuple(tiles[:MOST_TILES])))
    stages = _stages(run)
    if stages:
        blocks.append(Badges("Stages", stages))
    return Section("overview", "Overview", tuple(blocks))


def _errors(run: RunData) -> list[str]:
    """What went wrong; an interruption is told in other words."""
    cut = " interrupted; go on with --resume"
    return [error for error in run.result["errors"].texts() if run.status != "interrupted" or not error.endswith(cut)]


def _not_over(run: RunData) -> list[Block]:
    """How to go on with a run that is not over, or that failed."""
    match run.status:
        case "interrupted":
            words = f"This run was interrupted and did not finish: what follows is what it had done. {GO_ON}"
        case "unfinished":
            words = (
                "This run did not finish: it is still under way, or it was interrupted. What follows is what it had"
                f" done until now. {GO_ON}"
            )
        case "failed" | "partial":
            words = (
                "This run did not do all that was asked. Where the cause lies in the spec, run the mended spec in"
                f" another folder. Where it lies elsewhere, mend it. {GO_ON}"
            )
        case _:
            return []
    return [Prose(words, "warn")]


def _stages(run: RunData) -> tuple[Badge, ...]:
    ends = dict.fromkeys(run.result["stages_completed"].texts(), "completed")
    ends |= dict.fromkeys(run.result["stages_failed"].texts(), "failed")
    for event in run.events.stages if not run.is_over else ():
        state = _STATES.get(event["event"].text())
        if state is not None and event["stage"].present():
            ends[event["stage"].text()] = state
    return tuple(_stage(name, state) for name, state in ends.items())


def _stage(name: str, state: str) -> Badge:
    tone, sign = _SIGNS[state]
    return Badge(state, shown(name.replace("_", " "), 60), "", tone, sign)


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
    found = run.trials.items()
    if not found:
        return []
    states = [trial["status"].text() for trial in found]
    detail = ", ".join(f"{states.count(name)} {name}" for name in ("pruned", "failed") if name in states)
    asked = run.spec["trials"].value
    of = f" of {asked:,}" if not run.is_over and isinstance(asked, int) else ""
    objective = objective_of(run)
    best = _best_value(run)
    so_far = "" if run.outputs["best_value"].present() else " so far"
    tiles = [Tile(f"best {objective}{so_far}", measured(objective, best))] if best is not None else []
    tiles.append(Tile("trials", number(len(found)) + of, detail))
    return tiles + [
        Tile(f"best, {part} {name}", measured(name, value.number()))
        for part, measures in run.outputs["test_results"].fields().items()
        for name, value in measures.fields().items()
        if f"{part}.{name}" != objective
    ]


def _best_value(run: RunData) -> float | None:
    """The best value of the objective, of a sweep that is not over that of its trials until now."""
    if run.outputs["best_value"].present():
        return run.outputs["best_value"].number()
    values = [trial["value"].number() for trial in run.trials.items() if trial["status"].value == "complete"]
    known = [value for value in values if value is not None]
    return (max if larger_is_better(run) else min)(known) if known else None


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
    """Whether more of the objective is better: as the sweep says or the network's measure, else not of an error."""
    said = f"{run.spec['direction'].value} {run.outputs['direction'].value} {run.outputs['objective'].value}"
    if "minimize" in said:
        return False
    return "maximize" in said or more_is_better(run, objective_of(run))


def more_is_better(run: RunData, metric: str) -> bool:
    """Whether more of a metric, `test.overlap`, is better: not of `mse` and `nrmse`, nor of what the spec calls so."""
    comparison = run.spec["comparison"] if isinstance(run.spec["comparison"].value, dict) else run.spec
    metrics = [comparison["metric"], *(claim["metric"] for claim in comparison["claims"].items())]
    minimized = {
        f"{found['part'].value}.{found['measure'].value}" for found in metrics if found["minimize"].value is True
    }
    return metric not in minimized and metric.rpartition(".")[2] not in ("mse", "nrmse")
