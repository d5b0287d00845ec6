"""C code that calls the program's code in the midst of what it does: other threads have their turns there.

While C code runs that touches a container, the thread notes what that is. The program's code that it calls announces
this anew as it returns, for then the C code goes on.
"""

from collections.abc import Callable
from typing import Any

from treadle.sched import runtime
from treadle.sched.access import Accesses
from treadle.sched.memory.announcing import perform_found
from treadle.sched.world import ControlledThread


def go_on(value: Any = None) -> Any:
    """Announce that C code, if it is what called the caller, goes on with what it touches; return *value*."""
    thread = runtime.running()
    if thread is not None and thread.within is not None:
        perform_found(thread, "go on", thread.within)
    return value


def within(
    thread: ControlledThread, find: Callable[[], Accesses], function: Callable[..., Any], *arguments: Any
) -> Any:
    """Perform `function(*arguments)`, which is written in C and touches what *find* finds."""
    before, thread.within = thread.within, find
    try:
        return function(*arguments)
    finally:
        thread.within = before
