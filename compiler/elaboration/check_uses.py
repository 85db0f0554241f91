"""What a network declares and then never uses."""

from __future__ import annotations

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.elaborate_groups import Groups
from dync.compiler.elaboration.elaborate_protocols import phases_named
from dync.compiler.elaboration.layer_table import LayerTable
from dync.compiler.elaboration.scope import Scope
from dync.grammar import syntax


def check_uses(network: syntax.Network, scope: Scope, groups: Groups, table: LayerTable, mistakes: Collector) -> None:
    """Warn of parameters, groups and phases that nothing names."""
    scheduled = {name.text for item in network.items if isinstance(item, syntax.Schedule) for name in item.groups}
    gone_through = phases_named(network)
    for item in network.items:
        match item:
            case syntax.Param(name=name) if name.text not in scope.read:
                mistakes.add(wrong.unused.UnusedParameter(name.span, name.text))
            case syntax.Phase(name=name) if name.text not in gone_through:
                mistakes.add(wrong.unused.UnusedPhase(name.span, name.text))
            case _:
                pass
    for text, name in groups.names.items():
        if text not in scheduled | table.grouped:
            mistakes.add(wrong.unused.UnusedGroup(name.span, text))
