"""The number of executions of programs on shared memory, against GenMC's, Nidhugg's and Concuerror's.

As many executions as there are traces: none begun in vain (cut), none deadlocked. The programs after Concuerror were
made to lead a reduction without wake-up trees into executions that it must cut. Dependent are two operations on one
object that do not both read, also where two writes write the same. Numbers of traces within a preemption bound are
GenMC's: a trace counts where the cheapest of its schedules does.
"""

import functools
import math
import sys
from collections.abc import Callable

import pytest

from tests.sched.programs import Box, holds, together
from tests.sched.random_programs import Trace, trace_of
from treadle.sched.world import World

Program = Callable[[], None]
Body = Callable[[Box], object]


def write(name: str) -> Body:
    return lambda box: setattr(box, name, 1)


def read(name: str) -> Body:
    return lambda box: getattr(box, name)


def line(text: str) -> Body:
    """Return the body of a thread: `Wx Ry` writes x, then reads y."""
    steps = [(write if step[0] == "W" else read)(step[1]) for step in text.split()]

    def body(box: Box) -> None:
        for step in steps:
            step(box)

    return body


def program_of(*bodies: Body | str) -> Program:
    made = [line(body) if isinstance(body, str) else body for body in bodies]

    def program() -> None:
        box = Box(v=0, w=0)
        together(*[functools.partial(body, box) for body in made])

    return program


def counted(program: Program) -> tuple[int, int, int]:
    result = holds(program, instrument=[sys.modules[__name__]])
    return result.complete, result.deadlocked, result.cut


def coherence(count: int) -> Program:
    """CoA: two threads write x and read it again, with a read of y or z between, which the others write."""
    return program_of("Wx Ry Rx", "Wx Rz Rx", *["Wy Wz"] * (count - 1))


def redundant_coherence(count: int) -> Program:
    return program_of(*["Wx " * count] * 2, "Rx Rx")


LITMUS = [
    ("MP", ["Wx Wy", "Ry Rx"], 3),
    ("S", ["Wx Wy", "Ry Wx"], 3),
    ("R", ["Wx Wy", "Wy Rx"], 3),
    ("SB", ["Wx Ry", "Wy Rx"], 3),
    ("LB", ["Rx Wy", "Ry Wx"], 3),
    ("2+2W", ["Wx Wy", "Wy Wx"], 3),
    ("CoRR", ["Wx Wx", "Rx Rx"], 6),
    ("WRC", ["Wx", "Rx Wy", "Ry Rx"], 7),
    ("RWC", ["Wx", "Rx Ry", "Wy Rx"], 7),
    ("W+RWC", ["Wx Wy", "Ry Rz", "Wz Rx"], 7),
    ("ISA2", ["Wx Wy", "Ry Wz", "Rz Rx"], 7),
    ("Z6", ["Wx Wy", "Wy Wz", "Wz Rx"], 7),
    ("LB3", ["Rx Wy", "Ry Wz", "Rz Wx"], 7),
    ("IRIW", ["Wx", "Wy", "Rx Ry", "Ry Rx"], 15),
    ("three writers, four reads", ["Wx", "Wx", "Wx", "Rx Rx Rx Rx"], 210),
    ("three writers, twice two reads", ["Wx", "Wx", "Wx", "Rx Rx", "Rx Rx"], 600),
    ("two_writers_readers_1", ["Wx Wx", "Ry Rx", "Ry Rx"], 9),
    ("two_writers_readers_2", ["Wx", "Wx", "Ry Rx", "Ry Rx"], 18),
    ("hairbrush_teeth_1", ["Wx Wx", "Rx Rx"], 6),
    ("hairbrush_teeth_2", ["Wx Wx Wx", "Rx Rx Rx"], 20),
    ("hairbrush_teeth_3", ["Wx Wx", "Rx Rx", "Rx Rx"], 36),
    ("hairbrush_teeth_4", ["Wx Wx Wx", "Rx Rx Rx", "Rx Rx Rx"], 400),
    ("writeread", ["Wx", "Wx Rx", "Wx Rx"], 22),
    ("wakeup_many", ["Wx", "Wx", "Wx"], 6),
]


@pytest.mark.parametrize(("lines", "traces"), [case[1:] for case in LITMUS], ids=[case[0] for case in LITMUS])
def test_straight_lines(lines: list[str], traces: int) -> None:
    """Threads that do the same whatever they read."""
    assert counted(program_of(*lines)) == (traces, 0, 0)


@pytest.mark.parametrize(("count", "traces"), [(1, 4), (2, 15), (3, 130)])
def test_coherence(count: int, traces: int) -> None:
    assert counted(coherence(count)) == (traces, 0, 0)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_reads_among_redundant_writes(count: int) -> None:
    """(2N)!/(N!)² orders of the writes, and two reads at any two places among them."""
    orders = math.comb(2 * count, count) * math.comb(2 * count + 2, 2)
    assert counted(redundant_coherence(count)) == (orders, 0, 0)


@pytest.mark.parametrize(("times", "traces"), [(1, 11), (2, 140)])
def test_fibonacci_with_a_reader(times: int, traces: int) -> None:
    def add_y(box: Box) -> None:
        for _ in range(times):
            box.x += box.y

    def add_x(box: Box) -> None:
        for _ in range(times):
            box.y += box.x

    assert counted(program_of(add_y, add_x, "Rx Ry")) == (traces, 0, 0)


# -- programs whose threads go on only if they read the right thing ------------------------------------------------


def when(name: str, then: Body | str, value: int = 1) -> Body:
    """Read *name*, and go on only if it has *value*."""
    goes_on = line(then) if isinstance(then, str) else then

    def body(box: Box) -> None:
        if getattr(box, name) == value:
            goes_on(box)

    return body


def two(first: Body | str, second: Body | str) -> Body:
    made = [line(body) if isinstance(body, str) else body for body in (first, second)]

    def body(box: Box) -> None:
        for step in made:
            step(box)

    return body


def both_set(box: Box) -> None:
    y, z = box.y, box.z
    if y == z == 1:
        _ = box.x


def unless_zero(box: Box) -> None:
    if box.x != 0:
        _ = box.y


def write_2(box: Box) -> None:
    box.x = 2


CONDITIONAL: list[tuple[str, list[Body | str], int]] = [
    ("many_initials", ["Wx", "Wy", "Wz", both_set], 5),
    ("depend_4", ["Wz", "Wx", "Wy", when("x", when("y", "Rz")), when("y", "Rz"), write_2], 30),
    ("sleeping_races_5", ["Wy", "Wx", "Rx Ry", when("x", "Ry"), "Ry"], 24),
    (
        "sleeping_races_6",
        ["Ww", "Wx", "Wy", "Ry Wz", when("y", when("z", when("x", "Rw")))],
        10,
    ),
    ("complete_test_1", ["Wy", "Wx", when("x", "Ry", 0), "Rx Ry", write_2], 48),
    ("complete_test_2", ["Wy", "Wx", unless_zero, "Rx Ry", write_2], 60),
    (
        "combination_lock_1",
        [
            "Wz",
            two("Wx", when("y", "Ww")),
            when("x", two("Wy", when("v", "Rz"))),
            when("w", "Wv"),
        ],
        6,
    ),
    ("not_prerequisite_1", ["Wx Wy", when("y", "Rx"), "Wy"], 7),
]


@pytest.mark.parametrize(
    ("bodies", "traces"), [case[1:] for case in CONDITIONAL], ids=[case[0] for case in CONDITIONAL]
)
def test_conditions(bodies: list[Body | str], traces: int) -> None:
    """What a thread does depends on what it read."""
    assert counted(program_of(*bodies)) == (traces, 0, 0)


# -- traces within a preemption bound ------------------------------------------------------------------------------


class Traces:
    """Collects the traces of all executions since the last kind of memory was learned that threads race for."""

    def __init__(self) -> None:
        self.seen: set[Trace] = set()
        self.shared: frozenset[object] = frozenset()

    def begin(self) -> None:
        """Each execution is judged by itself."""

    def judge(self, world: World, failure: BaseException | None) -> BaseException | None:
        if world.shared != self.shared:
            self.shared = world.shared
            self.seen.clear()
        self.seen.add(trace_of(world))
        return failure


def traces_within(program: Program, preemptions: int) -> int:
    traces = Traces()
    result = holds(
        program,
        strategy="dfs",
        preemptions=preemptions,
        instrument=[sys.modules[__name__]],
        monitor=traces,
    )
    assert result.bound == f"at most {preemptions} preemption{'s' * (preemptions != 1)}"
    return len(traces.seen)


BOUNDED = [
    ("2+2W", ["Wx Wy", "Wy Wx"], [2, 3]),
    ("CoRR", ["Wx Wx", "Rx Rx"], [2, 4, 6]),
    ("WRC", ["Wx", "Rx Wy", "Ry Rx"], [6, 7]),
    ("IRIW", ["Wx", "Wy", "Rx Ry", "Ry Rx"], [14, 15]),
    ("readers-3", ["Wx", "Rx", "Rx", "Rx"], [8]),
    ("binc-2", ["Wx Wy"] * 2, [2, 4]),
    ("binc-3", ["Wx Wy"] * 3, [6, 24, 36]),
    ("cinc-2", ["Wx Wy Wz"] * 2, [2, 6, 8]),
    ("wrw-2", ["Wx", "Rx Wx", "Rx Wx"], [6, 18, 22]),
    ("CoA-2", ["Wx Ry Rx", "Wx Rz Rx", "Wy Wz"], [6, 15]),
]


@pytest.mark.parametrize(
    ("lines", "traces"), [case[1:] for case in BOUNDED], ids=[case[0] for case in BOUNDED]
)
def test_traces_within_a_preemption_bound(lines: list[str], traces: list[int]) -> None:
    """Each bound covers exactly the traces that need no more preemptions, and the last of them all."""
    program = program_of(*lines)
    assert [traces_within(program, bound) for bound in range(len(traces))] == traces
    assert counted(program)[0] == traces[-1]
