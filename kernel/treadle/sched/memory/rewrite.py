"""Source in, source out: accesses to shared memory become calls of hooks.

Only the bodies of functions are rewritten; what a module or a class does while it is being defined is not shared
yet. A hook is written into the tree as a constant text, which `swap` exchanges for the function in the compiled
code, so that instrumented code looks nothing up and its module's globals stay as they are.

Rules: order of evaluation is kept; no function, lambda or comprehension is added or removed, so that the code
objects before and after correspond one to one; a value is computed before its store is announced.
"""

import ast
import functools
import symtable
from collections.abc import Iterable, Sequence
from typing import cast

from treadle.sched.memory.settled import Variable, settled_variables

#: Marks the texts that stand for hooks.
MARK = "\0treadle:"

#: Calls that look at their caller's frame and so cannot be made on its behalf.
_FRAME_DEPENDENT = frozenset(("super", "locals", "globals", "eval", "exec"))

#: The functions of the module `operator` that perform operators on two values.
OPERATORS: dict[type[ast.operator | ast.cmpop], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.MatMult: "matmul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
    ast.BitAnd: "and_",
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
}

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def rewrite(source: str, filename: str, variable: frozenset[str], *, signals: bool = False) -> ast.Module:
    """Return the instrumented syntax tree of a module; the globals in *variable* can change while it runs.

    With *signals* it also calls a hook wherever CPython runs signal handlers.
    """
    tree = ast.parse(source, filename)
    scopes = _Scopes(symtable.symtable(source, filename, "exec"))
    make = _Signalled if signals else _Rewriter
    rewritten = make(scopes, settled_variables(tree), variable).visit(tree)
    return cast("ast.Module", ast.fix_missing_locations(rewritten))


#: What lets code change globals under names that are not in its source.
_BY_NAME = frozenset(("globals", "vars", "setattr", "delattr", "__dict__", "__setattr__", "__delattr__"))

#: Among the names of globals that can change: all of them.
ALL = "*"


@functools.lru_cache(maxsize=256)
def changed_names(source: str) -> frozenset[str]:
    """Return the names of globals that code in *source* can change, its own or another module's."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Global):
            names.update(node.names)
        elif isinstance(node, ast.Attribute):
            if not isinstance(node.ctx, ast.Load):
                names.add(node.attr)
            elif node.attr in _BY_NAME:
                names.add(ALL)
        elif isinstance(node, ast.Name) and node.id in _BY_NAME:
            names.add(ALL)
    return frozenset(names)


class _Scopes:
    """The symbol tables of nested scopes, found again in the order in which they were made."""

    def __init__(self, table: symtable.SymbolTable) -> None:
        self._stack = [table]
        self._used: set[int] = set()

    def enter(self, name: str, line: int) -> bool:
        """Enter the scope of a function, lambda, comprehension or class; say whether it has a table of its own."""
        for table in self._descendants(self._stack[-1]):
            if table.get_name() == name and table.get_lineno() == line and table.get_id() not in self._used:
                self._used.add(table.get_id())
                self._stack.append(table)
                return True
        return False

    def _descendants(self, table: symtable.SymbolTable) -> Iterable[symtable.SymbolTable]:
        for child in table.get_children():
            yield child
            if str(child.get_type()).rpartition(".")[2].lower() not in ("function", "class", "module"):
                yield from self._descendants(child)  # scopes of type parameters and annotations

    def leave(self) -> None:
        """Leave the scope entered last."""
        self._stack.pop()

    def kind(self, name: str) -> str:
        """Say what *name* is in the present scope: global, free, cell or local."""
        try:
            symbol = self._stack[-1].lookup(name)
        except KeyError:
            return "local"
        if symbol.is_global():
            return "global"
        if symbol.is_free():
            return "free"
        return "local"

    def owner(self, name: str) -> tuple[str, int]:
        """Return the name and the line of the scope whose variable *name* is."""
        for table in reversed(self._stack):
            if isinstance(table, symtable.Function) and name in table.get_locals():
                return table.get_name(), table.get_lineno()
        return "", 0


class _Rewriter(ast.NodeTransformer):
    _call, _call_method = "call", "call_method"  # the hooks

    def __init__(self, scopes: _Scopes, settled: frozenset[Variable], variable: frozenset[str]) -> None:
        self._scopes = scopes
        self._settled = settled
        self._variable = variable
        self._classes: list[str] = []  # for private names
        self._depth = 0  # of functions; nothing outside them is rewritten
        self._ends: list[str | None] = []  # the hooks with which these functions return
        self._temporaries = 0

    # -- scopes ---------------------------------------------------------------------------------------------------

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = self._all(node.decorator_list)
        node.bases = self._all(node.bases)
        for keyword in node.keywords:
            keyword.value = self._one(keyword.value)
        entered = self._scopes.enter(node.name, node.lineno) or self._scopes.enter(
            node.name, _first_line(node)
        )
        self._classes.append(node.name)
        temporaries = self._temporaries
        node.body = self._body(node.body)
        if self._depth and self._temporaries > temporaries:
            node.body.append(_statement(_call("clean_class", node.body[-1])))
        self._classes.pop()
        if entered:
            self._scopes.leave()
        self._announce_binding(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.decorator_list = self._all(node.decorator_list)
        self._defaults(node.args)
        entered = self._scopes.enter(node.name, node.lineno) or self._scopes.enter(
            node.name, _first_line(node)
        )
        self._depth += 1
        self._ends.append(_end_of(node))
        node.body = self._body(node.body)
        end = self._ends.pop()
        if end is not None:
            node.body.append(_statement(_call(end, node.body[-1], ast.Constant(None))))
        self._depth -= 1
        if entered:
            self._scopes.leave()
        self._announce_binding(node)
        return node

    def _announce_binding(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """Have a shared name's binding by `def` or `class` announced by what decorates it last."""
        if not self._depth:
            return
        place = node.decorator_list[0] if node.decorator_list else node
        announcement = self._announced(node.name, ast.Constant(None), place)
        if announcement is not None:
            assert isinstance(announcement, ast.Call)
            made = _call("partial", place, announcement.func, announcement.args[0])
            node.decorator_list.insert(0, made)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._defaults(node.args)
        entered = self._scopes.enter("lambda", node.lineno)
        self._depth += 1
        node.body = self._one(node.body)
        self._depth -= 1
        if entered:
            self._scopes.leave()
        return node

    def _defaults(self, arguments: ast.arguments) -> None:
        arguments.defaults = self._all(arguments.defaults)
        arguments.kw_defaults = [
            None if default is None else self._one(default) for default in arguments.kw_defaults
        ]

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, _COMPREHENSIONS):
            return self._comprehension(node)
        return super().generic_visit(node)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> ast.AST:
        first = node.generators[0]
        first.iter = self._iterated(first.iter)
        name = {ast.ListComp: "listcomp", ast.SetComp: "setcomp", ast.DictComp: "dictcomp"}.get(
            type(node), "genexpr"
        )
        entered = self._scopes.enter(name, node.lineno)
        for generator in node.generators:
            if generator is not first:
                generator.iter = self._iterated(generator.iter)
            generator.ifs = [self._tested(condition) for condition in generator.ifs]
        if isinstance(node, ast.DictComp):
            node.key, node.value = self._one(node.key), self._one(node.value)
        else:
            node.elt = self._one(node.elt)
            if self._depth and isinstance(node, ast.GeneratorExp):
                node.elt = _pause(node.elt, node.elt)
        if entered:
            self._scopes.leave()
        return node

    # -- expressions ----------------------------------------------------------------------------------------------

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        hook = "load_attribute" if isinstance(node.value, (ast.Name, ast.Constant)) else "load_of_temporary"
        node.value = self._one(node.value)
        if not self._depth or not isinstance(node.ctx, ast.Load):
            return node
        return _call(hook, node, node.value, self._name_constant(node.attr))

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node.value = self._one(node.value)
        if not self._depth or not isinstance(node.ctx, ast.Load):
            node.slice = self._one(node.slice)
            return node
        return _call("load_item", node, node.value, self._key(node.slice))

    def _key(self, node: ast.expr) -> ast.expr:
        """Return an expression for a subscript; a slice becomes a call of `slice`."""
        if isinstance(node, ast.Slice):
            parts = [
                self._one(part) if part is not None else ast.Constant(None)
                for part in (node.lower, node.upper, node.step)
            ]
            return _call("slice", node, *parts)
        if isinstance(node, ast.Tuple):
            node.elts = [self._key(part) for part in node.elts]
            return node
        return self._one(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if self._depth and isinstance(node.func, ast.Name) and node.func.id == "globals" and not node.args:
            return _call("take_globals", node)
        if not self._depth or _depends_on_frame(node):
            runs_text = self._depth and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")
            super().generic_visit(node)
            if runs_text and node.args:
                node.args[0] = _call("run_text", node, node.args[0])
            return node
        if isinstance(node.func, ast.Attribute):
            hook = self._call_method
            function = [self._one(node.func.value), self._name_constant(node.func.attr)]
        else:
            hook, function = self._call, [self._one(node.func)]
        node.args = self._all(node.args)
        for keyword in node.keywords:
            value = self._one(keyword.value)
            keyword.value = value if keyword.arg is not None else self._touched(value)
        node.args = [*function, *node.args]
        node.func = _hook(hook, node)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        node.left = self._one(node.left)
        node.comparators = self._all(node.comparators)
        if not self._depth or all(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
            return node
        if len(node.ops) == 1 and type(node.ops[0]) in OPERATORS:
            return _operation(node.ops[0], node, node.left, node.comparators[0])
        if len(node.ops) != 1 or not isinstance(node.ops[0], (ast.In, ast.NotIn)):
            node.left = self._touched(node.left, "show")
            node.comparators = [self._touched(operand, "show") for operand in node.comparators]
            return node
        found: ast.expr = _call("contains", node, node.left, node.comparators[0])
        return (
            found
            if isinstance(node.ops[0], ast.In)
            else ast.copy_location(ast.UnaryOp(ast.Not(), found), node)
        )

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        node.left, node.right = self._one(node.left), self._one(node.right)
        if not self._depth or isinstance(node.left, ast.Constant) or isinstance(node.right, ast.Constant):
            node.left, node.right = self._touched(node.left), self._touched(node.right)
            return node
        return _operation(node.op, node, node.left, node.right)

    def visit_Starred(self, node: ast.Starred) -> ast.AST:
        node.value = self._one(node.value)
        if isinstance(node.ctx, ast.Load):
            node.value = self._touched(node.value)
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        node.values = [
            self._touched(self._one(value)) if key is None else self._one(value)
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        node.keys = [None if key is None else self._one(key) for key in node.keys]
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        node.value = self._touched(self._one(node.value), "show")
        if node.format_spec is not None:
            node.format_spec = self._one(node.format_spec)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        node.values = [self._tested(value) for value in node.values]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        node.operand = self._tested(node.operand) if isinstance(node.op, ast.Not) else self._one(node.operand)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        node.test, node.body, node.orelse = (
            self._tested(node.test),
            self._one(node.body),
            self._one(node.orelse),
        )
        return node

    def visit_Match(self, node: ast.Match) -> ast.AST:
        node.subject = self._one(node.subject)
        depth = max(_levels(case.pattern) for case in node.cases)
        if self._depth and depth:
            node.subject = _call("touch_deeply", node, node.subject, ast.Constant(depth))
        for case in node.cases:
            case.pattern = cast("ast.pattern", self.visit(case.pattern))
            if case.guard is not None:
                case.guard = self._tested(case.guard)
            case.body = self._body(case.body)
        return node

    def visit_MatchValue(self, node: ast.MatchValue) -> ast.AST:
        return node  # a pattern names a constant, and may be nothing but a name

    def visit_MatchMapping(self, node: ast.MatchMapping) -> ast.AST:
        node.patterns = [cast("ast.pattern", self.visit(pattern)) for pattern in node.patterns]
        return node

    def visit_MatchClass(self, node: ast.MatchClass) -> ast.AST:
        node.patterns = [cast("ast.pattern", self.visit(pattern)) for pattern in node.patterns]
        node.kwd_patterns = [cast("ast.pattern", self.visit(pattern)) for pattern in node.kwd_patterns]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not self._depth or not isinstance(node.ctx, ast.Load):
            return node
        announcement = self._announced(node.id, None, node)
        if announcement is None:
            return node
        pair = ast.Tuple([announcement, node], ast.Load())
        return ast.copy_location(ast.Subscript(pair, ast.Constant(1), ast.Load()), node)

    def _announced(self, name: str, value: ast.expr | None, node: ast.AST) -> ast.expr | None:
        """Return the announcement that variable *name* is read, or set to *value*; None if it is not shared."""
        kind = self._scopes.kind(name)
        verb = "read" if value is None else "write"
        values = [] if value is None else [value]
        if kind == "global":
            if name not in self._variable and ALL not in self._variable:
                return None
            return _call(f"{verb}_global", node, ast.Constant(name), *values)
        owner = self._scopes.owner(name)
        if (*owner, name) in self._settled or not (kind == "free" or self._is_cell(name)):
            return None
        full = f"{name} of {owner[0]}:{owner[1]}"
        return _call(f"{verb}_variable", node, ast.Constant(full), *values)

    def _is_cell(self, name: str) -> bool:
        """Say whether a function inside the present one uses the present one's variable *name*."""
        table = self._scopes._stack[-1]

        def used(inner: symtable.SymbolTable) -> bool:
            for child in inner.get_children():
                if name in child.get_identifiers() and child.lookup(name).is_free():
                    return True
                if used(child):
                    return True
            return False

        return used(table)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        node.value = self._one(node.value)
        announced = self._announced(node.target.id, node.value, node) if self._depth else None
        node.value = node.value if announced is None else announced
        return node

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        node.value = _pause(node, None if node.value is None else self._one(node.value))
        return node

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.AST:
        node.value = _call("delegate", node, self._one(node.value))
        return node

    # -- statements -----------------------------------------------------------------------------------------------

    def visit_Return(self, node: ast.Return) -> ast.AST:
        node.value = None if node.value is None else self._one(node.value)
        if self._ends[-1] is not None:
            node.value = _call(self._ends[-1], node, node.value or ast.Constant(None))
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        node.value = self._one(node.value)
        if not self._depth:
            return node
        first, after = self._temporaries, list[ast.stmt]()
        if any(isinstance(target, (ast.Tuple, ast.List)) for target in node.targets):
            node.value = self._touched(node.value)
        node.targets = [self._target(target, after) for target in node.targets]
        return [node, *after, *self._let_go(first, node)]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | list[ast.stmt]:
        if node.value is None:
            return node
        node.value = self._one(node.value)
        if not self._depth:
            return node
        first, after = self._temporaries, list[ast.stmt]()
        target = self._target(node.target, after)
        if target is node.target:
            return node
        assigned = ast.copy_location(ast.Assign([target], node.value), node)
        return [assigned, *after, *self._let_go(first, node)]

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST | list[ast.stmt]:
        if not self._depth:
            return super().generic_visit(node)
        first, before = self._temporaries, list[ast.stmt]()
        target = node.target
        loaded: ast.expr
        if isinstance(target, ast.Attribute):
            holder = self._kept(self._one(target.value), before, node)
            name = self._name_constant(target.attr)
            loaded = _call("load_attribute", node, holder, name)
            stored: list[ast.expr] = [holder, name]
            hook = "store_attribute"
        elif isinstance(target, ast.Subscript):
            holder = self._kept(self._one(target.value), before, node)
            key = self._kept(self._key(target.slice), before, node)
            loaded = _call("load_item", node, holder, key)
            stored, hook = [holder, key], "store_item"
        else:
            loaded = self._one(ast.copy_location(ast.Name(target.id, ast.Load()), target))
            stored, hook = [], ""
        value = self._kept(loaded, before, node)
        # Between the announcement and the operation nothing else may be announced.
        operand = self._kept(self._one(node.value), before, node)
        before.append(_statement(_call("touch_in_place", node, value, operand)))
        node.value = operand
        node.target = ast.copy_location(ast.Name(value.id, ast.Store()), target)
        if hook:
            return [*before, node, _statement(_call(hook, node, value, *stored)), *self._let_go(first, node)]
        after: list[ast.stmt] = []
        plain = ast.copy_location(ast.Name(cast("ast.Name", target).id, ast.Store()), target)
        announcement = self._announced(plain.id, value, node)
        if announcement is not None:
            after.append(_statement(announcement))
        after.append(ast.copy_location(ast.Assign([plain], value), node))
        return [*before, node, *after, *self._let_go(first, node)]

    def visit_Delete(self, node: ast.Delete) -> ast.AST | list[ast.stmt]:
        if not self._depth:
            return node
        out: list[ast.stmt] = []
        for target in node.targets:
            if isinstance(target, ast.Attribute):
                call = _call(
                    "delete_attribute", node, self._one(target.value), self._name_constant(target.attr)
                )
                out.append(_statement(call))
            elif isinstance(target, ast.Subscript):
                out.append(
                    _statement(_call("delete_item", node, self._one(target.value), self._key(target.slice)))
                )
            else:
                announcement = None
                if isinstance(target, ast.Name):
                    announcement = self._announced(target.id, ast.Constant(None), node)
                    out.append(_statement(_call("let_go", node, ast.Name(target.id, ast.Load()))))
                out += [_statement(announcement)] if announcement is not None else []
                out.append(ast.copy_location(ast.Delete([target]), node))
        return out

    def visit_Import(self, node: ast.Import) -> ast.AST | list[ast.stmt]:
        return self._importing(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | list[ast.stmt]:
        return self._importing(node)

    def _importing(self, node: ast.Import | ast.ImportFrom) -> ast.AST | list[ast.stmt]:
        if not self._depth:
            return node
        names = [alias.asname or alias.name.partition(".")[0] for alias in node.names]
        found = [self._announced(name, ast.Constant(None), node) for name in names]
        return [*(_statement(announcement) for announcement in found if announcement is not None), node]

    def visit_For(self, node: ast.For) -> ast.AST:
        node.iter = self._iterated(node.iter)
        first, after = self._temporaries, list[ast.stmt]()
        if self._depth and isinstance(node.target, (ast.Tuple, ast.List)):
            item = self._temporary(node.target)
            unpacked = ast.Assign([self._target(node.target, after)], _call("touch", node.target, item))
            after.insert(0, ast.copy_location(unpacked, cast("ast.stmt", node.target)))
            node.target = ast.copy_location(ast.Name(item.id, ast.Store()), node.target)
        elif self._depth:
            node.target = self._target(node.target, after)
        after += self._let_go(first, node)
        node.body = [*after, *self._body(node.body)]
        node.orelse = self._body(node.orelse)
        return node

    def visit_With(self, node: ast.With) -> ast.AST:
        first, after = self._temporaries, list[ast.stmt]()
        for item in node.items:
            item.context_expr = self._one(item.context_expr)
            if item.optional_vars is not None and self._depth:
                item.optional_vars = self._target(item.optional_vars, after)
        after += self._let_go(first, node)
        node.body = [*after, *self._body(node.body)]
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        node.test, node.body, node.orelse = (
            self._tested(node.test),
            self._body(node.body),
            self._body(node.orelse),
        )
        return node

    def visit_While(self, node: ast.While) -> ast.AST | list[ast.stmt]:
        node.test, node.body, node.orelse = (
            self._tested(node.test),
            self._body(node.body),
            self._body(node.orelse),
        )
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        node.test = self._tested(node.test)
        if node.msg is not None:
            node.msg = self._one(node.msg)
        return node

    # -- pieces ---------------------------------------------------------------------------------------------------

    def _one(self, node: ast.expr) -> ast.expr:
        return cast("ast.expr", self.visit(node))

    def _all(self, nodes: Sequence[ast.expr]) -> list[ast.expr]:
        return [self._one(node) for node in nodes]

    def _body(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for statement in statements:
            visited = self.visit(statement)
            out.extend(visited if isinstance(visited, list) else [visited])
        return out

    def _tested(self, node: ast.expr) -> ast.expr:
        return self._touched(self._one(node), "truth")

    def _touched(self, node: ast.expr, how: str = "touch") -> ast.expr:
        """Return *node*, announced as a read, as far as *how* says, if it turns out to be a container."""
        never = (ast.Compare, ast.Constant, ast.BoolOp, ast.UnaryOp, ast.JoinedStr, ast.Lambda)
        return node if isinstance(node, never) or not self._depth else _call(how, node, node)

    def _iterated(self, node: ast.expr) -> ast.expr:
        visited = self._one(node)
        return _call("iterate", node, visited) if self._depth else visited

    def _target(self, target: ast.expr, after: list[ast.stmt]) -> ast.expr:
        """Return what to assign to in place of *target*; its announced store goes to *after*."""
        if isinstance(target, (ast.Tuple, ast.List)):
            target.elts = [self._target(part, after) for part in target.elts]
            return target
        if isinstance(target, ast.Starred):
            target.value = self._target(target.value, after)
            return target
        value = self._temporary(target)
        store = ast.copy_location(ast.Name(value.id, ast.Store()), target)
        if isinstance(target, ast.Attribute):
            call = _call(
                "store_attribute", target, value, self._one(target.value), self._name_constant(target.attr)
            )
            after.append(_statement(call))
        elif isinstance(target, ast.Subscript):
            call = _call("store_item", target, value, self._one(target.value), self._key(target.slice))
            after.append(_statement(call))
        else:
            announcement = self._announced(cast("ast.Name", target).id, value, target)
            if announcement is None:
                self._temporaries -= 1
                return target
            after += [_statement(announcement), ast.copy_location(ast.Assign([target], value), target)]
        return store

    def _kept(self, value: ast.expr, before: list[ast.stmt], node: ast.AST) -> ast.Name:
        """Compute *value* into a temporary, in *before*, and return the temporary."""
        name = self._temporary(node)
        store = ast.copy_location(ast.Name(name.id, ast.Store()), node)
        before.append(ast.copy_location(ast.Assign([store], value), cast("ast.stmt", node)))
        return name

    def _let_go(self, first: int, node: ast.AST) -> list[ast.stmt]:
        """Return the deletion of the temporaries after the *first*: they would keep alive what the program drops."""
        names = [_at(ast.Name(f".treadle{n + 1}", ast.Del()), node) for n in range(first, self._temporaries)]
        deletion = ast.Delete(names)
        return [ast.copy_location(deletion, cast("ast.stmt", node))] if names else []

    def _temporary(self, node: ast.AST) -> ast.Name:
        self._temporaries += 1
        return cast("ast.Name", _at(ast.Name(f".treadle{self._temporaries}", ast.Load()), node))

    def _name_constant(self, name: str) -> ast.expr:
        """Return an attribute's name as a text, mangled as the compiler mangles private names."""
        if name.startswith("__") and not name.endswith("__") and self._classes:
            owner = self._classes[-1].lstrip("_")
            if owner:
                name = f"_{owner}{name}"
        return ast.Constant(name)


class _Signalled(_Rewriter):
    """Calls a hook where CPython runs signal handlers, too: see `treadle.sched.points`."""

    _call, _call_method = "signalled_call", "signalled_method"

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        super()._function(node)
        place = 1 if ast.get_docstring(node, clean=False) is not None and len(node.body) > 1 else 0
        node.body.insert(place, _statement(_call("signal_point", node.body[place])))
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        super().visit_Lambda(node)
        node.body = _at(ast.BoolOp(ast.Or(), [_call("signal_point", node.body), node.body]), node.body)
        return node

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        return _call("resumed", node, cast("ast.Yield", super().visit_Yield(node)))

    def visit_For(self, node: ast.For) -> ast.AST:
        super().visit_For(node)
        node.body.append(_statement(_call("signal_point", node.body[-1])))
        return node

    def visit_While(self, node: ast.While) -> ast.AST | list[ast.stmt]:
        """Have the loop go on between its condition, which stands at its end too, and its body."""
        super().visit_While(node)
        if not self._depth:
            return node
        point = _statement(_call("signal_point", node.body[-1]))
        if isinstance(node.test, ast.Constant):
            node.body.append(point)
            return node
        again = self._temporary(node)

        def set_to(value: bool) -> ast.stmt:
            store = ast.copy_location(ast.Name(again.id, ast.Store()), node)
            return ast.copy_location(ast.Assign([store], ast.Constant(value)), node)

        node.body = [ast.copy_location(ast.If(again, [point], []), node), set_to(True), *node.body]
        return [set_to(False), node]

    def visit_Continue(self, node: ast.Continue) -> ast.AST | list[ast.stmt]:
        return [ast.copy_location(ast.Expr(_call("signal_point", node)), node), node] if self._depth else node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        super().visit_FormattedValue(node)
        node.value = self._showing(node.value)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if isinstance(node.op, ast.Mod):
            node.right = self._showing(node.right)
        return super().visit_BinOp(node)

    def _showing(self, node: ast.expr) -> ast.expr:
        return _call("resumed", node, node) if self._depth else node

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> ast.AST:
        super()._comprehension(node)
        for generator in node.generators if self._depth else ():
            generator.iter = _call("going_on", generator.iter, generator.iter)
        return node


def _end_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """Return the hook with which *function* returns: C code, which may have called a special method, goes on then."""
    if _is_generator(function):
        return "pause"
    return "go_on" if function.name.startswith("__") and function.name.endswith("__") else None


def _is_generator(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether *function* has a `yield` of its own."""
    todo: list[ast.AST] = [*function.body]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return isinstance(function, ast.FunctionDef)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            todo += ast.iter_child_nodes(node)
    return False


def _pause(node: ast.AST, value: ast.expr | None = None) -> ast.expr:
    """Return *value*, with which a generator gives way to who asked it, announced."""
    return _call("pause", node, ast.Constant(None) if value is None else value)


def _levels(pattern: ast.pattern) -> int:
    """Return how deeply a pattern takes its subject apart."""
    inner = max(
        (_levels(child) for child in ast.iter_child_nodes(pattern) if isinstance(child, ast.pattern)),
        default=0,
    )
    return inner + isinstance(pattern, (ast.MatchClass, ast.MatchSequence, ast.MatchMapping))


def _operation(
    operator: ast.operator | ast.cmpop, node: ast.AST, left: ast.expr, right: ast.expr
) -> ast.Call:
    """Return a call that announces both operands as one step and then performs *operator*."""
    return _call("binary", node, _hook(OPERATORS[type(operator)], node), left, right)


def _depends_on_frame(node: ast.Call) -> bool:
    if not isinstance(node.func, ast.Name):
        return False
    return node.func.id in _FRAME_DEPENDENT or (node.func.id in ("vars", "dir") and not node.args)


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    """Return the line of the first decorator, which is where some versions begin the scope."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _at(new: ast.expr, old: ast.AST) -> ast.expr:
    return ast.copy_location(new, cast("ast.expr", old))


def _hook(name: str, node: ast.AST) -> ast.expr:
    return _at(ast.Constant(MARK + name), node)


def _call(hook: str, node: ast.AST, *arguments: ast.expr) -> ast.Call:
    return cast("ast.Call", _at(ast.Call(_hook(hook, node), list(arguments), []), node))


def _statement(call: ast.expr) -> ast.stmt:
    return ast.copy_location(ast.Expr(call), cast("ast.stmt", call))
