"""Which variables of functions are settled: bound once, before any function inside can see them.

Threads may share a variable through a closure. One that is bound before the closure is made, and never again, is
constant for all who share it, and reading it is no access.
"""

import ast
from collections.abc import Iterator

#: Where a function's scope stands: its name and line, as in the symbol table, and the variable.
Variable = tuple[str, int, str]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_INNER = (*_FUNCTIONS, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BINDING_LAST = ("target", "targets", "optional_vars")


def settled_variables(tree: ast.Module) -> frozenset[Variable]:
    """Return the variables of functions in *tree* that are settled."""
    settled: set[Variable] = set()
    unsettled: set[Variable] = set()
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            scope = _Scope(node)
            for line in _lines(node):
                for name in scope.names():
                    (settled if scope.settles(name) else unsettled).add((scope.name, line, name))
    return frozenset(settled - unsettled)


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[int]:
    """Return the lines on which some version of Python begins the scope."""
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return {node.lineno, *(decorator.lineno for decorator in decorators)}


class _Scope:
    """One function: where its variables are bound, and where functions inside it first name them."""

    def __init__(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        self.name = "lambda" if isinstance(node, ast.Lambda) else node.name
        self._time = 0
        self._bound: dict[str, list[int]] = {}
        self._seen: dict[str, int] = {}
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                self._bind(argument.arg, loop=False)
        for part in node.body if isinstance(node.body, list) else [node.body]:
            self._visit(part, loop=False)

    def names(self) -> set[str]:
        """Return all variables that are bound here."""
        return set(self._bound)

    def settles(self, name: str) -> bool:
        """Say whether *name* is bound once, before any scope inside names it."""
        times = self._bound[name]
        return len(times) == 1 and times[0] < self._seen.get(name, self._time + 1)

    def _bind(self, name: str, *, loop: bool) -> None:
        self._time += 1
        self._bound.setdefault(name, []).extend([self._time] * (2 if loop else 1))

    def _visit(self, node: ast.AST, *, loop: bool) -> None:
        for name in _binds(node):
            self._bind(name, loop=loop or isinstance(node, (ast.ExceptHandler, ast.Nonlocal, ast.Global)))
        if isinstance(node, _INNER):
            self._time += 1
            for inner in ast.walk(node):
                for name in _mentions(inner):
                    self._seen.setdefault(name, self._time)
                if isinstance(inner, ast.Nonlocal):
                    for name in inner.names:
                        self._bind(name, loop=True)
                if isinstance(inner, ast.NamedExpr):
                    self._bind(inner.target.id, loop=True)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._bind(node.name, loop=loop)
            return
        inside = loop or isinstance(node, _LOOPS)
        for child in _in_order(node):
            self._visit(child, loop=inside)


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children of *node*, what is bound after what is computed for it."""
    later: list[ast.AST] = []
    for field, value in ast.iter_fields(node):
        found = [
            part for part in (value if isinstance(value, list) else [value]) if isinstance(part, ast.AST)
        ]
        if field in _BINDING_LAST and not isinstance(node, (ast.For, ast.AsyncFor)):
            later += found
        else:
            yield from found
    yield from later


def _binds(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return [name]
        case ast.Global(names=several) | ast.Nonlocal(names=several):
            return several
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return [name]
        case ast.MatchMapping(rest=str(name)):
            return [name]
        case ast.alias(name=name, asname=other):
            return [other or name.partition(".")[0]]
    return []


def _mentions(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Nonlocal(names=several):
            return several
    return []
