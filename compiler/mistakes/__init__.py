"""What can be wrong with the meaning of a file: one class a mistake, one module a subject.

The modules are loaded when the first mistake of their subject is made, so that a file without mistakes, the usual one,
does not wait for them: `from dync.compiler import mistakes as wrong`, then `wrong.names.UnknownLayer(…)`.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dync.compiler.mistakes import between as between
    from dync.compiler.mistakes import delays as delays
    from dync.compiler.mistakes import dynamics as dynamics
    from dync.compiler.mistakes import edges as edges
    from dync.compiler.mistakes import fields as fields
    from dync.compiler.mistakes import gradients as gradients
    from dync.compiler.mistakes import local_learning as local_learning
    from dync.compiler.mistakes import measures as measures
    from dync.compiler.mistakes import names as names
    from dync.compiler.mistakes import nested as nested
    from dync.compiler.mistakes import nested_warnings as nested_warnings
    from dync.compiler.mistakes import parameters as parameters
    from dync.compiler.mistakes import pipelines as pipelines
    from dync.compiler.mistakes import properties as properties
    from dync.compiler.mistakes import protocols as protocols
    from dync.compiler.mistakes import python as python
    from dync.compiler.mistakes import searches as searches
    from dync.compiler.mistakes import series as series
    from dync.compiler.mistakes import shapes as shapes
    from dync.compiler.mistakes import studies as studies
    from dync.compiler.mistakes import ties as ties
    from dync.compiler.mistakes import topology as topology
    from dync.compiler.mistakes import units as units
    from dync.compiler.mistakes import unused as unused
    from dync.compiler.mistakes import windows as windows
    from dync.compiler.mistakes import wires as wires

_SUBJECTS = frozenset(
    {
        "between",
        "delays",
        "dynamics",
        "edges",
        "fields",
        "gradients",
        "local_learning",
        "measures",
        "names",
        "nested",
        "nested_warnings",
        "parameters",
        "pipelines",
        "properties",
        "protocols",
        "python",
        "searches",
        "series",
        "shapes",
        "studies",
        "ties",
        "topology",
        "units",
        "unused",
        "windows",
        "wires",
    }
)


def __getattr__(name: str) -> ModuleType:
    if name in _SUBJECTS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
