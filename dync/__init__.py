"""dync: a declarative graph compiler for recurrent networks that learn by local rules.

`compile` and `compile_text` read `.dyn` text, `run` runs its pipelines, `load` reads back what a run left and
`load_records` the states that it recorded. The names are loaded when they are first used, so that `import dync` alone
costs nothing and `dync check` never loads JAX.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dync.version import VERSION

if TYPE_CHECKING:
    from dync.building.files import read_pipelines
    from dync.building.pipeline import Pipeline, pipeline, pipeline_from_mapping
    from dync.compiled import CompileError, Program, compile, compile_text
    from dync.loading import Model, load
    from dync.running import run
    from dync.runtime.data.sources import register_source
    from dync.runtime.error import RunError
    from dync.runtime.layer_map import LayerMap
    from dync.runtime.network import Network
    from dync.runtime.orchestrator import (
        AbstractOrchestrator,
        GroupedOrchestrator,
        SequentialOrchestrator,
        SynchronousOrchestrator,
    )
    from dync.runtime.pipelines.result import PipelineResult
    from dync.runtime.records import Records, load_records
    from dync.runtime.state import State

__version__ = VERSION

_HOMES = {
    "AbstractOrchestrator": "dync.runtime.orchestrator",
    "CompileError": "dync.compiled",
    "GroupedOrchestrator": "dync.runtime.orchestrator",
    "LayerMap": "dync.runtime.layer_map",
    "Model": "dync.loading",
    "Network": "dync.runtime.network",
    "Pipeline": "dync.building.pipeline",
    "PipelineResult": "dync.runtime.pipelines.result",
    "Program": "dync.compiled",
    "Records": "dync.runtime.records",
    "RunError": "dync.runtime.error",
    "SequentialOrchestrator": "dync.runtime.orchestrator",
    "State": "dync.runtime.state",
    "SynchronousOrchestrator": "dync.runtime.orchestrator",
    "compile": "dync.compiled",
    "compile_text": "dync.compiled",
    "load": "dync.loading",
    "load_records": "dync.runtime.records",
    "pipeline": "dync.building.pipeline",
    "pipeline_from_mapping": "dync.building.pipeline",
    "read_pipelines": "dync.building.files",
    "register_source": "dync.runtime.data.sources",
    "run": "dync.running",
}

__all__ = [
    "AbstractOrchestrator",
    "CompileError",
    "GroupedOrchestrator",
    "LayerMap",
    "Model",
    "Network",
    "Pipeline",
    "PipelineResult",
    "Program",
    "Records",
    "RunError",
    "SequentialOrchestrator",
    "State",
    "SynchronousOrchestrator",
    "__version__",
    "compile",
    "compile_text",
    "load",
    "load_records",
    "pipeline",
    "pipeline_from_mapping",
    "read_pipelines",
    "register_source",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dync' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
