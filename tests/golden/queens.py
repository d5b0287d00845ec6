"""N queens. tlaplus/Examples Queens.tla and QueensPluscal.tla: boards grow column after column, in any order."""

from collections.abc import Iterator
from typing import NamedTuple

from treadle.spec import Model, action, invariant

Board = tuple[int, ...]  # by column, the row of its queen


def attacks(board: Board, i: int, j: int) -> bool:
    return board[i] == board[j] or abs(board[i] - board[j]) == abs(i - j)


def is_safe(board: Board) -> bool:
    """No other queen attacks the last one."""
    return not any(attacks(board, i, len(board) - 1) for i in range(len(board) - 1))


class Search(NamedTuple):
    todo: frozenset[Board]
    solutions: frozenset[Board]
    done: bool = False


class Queens(Model[Search]):
    def __init__(self, queens: int) -> None:
        self.queens = queens

    def init(self) -> Iterator[Search]:
        yield Search(frozenset({()}), frozenset())

    def terminal(self, state: Search) -> bool:
        return not state.todo

    @action
    def place(self, state: Search) -> Iterator[Search]:
        for board in state.todo:
            rest = state.todo - {board}
            longer = {(*board, row) for row in range(self.queens)}
            safe = {board for board in longer if is_safe(board)}
            if len(board) == self.queens - 1:
                yield Search(rest, state.solutions | safe)
            else:
                yield Search(rest | safe, state.solutions)

    @invariant
    def solutions_are_sound(self, state: Search) -> bool:
        return all(
            not attacks(board, i, j)
            for board in state.solutions
            for j in range(self.queens)
            for i in range(j)
        )


class QueensPluscal(Queens):
    """The same as a loop of a process: its end is a step of its own."""

    def terminal(self, state: Search) -> bool:
        return state.done

    @action
    def end(self, state: Search) -> Iterator[Search]:
        if not state.todo and not state.done:
            yield state._replace(done=True)


class NoSolution(Queens):
    @invariant
    def is_not_solved(self, state: Search) -> bool:
        return not state.solutions
