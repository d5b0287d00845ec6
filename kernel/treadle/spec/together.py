"""One function for all actions of a model and a batch of states, made from the functions of single actions.

It unpacks each state once, and enters what the bodies yield among the states known, without a list between.

Rules: it is a short cut, never the last word. It gives up, by any exception, on whatever is out of the ordinary: a
deadlock, an error of the model, a state of another class. Its caller undoes what it did, and takes the batch state by
state. Actions that cannot be written into it are called.
"""

import ast
import textwrap
from collections.abc import Callable, Iterable
from itertools import islice
from types import CodeType, FunctionType
from typing import TypeVar

from treadle.spec.calls import MOST_SUCCESSORS
from treadle.spec.expand import Expander
from treadle.spec.fuse import Rewriting, field_name, fields_of, unbinding
from treadle.spec.memo import Footprint, Table, entered, footprint, look_up
from treadle.spec.model import Model
from treadle.spec.source import (
    FUTURE,
    OWN,
    CannotFuseError,
    Method,
    choices,
    method_of,
    rebinds,
    within,
)
from treadle.spec.state import StateType, compares_as_tuple

S = TypeVar("S")

#: Takes states and what is known of states, by key and where first reached from; adds their successors to it, and gives
#: for each action the number of its steps and how many led to new states.
Batch = Callable[[list[S], dict[object, object]], list[tuple[int, int]]]


class GiveUpError(Exception):
    """The batch is to be taken state by state."""


def together(model: Model[S], actions: list[Expander[S]], known: Iterable[object] = ()) -> Batch[S]:
    """Return a function for all the actions; the states *known* show which of them look up what they did before."""
    methods = [_inlined(action) for action in actions]
    first = next((method for method in methods if method), None)
    cls = next((method.cls for method in methods if method and method.cls), None)
    given: dict[str, object] = {
        "class": cls,
        "new": tuple.__new__,
        "islice": islice,
        "terminal": model.terminal,
        "give_up": GiveUpError,
    }
    blocks = []
    for number, (action, method) in enumerate(zip(actions, methods, strict=True)):
        if method and first and method.lives_with(first):
            reads = footprint(method) if method.cls is cls else None
            if reads and reads.repeats(known):
                table = Table(reads, action)
                given |= {f"rows{number}": table.rows, f"fill{number}": table.fill}
                blocks += _looked_up(method, number, reads)
                continue
            given[f"choices{number}"] = choices(action.steps)
            blocks += _block(method, number, cls if method.cls is cls else None)
        else:
            given[f"call{number}"] = action.fused()
            blocks += ast.parse(_call(number)).body
    tree = _function(given, cls, blocks, len(actions))
    scope = first.function.__globals__ if first else {}
    flags = first.function.__code__.co_flags & FUTURE if first else 0
    made = FunctionType(_compiled(tree, flags), scope, "batch", tuple(given.values()))
    bound: Batch[S] = made.__get__(model)
    return bound


def _inlined(action: Expander[S]) -> Method | None:
    """The method of an action, if its body can stand in the midst of others."""
    try:
        method = method_of(action.steps)
    except CannotFuseError:
        return None
    names = {*method.function.__code__.co_varnames, *method.function.__code__.co_cellvars}
    odd = method.function.__closure__ or any(
        isinstance(node, ast.Try | ast.TryStar | ast.Import | ast.ImportFrom | ast.MatchMapping | ast.With)
        or (isinstance(node, ast.arg) and node.arg in names)
        for node in within(method.tree)
    )
    own = [argument.arg for argument in method.tree.args.args[:2]]
    return None if odd or any(rebinds(method.tree, name) for name in own) else method


# --- the function made ---


def _function(
    given: dict[str, object], cls: StateType | None, blocks: list[ast.stmt], actions: int
) -> ast.FunctionDef:
    names = [f"{OWN}{name}=None" for name in given]
    zeros = "".join(f"{OWN}steps{number} = {OWN}new{number} = 0\n" for number in range(actions))
    counts = ", ".join(f"({OWN}steps{number}, {OWN}new{number})" for number in range(actions))
    unpacked = ", ".join(map(field_name, cls._fields)) if cls else ""  # type: ignore[attr-defined]  # of State
    opening = f"""\
if {OWN}state.__class__ is not {OWN}class: raise {OWN}give_up
{unpacked}{", " if unpacked else ""}{OWN}mark = {OWN}state
"""
    source = f"""\
def batch({OWN}self, {OWN}states, {OWN}known, {", ".join(names)}):
    {OWN}enter = {OWN}known.setdefault
{textwrap.indent(zeros, "    ")}
    for {OWN}state in {OWN}states:
        {OWN}stuck = True
{textwrap.indent(opening if cls else "", "        ")}
        if {OWN}stuck and not {OWN}terminal({OWN}state): raise {OWN}give_up
    return [{counts}]
"""
    made = ast.parse(source).body[0]
    assert isinstance(made, ast.FunctionDef)
    loop = next(node for node in made.body if isinstance(node, ast.For))
    loop.body[-1:-1] = blocks
    return made


def _compiled(tree: ast.FunctionDef, flags: int) -> CodeType:
    module = ast.fix_missing_locations(ast.Module([tree], []))
    code: CodeType = compile(module, "<treadle: all actions>", "exec", flags=flags, dont_inherit=True)
    return next(inner for inner in code.co_consts if isinstance(inner, CodeType))


def _block(method: Method, number: int, cls: StateType | None) -> list[ast.stmt]:
    """The body of an action within a loop over the choices of its parameters."""
    returns = any(isinstance(node, ast.Return) for node in within(method.tree))
    rewriting = _Inlining(method, number, cls)
    body = [node for statement in method.tree.body for node in rewriting.statements(statement)]
    unbound = ast.parse("\n".join(unbinding(rewriting.renamed[name] for name in method.locals))).body
    names = [rewriting.renamed[argument.arg] for argument in method.tree.args.args[2:]]
    if not names and not returns:  # of a loop's `continue`
        return [*unbound, *body]
    loop = ast.parse(f"for {', '.join(names) or OWN + 'once'} in {OWN}choices{number}: pass").body[0]
    assert isinstance(loop, ast.For)
    loop.body = [*unbound, *body]
    return [loop]


def _looked_up(method: Method, number: int, reads: Footprint) -> list[ast.stmt]:
    """What stands for an action that is looked up, behind its guards."""
    rewriting = _Inlining(method, number, reads.cls)
    found = ast.parse(look_up(reads, number)).body
    guards: list[ast.expr] = [rewriting.visit(guard) for guard in reads.guards]
    for guard in reversed(guards):
        found = [ast.If(guard, found, [])]
    return found


def _call(number: int) -> str:
    return f"""\
{OWN}found = {OWN}call{number}({OWN}state)
if {OWN}found:
    {OWN}stuck = False
    {OWN}steps{number} += len({OWN}found)
    {OWN}size = len({OWN}known)
    for {OWN}after in {OWN}found: {OWN}enter({OWN}after, {OWN}state)
    {OWN}new{number} += len({OWN}known) - {OWN}size
"""


class _Inlining(Rewriting):
    """Enters what is yielded among the states known, and gives each variable a name of its own."""

    def __init__(self, method: Method, number: int, cls: StateType | None) -> None:
        own, state = (argument.arg for argument in method.tree.args.args[:2])
        super().__init__(cls, state, MOST_SUCCESSORS)
        names = {*method.function.__code__.co_varnames, *method.function.__code__.co_cellvars}
        self.renamed = {name: f"{OWN}{number}_{name}" for name in names}
        self.renamed |= {own: f"{OWN}self", state: f"{OWN}state"}
        self._number = number
        self._looks_first = cls is not None and compares_as_tuple(cls)

    def visit_Name(self, node: ast.Name) -> ast.Name:  # noqa: N802  # as the base names it
        return ast.Name(self.renamed.get(node.id, node.id), node.ctx)

    def visit_MatchAs(self, node: ast.MatchAs) -> ast.MatchAs:  # noqa: N802  # as the base names it
        self.generic_visit(node)
        node.name = self.renamed.get(node.name, node.name) if node.name else None
        return node

    def visit_MatchStar(self, node: ast.MatchStar) -> ast.MatchStar:  # noqa: N802  # as the base names it
        node.name = self.renamed.get(node.name, node.name) if node.name else None
        return node

    def yielded(self, value: ast.expr) -> list[ast.stmt]:
        fields = fields_of(value) if self._looks_first else None
        lines = ast.parse(f"{OWN}after = None\n{entered(self._number)}" if fields else self._entered()).body
        assert isinstance(lines[0], ast.Assign)
        lines[0].value = fields or value
        return [*lines, *ast.parse(f"{OWN}steps{self._number} += 1; {OWN}stuck = False").body]

    def _entered(self) -> str:
        return f"""\
{OWN}after = None
{OWN}size = len({OWN}known)
{OWN}enter({OWN}after, {OWN}state)
{OWN}new{self._number} += len({OWN}known) - {OWN}size
"""

    def all_yielded(self, values: ast.expr) -> list[ast.stmt]:
        loop = ast.parse(f"for {OWN}each in {OWN}islice(None, {self.most + 1}): pass").body[0]
        assert isinstance(loop, ast.For)
        loop.iter.args[0] = values  # type: ignore[attr-defined]  # it is a call
        loop.body = self.yielded(ast.Name(f"{OWN}each", ast.Load()))
        return [loop, self.bound()]

    def bound(self) -> ast.stmt:
        return ast.parse(f"if {OWN}steps{self._number} > {self.most}: raise {OWN}give_up").body[0]
