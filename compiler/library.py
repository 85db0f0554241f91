"""The rules and activations that a file can use: its own and those of the standard library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from dync.compiler.mistakes.rules import DefinitionKind, DefinitionRepeated, StandardName, UnusedDefinition
from dync.compiler.model import ActivationDefinition, KindDefinition, RuleDefinition
from dync.compiler.rules.define import define_activation, define_rule
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, DiagnosticError, has_errors
from dync.grammar.imports import Files
from dync.grammar.reader import read
from dync.grammar.source import Span
from dync.grammar.standard import standard_source

Node = TypeVar("Node", bound=syntax.Rule | syntax.Activation | syntax.Foreign)
Declared = TypeVar("Declared", bound=syntax.Rule | syntax.Activation | syntax.Network | syntax.Foreign)
Definition = TypeVar("Definition", bound=RuleDefinition | ActivationDefinition | KindDefinition)
_Known = dict[int, Any]
"""What declarations gave, by the identity of their nodes."""

_Define = Callable[[Node], tuple[Definition | None, tuple[Diagnostic, ...]]]


class Signature(Struct, frozen=True):
    """What a declaration takes, as it says itself, whatever is wrong with the rest of it.

    `measured` are the parameters without a default: those of a rule are given measures.
    """

    name: str
    takes: tuple[str, ...]
    measured: tuple[str, ...]
    span: Span


class Shelf(Mapping[str, Definition | None], Generic[Node, Definition]):
    """Definitions by name; None for one that has mistakes, which were reported where it is declared.

    A standard one is resolved when it is first looked up: most files use few.
    """

    def __init__(
        self,
        define: _Define[Node, Definition],
        standard: Mapping[str, Node],
        own: Mapping[str, tuple[Node, Definition | None]],
    ) -> None:
        self._define = define
        self._standard = standard
        self._own = {name: node for name, (node, _) in own.items()}
        self._resolved = {name: definition for name, (_, definition) in own.items()}

    def signature(self, name: str) -> Signature:
        """What the declaration of this name takes; raises KeyError where there is none."""
        node = self._own[name] if name in self._own else self._standard[name]
        takes = tuple(parameter.name.text for parameter in node.parameters)
        measured = tuple(parameter.name.text for parameter in node.parameters if parameter.default is None)
        return Signature(name, takes, measured, node.name.span)

    def __getitem__(self, name: str) -> Definition | None:
        if name not in self._resolved:
            definition, mistakes = self._define(self._standard[name])
            if has_errors(mistakes):
                raise DiagnosticError(mistakes)
            self._resolved[name] = definition
        return self._resolved[name]

    def __contains__(self, name: object) -> bool:
        return name in self._resolved or name in self._standard

    def __iter__(self) -> Iterator[str]:
        return iter({**self._standard, **self._resolved})

    def __len__(self) -> int:
        return len({**self._standard, **self._resolved})


class Library(Struct, frozen=True, eq=False):
    """Everything that `learn` and a layer can name. `files` are the libraries of all files, by their names."""

    rules: Shelf[syntax.Rule | syntax.Foreign, RuleDefinition]
    activations: Shelf[syntax.Activation | syntax.Foreign, ActivationDefinition]
    networks: Mapping[str, syntax.Network]
    kinds: Shelf[syntax.Foreign, KindDefinition]
    files: Mapping[str, Library] = field(default_factory=dict)

    def of(self, network: syntax.Network) -> Library:
        """What the file can use in which another network stands."""
        return self.files.get(network.span.source.name, self)


class Libraries(Struct, frozen=True):
    """What each of some files can use: what it declares, what it imports, and the standard library."""

    main: Library
    of_imported: Mapping[str, Library]

    def of(self, network: syntax.Network) -> Library:
        """What the file can use in which this network stands."""
        return self.of_imported.get(network.span.source.name, self.main)


def build_libraries(files: Files) -> tuple[Libraries, tuple[Diagnostic, ...]]:
    """The libraries of a file and of those that it imports; all that is wrong with what they declare."""
    known: _Known = {}
    shared: dict[str, Library] = {}
    main, mistakes = build_library([files.main], files.imported, known)
    for file in files.imported:
        if any(isinstance(node, syntax.Network) for node in file.declarations):
            own, _ = build_library([file], files.seen_from(file.source.name), known)
            shared[file.source.name] = replace(own, files=shared)
    others = dict(shared)
    shared[files.main.source.name] = replace(main, files=shared)
    return Libraries(shared[files.main.source.name], others), mistakes


def build_library(
    files: Sequence[syntax.File], imported: Sequence[syntax.File] = (), known: _Known | None = None
) -> tuple[Library, tuple[Diagnostic, ...]]:
    """The standard library and what the files declare and import; all that is wrong with the latter two.

    A name that the standard library or an earlier declaration has is an error; the earlier one holds, and what is
    imported comes first. A declaration of the files that no network of them uses is a warning. `known` are definitions
    made before, so that each is made once for the libraries of several files.
    """
    mistakes: list[Diagnostic] = []
    networks = [node for file in files for node in file.declarations if isinstance(node, syntax.Network)]
    local = frozenset(file.source.name for file in files)
    used_rules, used_activations, used_kinds = set[str](), set[str](), set[str]()
    for network in networks:
        _collect_uses(network.items, used_rules, used_activations, used_kinds)
    standard, every = (_standard_file(),), (*imported, *files)
    made: _Known = {} if known is None else known
    rules = _shelf("rule", _once(_rule, made), _rules(standard), _rules(every), used_rules, mistakes)
    activations = _shelf(
        "activation",
        _once(_activation, made),
        _activations(standard),
        _activations(every),
        used_activations,
        mistakes,
    )
    kinds = _shelf("kind", _once(_kind, made), [], _kinds(every), used_kinds, mistakes)
    seen: dict[str, syntax.Network] = {}
    for node in _of(syntax.Network, every):
        seen.setdefault(node.name.text, node)
    return Library(rules, activations, seen, kinds), tuple(m for m in mistakes if _is_told(m, local))


def _once(define: _Define[Node, Definition], known: _Known) -> _Define[Node, Definition]:
    """The same, remembering what it gave."""

    def defined(node: Node) -> tuple[Definition | None, tuple[Diagnostic, ...]]:
        if id(node) not in known:
            known[id(node)] = define(node)
        found: tuple[Definition | None, tuple[Diagnostic, ...]] = known[id(node)]
        return found

    return defined


def _is_told(mistake: Diagnostic, local: frozenset[str]) -> bool:
    """Whether a mistake is one of these files: what merely smells in an imported one is said where that is checked."""
    return mistake.severity == "error" or mistake.span.source.name in local


def _shelf(
    kind: DefinitionKind,
    define: _Define[Node, Definition],
    standard: Sequence[Node],
    own: Sequence[Node],
    used: set[str],
    mistakes: list[Diagnostic],
) -> Shelf[Node, Definition]:
    """Check each of the files' own declarations and put those with names of their own beside the standard ones."""
    standard_nodes = {node.name.text: node for node in standard}
    first: dict[str, syntax.Name] = {}
    resolved: dict[str, tuple[Node, Definition | None]] = {}
    for node in own:
        name, span = node.name.text, node.name.span
        definition, found = define(node)
        mistakes.extend(found)
        if name in standard_nodes:
            mistakes.append(StandardName(span, kind, name, standard_nodes[name].name.span))
        elif name in first:
            mistakes.append(DefinitionRepeated(span, kind, name, first[name].span))
        else:
            first[name] = node.name
            resolved[name] = node, definition
            if name not in used:
                mistakes.append(UnusedDefinition(span, kind, name))
    return Shelf(define, standard_nodes, resolved)


def _collect_uses(items: Iterable[syntax.NetworkItem], rules: set[str], activations: set[str], kinds: set[str]) -> None:
    """Add the names of the rules, activations and kinds of edges that a network uses."""
    for item in items:
        match item:
            case syntax.Layer(activation=used) | syntax.Output(activation=syntax.Application() as used):
                activations.add(used.name.text)
            case syntax.Edge(kind=kind, rule=used) | syntax.Wire(kind=kind, rule=used):
                kinds.add(kind.name.text)
                rules.update([] if used is None else [used.name.text])
            case syntax.For(body=body):
                _collect_uses(body, rules, activations, kinds)
            case _:
                pass


def _rules(files: Sequence[syntax.File]) -> list[syntax.Rule | syntax.Foreign]:
    """The rules that files declare, those in Python among them, in their order."""
    return [
        node
        for file in files
        for node in file.declarations
        if isinstance(node, syntax.Rule) or (isinstance(node, syntax.Foreign) and node.what == "rule")
    ]


def _activations(files: Sequence[syntax.File]) -> list[syntax.Activation | syntax.Foreign]:
    """The activations that files declare, those in Python among them, in their order."""
    return [
        node
        for file in files
        for node in file.declarations
        if isinstance(node, syntax.Activation) or (isinstance(node, syntax.Foreign) and node.what == "activation")
    ]


def _kinds(files: Sequence[syntax.File]) -> list[syntax.Foreign]:
    """The kinds of edges that files declare."""
    nodes = (node for file in files for node in file.declarations)
    return [node for node in nodes if isinstance(node, syntax.Foreign) and node.what == "kind"]


def _kind(node: syntax.Foreign) -> tuple[KindDefinition | None, tuple[Diagnostic, ...]]:
    from dync.compiler.rules.foreign_kind import define_foreign_kind  # which few files need

    return define_foreign_kind(node)


def _rule(node: syntax.Rule | syntax.Foreign) -> tuple[RuleDefinition | None, tuple[Diagnostic, ...]]:
    if isinstance(node, syntax.Rule):
        return define_rule(node)
    from dync.compiler.rules.foreign import define_foreign_rule  # which few files need

    return define_foreign_rule(node)


def _activation(
    node: syntax.Activation | syntax.Foreign,
) -> tuple[ActivationDefinition | None, tuple[Diagnostic, ...]]:
    if isinstance(node, syntax.Activation):
        return define_activation(node)
    from dync.compiler.rules.foreign import define_foreign_activation  # which few files need

    return define_foreign_activation(node)


def _of(node_type: type[Declared], files: Sequence[syntax.File]) -> list[Declared]:
    return [node for file in files for node in file.declarations if isinstance(node, node_type)]


@cache
def _standard_file() -> syntax.File:
    """The tree of `std.dyn`, which has no mistakes: a fault in it is a fault of the package."""
    file, mistakes = read(standard_source())
    if mistakes:
        raise DiagnosticError(mistakes)
    return file
