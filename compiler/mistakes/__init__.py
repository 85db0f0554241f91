"""What can be wrong with the meaning of a file: one class a mistake, one module a subject.

The modules are loaded when the first mistake of their subject is made, so that a file without mistakes, the usual one,
does not wait for them: `from dync.compiler import mistakes as wrong`, then `wrong.names.UnknownLayer(…)`.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dync.compiler.mistakes import dynamics as dynamics
    from dync.compiler.mistakes import edges as edges
    from dync.compiler.mistakes import names as names
    from dync.compiler.mistakes import parameters as parameters
    from dync.compiler.mistakes import pipelines as pipelines
    from dync.compiler.mistakes import properties as properties
    from dync.compiler.mistakes import searches as searches
    from dync.compiler.mistakes import shapes as shapes
    from dync.compiler.mistakes import studies as studies
    from dync.compiler.mistakes import topology as topology
    from dync.compiler.mistakes import unused as unused
    from dync.compiler.mistakes import wires as wires

_SUBJECTS = frozenset(
    {
        "dynamics",
        "edges",
        "names",
        "parameters",
        "pipelines",
        "properties",
        "searches",
        "shapes",
        "studies",
        "topology",
        "unused",
        "wires",
    }
)


def __getattr__(name: str) -> ModuleType:
    if name in _SUBJECTS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
