"""A check: the search, the temporal properties over what it found, and the answer.

Rules: the search is the engine's, the cycles are liveness's; here is only what is asked in which order, and what an
answer says.
"""

from collections.abc import Callable, Hashable, Iterator
from typing import Generic, Literal, TypeVar

from treadle.spec.calls import Violation, initial
from treadle.spec.graph import StateGraph, build
from treadle.spec.limits import Limits
from treadle.spec.liveness import Lasso, violation
from treadle.spec.model import Model
from treadle.spec.program import TEMPORAL, Program, program
from treadle.spec.result import Counterexample, Coverage, Result
from treadle.spec.search import Search
from treadle.spec.trace import Origins
from treadle.verdict import Verdict

S = TypeVar("S")


def check(
    model: Model[S],
    *,
    max_states: int | None = None,
    max_seconds: float | None = None,
    max_memory: int | None = None,
    search: Literal["breadth", "depth"] = "breadth",
) -> Result[S]:
    """Search every reachable state, and every fair behaviour, for what breaks a property of the model.

    Violations are a broken invariant or step property, a deadlock, an action that raises, a sometimes-property that
    is never true, and a fair behaviour that breaks a temporal property. The verdict is HOLDS when the search came to
    its end, VIOLATED with a counterexample, a shortest one unless *search* is "depth", or UNKNOWN when a limit was
    reached and nothing found is at fault. *max_states* bounds distinct states, *max_memory* the process in bytes.

    Raises:
        TypeError: the model is not well formed, or one of its states is no immutable value.
        ValueError: a parameter has an empty domain, there is no initial state, or an argument makes no sense.
    """
    if search not in ("breadth", "depth"):
        raise ValueError(f'search is {search!r}: it is "breadth" or "depth"')
    limits = Limits(max_states, max_seconds, max_memory)
    return _Check(Search(program(model), limits), search).run()


class _Check(Generic[S]):
    """One check, round one search."""

    def __init__(self, search: Search[S], order: Literal["breadth", "depth"]) -> None:
        self._search = search
        self._order = order
        self._program: Program[S] = search.program

    def run(self) -> Result[S]:
        """Search, then look for what is never true, then for fair cycles."""
        search = self._search
        search.begin()
        found = search.breadth() if self._order == "breadth" else search.deep()
        if found:
            return self._result(Verdict.VIOLATED, self._counterexample(found))
        if search.spent:
            return self._result(Verdict.UNKNOWN, bound=self._bound())
        if search.awaited:
            reason = f"{search.awaited[0].title} is never true"
            return self._result(Verdict.VIOLATED, Counterexample(reason, (), ()))
        lasso = self._temporal()
        if lasso:
            return self._result(Verdict.VIOLATED, lasso)
        return self._result(Verdict.HOLDS)

    def _temporal(self) -> Counterexample[S] | None:
        asked = self._program.of(*TEMPORAL)
        if not asked:
            return None
        states: list[S] = list(self._search.parents)  # type: ignore[arg-type]  # without a key they are the states
        graph = build(
            self._program,
            states,
            [state for state in initial(self._program) if state in self._search.parents],
        )
        for found in asked:
            if lasso := violation(graph, found, self._program.fairness):
                return _of_lasso(graph, lasso)
        return None

    def _counterexample(self, found: Violation[S]) -> Counterexample[S]:
        origins = Origins(self._program, self._key, self._search.parents)
        states, actions = origins.behaviour(found.state)
        if found.by:
            assert found.after is not None
            states.append(found.after)
            actions.append(found.by)
        return Counterexample(found.reason, tuple(states), tuple(actions), found.error)

    @property
    def _key(self) -> Callable[[S], Hashable]:
        search = self._search

        def key(state: S) -> Hashable:
            stands = search.canonical(state) if search.canonical else state
            return search.key(stands) if search.key else stands

        return key

    def _bound(self) -> str:
        search = self._search
        return (
            f"{search.spent}: no violation among the {len(search.parents):,} states found, "
            f"the deepest of them at level {search.depth}; there are more"
        )

    def _result(
        self, verdict: Verdict, counterexample: Counterexample[S] | None = None, bound: str | None = None
    ) -> Result[S]:
        search = self._search
        return Result(
            repr(self._program.model),
            verdict,
            search.counted,
            search.depth,
            self._coverage(),
            counterexample,
            bound or self._constrained(),
            tuple(self._warnings(verdict)),
        )

    def _constrained(self) -> str | None:
        cut = self._search.cut
        return f"within the constraints; {cut:,} steps lead out of them" if cut else None

    def _coverage(self) -> dict[str, Coverage]:
        actions = dict.fromkeys(step.action for step in self._program.steps)
        return {
            action: Coverage(tally.transitions, tally.distinct)
            for action, tally in zip(actions, self._search.tallies, strict=True)
        }

    def _warnings(self, verdict: Verdict) -> Iterator[str]:
        if verdict is Verdict.HOLDS:
            for action, coverage in self._coverage().items():
                if not coverage.transitions:
                    yield f"action {action} was never enabled"
        if self._program.of(*TEMPORAL) and not self._program.fairness:
            yield "no action is fair, so that every behaviour may stop anywhere"


def _of_lasso(graph: StateGraph[S], lasso: Lasso) -> Counterexample[S]:
    names = [graph.steps[step] for step in lasso.steps]
    states = tuple(graph.states[number] for number in lasso.states)
    between = names if lasso.stutters else names[:-1]
    back = None if lasso.stutters else names[-1]
    return Counterexample(lasso.reason, states, tuple(between), loop=lasso.loop, back=back)
