"""What the caller of an operation sees."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """How an operation ended.

    The kind is "ok" or the name of the error: SendError, RecvError, Full, Empty, Timeout, HandleClosed.
    The value is what a receive or a clone gave, or the message that a failed send hands back.
    """

    kind: str
    value: object = None
