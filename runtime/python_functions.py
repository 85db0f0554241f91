"""Functions in Python that a plan names: imported once, and only where the text is that which was compiled."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

from dync.grammar.python_modules import ModuleRefusedError, PythonModule, find_module, remembered
from dync.runtime.error import RunError


@lru_cache(maxsize=64)
def python_object(place: str, digest: str) -> Callable[..., Any]:
    """What `module:name` is, in the module whose text has this SHA-256.

    Modules are looked for beside the files that were compiled and among what is installed. One with another text is
    never run. Raises RunError where there is none that fits, or it fails.
    """
    module_name, _, name = place.partition(":")
    module = _running(_fitting(module_name, digest))
    found = getattr(module, name, None)
    if not callable(found):
        raise RunError(f"the module {module_name} has no function or class {name}")
    return found  # type: ignore[no-any-return]


def _fitting(name: str, digest: str) -> PythonModule:
    """The module of this name and this text; RunError says what was found in its place."""
    other = None
    for folder in (*remembered(), None):
        try:
            found = find_module(name, folder)
        except ModuleRefusedError as error:
            raise RunError(f"the module {name} {error}") from None
        if found is not None and found.digest == digest:
            return found
        other = found or other
    needed = f"this network needs the Python module {name} as it was when it was compiled (SHA-256 {digest[:12]}…)"
    if other is None:
        raise RunError(f"{needed}: it is neither beside the .dyn file nor installed")
    raise RunError(f"{needed}: {other.path} has another text since (SHA-256 {other.digest[:12]}…); compile it again")


def _running(found: PythonModule) -> ModuleType:
    """The module after it ran, under a name of its own: another text of the same name is another module."""
    own = f"_dync_python_{found.digest[:16]}_{found.name.replace('.', '_')}"
    if own in sys.modules:
        return sys.modules[own]
    module = ModuleType(own)
    module.__file__ = str(found.path)
    module.__package__ = found.name.rpartition(".")[0]
    sys.modules[own] = module
    try:
        exec(compile(found.text, str(found.path), "exec"), module.__dict__)
    except BaseException as error:
        del sys.modules[own]
        if isinstance(error, Exception):
            raise RunError(f"the module {found.name} fails as it is imported: {error}") from error
        raise
    return module
