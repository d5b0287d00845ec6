"""A walk through the states of a model, step by step and back, as somebody chooses.

Rules: nothing here reads or prints.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from treadle.spec.calls import initial, inspect_state, inspect_step, successors
from treadle.spec.guards import disabled
from treadle.spec.marks import Kind
from treadle.spec.model import Model
from treadle.spec.program import program
from treadle.spec.show import changed, whole

S = TypeVar("S")


class Walk(Generic[S]):
    """Where the walk is, how it came there, and where it can go on."""

    def __init__(self, model: Model[S]) -> None:
        self._program = program(model)
        self._states: list[S] = []
        self._names: list[str] = []  # of the steps; of an initial state, that it is one
        self._look()

    def _look(self) -> None:
        """Find where the walk can go on: to an initial state, or by a step."""
        if not self._states:
            found = [("initial", state) for state in initial(self._program)]
        else:
            here = self._states[-1]
            found = [(step.name, after) for step in self._program.steps for after in successors(step, here)]
        self.choices: list[tuple[str, S]] = found
        if not self._states and len(found) == 1:
            self.take(0)

    def take(self, choice: int) -> None:
        """Go on by one of the choices."""
        name, state = self.choices[choice]
        self._names.append(name)
        self._states.append(state)
        self._look()

    def back(self) -> bool:
        """Go back by one step; say whether there was one."""
        if len(self._states) + self._several() < 2:
            return False
        self._names.pop()
        self._states.pop()
        self._look()
        return True

    def _several(self) -> bool:
        return bool(self._states) and len(initial(self._program)) > 1

    def restart(self) -> None:
        """Begin anew."""
        self._states, self._names = [], []
        self._look()

    def here(self) -> Iterator[str]:
        """Give the lines of the present state, and what is wrong with it."""
        if not self._states:
            yield "initial states"
            return
        yield f"state {len(self._states)}, {self._after(len(self._states) - 1)}"
        yield from whole(self._states[-1])
        for wrong in self._wrong():
            yield f"    ! {wrong}"

    def _after(self, place: int) -> str:
        return f"after {self._names[place]}" if place else self._names[0]

    def _wrong(self) -> Iterator[str]:
        for asked in self._program.of(Kind.INVARIANT):
            if violation := inspect_state((asked,), self._states[-1]):
                yield violation.reason
        if len(self._states) > 1:
            step = next(step for step in self._program.steps if step.name == self._names[-1])
            for asked in self._program.of(Kind.STEP_PROPERTY):
                if violation := inspect_step((asked,), step, self._states[-2], self._states[-1]):
                    yield violation.reason

    def offers(self) -> Iterator[str]:
        """Give a line for each choice: the step, and what it changes."""
        for name, after in self.choices:
            changes = changed(self._states[-1], after) if self._states else whole(after)
            yield f"{name}: {', '.join(line.strip() for line in changes) or 'nothing changes'}"

    def disabled(self) -> Iterator[str]:
        """Give a line for each step that cannot be taken, with the guard that is in the way."""
        if self._states:
            yield from map(str, disabled(self._program.steps, self._states[-1]))

    def way(self) -> Iterator[str]:
        """Give the lines of the behaviour up to here."""
        for place, state in enumerate(self._states):
            yield f"state {place + 1}, {self._after(place)}"
            yield from changed(self._states[place - 1], state) if place else whole(state)
