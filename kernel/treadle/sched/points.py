"""Where faults can come: the points of a thread, and those at which CPython runs signal handlers.

CPython (3.11 to 3.13) looks for signals as a function written in Python begins or a generator goes on, as a loop goes
back to its beginning, and after a call of anything that is not a function written in Python, when that has returned and
its result is given to nobody yet; and before it shows a value in a text. It does not as a function returns, between two
assignments, or after the `__enter__` of a `with` statement. A wait in C is ended by a signal, too.
"""

import dis
import os
import sys
from pathlib import Path
from types import FrameType
from typing import Final

from treadle.sched.source import instrumented, is_standard

_OURS = f"{Path(__file__).parent}{os.sep}"


#: What a thread is about to do, as bits of a mask.
ACCESS: Final = 1  # something that others may see, in instrumented code
SIGNAL: Final = 2  # run signal handlers, in instrumented code
UNSEEN: Final = 4  # something that others may see, in other code: before that it may have run signal handlers
END: Final = 8  # end, as a thread


def instrumented_caller() -> bool:
    """Say whether it is instrumented code that has called the checker."""
    frame = _caller()
    return frame is not None and id(frame.f_code) in instrumented


def after_a_call() -> bool:
    """Say whether CPython looks for signals when the checker returns: not for what a `with` statement calls itself.

    The standard library's own code is taken to be done with what it called, unless it is instrumented.
    """
    frame = _caller()
    if frame is None or (is_standard(frame.f_code.co_filename) and id(frame.f_code) not in instrumented):
        return False
    return "CALL" in _instruction(frame)


def _caller() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return frame


def _instruction(frame: FrameType) -> str:
    """Return the name of the instruction that *frame* executes."""
    code, place = frame.f_code.co_code, frame.f_lasti
    while place > 0 and dis.opname[code[place]] == "CACHE":
        place -= 2
    return dis.opname[code[place]]
