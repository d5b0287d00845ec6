"""The source of an action's method, where it is certain: what `fuse` and `together` make their functions of.

Rules: the source must compile to the very code that the method has, and may hold nothing that would mean something
else in another place.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import TypeVar, get_type_hints

from treadle.spec.program import Step
from treadle.spec.state import StateType, is_plain

S = TypeVar("S")

#: Names of the function made; no name of a model may begin so.
OWN = "_treadle_"

#: Calls that see more of a function than what it computes.
_SEEING = {"locals", "vars", "eval", "exec", "dir", "globals"}


#: The flags of __future__ among those of a code.
FUTURE = 0x1FE0000


class CannotFuseError(Exception):
    """The method is to be called as it is; for this reason."""


@dataclass(frozen=True, slots=True)
class Method:
    """An action's method whose source is certain."""

    function: FunctionType
    tree: ast.FunctionDef
    cls: StateType | None  # of the states, if their fields can be unpacked

    @property
    def locals(self) -> list[str]:
        """Its variables that are no parameters."""
        code = self.function.__code__
        names = {argument.arg for argument in self.tree.args.args}
        return sorted({*code.co_varnames[code.co_argcount :], *code.co_cellvars} - names)

    def lives_with(self, other: "Method") -> bool:
        """Whether a global name means the same in both."""
        one, two = self.function, other.function
        return (
            one.__globals__ is two.__globals__
            and not (one.__code__.co_flags ^ two.__code__.co_flags) & FUTURE
        )


def method_of(steps: tuple[Step[S], ...]) -> Method:
    """Return the method of an action's steps.

    Raises:
        CannotFuseError: it has no source, or one that is more than a function of the state.
    """
    first = steps[0]
    method = getattr(first.method, "__func__", None)
    if first.path or not isinstance(method, FunctionType) or not inspect.isgeneratorfunction(method):
        raise CannotFuseError("it is no generator method of the model itself")
    tree = _source(method)
    names = [argument.arg for argument in tree.args.args]
    if names[2:] != list(first.arguments) or len(names) != method.__code__.co_argcount or tree.args.defaults:
        raise CannotFuseError("it has parameters without a domain")
    _require_simple(tree)
    return Method(method, tree, _state_class(method, tree, names[1]))


def choices(steps: tuple[Step[S], ...]) -> tuple[object, ...]:
    """Return the values of the parameters, step by step; of a single parameter by themselves."""
    values = [tuple(step.arguments.values()) for step in steps]
    return tuple(each[0] if len(each) == 1 else each for each in values)


def _source(method: FunctionType) -> ast.FunctionDef:
    """The method as a tree, if it is what the method's code was compiled from."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(method.__code__))).body[0]
    except (OSError, SyntaxError, IndexError) as error:
        raise CannotFuseError("there is no source of it") from error
    if not isinstance(tree, ast.FunctionDef):
        raise CannotFuseError("its source is no function")
    tree.decorator_list = []
    if not _same(compiled(tree, method), method.__code__):
        raise CannotFuseError("its source is not what it was compiled from")
    return tree


def compiled(tree: ast.FunctionDef, method: FunctionType) -> CodeType:
    """The code of a function that sees the method's closure."""
    outer = ast.parse(f"def {OWN}outer({', '.join(method.__code__.co_freevars)}): pass").body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.body = [tree]
    module = ast.fix_missing_locations(ast.Module([outer], []))
    future = method.__code__.co_flags & FUTURE
    code: CodeType = compile(
        module, f"<treadle: {method.__qualname__}>", "exec", flags=future, dont_inherit=True
    )
    for _ in range(2):
        code = next(inner for inner in code.co_consts if isinstance(inner, CodeType))
    return code


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether two codes do the same."""
    alike = (
        "co_code",
        "co_names",
        "co_varnames",
        "co_freevars",
        "co_cellvars",
        "co_argcount",
        "co_exceptiontable",
    )
    if any(getattr(one, name) != getattr(other, name) for name in alike):
        return False
    pairs = list(zip(one.co_consts, other.co_consts, strict=False))
    return len(one.co_consts) == len(other.co_consts) and all(
        _same(first, second)
        if isinstance(first, CodeType) and isinstance(second, CodeType)
        else (type(first), repr(first)) == (type(second), repr(second))
        for first, second in pairs
    )


def _require_simple(tree: ast.FunctionDef) -> None:
    """Refuse what would not be the same within a loop and without yields."""
    for node in within(tree):
        name = getattr(node, "id", getattr(node, "attr", getattr(node, "arg", None)))
        if isinstance(name, str) and (
            name.startswith(OWN) or name in _SEEING or (name.startswith("__") and not name.endswith("__"))
        ):
            raise CannotFuseError(f"it names {name}")
        if isinstance(
            node, ast.While | ast.FunctionDef | ast.ClassDef | ast.Global | ast.Nonlocal | ast.NamedExpr
        ):
            raise CannotFuseError(f"it has a {type(node).__name__}")
        if isinstance(node, ast.Return) and not _is_nothing(node.value):
            raise CannotFuseError("it returns a value")
        if isinstance(node, ast.For) and any(isinstance(inner, ast.Return) for inner in ast.walk(node)):
            raise CannotFuseError("it returns from within a loop")
    yields = sum(isinstance(node, ast.Yield | ast.YieldFrom) for node in within(tree))
    statements = sum(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom)
        for node in within(tree)
    )
    if yields != statements:
        raise CannotFuseError("it uses what a yield gives")


def within(tree: ast.FunctionDef) -> Iterator[ast.AST]:
    """Give everything in the body."""
    for statement in tree.body:
        yield from ast.walk(statement)


def _is_nothing(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _state_class(method: FunctionType, tree: ast.FunctionDef, state: str) -> StateType | None:
    """The class of the state by its annotation, if its fields can be unpacked; else None."""
    try:
        found = get_type_hints(method).get(state)
    except Exception:
        return None
    if not isinstance(found, StateType) or not is_plain(found):
        return None
    binds = any(
        (isinstance(node, ast.Name) and node.id == state and not isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.arg) and node.arg == state)
        or (isinstance(node, ast.MatchAs | ast.MatchStar) and node.name == state)
        for node in within(tree)
    )
    return None if binds else found


def rebinds(tree: ast.FunctionDef, name: str) -> bool:
    """Whether the method gives a variable another value."""
    return any(
        (isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.MatchAs | ast.MatchStar) and node.name == name)
        for node in within(tree)
    )
