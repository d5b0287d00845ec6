"""One function for an action with all choices of its parameters, made from the source of its method.

A generator made and finished for each choice costs more than the guard that it asks. The function made here has the
method's body within a loop over the choices, with `append` for `yield`; the fields of a state are unpacked once, and
`evolve` of the state is written out.

Rules: what cannot be done exactly so is not done at all. The source must compile to the very code that the method
has. The function gives what the generators give one after another, in that order, and raises where they raise.
"""

import ast
import textwrap
from collections.abc import Callable, Iterable
from itertools import islice
from types import FunctionType
from typing import TypeVar

from treadle.spec.program import Step
from treadle.spec.source import OWN, CannotFuseError, Method, choices, compiled, method_of, rebinds
from treadle.spec.state import StateType

S = TypeVar("S")


def fuse(steps: tuple[Step[S], ...], one_by_one: Callable[[S], list[S]], most: int) -> Callable[[S], list[S]]:
    """Return a function from a state to its successors by all the steps.

    *one_by_one* does the same; it serves states of another class than the one that the method names. More
    successors than *most* are a ValueError.

    Raises:
        CannotFuseError: the function cannot be made so that it is certain to be the same.
    """
    found = method_of(steps)
    method = found.function
    code = compiled(_rewritten(found, most), method)
    given = (choices(steps), found.cls, tuple.__new__, one_by_one, islice)
    cells = dict(zip(method.__code__.co_freevars, method.__closure__ or (), strict=True))
    closure = tuple(cells[name] for name in code.co_freevars)
    made = FunctionType(code, method.__globals__, method.__name__, given, closure)
    bound: Callable[[S], list[S]] = made.__get__(steps[0].method.__self__)  # type: ignore[attr-defined]  # it is bound
    return bound


def field_name(field: str) -> str:
    """Return the variable that holds a field; no other variable has such a name."""
    return f"{OWN}field_{field}"


def unbinding(names: Iterable[str]) -> list[str]:
    """Return lines after which the variables are unbound, as in a call of its own."""
    return [f"{name} = None; del {name}" for name in names]


def _rewritten(found: Method, most: int) -> ast.FunctionDef:
    tree, method, cls = found.tree, found.function, found.cls
    names = [argument.arg for argument in tree.args.args]
    again = unbinding(found.locals)
    if rebinds(tree, names[1]):
        again.append(f"{names[1]} = {OWN}state")
    if rebinds(tree, names[0]):
        raise CannotFuseError(f"it changes {names[0]}")
    unpacked = "".join(f"{field_name(field)}, " for field in cls._fields) if cls else ""  # type: ignore[attr-defined]  # of State
    opening = [
        f"if {names[1]}.__class__ is not {OWN}class: return {OWN}other({names[1]})" if cls else "",
        f"{unpacked}{OWN}mark = {names[1]}" if cls else f"{OWN}state = {names[1]}",
        f"{OWN}found = []",
        f"for {', '.join(names[2:]) or OWN + 'once'} in {OWN}choices:",
        *(f"    {line}" for line in again or ["pass"]),
        f"return {OWN}found",
    ]
    given = ", ".join(f"{OWN}{name}=None" for name in ("choices", "class", "new", "other", "islice"))
    source = f"def {method.__name__}({names[0]}, {names[1]}, {given}):\n" + textwrap.indent(
        "\n".join(opening), "    "
    )
    made = ast.parse(source).body[0]
    assert isinstance(made, ast.FunctionDef)
    loop = next(node for node in made.body if isinstance(node, ast.For))
    rewriting = Rewriting(cls, names[1], most)
    loop.body += [node for statement in tree.body for node in rewriting.statements(statement)]
    return made


def fields_of(value: ast.expr) -> ast.expr | None:
    """Return the tuple of the fields of what `Rewriting` writes for a state's `evolve`; None of anything else."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == f"{OWN}new":
        return value.args[1]
    return None


class Rewriting(ast.NodeTransformer):
    """Turns yields into appends, returns into the loop's continue, fields into what was unpacked."""

    def __init__(self, cls: StateType | None, state: str, most: int) -> None:
        self._fields: tuple[str, ...] = cls._fields if cls else ()  # type: ignore[attr-defined]  # of State
        self._state = state
        self.most = most

    def statements(self, node: ast.stmt) -> list[ast.stmt]:
        found = self.visit(node)
        return found if isinstance(found, list) else [found]

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        value = node.value
        if isinstance(value, ast.Yield):
            given = self.visit(value.value) if value.value else ast.Constant(None)
            return self.yielded(given)
        if isinstance(value, ast.YieldFrom):
            return self.all_yielded(self.visit(value.value))
        return self.generic_visit(node)  # type: ignore[return-value]  # it stays what it is

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        node.body.append(self.bound())
        return node

    def visit_Return(self, node: ast.Return) -> ast.Continue:
        return ast.Continue()

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == self._state and node.attr in self._fields:
            return ast.Name(field_name(node.attr), ast.Load())
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
                self.visit(changes[field]) if field in changes else ast.Name(field_name(field), ast.Load())
                for field in self._fields
            ]
            fields = ast.Tuple([*values, ast.Name(f"{OWN}mark", ast.Load())], ast.Load())
            return _call(f"{OWN}new", ast.Name(f"{OWN}class", ast.Load()), fields)
        return self.generic_visit(node)  # type: ignore[return-value]  # it stays what it is

    def yielded(self, value: ast.expr) -> list[ast.stmt]:
        """What stands for the yield of a value."""
        return [ast.Expr(_call(f"{OWN}found.append", value))]

    def all_yielded(self, values: ast.expr) -> list[ast.stmt]:
        """What stands for the yield of each of some values."""
        every = _call(f"{OWN}islice", values, ast.Constant(self.most + 1))
        return [ast.Expr(_call(f"{OWN}found.extend", every)), self.bound()]

    def bound(self) -> ast.stmt:
        """What ends a loop that never ends."""
        return ast.parse(f"if len({OWN}found) > {self.most}: raise ValueError('endless')").body[0]


def _call(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.parse(function, mode="eval").body, list(arguments), [])
