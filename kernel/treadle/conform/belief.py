"""The set of model states that are consistent with what has been seen.

Between its call and its return an operation takes effect once, at a moment nobody sees. So after each event there
is a set of possible states, a *belief*: each with the operations that are under way, some of which have taken
effect already. A call adds an operation under way; a return keeps the states in which that operation has taken
effect with that outcome. When no state is left, no behaviour of the model explains the execution (subset
construction; complete for finite histories). Beliefs are interned and steps between them remembered, because the
executions of a program share nearly all of them.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Generic, NamedTuple, TypeVar

from treadle.conform.history import Call, Event

S = TypeVar("S", bound=Hashable)

#: More states than this in one belief mean that an operation has endlessly many effects.
MOST_STATES = 100_000


@dataclass(frozen=True)
class Specification(Generic[S]):
    """What an object must do: a state, and for each operation the effects it may have in a state.

    An operation is a function of the state and its arguments that yields (next state, outcome) for each effect it
    may have, and nothing when it must wait in that state. What two operations under way do by one step, such as
    the two sides of a rendezvous, is said by `together`: it is asked for both orders of the two calls, and yields
    (next state, outcome of the one, outcome of the other).
    """

    initial: S
    operations: Mapping[str, Callable[..., Iterable[tuple[S, Hashable]]]]
    together: Callable[[S, Call, Call], Iterable[tuple[S, Hashable, Hashable]]] | None = None

    def effects(self, state: S, call: Call) -> Iterable[tuple[S, Hashable]]:
        """Return the effects of *call* in *state*.

        Raises:
            ValueError: the specification has no such operation.
        """
        operation = self.operations.get(call.operation)
        if operation is None:
            known = ", ".join(sorted(self.operations))
            raise ValueError(f"the specification has no operation {call.operation!r}; it has {known}")
        return operation(state, *call.arguments)

    def steps(self, state: S, under_way: "frozenset[UnderWay]") -> "Iterator[Possible[S]]":
        """Yield what operations under way can lead to by one step."""
        calls = [(thread, call) for thread, call in under_way if isinstance(call, Call)]
        for thread, call in calls:
            for after, outcome in self.effects(state, call):
                yield Possible(after, under_way - {(thread, call)} | {(thread, Done(outcome))})
        if self.together is None:
            return
        for (one, first), (other, second) in permutations(calls, 2):
            for after, outcome, answer in self.together(state, first, second):
                done = {(one, Done(outcome)), (other, Done(answer))}
                yield Possible(after, under_way - {(one, first), (other, second)} | done)


class Done(NamedTuple):
    """An operation under way that has taken effect."""

    outcome: Hashable


#: An operation under way, of the thread that is named first.
UnderWay = tuple[str, Call | Done]


class Possible(NamedTuple, Generic[S]):
    """One possible state, with the operations under way."""

    state: S
    under_way: frozenset[UnderWay]


Belief = frozenset[Possible[S]]


class Beliefs(Generic[S]):
    """The beliefs reached so far and the steps between them."""

    def __init__(self, specification: Specification[S]) -> None:
        self._specification = specification
        self._steps: dict[tuple[Belief[S], Event], Belief[S]] = {}
        self._interned: dict[Belief[S], Belief[S]] = {}
        self.initial = self._intern(self._closed({Possible(specification.initial, frozenset())}))
        self.taken: dict[
            tuple[str, Hashable], int
        ] = {}  #: how often each outcome of each operation was matched

    def after(self, belief: Belief[S], event: Event) -> Belief[S]:
        """Return what is possible after *event*; empty if nothing is."""
        key = (belief, event)
        known = self._steps.get(key)
        if known is None:
            known = self._steps[key] = self._intern(self._after(belief, event))
        return known

    def _after(self, belief: Belief[S], event: Event) -> Belief[S]:
        if isinstance(event, Call):
            begun = {Possible(state, under_way | {(event.thread, event)}) for state, under_way in belief}
            return self._closed(begun)
        ended = (event.thread, Done(event.outcome))
        return frozenset(
            Possible(state, under_way - {ended}) for state, under_way in belief if ended in under_way
        )

    def _closed(self, possible: set[Possible[S]]) -> Belief[S]:
        """Return *possible* with every state that operations under way can lead to."""
        closed = set(possible)
        todo = list(possible)
        while todo:
            state, under_way = todo.pop()
            for reached in self._specification.steps(state, under_way):
                if reached not in closed:
                    closed.add(reached)
                    todo.append(reached)
                if len(closed) > MOST_STATES:
                    raise ValueError(
                        f"{_calls(under_way)} have more than {MOST_STATES} possible effects; are they endless?"
                    )
        return frozenset(closed)

    def may_be_stuck(self, belief: Belief[S]) -> bool:
        """Say whether it is possible that every operation under way has to wait for ever."""
        return any(
            not any(isinstance(call, Done) for _, call in under_way)
            and next(self._specification.steps(state, under_way), None) is None
            for state, under_way in belief
        )

    def outcomes(self, belief: Belief[S], thread: str) -> list[Hashable]:
        """Return what the operation of *thread* could have returned."""
        found = {
            call.outcome: None
            for _, under_way in belief
            for who, call in under_way
            if who == thread and isinstance(call, Done)
        }
        return sorted(found, key=str)

    def _intern(self, belief: Belief[S]) -> Belief[S]:
        return self._interned.setdefault(belief, belief)

    @property
    def states(self) -> int:
        """How many different model states were possible at some moment."""
        return len({possible.state for belief in self._interned for possible in belief})

    def __len__(self) -> int:
        return len(self._interned)


def _calls(under_way: frozenset[UnderWay]) -> str:
    return ", ".join(sorted(str(call) for _, call in under_way if isinstance(call, Call)))
