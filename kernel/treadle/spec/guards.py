"""Why an action is disabled: which guard of its method is in the way, and which guards ever were.

An action is a generator, and its guards are whatever it asks before it yields. The interpreter is made to say which
conditional jumps it takes in the method's code; each has the place of its condition in the source.

Rules: only the method itself is looked into; what it calls counts as the condition it stands in. A tracer that was
set before, a debugger's or a coverage tool's, is put back.
"""

import dis
import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from types import CodeType, FrameType
from typing import Any, Generic, NamedTuple, TypeVar

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
    with _watching() as watch:
        tried = [(step, watch.take(step, state, 1)) for step in steps]
    found = []
    for step, took in tried:
        if not took.enabled:
            asked = took.asked()
            guard, answer = asked[-1].told() if asked else (None, None)
            found.append(Disabled(step.name, guard, answer))
    return tuple(found)


class Reasons(Generic[S]):
    """Why each step of a deadlock is disabled, in lines: found when it is asked for, which takes as long as a small search."""

    def __init__(self, steps: tuple[Step[S], ...], state: S) -> None:
        self._steps = steps
        self._state = state
        self._lines: tuple[str, ...] | None = None

    def __call__(self) -> tuple[str, ...]:
        """Give the lines."""
        if self._lines is None:
            self._lines = tuple(f"    {reason}" for reason in disabled(self._steps, self._state))
        return self._lines

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the lines alone: steps cannot be pickled."""
        return _Known, (self(),)


@dataclass(frozen=True, slots=True)
class _Known:
    """Lines that were found."""

    lines: tuple[str, ...]

    def __call__(self) -> tuple[str, ...]:
        return self.lines


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
        with _watching() as watch:
            tried = [(step, watch.take(step, state, None)) for step in asked.steps]
        for step, took in tried:
            for asked_for in took.asked():
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


@dataclass(frozen=True, slots=True)
class _Taken:
    """A step that was tried, and the instructions of its method that were executed, by their offsets."""

    enabled: bool
    code: CodeType | None
    offsets: list[int]

    def asked(self) -> "list[_Asked]":
        """What it asked until it ended, or yielded as often as it was let."""
        return list(_answers(self.code, self.offsets)) if self.code else []


class _Watch:
    """A trace function, which sees the instructions of one code."""

    def __init__(self) -> None:
        self._code: CodeType | None = None
        self._offsets: list[int] = []
        self._sees = False  # any instructions

    def take(self, step: Step[Any], state: Any, most: int | None) -> _Taken:
        """Try a step, until it has yielded so often."""
        method = getattr(step.method, "__func__", step.method)
        self._code = getattr(method, "__code__", None)
        enabled = False
        for _ in range(_EXECUTIONS):
            self._offsets = []
            successors = step.method(part_of(state, step.path), **step.arguments)
            enabled = bool(list(islice(successors, most)))
        return _Taken(enabled, self._code, self._offsets)

    def __call__(
        self, frame: FrameType, event: str, _: object
    ) -> Any:  # what the interpreter calls next: itself
        if frame.f_code is not self._code:
            return None
        if event == "opcode":
            self._sees = True
            self._offsets.append(frame.f_lasti)
        elif not frame.f_trace_opcodes:
            frame.f_trace_opcodes = True
            if not self._sees:
                sys.settrace(self)  # CPython 3.12 begins to report instructions then
        return self


@contextmanager
def _watching() -> Iterator[_Watch]:
    watch, before = _Watch(), sys.gettrace()
    sys.settrace(watch)
    try:
        yield watch
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


def _instructions(code: CodeType) -> Iterator[_Instruction]:
    """As `dis.get_instructions`, which takes ten times as long, to show what is not asked for here."""
    for number, operation in enumerate(code.co_code[::2]):
        if operation != _CACHE:
            yield _Instruction(2 * number, dis.opname[operation])


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
    first, last, begin, end = next(islice(code.co_positions(), instruction.offset // 2, None))
    line = first or code.co_firstlineno
    lines = [linecache.getline(code.co_filename, number) for number in range(line, (last or line) + 1)]
    if begin is None or end is None or not all(lines):
        return line, "its condition"
    lines[-1] = lines[-1].encode()[:end].decode()
    lines[0] = lines[0].encode()[begin:].decode()
    return line, " ".join(" ".join(lines).split())
