"""What going round a loop can do, found out from its source.

A loop whose every turn only looks, computes and lets go again can be left waiting until something it looked at has
changed. So each statement and expression of such a loop is one that is known to have no effect; what a call does is
looked up from what is called. Everything else is taken to have an effect, and the loop goes on.
"""

import ast
import builtins
import functools
import linecache
import types
from collections.abc import Iterable, Iterator
from types import CodeType, FrameType
from typing import Any, NamedTuple, cast

from treadle.sched.locks import Lock, RLock
from treadle.sched.simple_queue import SimpleQueue

_UNKNOWN = object()
_SCALARS = (int, float, complex, str, bytes, bool, type(None))
_HARMLESS = frozenset((len, isinstance, bool, int, abs, min, max, all, any, callable, id, range, tuple, sum))

#: Methods of the standard library that leave nothing behind if what they announce does not, by where they are defined.
_METHODS = frozenset(
    {
        *(
            ("threading", name)
            for name in ("is_set", "wait", "is_alive", "locked", "current_thread", "get_ident")
        ),
        *(("queue", name) for name in ("get", "get_nowait", "put", "put_nowait", "empty", "full", "qsize")),
        *(("concurrent.futures._base", name) for name in ("done", "running", "cancelled")),
        *(("treadle.sched.threads", name) for name in ("is_alive", "join")),
        ("treadle.sched.looks", "is_set"),
        ("treadle.sched.patching", "_sleep"),
    }
)
#: Methods that raise where they find nothing, so that what follows in the same `try` is not reached.
_RAISING = frozenset(("get", "get_nowait", "put", "put_nowait"))
_OF_STAND_INS = ("acquire", "locked", "release", "get", "get_nowait", "empty", "qsize")


class Loops(NamedTuple):
    """The loops of one function round one of its instructions, outermost first."""

    nodes: tuple[ast.While | ast.For, ...]
    assigned: tuple[str, ...]  #: the local names that the outermost assigns to

    @property
    def spins(self) -> bool:
        return any(isinstance(node, ast.While) for node in self.nodes)


NONE = Loops((), ())


def loops_around(code: CodeType, instruction: int) -> Loops | None:
    """Return the loops round an instruction of *code*; None if that cannot be told, or nothing is known of one."""
    line, _, column, _ = next(iter(list(code.co_positions())[instruction // 2 :]), (None,) * 4)
    tree = _tree(code.co_filename)
    if (
        line is None or column is None or tree is None or not code.co_flags & 1
    ):  # optimized: its variables are locals
        return None
    found: list[ast.AST] = []
    _descend(tree, (line, column), found)
    nodes = tuple(node for node in found if isinstance(node, (ast.While, ast.For)))
    if len(nodes) < len(found):
        return None
    return Loops(nodes, tuple(sorted(_assigned(nodes[0])))) if nodes else NONE


@functools.lru_cache(maxsize=256)
def _tree(file: str) -> ast.Module | None:
    try:
        return ast.parse("".join(linecache.getlines(file))) if linecache.getlines(file) else None
    except SyntaxError:
        return None


def _nodes(file: str) -> Iterator[ast.AST]:
    tree = _tree(file)
    return iter(()) if tree is None else ast.walk(tree)


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _descend(node: ast.AST, place: tuple[int, int], found: list[ast.AST]) -> None:
    """Collect the loops between *node* and *place*, in the innermost function."""
    for child in ast.iter_child_nodes(node):
        if not _contains(child, place):
            continue
        if isinstance(child, _SCOPES):
            found.clear()
        elif isinstance(child, (*_COMPREHENSIONS, ast.AsyncFor)):
            found.append(child)
        elif isinstance(child, ast.While):
            if not _among(child.orelse, place):
                found.append(child)
        elif isinstance(child, ast.For) and _among(child.body, place):
            found.append(child)
        _descend(child, place, found)
        return


def _contains(node: ast.AST, place: tuple[int, int]) -> bool:
    if not hasattr(node, "lineno"):
        return any(_contains(child, place) for child in ast.iter_child_nodes(node))
    start: Any = node
    lines = [start.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))]
    first = (min(lines), start.col_offset if min(lines) == start.lineno else 0)
    return first <= place < (start.end_lineno, start.end_col_offset)


def _among(statements: Iterable[ast.stmt], place: tuple[int, int]) -> bool:
    return any(_contains(statement, place) for statement in statements)


def _assigned(loop: ast.AST) -> set[str]:
    names = {
        node.id for node in ast.walk(loop) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return names | {node.name for node in ast.walk(loop) if isinstance(node, ast.ExceptHandler) and node.name}


def counts_up(frame: FrameType, loop: ast.For) -> bool:
    """Say whether each turn of *loop* gives its variable another value."""
    call = loop.iter
    return (
        isinstance(loop.target, ast.Name)
        and isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and _Reader(frame).value(call.func) is range
    )


def calls(frame: FrameType, code: CodeType) -> bool:
    """Say whether the call in which *frame* stands is a call of the function of *code* itself."""
    node = _call_at(frame.f_code, frame.f_lasti)
    if node is None:
        return False
    function = _Reader(frame).value(node.func)
    return getattr(getattr(function, "__func__", function), "__code__", None) is code


#: The call in which an instruction of a code stands, by the code's identity; the codes are kept alive.
_found_calls: dict[tuple[int, int], tuple[CodeType, ast.Call | None]] = {}


def _call_at(code: CodeType, instruction: int) -> ast.Call | None:
    key = id(code), instruction
    if key not in _found_calls:
        place = next(iter(list(code.co_positions())[instruction // 2 :]), (None,) * 4)
        _found_calls[key] = code, _calls(code.co_filename).get(place)
    return _found_calls[key][1]


@functools.lru_cache(maxsize=256)
def _calls(file: str) -> dict[tuple[int | None, ...], ast.Call]:
    """Return the calls in *file* by where they stand: first and last line, first and last column."""
    return {
        (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset): node
        for node in _nodes(file)
        if isinstance(node, ast.Call)
    }


@functools.lru_cache(maxsize=256)
def _functions(file: str) -> dict[tuple[int, str], list[ast.FunctionDef | ast.Lambda]]:
    """Return the functions in *file* by their first line and name."""
    found: dict[tuple[int, str], list[ast.FunctionDef | ast.Lambda]] = {}
    for node in _nodes(file):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            found.setdefault((node.lineno, getattr(node, "name", "<lambda>")), []).append(node)
    return found


def leaves_no_trace(frame: FrameType, loop: ast.While, *, alone: bool) -> bool:
    """Say whether going round *loop* can have no effect; if it is *alone*, what leaves it does not matter."""
    reader = _Reader(frame, loop if alone else None)
    return reader.tested(loop.test) and reader.body(loop.body) and reader.body(loop.orelse)


class _Reader:
    """Reads source in the light of the values that its names have in a frame."""

    def __init__(self, frame: FrameType, outermost: ast.While | None = None, depth: int = 0) -> None:
        self._code = frame.f_code
        self._locals = _values(frame)
        self._globals = frame.f_globals
        self._outermost = outermost  #: leaving this loop ends all
        self._loops: list[ast.AST] = [] if outermost is None else [outermost]
        self._depth = depth

    # -- statements -----------------------------------------------------------------------------------------------

    def body(self, statements: list[ast.stmt]) -> bool:
        if statements and self._leaves(statements[-1]):
            return True
        return all(self.statement(statement) for statement in statements)

    def _leaves(self, last: ast.stmt) -> bool:
        if self._outermost is None:
            return False
        return isinstance(last, ast.Return) or (
            isinstance(last, ast.Break) and self._loops == [self._outermost]
        )

    def statement(self, node: ast.stmt) -> bool:
        match node:
            case ast.Pass() | ast.Continue() | ast.Break():
                return True
            case ast.Expr(value):
                return self.pure(value)
            case ast.Return(value):
                return value is None or self.pure(value)
            case ast.Assign(targets, value):
                return all(self._is_local(target) for target in targets) and self.pure(value)
            case ast.AnnAssign(target, _, value):
                return self._is_local(target) and (value is None or self.pure(value))
            case ast.AugAssign(target, _, value):
                return self._is_local(target) and self.scalar(target) and self.scalar(value)
            case ast.If(test, body, orelse):
                return self.tested(test) and self.body(body) and self.body(orelse)
            case ast.With(items, body):
                entered = all(
                    self._is_lock(item.context_expr) and item.optional_vars is None for item in items
                )
                return entered and all(self.statement(statement) for statement in body)
            case ast.Try():
                return self._try(node)
            case ast.While(test, body, orelse):
                return self.tested(test) and self._inside(node, [*body, *orelse])
            case ast.For(ast.Name(), ast.Call(ast.Name() as function), body, orelse):
                return (
                    self.value(function) is range
                    and self.pure(node.iter)
                    and self._inside(node, [*body, *orelse])
                )
        return False

    def _inside(self, loop: ast.AST, statements: list[ast.stmt]) -> bool:
        self._loops.append(loop)
        try:
            return all(self.statement(statement) for statement in statements)
        finally:
            self._loops.pop()

    def _try(self, node: ast.Try) -> bool:
        if not (self.body(node.finalbody) and all(self.body(handler.body) for handler in node.handlers)):
            return False
        for statement in node.body:
            value = getattr(statement, "value", None)
            if isinstance(value, ast.expr) and self._raises(value):
                return True  # or else something was taken or put, which is an effect
            if not self.statement(statement):
                return False
        return self.body(node.orelse)

    def _raises(self, node: ast.expr) -> bool:
        """Say whether *node* raises before anything else unless it takes or puts something."""
        match node:
            case ast.Call(ast.Attribute(attr=name)) if name in _RAISING and self._call(node):
                return True
            case ast.Call(function, arguments):
                for part in arguments if self.pure(function) else ():
                    if self._raises(part):
                        return True
                    if not self.pure(part):
                        return False
                return isinstance(function, ast.Attribute) and self._raises(function.value)
            case ast.Attribute(value) | ast.Subscript(value):
                return self._raises(value)
            case ast.Tuple([first, *_]):
                return self._raises(first)
        return False

    def _is_local(self, target: ast.expr) -> bool:
        return isinstance(target, ast.Name) and target.id in self._code.co_varnames

    def _is_lock(self, node: ast.expr) -> bool:
        value = self.value(node)
        lock = getattr(value, "_lock", value) if type(value).__module__ == "threading" else value
        return isinstance(lock, (Lock, RLock))

    # -- expressions ----------------------------------------------------------------------------------------------

    def tested(self, node: ast.expr) -> bool:
        """Say whether *node* and finding out whether it is true have no effect."""
        match node:
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self.scalar(node) or (self.pure(node) and self._is_plain(self.value(node)))
        return self.pure(node)

    def scalar(self, node: ast.expr) -> bool:
        """Say whether *node* has no effect and its operators run none of the program's code."""
        match node:
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self.pure(node) and self._is_plain(self.value(node))
        return self.pure(node)

    def _is_plain(self, value: object) -> bool:
        return (
            isinstance(value, (*_SCALARS, list, dict, tuple, set, frozenset))
            and type(value).__module__ == "builtins"
        )

    def pure(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant():
                return True
            case ast.Name():
                return True
            case ast.Attribute(value):
                return self.pure(value) and self.value(node) is not _UNKNOWN
            case ast.Subscript(value, key):
                return self.pure(value) and self.scalar(key) and self._is_plain(self.value(value))
            case ast.UnaryOp(_, operand):
                return self.tested(operand)
            case ast.BoolOp(_, values):
                return all(self.tested(value) for value in values)
            case ast.BinOp(left, _, right):
                return self.scalar(left) and self.scalar(right)
            case ast.Compare(left, operators, comparators):
                identity = all(isinstance(op, (ast.Is, ast.IsNot)) for op in operators)
                return all((self.pure if identity else self.scalar)(part) for part in (left, *comparators))
            case ast.IfExp(test, body, orelse):
                return self.tested(test) and self.pure(body) and self.pure(orelse)
            case ast.NamedExpr(target, value):
                return self._is_local(target) and self.pure(value)
            case ast.Tuple(parts):
                return all(self.pure(part) for part in parts)
            case ast.Call():
                return self._call(node)
        return False

    def _call(self, node: ast.Call) -> bool:
        if isinstance(node.func, ast.Name) and self.value(node.func) is getattr:
            return self.value(node) is not _UNKNOWN
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if not all(self.scalar(argument) for argument in arguments) or not self.pure(node.func):
            return False
        function = self.value(node.func)
        if isinstance(function, (type, types.BuiltinFunctionType)):
            return function in _HARMLESS
        values = [self.value(argument) for argument in node.args]
        if isinstance(function, types.MethodType):
            values.insert(0, function.__self__)
            if isinstance(function.__self__, (Lock, RLock, SimpleQueue)):
                return function.__name__ in _OF_STAND_INS
            function = function.__func__
        if not isinstance(function, types.FunctionType):
            return False
        known = function.__module__, function.__name__
        return known in _METHODS or self._harmless_function(function, values)

    def _harmless_function(self, function: types.FunctionType, values: list[Any]) -> bool:
        """Say whether a function of the program's has no effect."""
        code = function.__code__
        if self._depth > 2 or code.co_flags & 0x2A0:  # generators and coroutines
            return False
        found = _functions(code.co_filename).get((code.co_firstlineno, function.__name__), [])
        if len(found) != 1 or getattr(found[0], "decorator_list", None):
            return False
        inner = _Function(function, values, self._depth + 1)
        body = found[0].body
        return inner.body(body) if isinstance(body, list) else inner.pure(body)

    def value(self, node: ast.expr) -> Any:
        """Return the value of a name, or of an attribute or element of one; nothing of the program's is run."""
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name):
                for namespace in (self._locals, self._globals, vars(builtins)):
                    if name in namespace:
                        return namespace[name]
            case ast.Attribute(holder, name):
                return _attribute(self.value(holder), name)
            case ast.Call(function, [holder, key]) if self.value(function) is getattr:
                name = self.value(key)
                return _attribute(self.value(holder), name) if isinstance(name, str) else _UNKNOWN
            case ast.Subscript(holder, key):
                return self._element(self.value(holder), self.value(key))
        return _UNKNOWN

    def _element(self, container: Any, key: Any) -> Any:
        if type(container) in (list, tuple, dict):
            try:
                return container[key]
            except (LookupError, TypeError):
                parts = list(container.values() if isinstance(container, dict) else container)
                return parts[0] if parts and all(type(part) is type(parts[0]) for part in parts) else _UNKNOWN
        return _UNKNOWN


class _Function(_Reader):
    """Reads a function before it is called: of its own variables only the arguments are known."""

    def __init__(self, function: types.FunctionType, values: list[Any], depth: int) -> None:
        self._code = function.__code__
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        self._locals = {name: value for name, cell in cells for value in _contents(cell)}
        self._locals |= dict.fromkeys(function.__code__.co_varnames, _UNKNOWN)
        self._locals |= dict(
            zip(function.__code__.co_varnames[: function.__code__.co_argcount], values, strict=False)
        )
        self._globals = function.__globals__
        self._outermost = None
        self._loops = []
        self._depth = depth


def _contents(cell: types.CellType) -> list[Any]:
    try:
        return [cell.cell_contents]
    except ValueError:
        return []


def _values(frame: FrameType) -> dict[str, Any]:
    """Return the variables of *frame*, leaving no reference to them behind."""
    found = frame.f_locals
    values = dict(found)
    if isinstance(found, dict):
        found.clear()  # a copy that the frame would keep
    return values


def values_of(frame: FrameType, names: tuple[str, ...]) -> tuple[tuple[type, object], ...] | None:
    """Return the values of the variables *names*; None if one may change without being exchanged."""
    if not names:
        return ()
    found = _values(frame)
    values = []
    for name in names:
        value = found.get(name)
        if not _is_immutable(value):
            return None
        values.append((type(value), value))
    return tuple(values)


def _is_immutable(value: object) -> bool:
    if type(value) is tuple:
        return all(_is_immutable(part) for part in value)
    return type(value) in _SCALARS


def _attribute(holder: Any, name: str) -> Any:
    """Return an attribute without running code of the program's."""
    if holder is _UNKNOWN:
        return _UNKNOWN
    cls = type(holder)
    if isinstance(holder, types.ModuleType):
        return vars(holder).get(name, _UNKNOWN)
    if isinstance(holder, type):
        return (
            getattr(holder, name, _UNKNOWN) if isinstance(getattr(holder, name, None), _SCALARS) else _UNKNOWN
        )
    if cast("Any", cls).__getattribute__ is not object.__getattribute__:
        return _UNKNOWN
    found = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), _UNKNOWN)
    if isinstance(found, (types.FunctionType, types.MemberDescriptorType)):
        return getattr(holder, name, _UNKNOWN)
    namespace = getattr(holder, "__dict__", {})
    if found is _UNKNOWN or not hasattr(type(found), "__get__"):
        return namespace.get(name, found)
    return _UNKNOWN
