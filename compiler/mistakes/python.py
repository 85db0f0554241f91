"""Mistakes in rules, activations and kinds of edges that are functions in Python."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.rule_examples import with_rule
from dync.compiler.mistakes.several import several
from dync.grammar.diagnostic import Diagnostic, Fix, Note

_RIGHT = with_rule("rule r { update pre * post / batch }")


def _wrong(place: str, parameters: str = "") -> str:
    return with_rule(f'rule r{parameters} python "{place}"')


class PythonPlace(Diagnostic, frozen=True):
    """`python "module:name"` names a function in a module, `my_rules:mine`; dots are folders, `lib.my_rules:mine`. Each
    part is a plain identifier, so that nothing but a module beside the file or an installed one can be meant.
    """

    code: ClassVar[str] = "E0435"
    wrong: ClassVar[str] = _wrong("../my_rules.py")
    right: ClassVar[str] = _RIGHT

    place: str

    @property
    def message(self) -> str:
        """What was found in its place."""
        return f'"{self.place}" names no function in a module: write "module:name", such as "my_rules:mine"'


class ModuleMissing(Diagnostic, frozen=True):
    """A module is looked for beside the file that names it and then among the modules that are installed, and nowhere
    else.
    """

    code: ClassVar[str] = "E0436"
    wrong: ClassVar[str] = _wrong("no_such_rules:mine")
    right: ClassVar[str] = _RIGHT

    module: str
    near: str | None

    @property
    def message(self) -> str:
        """The module, and the nearest file."""
        hint = f"; did you mean `{self.near}`?" if self.near else ""
        return f"there is no module `{self.module}` beside this file, and none is installed{hint}"

    @property
    def fix(self) -> Fix | None:
        """The nearest file."""
        if self.near is None:
            return None
        return Fix(f"write `{self.near}`", self.span, self.span.text.replace(self.module, self.near, 1))


class ModuleRefused(Diagnostic, frozen=True):
    """The module is there, but what stands in it is no Python, or more of it than is read."""

    code: ClassVar[str] = "E0437"
    wrong: ClassVar[str] = _wrong("my_rules:mine")
    right: ClassVar[str] = _RIGHT

    module: str
    line: int | None
    reason: str

    @property
    def message(self) -> str:
        """The module, the line and the reason."""
        if self.line is None:
            return f"the module `{self.module}` {self.reason}"
        return f"the module `{self.module}` is no Python at line {self.line}: {self.reason}"


class FunctionMissing(Diagnostic, frozen=True):
    """The module declares no such function, or no class with the functions that a kind of edges needs. It has to stand
    at the top of the module, written out: `def mine(pre, post): …`.
    """

    code: ClassVar[str] = "E0438"
    wrong: ClassVar[str] = _wrong("dync.version:mine")
    right: ClassVar[str] = _RIGHT

    what: str
    module: str
    name: str
    known: tuple[str, ...]
    near: str | None

    @property
    def message(self) -> str:
        """The name, and the nearest one."""
        hint = f"; did you mean `{self.near}`?" if self.near else ""
        return f"the module `{self.module}` declares no {self.what} `{self.name}`{hint}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What it declares."""
        return (Note(f"it declares {several(self.known)}" if self.known else "it declares none at all"),)

    @property
    def fix(self) -> Fix | None:
        """The nearest name."""
        if self.near is None:
            return None
        head, _, tail = self.span.text.rpartition(self.name)
        return Fix(f"write `{self.near}`", self.span, f"{head}{self.near}{tail}")


class ArgumentNotLocal(Diagnostic, frozen=True):
    """A function in Python is given what a rule or an activation can read, by the names of its arguments, and the
    parameters that are declared. A rule is local: it knows what is at the two ends of a synapse, and nothing else.
    """

    code: ClassVar[str] = "E0439"
    wrong: ClassVar[str] = _wrong("dync.grammar.spelling:statement")
    right: ClassVar[str] = _RIGHT

    what: str
    function: str
    argument: str
    line: int
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """The argument."""
        if not self.argument:
            return f"`{self.function}` takes any number of arguments, and {self.what} gives those with names alone"
        return f"`{self.function}` takes `{self.argument}` (line {self.line}), which {self.what} cannot read"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What can be read."""
        return (Note(f"{self.what} reads {several(self.known, 12)} and its parameters"),)


class ParameterNotTaken(Diagnostic, frozen=True):
    """Each parameter that is declared here is an argument of the function, by its name."""

    code: ClassVar[str] = "E0440"
    wrong: ClassVar[str] = _wrong("colorsys:rgb_to_hsv", "(r = 1, g = 1, b = 1, margin = 1)")
    right: ClassVar[str] = _RIGHT

    function: str
    parameter: str
    arguments: tuple[str, ...]
    default: bool

    @property
    def message(self) -> str:
        """The parameter."""
        if self.default:
            return f"the parameter `{self.parameter}` needs a default here: `{self.parameter} = 1`"
        return f"`{self.function}` takes no `{self.parameter}`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What it takes."""
        if self.default:
            return ()
        return (Note(f"it takes {several(self.arguments)}" if self.arguments else "it takes nothing"),)


class KindRefused(Diagnostic, frozen=True):
    """A kind of edges in Python has a name of its own. An edge of such a kind learns by a rule that is a sum of
    products, of what depends on the sender and what depends on the receiver: its update is what the message makes of
    these, by its derivative.
    """

    code: ClassVar[str] = "E0441"
    wrong: ClassVar[str] = 'kind dense python "colorsys:rgb_to_hsv"\n' + _RIGHT
    right: ClassVar[str] = _RIGHT

    name: str
    what: str

    @property
    def message(self) -> str:
        """What is refused."""
        if self.what == "rule":
            return f"the rule `{self.name}` is no sum of products, so an edge of a kind in Python cannot learn by it"
        return f"there already is a kind of edges `{self.name}`, so nothing else can take the name"
