"""One function for an action with all choices of its parameters, made from the source of its method.

A generator made and finished for each choice costs more than the guard that it asks. The function made here has the
method's body within a loop over the choices, with `append` for `yield`; the fields of a state are unpacked once, and
`evolve` of the state is written out.

Rules: what cannot be done exactly so is not done at all. The source must compile to the very code that the method
has. The function gives what the generators give one after another, in that order, and raises where they raise.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from itertools import islice
from types import CodeType, FunctionType
from typing import TypeVar, get_type_hints

from treadle.spec.program import Step
from treadle.spec.state import StateType, is_plain

S = TypeVar("S")

#: Names of the function made; no name of a model may begin so.
_OWN = "_treadle_"

#: Calls that see more of a function than what it computes.
_SEEING = {"locals", "vars", "eval", "exec", "dir", "globals"}


class CannotFuseError(Exception):
    """The method is to be called as it is; for this reason."""


def fuse(steps: tuple[Step[S], ...], one_by_one: Callable[[S], list[S]], most: int) -> Callable[[S], list[S]]:
    """Return a function from a state to its successors by all the steps.

    *one_by_one* does the same; it serves states of another class than the one that the method names. More
    successors than *most* are a ValueError.

    Raises:
        CannotFuseError: the function cannot be made so that it is certain to be the same.
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
    cls = _state_class(method, tree, names[1])
    code = _compiled(_rewritten(tree, method, cls, most), method)
    choices: tuple[object, ...] = tuple(tuple(step.arguments.values()) for step in steps)
    if len(names) == 3:
        choices = tuple(
            next(iter(step.arguments.values())) for step in steps
        )  # one parameter needs no unpacking
    given = (choices, cls, tuple.__new__, one_by_one, islice)
    cells = dict(zip(method.__code__.co_freevars, method.__closure__ or (), strict=True))
    closure = tuple(cells[name] for name in code.co_freevars)
    made = FunctionType(code, method.__globals__, method.__name__, given, closure)
    bound: Callable[[S], list[S]] = made.__get__(first.method.__self__)  # type: ignore[attr-defined]  # it is bound
    return bound


# --- the source ---


def _source(method: FunctionType) -> ast.FunctionDef:
    """The method as a tree, if it is what the method's code was compiled from."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(method.__code__))).body[0]
    except (OSError, SyntaxError, IndexError) as error:
        raise CannotFuseError("there is no source of it") from error
    if not isinstance(tree, ast.FunctionDef):
        raise CannotFuseError("its source is no function")
    tree.decorator_list = []
    if not _same(_compiled(tree, method), method.__code__):
        raise CannotFuseError("its source is not what it was compiled from")
    return tree


def _compiled(tree: ast.FunctionDef, method: FunctionType) -> CodeType:
    """The code of a function that sees the method's closure."""
    outer = ast.parse(f"def {_OWN}outer({', '.join(method.__code__.co_freevars)}): pass").body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.body = [tree]
    module = ast.fix_missing_locations(ast.Module([outer], []))
    future = method.__code__.co_flags & 0x1FE0000  # the flags of __future__
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
    for node in _within(tree):
        name = getattr(node, "id", getattr(node, "attr", getattr(node, "arg", None)))
        if isinstance(name, str) and (
            name.startswith(_OWN) or name in _SEEING or (name.startswith("__") and not name.endswith("__"))
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
    yields = sum(isinstance(node, ast.Yield | ast.YieldFrom) for node in _within(tree))
    statements = sum(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom)
        for node in _within(tree)
    )
    if yields != statements:
        raise CannotFuseError("it uses what a yield gives")


def _within(tree: ast.FunctionDef) -> Iterator[ast.AST]:
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
        for node in _within(tree)
    )
    return None if binds else found


# --- the function made ---


def _rewritten(
    tree: ast.FunctionDef, method: FunctionType, cls: StateType | None, most: int
) -> ast.FunctionDef:
    names = [argument.arg for argument in tree.args.args]
    code = method.__code__
    locals_ = sorted({*code.co_varnames[code.co_argcount :], *code.co_cellvars} - set(names))
    again = [f"{name} = None; del {name}" for name in locals_]  # unbound, as in a call of its own
    if _rebinds(tree, names[1]):
        again.append(f"{names[1]} = {_OWN}state")
    if _rebinds(tree, names[0]):
        raise CannotFuseError(f"it changes {names[0]}")
    unpacked = "".join(f"{_OWN}{field}, " for field in cls._fields) if cls else ""  # type: ignore[attr-defined]  # of State
    opening = [
        f"if {names[1]}.__class__ is not {_OWN}class: return {_OWN}other({names[1]})" if cls else "",
        f"{unpacked}{_OWN}mark = {names[1]}" if cls else f"{_OWN}state = {names[1]}",
        f"{_OWN}found = []",
        f"for {', '.join(names[2:]) or _OWN + 'once'} in {_OWN}choices:",
        *(f"    {line}" for line in again or ["pass"]),
        f"return {_OWN}found",
    ]
    given = ", ".join(f"{_OWN}{name}=None" for name in ("choices", "class", "new", "other", "islice"))
    source = f"def {method.__name__}({names[0]}, {names[1]}, {given}):\n" + textwrap.indent(
        "\n".join(opening), "    "
    )
    made = ast.parse(source).body[0]
    assert isinstance(made, ast.FunctionDef)
    loop = next(node for node in made.body if isinstance(node, ast.For))
    rewriting = _Rewriting(cls, names[1], most)
    loop.body += [node for statement in tree.body for node in rewriting.statements(statement)]
    return made


def _rebinds(tree: ast.FunctionDef, name: str) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.MatchAs | ast.MatchStar) and node.name == name)
        for node in _within(tree)
    )


class _Rewriting(ast.NodeTransformer):
    """Turns yields into appends, returns into the loop's continue, fields into what was unpacked."""

    def __init__(self, cls: StateType | None, state: str, most: int) -> None:
        self._fields: tuple[str, ...] = cls._fields if cls else ()  # type: ignore[attr-defined]  # of State
        self._state = state
        self._most = most

    def statements(self, node: ast.stmt) -> list[ast.stmt]:
        found = self.visit(node)
        return found if isinstance(found, list) else [found]

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        value = node.value
        if isinstance(value, ast.Yield):
            given = self.visit(value.value) if value.value else ast.Constant(None)
            return ast.Expr(_call(f"{_OWN}found.append", given))
        if isinstance(value, ast.YieldFrom):
            every = _call(f"{_OWN}islice", self.visit(value.value), ast.Constant(self._most + 1))
            return [ast.Expr(_call(f"{_OWN}found.extend", every)), self._bound()]
        return self.generic_visit(node)  # type: ignore[return-value]  # it stays what it is

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        node.body.append(self._bound())
        return node

    def visit_Return(self, node: ast.Return) -> ast.Continue:
        return ast.Continue()

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == self._state and node.attr in self._fields:
            return ast.Name(f"{_OWN}{node.attr}", ast.Load())
        return self.generic_visit(node)  # type: ignore[return-value]  # it stays what it is

    def visit_Call(self, node: ast.Call) -> ast.expr:
        changes = {change.arg: change.value for change in node.keywords}
        target = node.func
        if (
            isinstance(target, ast.Attribute)
            and target.attr == "evolve"
            and isinstance(target.value, ast.Name)
            and target.value.id == self._state
            and not node.args
            and self._fields
            and changes.keys() <= set(self._fields)
        ):
            values = [
                self.visit(changes[field]) if field in changes else ast.Name(f"{_OWN}{field}", ast.Load())
                for field in self._fields
            ]
            fields = ast.Tuple([*values, ast.Name(f"{_OWN}mark", ast.Load())], ast.Load())
            return _call(f"{_OWN}new", ast.Name(f"{_OWN}class", ast.Load()), fields)
        return self.generic_visit(node)  # type: ignore[return-value]  # it stays what it is

    def _bound(self) -> ast.stmt:
        """What ends a loop that never ends."""
        return ast.parse(f"if len({_OWN}found) > {self._most}: raise ValueError('endless')").body[0]


def _call(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.parse(function, mode="eval").body, list(arguments), [])
