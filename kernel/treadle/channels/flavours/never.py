"""The flavour behind `never`: no message comes, and no end."""

import typing
from typing import Final, NoReturn

from treadle.channels.flavours.timer import Timer

__all__ = ["NEVER", "Never"]


class Never(Timer[typing.Never]):
    """A channel that nothing comes out of (S129)."""

    __slots__ = ()

    capacity = 0

    def popleft(self) -> NoReturn:
        raise IndexError

    def _put_back(self, messages: list[typing.Never]) -> None:
        """Do nothing: no message ever came."""


NEVER: Final = Never()  # all receivers of `never()` belong to one channel (S12)
