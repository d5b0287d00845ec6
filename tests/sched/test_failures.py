"""How failures are shown and replayed: deadlocks, the interleaving in columns, and schedules as text."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sched.programs import Box, check_and_replay, holds, together
from treadle.sched import CheckError, Deadlock, NondeterminismError, ScheduleError, Verdict, check, replay
from treadle.sched.schedule import Run, Schedule, decode, encode
from treadle.sched.world import Timeouts


def abba() -> None:
    left, right = threading.Lock(), threading.Lock()

    def there() -> None:
        left.acquire()
        right.acquire()
        right.release()
        left.release()

    def back() -> None:
        right.acquire()
        left.acquire()
        left.release()
        right.release()

    together(there, back)


def test_a_deadlock_names_who_waits_for_what_held_by_whom_and_where() -> None:
    _, error = check_and_replay(abba, Deadlock)
    text = str(error)
    first = abba.__code__.co_firstlineno
    assert "T0 waits for Lock 0/2, held by T1" in text
    assert f"test_failures.py:{first + 5}: right.acquire()" in text
    assert "T1 waits for Lock 0/1, held by T0" in text
    assert f"test_failures.py:{first + 11}: left.acquire()" in text
    assert "MainThread waits for the end of T0" in text


def test_a_lock_acquired_twice_and_one_whose_holder_has_ended() -> None:
    def twice() -> None:
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()

    def left_behind() -> None:
        lock = threading.Lock()
        together(lock.acquire)
        lock.acquire()

    assert "which it holds itself" in str(check_and_replay(twice, Deadlock)[1])
    assert "held by T0, which has ended" in str(check_and_replay(left_behind, Deadlock)[1])


def test_deadlocked_programs_say_the_same_in_the_trace() -> None:
    result, error = check_and_replay(abba, Deadlock)
    assert result.failure is not None
    assert str(error) in result.failure.trace
    assert result.failure.schedule in result.failure.trace


def lost_update() -> None:
    box = Box()

    def increment() -> None:
        box.x += 1

    together(increment, increment)
    assert box.x == 2, box.x


#: Whose accesses are scheduling points.
SUBJECTS: list[Any] = [lost_update]

LOST_UPDATE = """\
in test_failures.py
    MainThread                     T0                 T1
    ─────────────────────────────  ─────────────────  ─────────────────
 1                                 :{add}  box.x += 1
                                     read Box.x → 0
    ╌╌ T0 is preempted
 2                                                    :{add}  box.x += 1
                                                        read Box.x → 0
 3                                                    :{add}  box.x += 1
                                                        write Box.x ← 1
    ╌╌ T1 has ended
 4                                 :{add}  box.x += 1
                                     write Box.x ← 1
    ╌╌ T0 has ended
 5  :{test}  assert box.x == 2, box.x
      read Box.x → 1
 6  :{test}  assert box.x == 2, box.x
      read Box.x → 1

MainThread raised AssertionError: 1

1 preemption, the fewest with which it fails so, after {tries} executions to shorten it; replays 10/10
to replay: replay(lost_update, '0,1@read Box.x,2,1,0', instrument=[lost_update])
       or: treadle explore {file}::lost_update --instrument lost_update --replay '0,1@read Box.x,2,1,0'"""


def test_the_interleaving_is_shown_in_columns() -> None:
    """A column per thread, a line per step with source and value, why each switch happened, and how to replay."""
    result, _ = check_and_replay(lost_update, AssertionError, instrument=[lost_update])
    assert result.failure is not None
    failure = result.failure
    first = lost_update.__code__.co_firstlineno
    file = Path(__file__).relative_to(Path.cwd())
    assert failure.trace == LOST_UPDATE.format(add=first + 4, test=first + 7, tries=failure.tries, file=file)
    assert str(failure) == failure.trace


ABBA = """\
in test_failures.py
    T0                   T1
    ───────────────────  ────────────────────
 1  :{left}  left.acquire()
      acquire Lock 0/1
    ╌╌ T0 is preempted
 2                       :{right}  right.acquire()
                           acquire Lock 0/2

deadlock: no thread can go on
"""


def test_a_deadlock_is_shown_in_columns() -> None:
    result, error = check_and_replay(abba, Deadlock)
    assert result.failure is not None
    first = abba.__code__.co_firstlineno
    shown = ABBA.format(left=first + 4, right=first + 10)
    assert result.failure.trace.startswith(shown)
    assert "\nto replay: replay(abba, '1@acquire Lock 0/1,2')\n" in result.failure.trace
    assert str(error) in result.failure.trace


def test_the_trace_is_the_same_every_time() -> None:
    traces = [check(lost_update, instrument=SUBJECTS).failure for _ in range(3)]
    assert len({str(failure) for failure in traces}) == 1


THREADS = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(lambda path: ".".join(map(str, path)))
OPERATIONS = st.none() | st.text(min_size=1)
RUNS = st.lists(
    st.builds(
        lambda thread, operation, times: Run(thread, operation, times if operation else 1),
        THREADS,
        OPERATIONS,
        st.integers(1, 99),
    )
).map(tuple)


@settings(max_examples=20)
@given(RUNS, st.sampled_from(("explore", "idle")), st.booleans(), st.booleans(), st.integers(-(10**9), 10**9))
def test_schedules_survive_being_written_down(
    runs: tuple[Run, ...], timeouts: Timeouts, ends: bool, clock: bool, seed: int
) -> None:
    schedule = Schedule(runs, timeouts, ends, clock, seed)
    text = encode(schedule)
    assert decode(text) == schedule
    assert text.isascii()
    assert "'" not in text
    assert "\n" not in text


def test_schedules_are_short() -> None:
    runs = (Run("0"), Run("1", "read Box#2.x", 3), Run("2.1"))
    assert encode(Schedule(runs)) == "0,1@read Box#2.x*3,2.1"
    assert encode(Schedule((), "idle")) == "i:"


@pytest.mark.parametrize(
    "text", ["x", "0x3", "1@", "1@*2", "-1", "0,,1", "1.", "0 1", "z:0", "i:e:0", "1@read x*0", "²", "1@a@b"]
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError, match="not a schedule"):
        replay(lost_update, text)
    holds(lambda: None)


@pytest.mark.parametrize("schedule", [None, 3, ["0"], b"0"])
def test_a_schedule_is_a_text(schedule: object) -> None:
    with pytest.raises(TypeError, match="string"):
        replay(lost_update, schedule)  # type: ignore[arg-type]


def test_a_schedule_error_is_a_value_error() -> None:
    assert issubclass(ScheduleError, ValueError)
    assert issubclass(ScheduleError, CheckError)


def guarded(locked: bool, *, more: int = 0, other: str = "x") -> Callable[[], None]:
    """Return the lost update with changes: a lock, more accesses in between, another attribute."""

    def program() -> None:
        box, lock = Box(), threading.Lock()

        def increment() -> None:
            for _ in range(more):
                box.y = box.z
            with lock if locked else nullcontext():
                setattr(box, other, getattr(box, other) + 1)
            box.data = more

        together(increment, increment)
        assert getattr(box, other) == 2

    return program


def test_a_schedule_survives_edits_that_leave_its_operations() -> None:
    """More accesses before and after, made by either thread, are stepped over."""
    found, _ = check_and_replay(guarded(False), AssertionError, instrument=[guarded])
    assert found.failure is not None
    for more in (1, 2, 5):
        with pytest.raises(AssertionError):
            replay(guarded(False, more=more), found.failure.schedule, instrument=[guarded])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            guarded(True),
            r"in its 5th run, .* thread 0 \(MainThread\) was to run, but waits for the end of T1",
        ),
        (guarded(False, other="y"), r"thread 1 \(T0\) was to run until its 1st “read Box.x”, but has ended"),
        (
            lambda: None,
            "the program, which ended after 0 steps, with 5 runs of the schedule left",
        ),
    ],
    ids=["blocked", "never", "empty"],
)
def test_a_schedule_that_does_not_fit_says_which_operation_was_expected(
    changed: Callable[[], None], words: str
) -> None:
    found, _ = check_and_replay(guarded(False), AssertionError, instrument=[guarded])
    assert found.failure is not None
    with pytest.raises(ScheduleError, match=words):
        replay(changed, found.failure.schedule, instrument=[guarded])
    holds(lambda: None)


def test_replaying_a_changed_program() -> None:
    """A schedule that names a thread which cannot run, or has runs left over, does not fit."""
    result, _ = check_and_replay(abba, Deadlock)
    assert result.failure is not None
    with pytest.raises(
        ScheduleError, match="thread 1 was to run until its 1st “acquire Lock 0/1”, but has not"
    ):
        replay(lambda: threading.Lock().acquire(), result.failure.schedule)
    with pytest.raises(ScheduleError, match="ended after 0 steps"):
        replay(lambda: None, result.failure.schedule)
    with pytest.raises(ScheduleError, match="does not fit"):
        replay(abba, "9")


def test_replaying_what_holds_raises_nothing() -> None:
    replay(lambda: None, "")
    replay(abba, "1,2")


@pytest.mark.parametrize("before", [0, 1], ids=["at its first step", "later"])
def test_a_program_that_depends_on_what_came_before_is_named(before: int) -> None:
    """The operation that differs is named, and the answer is no verdict."""
    runs: list[int] = []

    def program() -> None:
        lock = threading.Lock()
        runs.append(1)
        blocking = len(runs) % 2 == 1

        def body() -> None:
            for _ in range(before):
                with lock:
                    pass
            lock.acquire(blocking=blocking)

        together(body, body)

    with pytest.raises(NondeterminismError, match=r"not deterministic.*acquire"):
        check(program, allow_deadlock=True)
    assert check(lambda: None).verdict is Verdict.HOLDS
