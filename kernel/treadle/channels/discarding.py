"""The discarding of messages that nobody will receive.

A discarded message may hold the last receiver of another channel, whose messages are discarded in turn,
and so on without bound. A thread that is discarding already therefore only notes what comes up.
"""

from collections.abc import Callable

from treadle.channels._primitives import deque, get_ident, in_each_fork

__all__ = ["discard"]

_noted: dict[int, deque[Callable[[], None]]] = {}


def _forget_others() -> None:
    """Forget the threads that a forked process does not have: a new one may be given the ident of one (P11)."""
    thread = get_ident()
    for other in _noted.copy():
        if other != thread:
            _noted.pop(other, None)


in_each_fork(after_in_child=_forget_others)


def _run(noted: deque[Callable[[], None]]) -> None:
    while noted:
        noted[0]()  # it is done when it is taken off, for this may be cut short
        noted.popleft()


def discard(empty: Callable[[], None]) -> None:
    """Call `empty`, and what further calls note in the meantime, one after the other and not nested."""
    thread = get_ident()
    noted = _noted.get(thread)
    if noted is not None:
        noted.append(empty)
        return
    noted = deque((empty,))
    try:
        _noted[thread] = noted
        _run(noted)
        _noted.pop(thread, None)
    except BaseException:
        try:
            _run(noted)
        finally:
            _noted.pop(thread, None)  # also if cut short again: what is noted later would wait for ever
        raise
