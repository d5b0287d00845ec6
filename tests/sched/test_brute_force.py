"""The reduction against brute force: both must find the same outcomes and the same traces of random programs."""

import sys

import pytest

from tests.sched import steps
from tests.sched.random_programs import Bench, Script, bench, random_script
from treadle.sched.strategies.dfs import DepthFirst
from treadle.sched.strategies.exhaustive import Exhaustive
from treadle.sched.world import Timeouts

#: Programs with more schedules than this are left out; most have fewer.
BUDGET = 80
#: How many random programs of each kind and shape. Each version of Python takes others.
PROGRAMS = 12
FIRST = sys.version_info.minor * 1_000


def agree(
    on: Bench,
    script: Script,
    timeouts: Timeouts,
    *,
    instrument: bool,
    budget: int = 2_000,
    patient: bool = True,
) -> bool:
    """Hold the reduction against brute force; say whether brute force came to an end, where the two must agree."""
    if not instrument and script.is_decided_unseen():
        return False
    everything = on.run(script, DepthFirst(), timeouts=timeouts, budget=budget, patient=patient)
    if not everything.finished:
        return False
    reduced = on.run(script, Exhaustive(), timeouts=timeouts, budget=budget * 2)
    assert reduced.finished
    assert reduced.traces == everything.traces, str(script)
    if instrument:  # otherwise the program may race where nobody looks
        assert reduced.outcomes == everything.outcomes, str(script)
        lazily = on.run(script, Exhaustive(), timeouts=timeouts, budget=budget * 2, every_access=False)
        assert lazily.outcomes == everything.outcomes, str(script)
    if timeouts == "explore" and not any(script.daemons):
        assert reduced.ended == len(reduced.traces), f"a trace was completed twice: {script}"
    return True


@pytest.mark.parametrize("timeouts", ["explore", "idle"])
@pytest.mark.parametrize("instrument", [False, True], ids=["", "memory"])
def test_random_programs(timeouts: Timeouts, instrument: bool) -> None:
    """Two threads of one or two steps each, or three of one: every trace and outcome, none of them twice."""
    kinds = ("memory", "time", "mixed") if instrument else ("locks", "waiting", "queues", "time", "mixed")
    finished = []
    with bench(instrument=instrument) as on:
        for kind in kinds:
            for threads, length in ((2, 1), (2, 2), (3, 1)):
                for seed in range(FIRST, FIRST + PROGRAMS):
                    made = random_script(seed, kind, threads=threads, length=length)
                    finished.append(
                        agree(on, made, timeouts, instrument=instrument, budget=BUDGET, patient=False)
                    )
    assert sum(finished) >= len(finished) // 3


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
    # Who ends last, and so was taken to end the program, depends on the order of independent steps.
    (script((steps.copy_y,), (steps.join_first,), ending="join in time", daemons=(False, True)), "explore"),
    # Two looks at a thread's life do not race, though a third party's end lies between them.
    (script((steps.sleep_2,), (steps.set_event, steps.join_in_time), ending="look"), "idle"),
    # Who waits for what was never free can never come first.
    (script((steps.get_simple_in_time,), (steps.get_simple,)), "explore"),
    # A daemon's timeout that the exit forestalls races with the exit only.
    (script((steps.now,), (steps.sleep_2,), ending="leave", daemons=(True, True)), "explore"),
    (script((steps.now,), (steps.timed_lock_inside,), ending="leave", daemons=(True, True)), "explore"),
    (script((steps.locked_0,), (steps.timed_lock,), ending="leave", daemons=(True, True)), "explore"),
    (script((steps.give_way,), (steps.join_in_time,), ending="leave", daemons=(True, True)), "explore"),
    (script((steps.look,), (steps.timed_lock,), ending="leave", daemons=(True, True)), "idle"),
    # Attributes touched by name.
    (script((steps.has_y,), (steps.delete_y,)), "explore"),
]


@pytest.mark.parametrize(("found", "timeouts"), FOUND, ids=[f"{found}, {mode}" for found, mode in FOUND])
def test_programs_that_were_once_explored_wrongly(found: Script, timeouts: Timeouts) -> None:
    instrument = steps.has_y in found.threads[0]
    with bench(instrument=instrument) as on:
        assert agree(on, found, timeouts, instrument=instrument)


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
    with bench(instrument=True) as on:
        for other in (steps.take_if, steps.walk):
            assert agree(on, script((other,), (steps.extend,)), "explore", instrument=True)


def test_what_memory_decides_is_left_to_the_programs_whose_memory_is_seen() -> None:
    racing = script((steps.try_recursive,), (steps.wait_for,))
    assert racing.is_decided_unseen()
    assert script((steps.release_other,), (steps.notify,)).is_decided_unseen()
    assert not script((steps.notify,), (steps.wait_for,)).is_decided_unseen()  # under the condition's lock
    with bench(instrument=False) as on:
        assert not agree(on, racing, "idle", instrument=False)
    with bench(instrument=True) as on:
        assert agree(on, racing, "idle", instrument=True)
