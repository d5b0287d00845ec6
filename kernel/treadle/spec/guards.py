"""Why an action is disabled: which guard of its method is in the way, and which guards ever were.

An action is a generator, and its guards are whatever it asks before it yields. The interpreter is made to say which
conditional jumps it takes in the method's code; each has the place of its condition in the source.

Rules: only the method itself is looked into; what it calls counts as the condition it stands in. A tracer that was
set before, a debugger's or a coverage tool's, is put back.
"""

import dis
import linecache
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from types import CodeType, FrameType
from typing import Any, NamedTuple, TypeVar

from treadle.spec.limits import Limits
from treadle.spec.model import Model
from treadle.spec.program import Step, part_of, program
from treadle.spec.search import Search

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition in the source of an action."""

    source: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Disabled:
    """A step that cannot be taken in a state."""

    step: str
    guard: Guard | None  # what was asked last; None when the action asks nothing
    answer: bool | None  # what it was; None for a loop that had nothing left to go through

    def __str__(self) -> str:
        """The step and the reason."""
        if self.guard is None:
            return f"{self.step} is disabled: it yields nothing"
        if self.answer is None:
            return (
                f"{self.step} is disabled in line {self.guard.line}: `{self.guard.source}` has nothing more"
            )
        return f"{self.step} is disabled in line {self.guard.line}: `{self.guard.source}` is {self.answer}"


@dataclass(frozen=True, slots=True)
class GuardCoverage:
    """How often a guard was true and false over the states reached."""

    action: str
    guard: Guard
    true: int
    false: int

    def __str__(self) -> str:
        """One line, with what was never seen."""
        never = "" if self.true and self.false else f", never {'False' if self.true else 'True'}"
        counts = f"{self.true:,} times True, {self.false:,} times False"
        return f"{self.action}, line {self.guard.line}: `{self.guard.source}` {counts}{never}"


def why_disabled(model: Model[S], state: S) -> tuple[Disabled, ...]:
    """Say of each step that cannot be taken in a state which guard is in the way.

    The guard is the condition that was asked last, as precisely as the source says it: of ``a and b`` the part that failed.
    """
    return disabled(program(model).steps, state)


def disabled(steps: tuple[Step[S], ...], state: S) -> tuple[Disabled, ...]:
    """As `why_disabled`, of the steps of a model that was taken apart."""
    found = []
    for step in steps:
        enabled, asked = _traced(step, state)
        if not enabled:
            guard, answer = asked[-1].told() if asked else (None, None)
            found.append(Disabled(step.name, guard, answer))
    return tuple(found)


def guard_coverage(model: Model[S], *, max_states: int = 10_000) -> tuple[GuardCoverage, ...]:
    """Count how often each guard of each action was true and false, over the *max_states* states found first.

    A guard that was never false, or never true, does nothing in this model, or hides what comes after it.
    """
    asked = program(model)
    search = Search(asked, Limits(max_states))
    search.explore()
    counts: dict[tuple[str, Guard], list[int]] = {}
    states: list[S] = list(search.parents)  # type: ignore[arg-type]  # without a key they are the states
    for state in states:
        for step in asked.steps:
            for asked_for in _traced(step, state, to_the_end=True)[1]:
                guard, answer = asked_for.told()
                count = counts.setdefault((step.action, guard), [0, 0])
                if answer is not None:
                    count[not answer] += 1
    return tuple(
        GuardCoverage(action, guard, *count) for (action, guard), count in counts.items() if any(count)
    )


#: What stands behind an instruction for the interpreter alone.
_CACHE = dis.opmap["CACHE"]

#: CPython 3.13 reports an execution in part only when the one before, of the same code, was not traced.
_EXECUTIONS = 2 if sys.version_info >= (3, 13) else 1


def _traced(step: Step[Any], state: Any, *, to_the_end: bool = False) -> "tuple[bool, list[_Asked]]":
    """Whether the step can be taken, and what it asked until it ended, or yielded first."""
    method = getattr(step.method, "__func__", step.method)
    code = getattr(method, "__code__", None)
    offsets: list[int] = []
    enabled = False
    for _ in range(_EXECUTIONS):
        offsets.clear()
        with _tracing(code, offsets.append):
            successors = step.method(part_of(state, step.path), **step.arguments)
            enabled = sum(1 for _ in islice(successors, None if to_the_end else 1)) > 0
    return enabled, list(_answers(code, offsets)) if code else []


@contextmanager
def _tracing(code: CodeType | None, saw: Callable[[int], None]) -> Iterator[None]:
    """Report each instruction of the code, by its offset."""

    def trace(frame: FrameType, event: str, _: object) -> Any:  # what the interpreter calls next: itself
        if frame.f_code is not code:
            return None
        if event == "opcode":
            saw(frame.f_lasti)
        elif not frame.f_trace_opcodes:
            frame.f_trace_opcodes = True
            sys.settrace(trace)  # CPython 3.12 begins to report instructions then
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def _answers(code: CodeType, offsets: list[int]) -> "Iterator[_Asked]":
    jumps = _jumps(code)
    for offset, following in zip(offsets, [*offsets[1:], -1], strict=False):
        jump = jumps.get(offset)
        if jump:
            asked = _Asked(code, jump, following != jump.onward)
            if asked.taken or not jump.ends_loop:
                yield asked


class _Instruction(NamedTuple):
    offset: int
    name: str
    place: tuple[int | None, int | None, int | None, int | None]  # first line and last, first column and last


def _instructions(code: CodeType) -> Iterator[_Instruction]:
    """As `dis.get_instructions`, which takes ten times as long, to show what is not asked for here."""
    for number, (operation, place) in enumerate(zip(code.co_code[::2], code.co_positions(), strict=True)):
        if operation != _CACHE:
            yield _Instruction(2 * number, dis.opname[operation], place)


@dataclass(frozen=True, slots=True)
class _Jump:
    """A conditional jump."""

    this: _Instruction
    before: _Instruction
    onward: int  # the instruction that follows when it is not taken

    @property
    def ends_loop(self) -> bool:
        return self.this.name == "FOR_ITER"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A conditional jump that was come to."""

    code: CodeType
    jump: _Jump
    taken: bool

    def told(self) -> tuple[Guard, bool | None]:
        """The condition as the source says it, and what it was; None at the end of a loop."""
        guard = _guard(self.code, self.jump.this, self.jump.before)
        answer = _taken_if(guard, self.jump.this.name) is self.taken
        return guard, None if self.jump.ends_loop else answer


@lru_cache(maxsize=1024)
def _jumps(code: CodeType) -> dict[int, _Jump]:
    """The conditional jumps of the code, by their offset."""
    found = {}
    instructions = list(_instructions(code))
    before = instructions[0]
    for each, following in pairwise(instructions):
        if each.name == "FOR_ITER" or (each.name.startswith("POP_JUMP") and "_IF_" in each.name):
            found[each.offset] = _Jump(each, before, following.offset)
        before = each
    return found


@lru_cache(maxsize=1024)
def _guard(code: CodeType, jump: _Instruction, before: _Instruction) -> Guard:
    line, source = _source(code, jump)
    if source.startswith(
        ("if ", "elif ", "while ")
    ):  # CPython 3.11 gives a negated condition the whole statement
        line, source = _source(code, before)
    if jump.name == "FOR_ITER" and source.startswith("for "):  # and a loop
        source = source.partition(" in ")[2].partition(":")[0]
    if jump.name.endswith("NONE") and " is " not in source:
        source += " is not None" if jump.name.endswith("NOT_NONE") else " is None"
    return Guard(source, code.co_filename, line)


def _taken_if(guard: Guard, jump: str) -> bool:
    """What the condition, as the source says it, is when the jump is taken."""
    if jump.endswith("NONE"):
        return jump.endswith("NOT_NONE") is guard.source.endswith(" is not None")
    return not jump.endswith("FALSE")


def _source(code: CodeType, instruction: _Instruction) -> tuple[int, str]:
    first, last, begin, end = instruction.place
    line = first or code.co_firstlineno
    lines = [linecache.getline(code.co_filename, number) for number in range(line, (last or line) + 1)]
    if begin is None or end is None or not all(lines):
        return line, "its condition"
    lines[-1] = lines[-1].encode()[:end].decode()
    lines[0] = lines[0].encode()[begin:].decode()
    return line, " ".join(" ".join(lines).split())
