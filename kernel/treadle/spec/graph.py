"""The state graph of a model: which steps lead from which state to which.

Rules: states are numbered in the order in which a search found them. A step that a constraint forbids is no edge, but
it counts as enabled, as in TLA+.
"""

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Generic, TypeVar

from treadle.spec.calls import answer, initial
from treadle.spec.limits import Limits
from treadle.spec.marks import Kind
from treadle.spec.model import Model
from treadle.spec.program import Program, program
from treadle.spec.search import Search

S = TypeVar("S")


@dataclass(slots=True)
class StateGraph(Generic[S]):
    """Every state reached, and every step between them; made by `state_graph`."""

    states: list[S]
    initial: list[int]
    steps: tuple[str, ...]  # names of the steps, as printed
    sources: "array[int]" = field(
        default_factory=lambda: array("I", [0])
    )  # where the edges of each state begin
    targets: "array[int]" = field(default_factory=lambda: array("I"))
    labels: "array[int]" = field(default_factory=lambda: array("I"))  # by which step
    forbidden: dict[int, set[int]] = field(default_factory=dict)  # enabled steps that a constraint forbids

    def edges(self, state: int) -> Iterator[tuple[int, int]]:
        """Give the step and the target of each edge of a state, by their numbers."""
        begin, end = self.sources[state], self.sources[state + 1]
        return zip(self.labels[begin:end], self.targets[begin:end], strict=True)

    def after(self, state: int) -> "array[int]":
        """Return the targets of a state's edges."""
        return self.targets[self.sources[state] : self.sources[state + 1]]

    def dot(self) -> str:
        """Return the graph in the language of Graphviz; initial states are filled."""
        lines = ["digraph states {"]
        filled = set(self.initial)
        for number, state in enumerate(self.states):
            style = ", style=filled" if number in filled else ""
            lines.append(f"  {number} [label={json.dumps(str(state), ensure_ascii=False)}{style}];")
        for number in range(len(self.states)):
            for step, target in self.edges(number):
                label = json.dumps(self.steps[step], ensure_ascii=False)
                lines.append(f"  {number} -> {target} [label={label}];")
        return "\n".join([*lines, "}"])

    def json(self) -> str:
        """Return the graph as JSON: states as text, the numbers of the initial ones, and edges as [from, step, to]."""
        edges = [
            [number, self.steps[step], target]
            for number in range(len(self.states))
            for step, target in self.edges(number)
        ]
        states = [str(state) for state in self.states]
        return json.dumps({"states": states, "initial": self.initial, "edges": edges}, ensure_ascii=False)

    def networkx(self) -> Any:  # networkx says nothing of its types
        """Return the graph as a networkx.MultiDiGraph: nodes with ``state`` and ``initial``, edges with ``step``.

        Raises:
            ModuleNotFoundError: networkx is not installed.
        """
        made = import_module("networkx").MultiDiGraph()
        for number, state in enumerate(self.states):
            made.add_node(number, state=state, initial=number in self.initial)
        for number in range(len(self.states)):
            for step, target in self.edges(number):
                made.add_edge(number, target, step=self.steps[step])
        return made


def state_graph(model: Model[S], *, max_states: int = 100_000) -> StateGraph[S]:
    """Return the graph of all states that a model reaches within its constraints.

    Raises:
        ValueError: there are more than *max_states*.
    """
    asked = program(model)
    search = Search(asked, Limits(max_states))
    search.explore()
    if search.spent:
        raise ValueError(f"{model!r} has more than {max_states:,} states: name a higher max_states")
    states: list[S] = list(search.parents)  # type: ignore[arg-type]  # without a key they are the states
    return build(asked, states, initial(asked))


def build(asked: Program[S], states: list[S], start: list[S]) -> StateGraph[S]:
    """Find every edge between states that are all known."""
    numbers = {state: number for number, state in enumerate(states)}
    graph = StateGraph(
        states,
        [numbers[state] for state in start if state in numbers],
        tuple(step.name for step in asked.steps),
    )
    constraints, step_constraints = asked.of(Kind.CONSTRAINT), asked.of(Kind.STEP_CONSTRAINT)
    # The generators themselves, also where the search took a function made of them: that nothing new is found tests it.
    functions = list(enumerate(step.successors for step in asked.steps))
    number_of, add_label, add_target = numbers.get, graph.labels.append, graph.targets.append
    for number, state in enumerate(states):
        for label, function in functions:
            for after in function(state):
                target = number_of(after)
                if target is None or (
                    step_constraints and not all(answer(found, state, after) for found in step_constraints)
                ):
                    if not constraints and not step_constraints:
                        raise RuntimeError(
                            f"{asked.model!r} is not deterministic: {after!r} was not found before"
                        )
                    if after != state:
                        graph.forbidden.setdefault(number, set()).add(label)
                    continue
                add_label(label)
                add_target(target)
        graph.sources.append(len(graph.targets))
    return graph
