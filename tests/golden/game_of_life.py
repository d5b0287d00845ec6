"""Conway's game of life on a small board. tlaplus/Examples GameOfLife.tla: every board is a first one."""

from collections.abc import Iterator
from itertools import product

from treadle.spec import Model, action


class GameOfLife(Model[int]):
    """A board is a number: the bit of a cell is set while it lives."""

    def __init__(self, side: int) -> None:
        self.side = side
        self._cells = [(1 << cell, self._around(cell)) for cell in range(side * side)]

    def _around(self, cell: int) -> int:
        """The bits of the cells beside a cell; there is nothing beyond the edge."""
        row, column = divmod(cell, self.side)
        near = product(range(row - 1, row + 2), range(column - 1, column + 2))
        inside = {(r, c) for r, c in near if 0 <= r < self.side and 0 <= c < self.side} - {(row, column)}
        return sum(1 << (r * self.side + c) for r, c in inside)

    def init(self) -> Iterator[int]:
        yield from range(1 << (self.side * self.side))

    @action
    def next_generation(self, board: int) -> Iterator[int]:
        after = 0
        for bit, around in self._cells:
            alive = (board & around).bit_count()
            if alive == 3 or (alive == 2 and board & bit):
                after |= bit
        yield after
