"""The one piece of ambient state: which controlled thread is running at this moment.

Everything that stands in for a real primitive asks `running()` first. Outside a controlled execution, and on any
operating-system thread other than the one that called `check`, the answer is None and the real thing is used.
"""

from _thread import get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treadle.sched.world import ControlledThread

#: The controlled thread whose code is running, None between steps and outside executions.
current: "ControlledThread | None" = None

#: The operating-system thread that runs the present check; 0 when there is none.
owner = 0

#: There is no other operating-system thread that could call, so that asking is needless.
alone = False


def running() -> "ControlledThread | None":
    """Return the controlled thread that is calling, or None if the caller is not controlled."""
    thread = current
    return thread if thread is None or alone or get_ident() == owner else None
