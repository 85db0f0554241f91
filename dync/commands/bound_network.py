"""A network of a file with settings put in, and the pipelines of the file that use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from dync.compiler import driver
from dync.compiler.driver import Compilation
from dync.compiler.model import NetworkModel
from dync.compiler.pipeline_plan import TrainingPlan
from dync.compiler.plan import Plan
from dync.data_files import anchored, file_setting, in_folder, without_folder
from dync.runtime.error import RunError


@dataclass(frozen=True)
class Use:
    """A pipeline, and its network with the parameters that it gives."""

    pipeline: TrainingPlan
    model: NetworkModel

    @cached_property
    def plan(self) -> Plan:
        """The plan of that network."""
        return driver.plan_of(self.model)


@dataclass(frozen=True)
class BoundNetwork:
    """A network with its parameters, and the pipelines that use it."""

    model: NetworkModel
    uses: tuple[Use, ...]

    @cached_property
    def plan(self) -> Plan:
        """The plan of the network."""
        return driver.plan_of(self.model)

    @property
    def seed(self) -> int:
        """The seed of the first pipeline that uses exactly this plan, so that it trains as from the file; else 0."""
        return next((use.pipeline.seed for use in self.uses if use.plan.digest == self.plan.digest), 0)

    def differing(self) -> list[str]:
        """A sentence for each pipeline whose network has other parameters than this one."""
        return [
            f"this is {self.model.name} with {_shown(self.model)}; the pipeline {use.pipeline.name} has its"
            f" own, with {_shown(use.model)}"
            for use in self.uses
            if use.plan.digest != self.plan.digest
        ]


def chosen(compilation: Compilation, network: str | None) -> tuple[str | None, ...]:
    """The networks that a command means: the named one, or all. Raises RunError where the file has none."""
    if network is not None:
        return (network,)
    if not compilation.networks:
        raise RunError(f"{compilation.file.source.name} has no network")
    return compilation.meant_networks


def only(compilation: Compilation, network: str | None, why: str) -> str | None:
    """The one network that a command means; raises RunError where it could be any of several."""
    found = chosen(compilation, network)
    if len(found) > 1:
        raise RunError(f"{compilation.file.source.name} has several networks: name the one {why}, {_listed(found)}")
    return found[0]


def bound(
    compilation: Compilation, network: str | None, settings: Mapping[str, str], seed: int | None = None
) -> BoundNetwork:
    """A network and the pipelines that use it with these settings. Settings of no parameter are for the pipelines.

    Raises DiagnosticError for what is wrong with them, RunError for a data folder that is none.
    """
    rest, folder = without_folder(settings)
    texts = {key: file_setting(key, str(value)) for key, value in rest.items()}
    plain = driver.bind_settings(compilation, network, {})
    users = [name for name, found in compilation.trainings.items() if found.network.name == plain.name]
    own = texts if not users else {key: text for key, text in texts.items() if _is_parameter(key, plain)}
    model = driver.bind_settings(compilation, network, own) if own else plain
    given = texts if seed is None else texts | {"seed": str(seed)}
    models = [driver.bind_training(compilation, name, given) for name in users]
    pipelines = [anchored(m.plan) if folder is None else in_folder(m.plan, folder) for m in models]
    return BoundNetwork(model, tuple(Use(p, m.network) for p, m in zip(pipelines, models, strict=True)))


def _is_parameter(key: str, model: NetworkModel) -> bool:
    name = key.removeprefix("network.")
    return name in model.parameters or (name == "protocol" and len(model.protocols) > 1)


def _shown(model: NetworkModel) -> str:
    parts = [f"{name} = {value:g}" for name, value in model.parameters.items()]
    return ", ".join([*parts, f"protocol = {model.protocol}"] if len(model.protocols) > 1 else parts)


def _listed(names: tuple[str | None, ...]) -> str:
    return " or ".join(str(name) for name in names)
