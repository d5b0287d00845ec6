"""Strategies that sample, and choices that Hypothesis draws."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.sched.programs import together
from tests.sched.test_bug_programs import PROGRAMS, Expected, string_buffer
from treadle.sched import Deadlock, Result, Verdict, check
from treadle.sched.strategies import PCT, POS, SURW, Drawn, Portfolio, RandomWalk, Sampling
from treadle.sched.strategies.named import StrategyName

NAMES: tuple[StrategyName, ...] = ("random", "pct", "pos", "surw", "portfolio")


def letters(*words: str) -> tuple[Callable[[], None], list[str]]:
    """Make a program whose threads each write a word, a letter a step, and the list of what comes out."""
    found: list[str] = []

    def program() -> None:
        lock, text = threading.Lock(), list[str]()

        def write(word: str) -> None:
            for letter in word:
                with lock:
                    text.append(letter)

        together(*[lambda word=word: write(word) for word in words])
        found.append("".join(text))

    return program, found


def sample(strategy: Sampling, *words: str, executions: int) -> Counter[str]:
    program, found = letters(*words)
    result = check(program, strategy=strategy, max_executions=executions)
    assert result.verdict is Verdict.UNKNOWN
    assert result.executions == executions
    return Counter(found)


@pytest.mark.parametrize(
    ("expected", "name"),
    [*zip(PROGRAMS, itertools.cycle(NAMES), strict=False)],
    ids=lambda value: value if isinstance(value, str) else value.program.__qualname__,
)
def test_every_bug_is_found_and_every_strategy_finds_some(expected: Expected, name: StrategyName) -> None:
    result = check(
        expected.program, instrument=[expected.factory], strategy=name, seed=1, max_executions=2_000, shrink=0
    )
    assert result.verdict is Verdict.VIOLATED
    assert result.failure is not None
    assert isinstance(result.failure.error, expected.error)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_makes_the_same_executions(name: StrategyName) -> None:
    def outcomes(seed: int) -> list[str]:
        program, found = letters("abc", "xyz")
        check(program, strategy=name, seed=seed, max_executions=30)
        return found

    assert outcomes(5) == outcomes(5)
    assert outcomes(5) != outcomes(6)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_without_failure_is_unknown_and_names_its_seed(name: StrategyName) -> None:
    program, _ = letters("a", "b")
    result = check(program, strategy=name, max_executions=10)
    assert result.verdict is Verdict.UNKNOWN
    assert result.bound is not None
    assert f"with seed {result.seed}" in result.bound
    assert "max_executions=10" in result.bound


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_comes_to_an_end_of_a_thread_that_waits_in_a_loop(name: StrategyName) -> None:
    """What keeps the processor must give way at last to what it waits for."""

    def program() -> None:
        lock, ready = threading.Lock(), list[bool]()

        def wait() -> None:
            while True:
                with lock:
                    if ready:
                        return

        def release() -> None:
            with lock:
                ready.append(True)

        together(wait, release)

    result = check(program, strategy=name, seed=3, max_executions=20)
    assert (result.verdict, result.complete, result.cut) == (Verdict.UNKNOWN, 20, 0)


def test_a_bug_of_a_depth_is_found_by_pct_as_often_as_it_promises() -> None:
    """Two threads, k choices, depth 2: at least one execution in 2k (ASPLOS 2010, theorem 9)."""
    failures = 0

    def program() -> None:
        nonlocal failures
        first, second, steps = threading.Lock(), threading.Lock(), threading.Lock()

        def one() -> None:
            for _ in range(5):
                steps.acquire()
                steps.release()
            with first, second:
                pass

        def other() -> None:
            with second, first:
                pass

        together(one, other)

    result = check(
        program, strategy=PCT(11, 2), max_executions=400, allow_deadlock=True, stop_on_failure=False
    )
    choices = 5 * 2 + 4 + 4
    assert result.deadlocked >= 400 / (2 * choices)


def test_a_pct_of_depth_one_orders_threads_without_a_preemption() -> None:
    found = sample(PCT(2, 1), "abc", "xyz", executions=50)
    assert set(found) == {"abcxyz", "xyzabc"}


def test_one_step_before_many_is_as_likely_as_any_other_place_for_surw() -> None:
    """A random walk puts the single step of a thread among the last of the other's with probability 2⁻ⁿ."""
    long, executions = "abcdefghijkl", 500
    places = Counter(word.index("x") for word in sample(SURW(4), long, "x", executions=executions).elements())
    even = executions / (len(long) + 1)
    assert set(places) == set(range(len(long) + 1))
    assert max(places.values()) < 2 * even
    walked = Counter(
        word.index("x") for word in sample(RandomWalk(4), long, "x", executions=executions).elements()
    )
    assert walked[len(long)] == 0


def test_interleavings_of_two_threads_are_about_as_likely_as_each_other_for_surw() -> None:
    found = sample(SURW(9), "abc", "xyz", executions=600)
    assert len(found) == 20
    assert max(found.values()) < 2 * 600 / 20
    assert min(found.values()) > 600 / 20 / 2


def test_surw_counts_the_steps_of_threads_that_are_not_started_yet() -> None:
    """The weight of a thread that is yet to come is its parent's: its steps come as early as any."""
    places: Counter[int] = Counter()

    def program() -> None:
        lock, text = threading.Lock(), list[str]()

        def write(letter: str) -> None:
            with lock:
                text.append(letter)

        def parent() -> None:
            write("p")
            child = threading.Thread(target=lambda: [*map(write, "cccc")])
            child.start()
            child.join()

        together(parent, lambda: write("x"))
        places["".join(text).index("x")] += 1

    check(program, strategy=SURW(3), max_executions=600)
    assert set(places) == set(range(6))
    assert max(places.values()) < 2 * 600 / 6


def test_one_operation_is_kept_back_while_another_thread_does_many_by_pos() -> None:
    """Behind n others by one low number: once in n + 1 executions, where a random walk does it once in 2ⁿ."""

    def slow_first(strategy: Sampling) -> int:
        order: list[str] = []

        def program() -> None:
            shared, own = threading.Lock(), threading.Lock()

            def quick() -> None:
                with shared:
                    order.append("quick")

            def slow() -> None:
                for _ in range(10):
                    with own:
                        pass
                with shared:
                    order.append("slow")

            together(quick, slow)

        check(program, strategy=strategy, max_executions=200)
        return order[::2].count("slow")

    assert slow_first(POS(1)) > 200 / 21 / 2
    assert slow_first(RandomWalk(1)) == 0


def test_the_members_of_a_portfolio_take_turns() -> None:
    class Loyal(RandomWalk):
        executions = 0

        def more(self, world: object) -> bool:
            self.executions += 1
            return True

    members = [Loyal(1), Loyal(2), Loyal(3)]
    program, _ = letters("ab", "cd")
    check(program, strategy=Portfolio(1, members), max_executions=8)
    assert [member.executions for member in members] == [3, 3, 2] or [m.executions for m in members] == [
        3,
        2,
        2,
    ]


def test_a_depth_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="depth is at least 1, not 0"):
        PCT(1, 0)


def drawn(
    program: Callable[[], None], *, instrument: list[Callable[..., object]]
) -> tuple[Result | None, int]:
    """Let Hypothesis look for a failure and shrink it; give the last one, and how many examples there were."""
    last: list[Result] = []
    examples = 0

    @settings(
        max_examples=300,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        nonlocal examples
        examples += 1
        result = check(program, strategy=Drawn(data), instrument=instrument, shrink=0)
        if result.failure is not None:
            last.append(result)
            raise result.failure.error

    try:
        run()
    except (AssertionError, Deadlock):
        return last[-1], examples
    return None, examples


def test_hypothesis_finds_a_deadlock_and_shrinks_it_to_the_fewest_preemptions() -> None:
    def program() -> None:
        first, second = threading.Lock(), threading.Lock()

        def take(one: threading.Lock, other: threading.Lock) -> None:
            for _ in range(2):
                with one, other:
                    pass

        together(lambda: take(first, second), lambda: take(second, first))

    result, _ = drawn(program, instrument=[])
    assert result is not None
    assert result.verdict is Verdict.VIOLATED
    assert result.failure is not None
    assert result.failure.trace.count("is preempted") == 1


def test_hypothesis_finds_a_race_that_needs_two_preemptions() -> None:
    result, _ = drawn(string_buffer, instrument=[string_buffer])
    assert result is not None
    assert result.failure is not None


def test_hypothesis_finds_nothing_in_a_program_that_is_right() -> None:
    program, found = letters("ab", "xy")
    result, examples = drawn(program, instrument=[])
    assert result is None
    assert set(found) == {"abxy", "axby", "axyb", "xaby", "xayb", "xyab"}
    assert examples >= 6


def test_one_execution_drawn_by_hypothesis_is_no_proof() -> None:
    @settings(max_examples=5, database=None, derandomize=True)
    @given(st.data())
    def run(data: st.DataObject) -> None:
        result = check(lambda: None, strategy=Drawn(data))
        assert (result.verdict, result.executions) == (Verdict.UNKNOWN, 1)
        assert "drawn by Hypothesis" in str(result)

    run()


def test_what_a_strategy_raises_reaches_the_caller_of_check_and_leaves_nothing_patched() -> None:
    class Broken(RandomWalk):
        def choose(self, world: object, enabled: object) -> None:
            raise RuntimeError("a broken strategy")

    sleep, program = threading.Lock, letters("ab", "cd")[0]
    with pytest.raises(RuntimeError, match="a broken strategy"):
        check(program, strategy=Broken(1))
    assert threading.Lock is sleep
    assert check(program).verdict is Verdict.HOLDS
