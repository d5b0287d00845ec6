"""Exploring over several processes: the answer of one process, whatever the number, and nothing left behind."""

import functools
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from tests.sched.programs import Body, Box, check_and_replay, holds, together
from tests.sched.random_programs import Bench, Found, Script, Watcher, bench, random_script
from tests.sched.test_golden_memory import program_of
from tests.sched.test_spins import peterson
from treadle.sched import (
    CheckError,
    Deadlock,
    Interrupt,
    NondeterminismError,
    Result,
    Verdict,
    check,
    interleavings,
    parallel,
)
from treadle.sched.engine import Budget, Counts
from treadle.sched.parallel import Search, Sizes, carry_out
from treadle.sched.strategies.exhaustive import Exhaustive
from treadle.sched.strategies.subtree import flat, grown
from treadle.sched.strategies.wakeup import Branch
from treadle.sched.world import Timeouts, World

Sent = TypeVar("Sent")

#: So small that small programs are cut into many parts.
SMALL = Sizes(first=3, part=8, parts=4, split=2)

#: How many random programs of each kind and shape. Each version of Python takes others.
PROGRAMS = 1
FIRST = sys.version_info.minor * 10_000

#: Code whose accesses to shared memory are steps.
MEMORY = [sys.modules[home] for home in (__name__, program_of.__module__, peterson.__module__)]

#: The process that runs the tests, which those that it forks are not.
HOME = os.getpid()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Cut into many parts; afterwards nothing is left patched, and no process is left."""
    monkeypatch.setattr(parallel, "SIZES", SMALL)
    lock, start = threading.Lock, threading.Thread.start
    yield
    assert threading.Lock is lock
    assert threading.Thread.start is start
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def philosophers(count: int) -> Body:
    """Each takes one fork, and then the next one's."""

    def program() -> None:
        forks = [threading.Lock() for _ in range(count)]

        def eat(seat: int) -> None:
            with forks[seat], forks[(seat + 1) % count]:
                pass

        together(*[functools.partial(eat, seat) for seat in range(count)])

    return program


def try_locks() -> None:
    lock, box = threading.Lock(), Box()

    def attempt() -> None:
        for _ in range(2):
            if lock.acquire(blocking=False):
                box.x += 1
                lock.release()

    together(attempt, attempt)


def hand_over() -> None:
    numbers = queue.Queue[int](1)

    def put_two() -> None:
        numbers.put(0)
        numbers.put(1)

    together(
        put_two,
        lambda: numbers.put(2),
        lambda: [numbers.get() for _ in range(2)],
    )


def in_time() -> None:
    ready = threading.Condition()

    def wait() -> None:
        with ready:
            ready.wait(timeout=1)

    def tell() -> None:
        with ready:
            ready.notify()

    together(wait, wait, tell)


def counts(result: Result) -> tuple[Verdict, int, int]:
    return result.verdict, result.complete, result.deadlocked


@pytest.mark.parametrize(
    ("program", "options"),
    [
        (program_of("Wx Wx", "Rx Rx", "Rx"), {}),
        (philosophers(3), {"allow_deadlock": True}),
        (try_locks, {}),
        (hand_over, {}),
        (peterson, {}),
        (in_time, {"timeouts": "idle"}),
    ],
)
def test_the_answer_is_the_same_for_any_number_of_processes(
    program: Body, options: dict[str, object]
) -> None:
    one, two, three = [
        check(program, instrument=MEMORY, jobs=jobs, **options)  # type: ignore[arg-type]
        for jobs in (1, 2, 3)
    ]
    assert one.verdict is Verdict.HOLDS
    assert one.executions > SMALL.first
    assert counts(one) == counts(two)
    assert two == three  # executions that were cut short, too


# -- the parts, explored by one process ------------------------------------------------------------------------------


def sent(value: Sent) -> Sent:
    """Return what comes out of a pipe that *value* goes into."""
    return pickle.loads(pickle.dumps(value))  # type: ignore[no-any-return]  # noqa: S301 - our own


def in_parts(on: Bench, watcher: Watcher, script: Script) -> tuple[Found, Counts, int]:
    """Explore *script* part by part, each order and report pickled, and return how many parts there were."""
    watcher.script = script
    found = watcher.found = Found()
    search, parts = Search(Budget(), stop_on_failure=False), 0
    while not search.ended:
        following = search.next_order()
        assert following is not None
        order = sent(following[1])
        report = carry_out(on.laboratory, order, stop_on_failure=False)
        search.take(sent(report))
        parts += 1
    return found, search.counts, parts


@pytest.mark.parametrize("timeouts", ["explore", "idle"])
@pytest.mark.parametrize("instrument", [False, True], ids=["", "memory"])
@pytest.mark.parametrize(
    "sizes", [Sizes(1, 1, 1, 1), Sizes(1, 2, 100, 4), Sizes(4, 3, 5, 2)], ids=["1", "2", "4"]
)
def test_random_programs_have_the_same_traces_in_parts(
    sizes: Sizes, instrument: bool, timeouts: Timeouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each trace is completed once, in whichever part."""
    monkeypatch.setattr(parallel, "SIZES", sizes)
    kinds = ("memory", "mixed") if instrument else ("locks", "waiting", "queues", "time")
    cut_up = 0
    with bench(instrument=instrument) as on:
        for kind in kinds:
            for threads, length in ((2, 2), (3, 1), (3, 2)):
                for seed in range(FIRST, FIRST + PROGRAMS):
                    script = random_script(seed, kind, threads=threads, length=length)
                    if any(script.daemons):
                        continue
                    whole = on.run(script, Exhaustive(), timeouts=timeouts, budget=60)
                    if not whole.finished:
                        continue
                    found, made, parts = in_parts(on, on.watcher, script)
                    assert found.traces == whole.traces, f"{script}, {sizes}"
                    assert found.outcomes == whole.outcomes, f"{script}, {sizes}"
                    assert made.complete + made.deadlocked == whole.ended, f"{script}, {sizes}"
                    cut_up += parts > 1
    assert cut_up or sizes.first > 2


def test_what_a_sleeping_thread_covers_is_explored_although_it_was_handed_out_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """3 4 1 2: a thread that has a turn elsewhere covers the start of it, and finds the rest too late for this part."""
    for sizes in (Sizes(1, 1, 1, 1), Sizes(1, 1, 100, 1)):
        monkeypatch.setattr(parallel, "SIZES", sizes)
        assert holds(program_of("Wx", "Rx", "Rx", "Rx"), instrument=MEMORY, jobs=2).complete == 8


def test_a_wake_up_tree_as_deep_as_an_execution_is_long_can_be_sent() -> None:
    root = last = Branch("0.1")
    for number in range(20_000):
        last.branches.append(Branch(f"0.{number % 3}"))
        last.branches.append(Branch("0.7"))
        last = last.branches[0]
    tree = sent(flat([root, Branch("0.9")]))
    assert len(tree) == 40_002
    assert flat(grown(tree)) == tree


# -- failures ---------------------------------------------------------------------------------------------------------


def late_failure() -> None:
    """Fail only where the second thread takes the lock after each turn of the first."""
    lock, seen = threading.Lock(), []

    def take(who: int) -> None:
        for _ in range(3):
            with lock:
                seen.append(who)

    together(functools.partial(take, 0), functools.partial(take, 1))
    assert seen != [1, 0, 1, 0, 1, 0]


def test_a_failure_is_the_same_for_any_number_of_processes() -> None:
    results = [check_and_replay(late_failure, AssertionError, jobs=jobs, shrink=20)[0] for jobs in (2, 3)]
    first, second = results
    assert first.executions == second.executions > SMALL.first
    assert first.failure is not None
    assert second.failure is not None
    assert first.failure.schedule == second.failure.schedule
    assert first.failure.trace == second.failure.trace


def test_a_deadlock_is_found_by_another_process() -> None:
    result, error = check_and_replay(philosophers(3), Deadlock, jobs=2)
    assert result.deadlocked == 1
    assert "T0" in str(error)


def test_all_is_explored_after_a_failure_when_asked() -> None:
    one, two = [check(late_failure, jobs=jobs, stop_on_failure=False, shrink=0) for jobs in (1, 2)]
    assert counts(one) == counts(two) == (Verdict.VIOLATED, 20, 0)


class Objecting:
    """A monitor that objects to one execution by *judgement*, in a process that was forked."""

    def __init__(self, judgement: Callable[[], BaseException | None]) -> None:
        self._judgement = judgement

    def begin(self) -> None:
        pass

    def judge(self, world: World, failure: BaseException | None) -> BaseException | None:
        if os.getpid() != HOME:
            return self._judgement()
        return failure


def test_a_monitor_objects_in_another_process() -> None:
    class Last:
        def begin(self) -> None:
            pass

        def judge(self, world: World, failure: BaseException | None) -> BaseException | None:
            return ValueError("as told") if world.steps[:3] == [2, 2, 2] else failure

    result = check(in_turns, monitor=Last(), jobs=2)
    assert result.failure is not None
    assert repr(result.failure.error) == "ValueError('as told')"


def in_turns() -> None:
    lock = threading.Lock()

    def take() -> None:
        for _ in range(3):
            with lock:
                pass

    together(take, take)


def test_a_failure_of_one_process_only_is_told_as_such() -> None:
    with pytest.raises(NondeterminismError, match="failed in one process, and did not in another"):
        check(in_turns, monitor=Objecting(ValueError), jobs=2)


def test_what_is_learned_late_is_learned_by_all() -> None:
    """The race is only in executions in which the second thread is first to the lock."""

    def program() -> None:
        lock, box = threading.Lock(), Box()

        def write() -> None:
            for _ in range(3):
                with lock:
                    box.x += 1
            box.y = 1

        def read() -> None:
            with lock:
                first = box.x == 0
            if first:
                _ = box.y
            with lock:
                pass

        together(write, read)

    one, two, three = [check(program, instrument=[program, Box], jobs=jobs) for jobs in (1, 2, 3)]
    assert counts(one) == counts(two)
    assert two == three


# -- budgets, and what goes wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 3, 4, 11])
def test_a_budget_of_executions_is_for_all_processes(most: int) -> None:
    results = [check(in_turns, max_executions=most, jobs=jobs) for jobs in (1, 2, 3)]
    for result in results:
        assert result.verdict is Verdict.UNKNOWN
        assert result.executions == most
        assert result.bound == f"stopped after max_executions={most}"


def test_a_budget_that_is_just_enough_is_enough() -> None:
    assert holds(in_turns, max_executions=20, jobs=2).executions == 20


def test_a_budget_of_time_is_for_all_processes() -> None:
    result = check(program_of(*["Wx Wx"] * 5), instrument=MEMORY, max_seconds=0.1, jobs=2)
    assert result.verdict is Verdict.UNKNOWN
    assert result.bound == "stopped after max_seconds=0.1"
    assert result.executions


def test_the_step_limit_is_told_with_the_loop() -> None:
    def program() -> None:
        box = Box()

        def spin() -> None:
            turns = 0
            while box.x == 0:
                turns += 1  # a loop that only looks would wait instead

        def tell() -> None:
            box.x = 1

        together(tell, spin, lambda: setattr(box, "y", 1))

    result = check(program, instrument=[program, Box], max_steps=40, max_executions=60, jobs=2)
    assert result.verdict is Verdict.UNKNOWN
    assert any("T1 at test_jobs.py" in note for note in result.notes)


def elsewhere(act: Callable[[], object]) -> Body:
    """Return `in_turns`, which begins with *act* in processes that were forked."""

    def program() -> None:
        if os.getpid() != HOME:
            act()
        in_turns()

    return program


def test_a_process_that_dies_is_no_answer() -> None:
    with pytest.raises(CheckError, match=r"a process that explored a part of the program died \(SIGKILL\)"):
        check(elsewhere(lambda: os.kill(os.getpid(), signal.SIGKILL)), jobs=2)


def test_a_process_that_leaves_is_no_answer() -> None:
    with pytest.raises(CheckError, match=r"died \(exit code 3\)"):
        check(elsewhere(lambda: os._exit(3)), jobs=2)


def test_a_program_that_differs_between_processes_is_named() -> None:
    with pytest.raises(NondeterminismError, match="the program is not deterministic"):
        check(elsewhere(lambda: together(threading.Lock().acquire)), jobs=2)


def test_no_memory_left_in_a_process_is_no_answer() -> None:
    def raise_it() -> None:
        raise MemoryError

    with pytest.raises(CheckError, match=r"(?s)could not go on.*MemoryError"):
        check(in_turns, monitor=Objecting(raise_it), jobs=2)


def test_an_error_that_cannot_be_sent_is_told_in_words() -> None:
    class Unsendable(Exception):
        pass

    def raise_it() -> None:
        raise Unsendable("as it is")

    with pytest.raises(CheckError, match=r"(?s)could not go on.*Unsendable: as it is"):
        check(in_turns, monitor=Objecting(raise_it), jobs=2)


def test_an_error_of_a_monitor_is_raised_here() -> None:
    def raise_it() -> None:
        raise KeyError("as it is")

    with pytest.raises(KeyError, match="as it is"):
        check(in_turns, monitor=Objecting(raise_it), jobs=2)


def test_ctrl_c_ends_all_processes() -> None:
    """The fixture looks whether any is left."""
    seen = []

    def interrupt(counts: Counts) -> None:
        seen.append(counts.executions)
        if counts.executions > SMALL.first:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(in_turns, jobs=3, on_execution=interrupt)
    assert seen[:3] == [1, 2, 3]
    assert len(seen) == 4
    assert holds(in_turns).complete == 20


def test_a_real_ctrl_c_is_left_to_the_process_that_checks() -> None:
    """Those that were forked are interrupted as well by a terminal, and go on until they are ended."""
    assert holds(elsewhere(lambda: os.kill(os.getpid(), signal.SIGINT)), jobs=2).complete == 20


def test_progress_counts_what_all_processes_do() -> None:
    seen: list[int] = []
    result = holds(in_turns, jobs=2, on_execution=lambda counts: seen.append(counts.executions))
    assert seen == sorted(seen)
    assert seen[-1] == result.executions


def test_what_is_printed_elsewhere_is_seen(capfd: pytest.CaptureFixture[str]) -> None:
    check(elsewhere(lambda: print("a line")), jobs=2)
    assert capfd.readouterr().out.count("a line") >= 17  # the first three executions are made here


# -- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"jobs": 0}, ValueError, "jobs is at least 1, not 0"),
        ({"jobs": True}, TypeError, "jobs is an int, not bool"),
        ({"jobs": None}, TypeError, "jobs is an int, not NoneType"),
        ({"jobs": 2, "strategy": "dfs"}, ValueError, "needs the strategy 'exhaustive'"),
        ({"jobs": 2, "preemptions": 1}, ValueError, "without preemptions"),
        ({"jobs": 2, "strategy": "random"}, ValueError, "needs the strategy 'exhaustive'"),
    ],
)
def test_what_cannot_be_shared_out_is_refused(
    options: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        check(in_turns, **options)  # type: ignore[arg-type]


def test_faults_are_explored_by_one_process() -> None:
    with pytest.raises(ValueError, match="jobs is 1 with them"):
        check(in_turns, jobs=2, faults=[Interrupt()])


def test_without_fork_there_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(ValueError, match="which this system has not"):
        check(in_turns, jobs=2)
    assert holds(in_turns).complete == 20


def test_the_decorator_passes_jobs_on() -> None:
    wrong: list[int] = []

    @interleavings(jobs=2)
    def test() -> None:
        in_turns()
        if os.getpid() != HOME:
            raise AssertionError
        wrong.append(1)

    with pytest.raises(NondeterminismError):
        test()
    assert wrong
