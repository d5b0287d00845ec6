"""Timeouts, and the deadlines they become (P8).

A deadline is an instant of the monotonic clock; None is never. A timeout is one budget for the whole
call (P9), so it becomes a deadline once, before anything else happens.
"""

from typing import Final

from treadle.channels._primitives import TIMEOUT_MAX, monotonic

__all__ = ["NOW", "deadline_after", "deadline_at", "deadline_of", "duration"]

NOW: Final = float("-inf")  # the deadline of an operation that is tried and not waited for


def deadline_after(timeout: float | None) -> float | None:
    """Turn a timeout in seconds into a deadline.

    None, infinity and whatever no lock can wait for mean never; a negative timeout means now.

    Raises:
        TypeError: the timeout is neither None nor an int or float (a bool is no number here).
        ValueError: the timeout is NaN.
    """
    seconds = duration(timeout)
    return None if seconds is None else monotonic() + seconds


def duration(timeout: float | None) -> float | None:
    """Give the seconds that a timeout stands for, None if it is never.

    Raises:
        TypeError, ValueError: as above.
    """
    if timeout is None:
        return None
    if type(timeout) is not float or timeout != timeout:  # noqa: PLR0124 - only NaN differs from itself
        _check(timeout, "a timeout", "of seconds")
    return None if timeout > TIMEOUT_MAX else timeout if timeout > 0 else 0  # noqa: FURB136 - a call takes longer


def deadline_at(deadline: float | None) -> float | None:
    """Give the deadline back if it is one; infinity is never.

    Raises:
        TypeError: the deadline is neither None nor an int or float (a bool is no number here).
        ValueError: the deadline is NaN.
    """
    if deadline is None:
        return None
    _check(deadline, "a deadline", "on time.monotonic()")
    if deadline > monotonic() + TIMEOUT_MAX:
        return None
    # An int may be too large for a float, and can only be compared with one.
    return max(deadline, -int(TIMEOUT_MAX)) if isinstance(deadline, int) else deadline


def deadline_of(timeout: float | None, deadline: float | None) -> float | None:
    """Give the deadline of a call that takes either.

    Raises:
        TypeError, ValueError: as above, or both are given.
    """
    if deadline is None:
        return deadline_after(timeout)
    if timeout is None:
        return deadline_at(deadline)
    raise TypeError("give a timeout or a deadline, not both")


def _check(number: float, what: str, kind: str) -> None:
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise TypeError(f"{what} is None or a number {kind}, not {type(number).__name__}")
    if number != number:  # noqa: PLR0124 - only NaN differs from itself
        raise ValueError(f"{what} cannot be NaN")
