"""Selecting among operations: `select(recv(rx), send(tx, v))`, and the reusable `Select`.

A select performs one of its cases and gives what came of it, in one step: there is no operation that was
chosen and not done (S85). Which of several that are ready is chosen at random, each as likely as the others
(S92), or is the first one if the select is biased (S93).
"""

from collections.abc import Sequence
from copy import copy
from random import random
from typing import Any, Final, Generic, Literal, TypeAlias, TypedDict, TypeVar, Unpack, overload

from treadle.channels.choices import Case, RecvCase, SendCase, Turns, await_ready, choose
from treadle.channels.core import NOTHING, Nothing
from treadle.channels.errors import ChannelError, SelectTimeout
from treadle.channels.operations import EXPIRED
from treadle.channels.receivers import Receiver
from treadle.channels.senders import BaseSender
from treadle.channels.timeouts import NOW, deadline_of

__all__ = ["Select", "Selected", "recv", "select", "send"]

I_co = TypeVar("I_co", bound=int, covariant=True)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
X = TypeVar("X")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


class Selected(Generic[I_co, T_co]):
    """What a select did: the index of the case, and what came of it."""

    __slots__ = ("_result", "index")

    def __init__(self, index: I_co, result: "T_co | Failed", /) -> None:
        self.index: Final[I_co] = index
        self._result = result

    @property
    def error(self) -> ChannelError | None:
        """The error of the operation, None if it succeeded; that of a send carries `.message`."""
        return self._result.error if isinstance(self._result, Failed) else None

    @property
    def value(self) -> T_co:
        """The message that was received, None for a send.

        Raises:
            RecvError, SendError: the operation failed.
            HandleClosed: the handle of the case is closed.
        """
        if isinstance(self._result, Failed):
            raise copy(self._result.error)  # the error raised refers to its frames, and they to this result
        return self._result

    def __repr__(self) -> str:
        return "SelectedOperation { .. }"


class Failed:
    """Stands where the result of an operation would."""

    __slots__ = ("error",)

    def __init__(self, error: ChannelError) -> None:
        self.error = error


def recv(receiver: Receiver[T], /) -> Case[T]:
    """Make the case of a receive for `select`.

    Raises:
        TypeError: the argument is not a receiver.
    """
    if not isinstance(receiver, Receiver):
        raise TypeError(f"recv() takes a receiver, not {type(receiver).__name__}")
    return RecvCase(receiver)


def send(sender: BaseSender[T], message: T, /) -> Case[None]:
    """Make the case of a send for `select`.

    Raises:
        TypeError: the first argument is not a sender.
    """
    if not isinstance(sender, BaseSender):
        raise TypeError(f"send() takes a sender, not {type(sender).__name__}")
    return SendCase(sender, message)


class Options(TypedDict, total=False):
    """What all forms of `select` take."""

    timeout: float | None
    deadline: float | None
    biased: bool


# Unions that an `if done.index == 0:` narrows.
At1: TypeAlias = Selected[Literal[0], A]
At2: TypeAlias = At1[A] | Selected[Literal[1], B]
At3: TypeAlias = At2[A, B] | Selected[Literal[2], C]
At4: TypeAlias = At3[A, B, C] | Selected[Literal[3], D]


@overload
def select(a: Case[A], /, **options: Unpack[Options]) -> At1[A]: ...
@overload
def select(a: Case[A], /, *, default: X, **options: Unpack[Options]) -> At1[A] | X: ...
@overload
def select(a: Case[A], b: Case[B], /, **options: Unpack[Options]) -> At2[A, B]: ...
@overload
def select(a: Case[A], b: Case[B], /, *, default: X, **options: Unpack[Options]) -> At2[A, B] | X: ...
@overload
def select(a: Case[A], b: Case[B], c: Case[C], /, **options: Unpack[Options]) -> At3[A, B, C]: ...
@overload
def select(
    a: Case[A], b: Case[B], c: Case[C], /, *, default: X, **options: Unpack[Options]
) -> At3[A, B, C] | X: ...
@overload
def select(
    a: Case[A], b: Case[B], c: Case[C], d: Case[D], /, **options: Unpack[Options]
) -> At4[A, B, C, D]: ...
@overload
def select(
    a: Case[A], b: Case[B], c: Case[C], d: Case[D], /, *, default: X, **options: Unpack[Options]
) -> At4[A, B, C, D] | X: ...
@overload
def select(*cases: Case[T], **options: Unpack[Options]) -> Selected[int, T]: ...
@overload
def select(*cases: Case[T], default: X, **options: Unpack[Options]) -> Selected[int, T] | X: ...


def select(
    *cases: Case[Any],
    timeout: float | None = None,
    deadline: float | None = None,
    default: object = NOTHING,
    biased: bool = False,
) -> object:
    """Perform one of the cases, the first that can be, and give what came of it (S82-S112).

    A case can be performed if it would not block, and so also if it would fail because the other side or the
    handle is gone: the result then has its `error` set. Of several one is chosen at random, or the first if
    `biased`. Exactly one is performed, and the others leave no trace, whatever happens.

    Args:
        cases: made by `recv(receiver)` and `send(sender, message)`; the same one may come more than once.
        timeout: how many seconds to wait at most, as in `recv_timeout`; without one, for ever.
        deadline: the same as an instant of `time.monotonic()`.
        default: what to give if no case can be performed: now, or with a timeout or deadline by then.
        biased: choose the first case that can be performed.

    Raises:
        SelectTimeout: no case could be performed in time, and there is no default.
        TypeError: an argument is not a case, the timeout is no number, or both it and a deadline are given.
        ValueError: there are no cases, no time limit and no default, so it would wait for ever; or a NaN.
    """
    for case in cases:
        if not isinstance(case, Case):
            raise TypeError(f"select() takes cases made by recv() and send(), not {type(case).__name__}")
    return _select(cases, range(len(cases)), _limit(timeout, deadline, default, cases), default, biased)


class Select(Generic[T]):
    """A list of operations to select from, again and again: `Select[int]()`.

    One thread at a time uses it.
    """

    __slots__ = ("_biased", "_cases", "_next")

    def __init__(self, *, biased: bool = False) -> None:
        self._biased = biased
        self._cases: dict[int, Case[Any]] = {}
        self._next = 0

    def recv(self, receiver: Receiver[T], /) -> int:
        """Add a receive, and give its index, the next one from 0 on (S82).

        Raises:
            TypeError: the argument is not a receiver.
        """
        return self._add(recv(receiver))

    def send(self, sender: BaseSender[X], message: X, /) -> int:
        """Add a send of the message, and give its index, the next one from 0 on (S82).

        Raises:
            TypeError: the first argument is not a sender.
        """
        return self._add(send(sender, message))

    def remove(self, index: int, /) -> None:
        """Take the operation with the index out; no other gets its index (S82).

        Raises:
            IndexError: there is none: it was never added, or it was removed (S83).
        """
        if self._cases.pop(index, None) is None:
            known = f"{index} >= {self._next}" if index >= self._next else "no operation with this index"
            raise IndexError(f"index out of bounds; {known}")

    @overload
    def select(self, *, timeout: float | None = None, deadline: float | None = None) -> Selected[int, T]: ...
    @overload
    def select(
        self, *, default: X, timeout: float | None = None, deadline: float | None = None
    ) -> Selected[int, T] | X: ...

    def select(
        self, *, timeout: float | None = None, deadline: float | None = None, default: object = NOTHING
    ) -> object:
        """Perform one of the operations, as the function `select` does (S105).

        Raises:
            SelectTimeout, TypeError, ValueError: as `select` does.
        """
        cases = tuple(self._cases.values())
        limit = _limit(timeout, deadline, default, cases)
        return _select(cases, tuple(self._cases), limit, default, self._biased)

    def ready(self, *, timeout: float | None = None, deadline: float | None = None) -> int:
        """Wait until an operation can be performed, and give its index without performing it (S113-S116).

        Another thread may be quicker to make use of it, so what follows should be an operation that does not
        block. With `timeout=0` this does not block.

        Raises:
            SelectTimeout: none could be performed in time.
            TypeError: the timeout is no number, or both it and a deadline are given.
            ValueError: there are no operations and no time limit, so it would wait for ever; or a NaN.
        """
        cases = tuple(self._cases.values())
        indices = tuple(self._cases)
        index = await_ready(cases, _limit(timeout, deadline, NOTHING, cases), _turns(self._biased))
        if index == EXPIRED:
            raise SelectTimeout
        return indices[index]

    def _add(self, case: Case[Any]) -> int:
        index = self._next
        self._next += 1
        self._cases[index] = case
        return index

    def __repr__(self) -> str:
        return "Select { .. }"


def _limit(
    timeout: float | None, deadline: float | None, default: object, cases: Sequence[Case[Any]]
) -> float | None:
    """Give the deadline of a select; NOW is not to wait at all."""
    limit = deadline_of(timeout, deadline)
    if timeout is None and deadline is None and default is not NOTHING:
        return NOW
    if limit is None and not cases:
        raise ValueError("no operations have been added to the select, and nothing else would end it")
    return limit


def _select(
    cases: Sequence[Case[Any]], indices: Sequence[int], deadline: float | None, default: object, biased: bool
) -> object:
    index, result = choose(cases, deadline, _turns(biased), _outcome)
    if index != EXPIRED:
        try:
            return Selected(indices[index], result)
        except BaseException:
            if not isinstance(result, Failed):
                cases[index]._undo(result)
            raise
    if default is NOTHING:
        raise SelectTimeout
    return default


def _outcome(case: Case[T]) -> "T | Failed | Nothing":
    """Try the case; a failure is an outcome too."""
    try:
        return case._attempt()
    except ChannelError as error:
        return Failed(error.with_traceback(None))  # which would keep this frame and all it refers to


def _turns(biased: bool) -> Turns:
    return range if biased else _shuffled


def _shuffled(count: int) -> list[int]:
    """Give the indices in a random order, each order as likely as the others.

    No generator: one that is dropped before its end would swallow a Ctrl-C.
    """
    indices = list(range(count))
    for last in range(count - 1, 0, -1):
        chosen = int(random() * (last + 1))  # noqa: S311 - it is to be fair, not secret
        indices[last], indices[chosen] = indices[chosen], indices[last]
    return indices
