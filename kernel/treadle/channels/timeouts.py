"""Timeouts, and the deadlines they become (P8).

A deadline is an instant of the monotonic clock; None is never. A timeout is one budget for the whole
call (P9), so it becomes a deadline once, before anything else happens.
"""

from treadle.channels._primitives import TIMEOUT_MAX, monotonic

__all__ = ["deadline_after"]


def deadline_after(timeout: float | None) -> float | None:
    """Turn a timeout in seconds into a deadline.

    None, infinity and whatever no lock can wait for mean never; a negative timeout means now.

    Raises:
        TypeError: the timeout is neither None nor an int or float (a bool is no number here).
        ValueError: the timeout is NaN.
    """
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"a timeout is None or a number of seconds, not {type(timeout).__name__}")
    if timeout != timeout:  # noqa: PLR0124 - only NaN differs from itself
        raise ValueError("a timeout cannot be NaN")
    if timeout > TIMEOUT_MAX:
        return None
    return monotonic() + max(timeout, 0)
