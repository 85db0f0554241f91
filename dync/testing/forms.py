"""The forms in which a network can be given to what tests it."""

from __future__ import annotations

from typing import Any, TypeAlias

from dync.compiled import Program, compile_text
from dync.compiler.driver import bind, plan_of
from dync.compiler.plan import Plan

Comparable: TypeAlias = Any
"""A `.dyn` text with one network, a Program with one, a Network, a DrawnNetwork or a Plan."""


def plan_from(network: Comparable) -> Plan:
    """The plan of a network in any of these forms.

    Raises CompileError for a text that is wrong, DiagnosticError for several networks, TypeError for anything else.
    """
    given = compile_text(network) if isinstance(network, str) else network
    if isinstance(given, Program):
        return plan_of(bind(given.compilation, None, {}))
    plan = given if isinstance(given, Plan) else getattr(given, "plan", None)
    found = plan() if callable(plan) else plan
    if not isinstance(found, Plan):
        raise TypeError(f"no network: {type(given).__name__}; a text, a Program, a Network or a drawn network is one")
    return found
