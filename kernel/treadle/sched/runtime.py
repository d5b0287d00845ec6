"""The one piece of ambient state: which controlled thread is running at this moment.

Everything that stands in for a real primitive asks `running()` first. Outside a controlled execution, and on any
operating-system thread other than the one that called `check`, the answer is None and the real thing is used.
"""

import threading
from _thread import get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from treadle.sched.world import ControlledThread

#: The controlled thread whose code is running, None between steps and outside executions.
current: "ControlledThread | None" = None

#: The operating-system thread that runs the present check; 0 when there is none.
owner = 0


def running() -> "ControlledThread | None":
    """Return the controlled thread that is calling, or None if the caller is not controlled."""
    thread = current
    return thread if thread is None or get_ident() == owner else None


#: Gives the present execution up, for a reason.
give_up: "Callable[[str], object] | None" = None


def intrude(name: str) -> None:
    """Give the check up, because a thread which is not controlled uses *name*, as the program under test does."""
    known = next((thread for thread in threading.enumerate() if thread.ident == get_ident()), None)
    caller = "a real thread" if known is None else f"{known.name}, a real thread"
    if give_up is not None:
        give_up(
            f"{name} is used by the program under test and by {caller} that runs outside the check. Start all threads "
            "that share anything with the program inside it, or end the others before the check."
        )
