"""Faults as text, as they are written in Python: `Interrupt('T1', at='signals')`."""

import ast
import builtins
import dataclasses
from collections.abc import Callable
from types import ModuleType

from treadle.sched.faults import Fault, Finalizer, Handler, Interrupt

_KINDS = {kind.__name__: kind for kind in (Interrupt, Handler, Finalizer)}


def fault_text(fault: Fault, name: Callable[[object], str | None]) -> str | None:
    """Return how *fault* is written; None where *name* knows no name for its function or error."""
    parts = []
    for field in dataclasses.fields(fault):
        value = getattr(fault, field.name)
        if value == field.default:
            continue
        text = name(value) if callable(value) else repr(value)
        if text is None:
            return None
        parts.append(text if field.name == "function" else f"{field.name}={text}")
    return f"{type(fault).__name__}({', '.join(parts)})"


def name_in(module: ModuleType | None, value: object) -> str | None:
    """Return what *value* is called in *module*, or as a builtin; None if it has no name there."""
    name = getattr(value, "__qualname__", "")
    return name if name and looked_up(name, module) is value else None


def fault_from(text: str, module: ModuleType) -> Fault:
    """Return the fault that *text* stands for, whose functions are found in *module*.

    Raises:
        ValueError: it is no fault, or names what is not there.
    """
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        node = None
    call = ast.Call(node, [], []) if isinstance(node, ast.Name) else node
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _KINDS) or any(
        keyword.arg is None for keyword in call.keywords
    ):
        raise ValueError(
            f"{text!r} is no fault: write it as in Python, such as Interrupt(at='signals') or Finalizer(function)"
        )
    arguments = [_value(argument, module, text) for argument in call.args]
    keywords = {str(keyword.arg): _value(keyword.value, module, text) for keyword in call.keywords}
    try:
        return _KINDS[call.func.id](*arguments, **keywords)  # type: ignore[arg-type]
    except TypeError as error:
        raise ValueError(f"{text!r} is no fault: {error}") from None


def _value(node: ast.expr, module: ModuleType, text: str) -> object:
    if isinstance(node, (ast.Name, ast.Attribute)):
        found = looked_up(ast.unparse(node), module)
        if found is None:
            raise ValueError(f"{text!r}: there is no {ast.unparse(node)} in {module.__name__}")
        return found
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(f"{text!r}: {ast.unparse(node)} is neither a name nor a number nor a text") from None


def looked_up(name: str, module: ModuleType | None) -> object:
    """Return what the dotted *name* stands for in *module*, or among the builtins; None if there is nothing."""
    first, *rest = name.split(".")
    found: object = getattr(module, first, getattr(builtins, first, None))
    for part in rest:
        found = getattr(found, part, None)
    return found
