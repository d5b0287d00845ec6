"""What is said when a reversed race cannot be executed, because something that is no step decides what threads do."""

import sys

from treadle.sched.errors import NondeterminismError
from treadle.sched.source import line_of
from treadle.sched.world import ControlledThread, World

#: How many of the last steps are named.
_STEPS = 3


def unforeseen(world: World, who: str, steps: int) -> NondeterminismError:
    """Return the error for thread *who*, which was to go on after so many *steps* of *world*, and could not."""
    thread = next((thread for thread in world.threads if thread.path == who), None)
    label = f"thread {who}" if thread is None else thread.label
    last = world.history.steps[max(0, steps - _STEPS) : steps]
    done = ", ".join(f"“{world.threads[step.thread].label}: {step.operation}”" for step in last)
    where = f"after {steps} steps, the last of them {done}" if last else "at the beginning"
    state = "could not" if thread is None or world.over else f"could not: it {_state(thread)}"
    return NondeterminismError(
        f"the program does not do the same when independent steps change places: {where}, {label} was to go on, and "
        f"{state}. Something that threads share decides it, and touching that is no step here. Name the code that "
        "touches it in instrument=[…]. No instrumentation sees which objects end with a function or a container, nor what "
        "source text given to exec touches: let go of them by `del`, or put a lock round. Where all is named, please "
        "report the program."
    )


def _state(thread: ControlledThread) -> str:
    if thread.ended:
        return "had ended"
    line = line_of(thread.greenlet.gr_frame or sys._getframe())
    place = f", at {line}" if line is not None and line.file else ""
    if thread.waits_for is not None:
        return f"waited for the end of {thread.waits_for.label}{place}"
    return f"waited to {thread.pending}{place}"
