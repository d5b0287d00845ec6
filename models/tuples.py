"""Small changes of tuples, which the states of models are made of."""

from typing import TypeVar

T = TypeVar("T")

Entry = tuple[int, int]  # in a line: a thread, and which of its waits this is


def put(values: tuple[T, ...], index: int, value: T) -> tuple[T, ...]:
    """The values with one of them replaced."""
    return (*values[:index], value, *values[index + 1 :])


def without(values: tuple[T, ...], value: T) -> tuple[T, ...]:
    """The values without those that are equal to one."""
    return tuple(other for other in values if other != value)


def entered(
    line: tuple[Entry, ...], waits: tuple[int, ...], over: tuple[bool, ...], who: int
) -> tuple[tuple[Entry, ...], tuple[int, ...], tuple[bool, ...]]:
    """A line, the counts of waits and which of them are over, after a thread has entered the line by a new wait."""
    wait = waits[who] + 1
    return (*line, (who, wait)), put(waits, who, wait), put(over, who, False)
