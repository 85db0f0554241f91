"""What two or more runs have in common, and in what they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dync.compiler.expression import JSON
from dync.runtime.store.run_data import Run
from dync.runtime.store.settings import Setting, flat

Values = tuple[JSON, ...]
"""One value for each run in turn, None where it has none."""

_ALIKE: Final = ("kind", "spec_hash", "plan_hash")


@dataclass(frozen=True)
class Differences:
    """Runs side by side; each mapping has one value a run under every key.

    `facts` (kind, hashes, git, device, flags, seeds, data), `versions` and `settings` hold only what differs, `same`
    counts the settings that do not. `measures` holds all of them.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    facts: Mapping[str, Values]
    versions: Mapping[str, Values]
    settings: Mapping[str, Values]
    measures: Mapping[str, Values]
    same: int


def differences(runs: Sequence[Run]) -> Differences:
    """Two or more runs compared."""
    settings = _beside([run.settings for run in runs])
    differing = _differing(settings)
    return Differences(
        ids=tuple(run.id for run in runs),
        names=tuple(run.name for run in runs),
        facts=_differing(_beside([_facts(run) for run in runs])),
        versions=_differing(_beside([dict(flat(run.versions)) for run in runs])),
        settings=differing,
        measures=_beside([run.measures for run in runs]),
        same=len(settings) - len(differing),
    )


def _facts(run: Run) -> dict[str, Setting]:
    alike: dict[str, JSON] = {name: getattr(run, name) for name in _ALIKE}
    whole: dict[str, JSON] = {
        "git": run.git,
        "device": run.device,
        "flags": run.flags,
        "seed": run.seeds,
        "data": run.data,
    }
    return dict(flat({**alike, **whole}))


def _beside(found: Sequence[Mapping[str, JSON] | Mapping[str, Setting]]) -> dict[str, Values]:
    names = dict.fromkeys(name for values in found for name in values)
    return {name: tuple(values.get(name) for values in found) for name in names}


def _differing(values: Mapping[str, Values]) -> dict[str, Values]:
    return {name: found for name, found in values.items() if any(value != found[0] for value in found[1:])}
