"""The reduction against brute force: both must find the same outcomes and the same traces of random programs."""

import pytest

from tests.sched import steps
from tests.sched.random_programs import Found, Script, random_script, run
from treadle.sched.strategies.dfs import DepthFirst
from treadle.sched.strategies.exhaustive import Exhaustive
from treadle.sched.world import Timeouts

#: Programs with more schedules than this are left out; most have fewer.
BUDGET = 1_500


def both(script: Script, timeouts: Timeouts, *, instrument: bool) -> tuple[Found, Found] | None:
    """Return what brute force and the reduction find, or None where brute force takes too long."""
    everything = run(script, DepthFirst(), instrument=instrument, timeouts=timeouts, budget=BUDGET)
    if not everything.finished:
        return None
    return everything, run(script, Exhaustive(), instrument=instrument, timeouts=timeouts, budget=BUDGET)


def agree(script: Script, timeouts: Timeouts, *, instrument: bool) -> bool:
    """Hold the reduction against brute force; say whether brute force came to an end."""
    found = both(script, timeouts, instrument=instrument)
    if found is None:
        return False
    everything, reduced = found
    assert reduced.finished
    assert reduced.traces == everything.traces, str(script)
    if instrument:  # otherwise the program may race where nobody looks
        assert reduced.outcomes == everything.outcomes, str(script)
        lazily = run(
            script, Exhaustive(), instrument=True, timeouts=timeouts, budget=BUDGET, every_access=False
        )
        assert lazily.outcomes == everything.outcomes, str(script)
    if timeouts == "explore" and not any(script.daemons):
        assert reduced.ended == len(reduced.traces), f"a trace was completed twice: {script}"
    return True


@pytest.mark.parametrize("timeouts", ["explore", "idle"])
@pytest.mark.parametrize("kind", ["locks", "memory", "waiting", "queues", "time", "mixed"])
def test_random_programs(kind: str, timeouts: Timeouts) -> None:
    """Two threads of one or two steps each: every trace and outcome, none of them twice."""
    scripts = [random_script(seed, kind, threads=2, length=2 - seed % 2) for seed in range(14)]
    finished = [agree(script, timeouts, instrument=kind in ("memory", "time")) for script in scripts]
    assert sum(finished) >= len(finished) // 2


@pytest.mark.parametrize("timeouts", ["explore", "idle"])
@pytest.mark.parametrize("kind", ["locks", "memory"])
def test_random_programs_of_three_threads(kind: str, timeouts: Timeouts) -> None:
    """Three threads of one step each."""
    scripts = [random_script(seed, kind, threads=3, length=1) for seed in range(8)]
    finished = [agree(script, timeouts, instrument=False) for script in scripts]
    assert sum(finished) >= len(finished) // 2


def script(*threads: tuple[steps.Step, ...], ending: str = "join", daemons: tuple[bool, ...] = ()) -> Script:
    assert ending in ("join", "join in time", "leave", "look")
    return Script(threads, daemons or (False,) * len(threads), ending)  # type: ignore[arg-type]


FOUND: list[tuple[Script, Timeouts]] = [
    # A release that fails races with the acquisition that would let it succeed.
    (script((steps.release_other,), (steps.hand_over_hand,)), "explore"),
    (script((steps.release_other,), (steps.nested_10,)), "idle"),
    # A timeout that may fire before what it waits for moves the clock that others read.
    (script((steps.give_way,), (steps.now,), ending="join in time"), "explore"),
    # Two deadlines at one moment: either fires first.
    (script((steps.sleep_1,), (steps.await_event,)), "idle"),
    (script((steps.get_in_time,), ending="join in time", daemons=(True,)), "idle"),
    (script((steps.await_event,), (steps.await_event,)), "idle"),
    # A wait that outlasts a timeout races with what came before the timeout.
    (script((steps.nested_10,), (steps.nested_01,), ending="join in time"), "idle"),
    (script((steps.timed_lock_inside,), (steps.nested_01,)), "idle"),
    # The program's exit races with a daemon's timer also where the daemon has ended by then.
    (
        script((steps.give_way,), (steps.ask_alive, steps.sleep_1), ending="leave", daemons=(False, True)),
        "explore",
    ),
    # A thread that dies of an exception is seen to be dead.
    (script((steps.fail,), (steps.locked_0,), ending="look"), "explore"),
    # Attributes touched by name.
    (script((steps.has_y,), (steps.delete_y,)), "explore"),
]


@pytest.mark.parametrize(("found", "timeouts"), FOUND, ids=[f"{found}, {mode}" for found, mode in FOUND])
def test_programs_that_were_once_explored_wrongly(found: Script, timeouts: Timeouts) -> None:
    assert agree(found, timeouts, instrument=steps.has_y in found.threads[0])


def test_a_script_says_what_it_does_and_shrinks() -> None:
    """The helper that reports a difference names the program, and only makes it smaller."""
    whole = script((steps.locked_0, steps.look), (steps.add_x,), ending="look", daemons=(False, True))
    assert str(whole) == "[locked_0, look] ∥ daemon [add_x], then look"
    assert {str(smaller) for smaller in whole.smaller()} == {
        "daemon [add_x], then look",
        "[look] ∥ daemon [add_x], then look",
        "[locked_0] ∥ daemon [add_x], then look",
        "[locked_0, look], then look",
        "[locked_0, look] ∥ [add_x], then look",
        "[locked_0, look] ∥ daemon [add_x], then join",
    }


def test_what_is_read_after_an_announcement_is_announced_with_it() -> None:
    """An in-place operator's two operands are one step: between two the first would be stale."""
    for other in (steps.take_if, steps.walk):
        assert agree(script((other,), (steps.extend,)), "explore", instrument=True)
