"""The way back from a state to an initial one, as a behaviour.

A search remembers of each state only from which it was first reached, and both perhaps only up to symmetry or as
fingerprints. The behaviour is found again by taking the steps once more.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Generic, TypeVar

from treadle.spec.calls import initial
from treadle.spec.program import Program

S = TypeVar("S")


class Origins(Generic[S]):
    """Where the states of a search came from, by their keys."""

    def __init__(
        self, program: Program[S], key: Callable[[S], Hashable], parents: Mapping[Hashable, Hashable | None]
    ) -> None:
        self._program = program
        self._key = key
        self._parents = parents

    def behaviour(self, state: S) -> tuple[list[S], list[str]]:
        """Return the states from an initial one to *state*, and the steps between them."""
        keys = [self._key(state)]
        while (before := self._parents[keys[-1]]) is not None:
            keys.append(before)
        keys.reverse()
        first = next(found for found in initial(self._program) if self._key(found) == keys[0])
        states, names = [first], list[str]()
        for key in keys[1:]:
            name, after = self.step(states[-1], key)
            states.append(after)
            names.append(name)
        return states, names

    def step(self, state: S, key: Hashable) -> tuple[str, S]:
        """Return the first step that leads from a state to one of that key.

        Raises:
            RuntimeError: there is none, so that the model gave other steps than before.
        """
        for step in self._program.steps:
            for after in step.successors(state):
                if self._key(after) == key:
                    return step.name, after
        raise RuntimeError(
            f"{self._program.model!r} is not deterministic: a step from {state!r} is not there any more"
        )
