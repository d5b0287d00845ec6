"""How a behaviour reads: state after state, and of each only what changed.

Rules: nothing here searches, and nothing here knows how a model is written.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from treadle.spec.value import record

if TYPE_CHECKING:
    from treadle.spec.result import Counterexample


def shown(found: "Counterexample[Any]") -> Iterator[str]:
    """Give the lines of a counterexample."""
    yield found.reason
    if not found.states:
        return
    yield "state 1, initial"
    yield from whole(found.states[0])
    for number, name in enumerate(found.actions, start=1):
        yield f"state {number + 1}, after {name}"
        yield from changed(found.states[number - 1], found.states[number])
    if found.loop is not None:
        yield _round(found)
    yield from found.disabled
    if found.columns:
        yield from _table(found)


def _table(found: "Counterexample[Any]") -> Iterator[str]:
    """One column for each process, and of it in each row what changed."""
    rows = [["", "", *(name for name, _ in found.columns)]]
    for number, action in enumerate(("initial", *found.actions)):
        row = [str(number + 1), action]
        for _, parts in found.columns:
            unchanged = number > 0 and parts[number] == parts[number - 1]
            row.append("" if unchanged else _cell(parts[number]))
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(part: object) -> str:
    fields = record(part)
    return " ".join(f"{name}={_shown(value)}" for name, value in fields.items()) if fields else _shown(part)


def _round(found: "Counterexample[Any]") -> str:
    if found.back is None:
        return f"and so for ever: state {len(found.states)} stays as it is"
    return f"back to state {(found.loop or 0) + 1}, after {found.back}, and round for ever"


def whole(state: object, path: str = "") -> Iterator[str]:
    """One line for each field; a record inside a record by its path."""
    fields = record(state)
    if not fields:
        yield f"    {path} = {_shown(state)}" if path else f"    {_shown(state)}"
    for name, value in fields.items():
        yield from whole(value, f"{path}.{name}" if path else name)


def changed(before: object, after: object, path: str = "") -> Iterator[str]:
    """One line for each field that changed."""
    was, now = record(before), record(after)
    if not now or type(before) is not type(after):
        change = f"{_shown(before)} → {_shown(after)}"
        yield f"    {path} = {change}" if path else f"    {change}"
        return
    for name, value in now.items():
        if value != was[name]:
            yield from changed(was[name], value, f"{path}.{name}" if path else name)


def _shown(value: object) -> str:
    """The value, with the members of a set in an order that is the same in every run."""
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(repr, value))) + "}"
    return repr(value)
