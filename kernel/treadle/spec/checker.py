"""A check: the search, the temporal properties over what it found, and the answer.

Rules: the search is the engine's, the cycles are liveness's; here is only what is asked in which order, and what an
answer says.
"""

import os
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Generic, Literal, TypeVar

from treadle.spec.calls import DEADLOCK, Violation, initial, pair
from treadle.spec.checkpoint import Keeper, load, save
from treadle.spec.compact import Fingerprints, missed
from treadle.spec.depth_first import deep
from treadle.spec.graph import StateGraph, build
from treadle.spec.guards import Reasons
from treadle.spec.limits import Limits
from treadle.spec.liveness import Fairness, Lasso, violation
from treadle.spec.marks import Kind
from treadle.spec.model import Model
from treadle.spec.program import TEMPORAL, Program, program
from treadle.spec.progress import Progress, Reporter
from treadle.spec.result import Counterexample, Coverage, Result
from treadle.spec.search import Search
from treadle.spec.symmetry import Orbits, require_no_temporal, require_symmetric
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
    symmetry: bool | Model[S] = False,
    compact: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Result[S]:
    """Search every reachable state, and every fair behaviour, for what breaks a property of the model.

    Violations are a broken invariant or step property, a deadlock, an action that raises, a sometimes-property that
    is never true, and a fair behaviour that breaks a temporal property. The verdict is HOLDS when the search came to
    its end, VIOLATED with a counterexample, a shortest one unless *search* is "depth", or UNKNOWN when a limit was
    reached and nothing found is at fault.

    *max_states* bounds distinct states, *max_memory* the process in bytes. With *symmetry* one state of each orbit of
    `Model.permuted` is searched, after the declaration was proved on every state of a small instance: the one given,
    or the model itself. With *compact* 64 bits of each state are remembered, and the answer says how probable it
    is that a state was missed. With *checkpoint* the search is kept in that file every minute or so, when it comes
    to a limit, and when it is interrupted by Ctrl-C; the next check goes on from there, and the file is removed when there
    is an answer. Use files of your own only. *progress* is called now and then.

    Raises:
        TypeError: the model is not well formed, or one of its states is no immutable value.
        ValueError: a parameter has an empty domain, there is no initial state, the model is not symmetric, temporal
            properties meet *symmetry* or *compact*, or an argument makes no sense.
    """
    if search not in ("breadth", "depth"):
        raise ValueError(f'search is {search!r}: it is "breadth" or "depth"')
    path = None if checkpoint is None else Path(checkpoint)
    if path and search == "depth":
        raise ValueError("a checkpoint is kept of a search in breadth only")
    limits = Limits(max_states, max_seconds, max_memory)
    asked = program(model)
    found = Search(asked, limits)
    if symmetry is not False:
        require_no_temporal(asked)
        require_symmetric(asked if symmetry is True else _instance(model, symmetry))
        found.canonical = Orbits(model)
    if compact:
        if temporal := asked.of(*TEMPORAL):
            raise ValueError(
                f"{temporal[0].title} cannot be checked with compact: it needs the states themselves"
            )
        found.key = Fingerprints()
    if progress is not None:
        found.progress = Reporter(progress)
    asking = _Check(found, search, path)
    if path is None:
        return asking.run()
    found.keeper = keeper = Keeper[S](path)
    try:
        return asking.run()
    except KeyboardInterrupt:
        keeper.interrupted(found)
        raise


def _instance(model: Model[S], small: object) -> Program[S]:
    if type(small) is not type(model):
        raise TypeError(f"symmetry is True, or a small {type(model).__name__}, and not {small!r}")
    return program(small)


class _Check(Generic[S]):
    """One check, round one search."""

    def __init__(self, search: Search[S], order: Literal["breadth", "depth"], path: Path | None) -> None:
        self._search = search
        self._order = order
        self._path = path
        self._program: Program[S] = search.program
        self._vacuous: list[str] = []

    def run(self) -> Result[S]:
        """Search, then look for what is never true, then for fair cycles."""
        search = self._search
        if self._path and self._path.exists():
            load(search, self._path)
        else:
            search.begin()
        found = search.breadth() if self._order == "breadth" else deep(search)
        if search.spent and not found:
            if self._path:
                save(search, self._path)
            return self._result(Verdict.UNKNOWN, bound=self._bound())
        result = self._answered(found)
        if self._path:
            self._path.unlink(missing_ok=True)
        return result

    def _answered(self, found: Violation[S] | None) -> Result[S]:
        """The answer of a search that came to its end, or to a violation."""
        search = self._search
        if found:
            return self._result(Verdict.VIOLATED, self._counterexample(found))
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
        fairness = Fairness(graph, self._program.fairness)
        for found in asked:
            if found.kind is Kind.LEADS_TO and not any(pair(found, state)[0] for state in states):
                self._vacuous.append(f"{found.title} says nothing: its premise is never true")
            if lasso := violation(fairness, found):
                shown = [graph.states[number] for number in lasso.states]
                return _of_lasso(graph, lasso, self._columns(shown))
        return None

    def _counterexample(self, found: Violation[S]) -> Counterexample[S]:
        origins = Origins(self._program, self._key, self._search.parents)
        states, actions = origins.behaviour(found.state)
        if found.by:
            assert found.after is not None
            states.append(found.after)
            actions.append(found.by)
        shown = found.reason, tuple(states), tuple(actions), found.error
        columns = self._columns(states)
        if found.reason == DEADLOCK:
            why = Reasons(self._program.steps, found.state)
            return Counterexample(*shown, columns=columns, _why=why)
        return Counterexample(*shown, columns=columns)

    def _columns(self, states: list[S]) -> tuple[tuple[str, tuple[object, ...]], ...]:
        """The processes' parts of the states, one column each."""
        parts = [self._program.model.columns(state) for state in states]
        return tuple((name, tuple(part.get(name) for part in parts)) for name in parts[0])

    @property
    def _key(self) -> Callable[[S], Hashable]:
        search = self._search

        def key(state: S) -> Hashable:
            stands = search.canonical(state) if search.canonical else state
            return search.key(stands) if search.key else stands

        return key

    @property
    def _depth(self) -> int:
        """The deepest level of which a state is known."""
        return self._search.depth + bool(self._search.next)

    def _bound(self) -> str:
        search = self._search
        return (
            f"{search.spent}: no violation among the {len(search.parents):,} states found, "
            f"the deepest of them at level {self._depth}; there are more"
        )

    def _result(
        self, verdict: Verdict, counterexample: Counterexample[S] | None = None, bound: str | None = None
    ) -> Result[S]:
        search = self._search
        return Result(
            repr(self._program.model),
            verdict,
            search.counted,
            self._depth if verdict is Verdict.UNKNOWN else search.depth,
            self._coverage(),
            counterexample,
            bound or self._qualified(),
            tuple(self._warnings(verdict)),
        )

    def _qualified(self) -> str | None:
        """What a search that came to its end did not cover."""
        said = []
        if self._search.cut:
            said.append(f"within the constraints; {self._search.cut:,} steps lead out of them")
        if self._search.key:
            said.append(missed(len(self._search.parents)))
        return "; ".join(said) or None

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
        yield from self._vacuous


def _of_lasso(
    graph: StateGraph[S], lasso: Lasso, columns: tuple[tuple[str, tuple[object, ...]], ...]
) -> Counterexample[S]:
    names = [graph.steps[step] for step in lasso.steps]
    states = tuple(graph.states[number] for number in lasso.states)
    between = names if lasso.stutters else names[:-1]
    back = None if lasso.stutters else names[-1]
    return Counterexample(lasso.reason, states, tuple(between), loop=lasso.loop, back=back, columns=columns)
