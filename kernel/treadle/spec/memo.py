"""Successors looked up by what an action reads, instead of computed anew in each state.

An action mostly reads and changes few of the fields, and meets the same values of them in state after state.

Rules: only where the source shows which fields an action reads and changes, and only where their types say that equal
values are the same value, as 0 and False are not. A table never grows beyond a part of the states known.
"""

import ast
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from enum import Enum
from itertools import islice, takewhile
from operator import itemgetter
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeGuard, TypeVar, Union, get_args, get_origin, get_type_hints

from treadle.spec.expand import Expander
from treadle.spec.fuse import field_name
from treadle.spec.source import OWN, Method
from treadle.spec.state import StateType, compares_as_tuple

S = TypeVar("S")

#: A look-up pays if of so many states no more than this part has values of its own in the fields read.
_SAMPLE, _PART = 1_000, 0.75

#: A table that is larger than this, and than one in so many of the states known, is begun anew.
_SMALL, _SHARE = 4_096, 8

#: From so many rows on it pays to make a function of the action.
_MANY = 1_000


@dataclass(frozen=True, slots=True)
class Footprint:
    """What an action asks first, whatever its parameters, and which fields it reads and changes after that."""

    cls: StateType
    guards: list[ast.expr]
    reads: list[str]
    writes: list[str]

    def repeats(self, states: Iterable[object]) -> bool:
        """Whether the values of the fields read are few among the states."""
        cls: type[object] = self.cls
        sample = list(islice((state for state in states if isinstance(state, cls)), _SAMPLE))
        return len(set(map(_getter(self.cls, self.reads), sample))) <= _PART * len(sample)


class Table(Generic[S]):
    """What one action makes of the fields that it changes, by those that it reads."""

    def __init__(self, footprint: Footprint, action: Expander[S]) -> None:
        self.rows: dict[object, list[object]] = {}
        self._action = action
        self._successors = action.plain
        self._changed = _getter(footprint.cls, footprint.writes)

    def fill(self, key: object, state: S, known: Sized) -> list[object]:
        """Add the row for a state, and return it."""
        if len(self.rows) >= max(_SMALL, len(known) // _SHARE):
            self.rows.clear()
        if len(self.rows) == _MANY and self._successors is self._action.plain:
            self._successors = self._action.fused()
        row = self.rows[key] = list(map(self._changed, self._successors(state)))
        return row


def _getter(cls: StateType, fields: list[str]) -> Callable[[Any], object]:
    """A function from a state to these fields: a tuple, unless it is a single one."""
    places = [cls._fields.index(field) for field in fields]  # type: ignore[attr-defined]  # of State
    return itemgetter(*places) if places else lambda state: ()


def look_up(footprint: Footprint, number: int) -> str:
    """Return lines that enter the successors of a state by one action among the states known."""
    changed = {field: f"{OWN}next_{field}" for field in footprint.writes}
    fields: tuple[str, ...] = footprint.cls._fields  # type: ignore[attr-defined]  # of State
    after = "".join(f"{changed.get(field, field_name(field))}, " for field in fields)
    return f"""\
try: {OWN}found = {OWN}rows{number}[{_packed(map(field_name, footprint.reads))}]
except KeyError: {OWN}found = {OWN}fill{number}({_packed(map(field_name, footprint.reads))}, {OWN}state, {OWN}known)
if {OWN}found:
    {OWN}stuck = False
    {OWN}steps{number} += len({OWN}found)
    for {_packed(changed.values())} in {OWN}found:
        {OWN}after = ({after}{OWN}mark)
{textwrap.indent(entered(number), "        ")}"""


def entered(number: int) -> str:
    """Return lines that make a state of a tuple of its fields, if it is new: most successors are known."""
    return f"""\
if {OWN}after not in {OWN}known:
    {OWN}known[{OWN}new({OWN}class, {OWN}after)] = {OWN}state
    {OWN}new{number} += 1
"""


def _packed(names: Iterable[str]) -> str:
    """As `_getter` gives them."""
    given = list(names)
    return given[0] if len(given) == 1 else f"({', '.join(given)})"


# --- what the source shows ---


def footprint(method: Method) -> Footprint | None:
    """Return what an action reads and changes; None where that is not certain."""
    if method.cls is None or not compares_as_tuple(method.cls):
        return None
    fields: tuple[str, ...] = method.cls._fields  # type: ignore[attr-defined]  # of State
    state = method.tree.args.args[1].arg
    guards, rest = _parted(method)
    nodes = [node for part in rest for node in ast.walk(part)]
    read = [node.attr for node in nodes if _is_part(node, state) and node.attr in fields]
    changes = [_changed(node.value, state) for node in nodes if isinstance(node, ast.Yield)]
    uses = sum(isinstance(node, ast.Name) and node.id == state for node in nodes)
    if any(isinstance(node, ast.YieldFrom) for node in nodes) or uses != len(read) + len(changes):
        return None
    writes = set[str]().union(*changes)
    reads = set(read).union(*(writes - change for change in changes))
    if not writes <= set(fields) or not _are_exact(method.cls, reads):
        return None
    return Footprint(method.cls, guards, sorted(reads), sorted(writes))


def _parted(method: Method) -> tuple[list[ast.expr], list[ast.AST]]:
    """The conditions that come first and name neither a parameter nor a variable, and all the rest."""
    body = method.tree.body[ast.get_docstring(method.tree) is not None :]
    first = body[0] if len(body) == 1 else None
    if not isinstance(first, ast.If) or first.orelse:
        return [], list(body)
    own = {*method.locals, *(argument.arg for argument in method.tree.args.args[2:])}
    asked = (
        first.test.values
        if isinstance(first.test, ast.BoolOp) and isinstance(first.test.op, ast.And)
        else [first.test]
    )
    guards = list(
        takewhile(
            lambda part: not any(isinstance(n, ast.Name) and n.id in own for n in ast.walk(part)), asked
        )
    )
    return guards, [*asked[len(guards) :], *first.body]


def _is_part(node: ast.AST, state: str) -> TypeGuard[ast.Attribute]:
    """Whether it is the state with a dot and a name."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == state


def _changed(value: ast.expr | None, state: str) -> set[str]:
    """The fields that what is yielded changes, if it is an `evolve` of the state."""
    if (
        isinstance(value, ast.Call)
        and _is_part(value.func, state)
        and value.func.attr == "evolve"
        and not value.args
    ):
        return {change.arg or "**" for change in value.keywords}
    return {"not evolved"}


# --- what the types say ---


def _are_exact(cls: StateType, fields: set[str]) -> bool:
    """Whether values of the fields that are equal are the same value."""
    try:
        types = get_type_hints(cls)
    except Exception:  # a name that only type checkers see
        return False
    return all(_is_exact(types[field]) for field in fields)


def _is_exact(wanted: object) -> bool:
    kinds = set(_kinds(wanted))
    return None not in kinds and not kinds >= {int, bool}


def _kinds(wanted: Any) -> Iterator[type | None]:
    """The types of the innermost parts; None for one that is not known here."""
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is Literal:
        yield from map(type, arguments)
    elif origin in (Union, UnionType, tuple, frozenset):
        for argument in arguments:
            yield from () if argument is ... else _kinds(argument)
    elif wanted is None or wanted in (bool, int, str, bytes, NoneType):
        yield wanted or NoneType
    else:
        is_itself = isinstance(wanted, type) and issubclass(wanted, Enum) and wanted.__eq__ is object.__eq__
        yield wanted if is_itself else None
